"""One program that the supervisor keeps running beside Ray, its words in a log that does not grow without end."""

import contextlib
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from appliance.cluster.restarts import Restarts
from appliance.cluster.supervision import PartState
from appliance.core.clock import iso, utc_now
from appliance.core.units import MIB

LARGEST_LOG_BYTES: Final = 16 * MIB
_OLD_LOGS = 3


@dataclass(frozen=True)
class PartSpec:
    """What to run: `command` with the whole `environment`, both streams to the end of `log`."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path


@dataclass
class Part:
    """A program with its restarts. Times are seconds of one monotonic clock."""

    spec: PartSpec
    restarts: Restarts = field(default_factory=Restarts)
    process: "subprocess.Popen[bytes] | None" = None
    _started: float = 0.0
    _since: str | None = None

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return self.process.pid if self.process is not None else None

    def look(self, now: float) -> bool:
        """Notice an end, start what is due; return whether anything changed."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return False
            self.process, self._since = None, None
            self.restarts.failed(now, now - self._started, ending(code))
            return True
        if now < self.restarts.due:
            return False
        rotate(self.spec.log)
        try:
            with self.spec.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.spec.command, env=dict(self.spec.environment), stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, start_new_session=True, cwd="/",
                )  # fmt: skip
        except OSError as error:  # no memory, no processes left: try again later
            self.restarts.failed(now, 0.0, str(error))
            return True
        self._started, self._since = now, iso(utc_now())
        return True

    def end(self, grace_s: float) -> None:
        """Let it end; after `grace_s` kill it."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process, self._since = None, None

    def state(self, now: float) -> PartState:
        """Return what is told of it."""
        restarts = self.restarts
        return PartState(self.spec.name, self.pid, self._since, restarts.recent(now), restarts.last_failure)


def ending(code: int) -> str:
    """Return an exit status in words; negative ones are signals, as `subprocess` has them."""
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def rotate(log: Path, largest_bytes: int = LARGEST_LOG_BYTES) -> bool:
    """Empty a log that has grown too large into `log.1`, that into `log.2`, and so on; tell whether it was.

    Its writers append, so they go on in the emptied file; what they write during the copy may be lost. Where there is
    no room for the copy the log stays as it is: whoever watches processes must not end for it.
    """
    copy = log.with_name(f"{log.name}.0")
    try:
        if not log.exists() or log.stat().st_size <= largest_bytes:
            return False
        shutil.copyfile(log, copy)
        for number in range(_OLD_LOGS - 1, -1, -1):
            older = log.with_name(f"{log.name}.{number}")
            if older.exists():
                older.replace(log.with_name(f"{log.name}.{number + 1}"))
        with log.open("r+b") as file:
            file.truncate(0)
    except OSError:
        with contextlib.suppress(OSError):
            copy.unlink()
        return False
    return True
