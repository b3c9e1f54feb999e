"""How far the installation is: kept by the app, so that pages come and go and it is done once."""

from dataclasses import dataclass, field
from pathlib import Path

from textual.message import Message as Event

from appliance.core.errors import ApplianceError
from appliance.core.progress import Progress
from appliance.operations.nodes.joining import Joined
from appliance.operations.setup.answers import Answers
from appliance.operations.tour import Tour


@dataclass
class Installation:
    """One run over answers. None was begun while `answers` is None."""

    answers: Answers | None = None
    steps: dict[str, Progress] = field(default_factory=dict)
    """The last news of each step."""
    at_work: bool = False
    done: bool = False
    fault: ApplianceError | None = None
    """Why it broke off."""
    tour: Tour | None = None
    """Of a first machine."""
    joined: Joined | None = None
    """Of one more machine."""
    key_file: Path | None = None
    """The key for programs, where there is one."""


class StepTold(Event):
    """A step's news."""

    def __init__(self, news: Progress) -> None:
        super().__init__()
        self.news = news


class InstallEnded(Event):
    """It is installed, or why it is not."""

    def __init__(
        self, found: list[Tour | Joined], key_file: Path | None = None, fault: ApplianceError | None = None
    ) -> None:
        super().__init__()
        self.found, self.key_file, self.fault = found, key_file, fault


class Forgotten(Event):
    """The first start that was broken off is forgotten, or why it cannot be."""

    def __init__(self, fault: ApplianceError | None = None) -> None:
        super().__init__()
        self.fault = fault
