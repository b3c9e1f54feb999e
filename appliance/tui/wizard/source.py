"""What the pages look at and do; recorded machines stand in for it in tests."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil
from pydantic import SecretStr

from appliance.catalogue.plan import Plan
from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.core.progress import Progress
from appliance.operations.client import ApplianceClient
from appliance.operations.doctor import Check
from appliance.operations.nodes.joining import Joined
from appliance.operations.planning import PlanRequest, plan_site
from appliance.operations.setup.abandoning import abandon
from appliance.operations.setup.answers import Answers, read_answers, write_answers
from appliance.operations.setup.finding import FoundPackage, find_packages, model_entry, sticks
from appliance.operations.setup.journal import ADMINISTRATOR, Steps, answers_file, unfinished
from appliance.operations.setup.running import check_machine, set_up
from appliance.operations.starting_lock import only_setup
from appliance.operations.tour import Tour, source_of
from appliance.tui.crash import CRASH_LOG
from appliance.tui.written import no_path

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

    def packages(self, folder: Path | None, chosen: Sequence[Path] = ()) -> Sequence[FoundPackage]:
        """Return the packages on sticks, or in a folder, and those of `chosen` that lie elsewhere."""
        ...

    def plan(self, site: SiteConfig, users: int, packages: Sequence[Path] = ()) -> Plan:
        """Return what goes where for so many people, once `packages` are installed."""
        ...

    def write(self, answers: Answers) -> None:
        """Write the answers into their file."""
        ...

    def run(self, answers: Answers, password: SecretStr | None) -> Iterator[Progress | Tour | Joined]:
        """Install and start, or join."""
        ...

    def abandon(self) -> None:
        """Forget a first start that was broken off."""
        ...

    def key_file(self) -> Path | None:
        """Return the file of the key for programs, where there is one."""
        ...

    @property
    def log_folder(self) -> Path | None:
        """Where logs are."""
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
        return answers_file(self.home)

    def left(self) -> Left | None:
        """Return the answers of a first start that was broken off, from their file."""
        if not unfinished(self.home) or not self.answers_file.exists():
            return None
        answers = read_answers(self.answers_file)
        who = answers.administrator
        asks = who is not None and who.password_file is None and not Steps.of(self.home, answers).has(ADMINISTRATOR)
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

    def packages(self, folder: Path | None, chosen: Sequence[Path] = ()) -> Sequence[FoundPackage]:
        """Return the packages on sticks, or in a folder, and chosen ones. Raises `InvalidRequest` for no folder."""
        if folder is not None and not os.path.exists(folder):  # noqa: PTH110 - of whatever is written
            raise no_path()
        found = find_packages(self.home, SiteConfig(), [*(sticks() if folder is None else [folder]), *chosen])
        return list(found)

    def plan(self, site: SiteConfig, users: int, packages: Sequence[Path] = ()) -> Plan:
        """Return the plan of the site's models on this machine. Raises as `plan_site` and `model_entry`."""
        entries = (model_entry(self.home, file) for file in packages)
        coming = tuple(entry for entry in entries if entry is not None)
        return plan_site(self.home, site, PlanRequest(users=users, coming=coming, choose=True))

    def write(self, answers: Answers) -> None:
        """Write the answers, readable by their owner alone. Raises `AlreadyRunning` beside another first start."""
        self.home.create()
        with only_setup(self.home):  # another one that is at work goes on by what stands there
            write_answers(self.answers_file, answers)

    def run(self, answers: Answers, password: SecretStr | None) -> Iterator[Progress | Tour | Joined]:
        """Install and start, or join."""
        given = None if password is None else password.get_secret_value()
        yield from set_up(self.home, answers, given, file=self.answers_file)

    def abandon(self) -> None:
        """Remove what a first start that was broken off has written down."""
        abandon(self.home)

    def key_file(self) -> Path | None:
        """Return the file of the first key, unless somebody has removed it."""
        return self.home.admin_key_file if self.home.admin_key_file.is_file() else None

    @property
    def log_folder(self) -> Path | None:
        """Where logs are."""
        return self.home.logs

    def log_lines(self) -> list[str]:
        """Return the last lines of the newest log."""
        return newest_lines(self.home.logs, _LOG_LINES)

    def ask(self, question: str) -> tuple[str, tuple[str, ...]]:
        """Ask knowledge Q&A with the admin key."""
        with ApplianceClient.for_home(self.home, load_site(self.home.site_file)) as client:
            reply = client.run_scenario("knowledge-qa", "ask", {"question": question})
        return str(reply.get("answer", "")), tuple(source_of(one) for one in reply.get("citations", ()))


def newest_lines(folder: Path, most: int) -> list[str]:
    """Return name and last lines of the log that was written last; none where there is none that can be read."""
    written: list[tuple[float, Path]] = []
    for path in (one for one in folder.glob("*.log") if one.name != CRASH_LOG):
        with contextlib.suppress(OSError):  # a link to nowhere, or just removed
            written.append((path.stat().st_mtime, path))
    for _moment, path in sorted(written, reverse=True):
        with contextlib.suppress(OSError), path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _LOG_BYTES))
            return [path.name, *file.read().decode("utf-8", "replace").splitlines()[-most:]]
    return []
