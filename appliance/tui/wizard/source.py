"""What the pages look at and do; recorded machines stand in for it in tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from appliance.catalogue.plan import Plan
from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.core.progress import Progress
from appliance.operations.client import ApplianceClient
from appliance.operations.doctor import Check
from appliance.operations.planning import PlanRequest, plan_site
from appliance.operations.setup.answers import Answers, read_answers, write_answers
from appliance.operations.setup.finding import FoundPackage, find_packages, sticks
from appliance.operations.setup.journal import ADMINISTRATOR, Steps, unfinished
from appliance.operations.setup.running import check_machine, set_up
from appliance.operations.tour import Tour, source_of

_LOG_LINES = 40
_LOG_BYTES = 65_536


@dataclass(frozen=True)
class Address:
    """An address of this machine, and the interface that has it."""

    address: str
    interface: str


@dataclass(frozen=True)
class Left:
    """What a first start that was broken off has left."""

    answers: Answers
    asks_password: bool
    """Whether the administrator is still to be added, and so the password to be asked for again."""


class SetupSource(Protocol):
    """Everything blocks: call it in a worker thread. Methods raise `ApplianceError` with what to do."""

    @property
    def answers_file(self) -> Path:
        """Where the answers are written before anything is installed."""
        ...

    def left(self) -> Left | None:
        """Return what a first start that was broken off has left; None where there was none."""
        ...

    def checks(self, site: SiteConfig) -> Iterator[Check]:
        """Yield what is looked at, one after the other."""
        ...

    def addresses(self) -> Sequence[Address]:
        """Return this machine's addresses that others could reach."""
        ...

    def packages(self, folder: Path | None) -> Sequence[FoundPackage]:
        """Return the packages on sticks, or in a folder."""
        ...

    def plan(self, site: SiteConfig, users: int) -> Plan:
        """Return what goes where for so many people."""
        ...

    def write(self, answers: Answers) -> None:
        """Write the answers into their file."""
        ...

    def run(self, answers: Answers, password: str | None) -> Iterator[Progress | Tour]:
        """Install and start."""
        ...

    def log_lines(self) -> list[str]:
        """Return what the processes wrote last."""
        ...

    def ask(self, question: str) -> tuple[str, tuple[str, ...]]:
        """Ask the sample documents; return the answer and its sources."""
        ...


class LocalSetup:
    """The first start of a home folder on this machine."""

    def __init__(self, home: Home) -> None:
        self.home = home

    @property
    def answers_file(self) -> Path:
        """Where the answers are written."""
        return self.home.root / "answers.yaml"

    def left(self) -> Left | None:
        """Return the answers of a first start that was broken off, from their file."""
        if not unfinished(self.home) or not self.answers_file.exists():
            return None
        answers = read_answers(self.answers_file)
        asks = answers.administrator is not None and not Steps.of(self.home, answers).has(ADMINISTRATOR)
        return Left(answers, asks)

    def checks(self, site: SiteConfig) -> Iterator[Check]:
        """Yield the checks before an installation."""
        yield from check_machine(self.home, site)

    def addresses(self) -> Sequence[Address]:
        """Return addresses of version 4 and 6 but those of the machine itself and of its links."""
        return [
            Address(one.address, name)
            for name, found in sorted(psutil.net_if_addrs().items())
            for one in found
            if one.family.name in ("AF_INET", "AF_INET6") and not one.address.startswith(("127.", "::1", "fe80:"))
        ]

    def packages(self, folder: Path | None) -> Sequence[FoundPackage]:
        """Return the packages on sticks, or in a folder."""
        return list(find_packages(self.home, SiteConfig(), sticks() if folder is None else [folder]))

    def plan(self, site: SiteConfig, users: int) -> Plan:
        """Return the plan of the site's models on this machine."""
        return plan_site(self.home, site, PlanRequest(users=users, choose=True))

    def write(self, answers: Answers) -> None:
        """Write the answers, readable by their owner alone."""
        self.home.create()
        write_answers(self.answers_file, answers)

    def run(self, answers: Answers, password: str | None) -> Iterator[Progress | Tour]:
        """Install and start."""
        yield from set_up(self.home, answers, password)

    def log_lines(self) -> list[str]:
        """Return the last lines of the newest log."""
        return newest_lines(self.home.logs, _LOG_LINES)

    def ask(self, question: str) -> tuple[str, tuple[str, ...]]:
        """Ask knowledge Q&A with the admin key."""
        with ApplianceClient.for_home(self.home, load_site(self.home.site_file)) as client:
            reply = client.run_scenario("knowledge-qa", "ask", {"question": question})
        return str(reply.get("answer", "")), tuple(source_of(one) for one in reply.get("citations", ()))


def newest_lines(folder: Path, most: int) -> list[str]:
    """Return name and last lines of the log that was written last; none where there is none."""
    logs = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    if not logs:
        return []
    with logs[0].open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _LOG_BYTES))
        return [logs[0].name, *file.read().decode("utf-8", "replace").splitlines()[-most:]]
