"""What a screen can do to the appliance: named, asked back for, done in a worker, told step by step."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from appliance.core.messages import Message
from appliance.core.progress import Progress

Tell = Callable[[Progress], None]


@dataclass(frozen=True)
class Task:
    """Something to do. `command` does the same on a command line; `question` names the thing that is changed.

    `work` gets a function that shows a step and returns what is said at the end; it raises `ApplianceError`. Without
    `asks` it is done at once: for what changes nothing that somebody could miss.
    """

    title: Message
    question: Message
    command: str
    work: Callable[[Tell], Awaitable[Message]]
    named: Message | None = None
    """More about the thing, shown above the question."""
    warning: Message | None = None
    """What is lost, where something is."""
    asks: bool = True
