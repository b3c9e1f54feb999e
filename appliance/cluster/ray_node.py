"""Ray on this node: its processes are the supervisor's descendants, which it watches and starts again.

The control service (`gcs_server`, on the head) is started again alone, by the command line that Ray gave it: it finds
all that it knew in its store, and raylets, actors and replicas go on meanwhile. Where the raylet dies, everything of
this node has ended with it, and the node is started again whole.
"""

import contextlib
import ctypes
import os
import subprocess
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

import psutil

from appliance.cluster.parts import ending
from appliance.cluster.restarts import Restarts
from appliance.cluster.supervision import PartState
from appliance.core.clock import iso, utc_now
from appliance.core.errors import ApplianceError, StartFailed
from appliance.core.messages import _

_CONTROL: Final = "gcs_server"
_RAYLET: Final = "raylet"
_PR_SET_CHILD_SUBREAPER = 36
_CONTROL_TRIES = 5
_RAYLET_GRACE_S = 5.0
_GRACE_S = 3.0
_Command = tuple[list[str], dict[str, str]]  # a command line and its whole environment


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, as `ray start` does once Ray runs."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def reap(own: Mapping[int, "subprocess.Popen[bytes]"]) -> dict[int, int]:
    """Collect children that have ended; return exit codes by process id, but leave those of `own` to their objects."""
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if (process := own.get(found.si_pid)) is not None:
                process.poll()
            else:
                _pid, status = os.waitpid(found.si_pid, 0)
                ended[found.si_pid] = os.waitstatus_to_exitcode(status)
    return ended


@dataclass
class _Process:
    pid: int
    since: str
    started: float


class RayNode:
    """The node's Ray. `start` starts it and returns when it runs, or raises `ApplianceError`.

    Times are seconds of one monotonic clock; one thread calls the methods.
    """

    def __init__(self, start: Callable[[], None], *, is_head: bool) -> None:
        self._start = start
        self._is_head = is_head
        self._raylet: _Process | None = None
        self._control: _Process | None = None
        self._control_command: _Command | None = None
        self._starting: threading.Thread | None = None
        self.error: ApplianceError | None = None
        """Why the last start failed."""
        self.restarts = Restarts()
        self.control_restarts = Restarts()

    @property
    def runs(self) -> bool:
        """Whether the node is up; its control service may be on the way back."""
        return self._raylet is not None

    @property
    def starting(self) -> bool:
        """Whether `ray start` is at work; its exit status is its own thread's, so nobody else may `reap`."""
        return self._starting is not None

    def look(self, now: float, ended: Mapping[int, int], others: Collection[int]) -> bool:
        """Notice what has ended, start what is due; return whether anything changed.

        `ended` is from `reap`; `others` are children that are not Ray's.
        """
        if self._starting is not None:
            return self._look_at_start(now, others)
        if self._raylet is None:
            if now >= self.restarts.due:
                self._begin()
            return False
        if (reason := _ending_of(self._raylet, ended)) is not None:
            self._lost(now, f"raylet: {reason}", others)
            return True
        return self._is_head and self._look_at_control(now, ended, others)

    def end(self, others: Collection[int]) -> None:
        """End everything of Ray's on this node: the raylet first, which tells the cluster that it leaves."""
        if self._raylet is not None:
            with contextlib.suppress(psutil.Error):
                raylet = psutil.Process(self._raylet.pid)
                raylet.terminate()
                raylet.wait(_RAYLET_GRACE_S)
        for kill in (False, True):
            left = _descendants(others)
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.kill() if kill else process.terminate()
            psutil.wait_procs(left, timeout=_GRACE_S)
        self._raylet = self._control = None

    def states(self, now: float) -> list[PartState]:
        """Return what is told of it."""
        told = [_told("ray", self._raylet, self.restarts, now)]
        if self._is_head:
            told.append(_told("gcs", self._control, self.control_restarts, now))
        return told

    def _begin(self) -> None:
        def run() -> None:
            try:
                self._start()
            except ApplianceError as error:
                self.error = error
            except OSError as error:  # no memory, no processes left: tried again like any other failure
                self.error = StartFailed(_("Ray did not start: {reason}", reason=str(error)))

        self.error = None
        self._starting = threading.Thread(target=run, daemon=True)
        self._starting.start()

    def _look_at_start(self, now: float, others: Collection[int]) -> bool:
        assert self._starting is not None
        if self._starting.is_alive():
            return False
        self._starting = None
        if self.error is None and self._find(now, others):
            return True
        if self.error is None:
            self.error = StartFailed(_("Ray did not start: {reason}", reason="its processes ended at once"))
        self._lost(now, self.error.message.render("en"), others)
        return True

    def _find(self, now: float, others: Collection[int]) -> bool:
        """Find the processes that were just started, and remember how Ray started its control service."""
        names = {}
        for process in _descendants(others):
            with contextlib.suppress(psutil.Error):
                names[process.name()] = process.pid
        if _RAYLET not in names or (self._is_head and _CONTROL not in names):
            return False
        since = iso(utc_now())
        self._raylet = _Process(names[_RAYLET], since, now)
        if self._is_head:
            try:
                control = psutil.Process(names[_CONTROL])
                self._control_command = (control.cmdline(), control.environ())
            except psutil.Error:  # it has ended meanwhile
                return False
            self._control = _Process(names[_CONTROL], since, now)
        return True

    def _lost(self, now: float, reason: str, others: Collection[int]) -> None:
        ran_s = now - self._raylet.started if self._raylet is not None else 0.0
        self.end(others)
        self.restarts.failed(now, ran_s, reason)

    def _look_at_control(self, now: float, ended: Mapping[int, int], others: Collection[int]) -> bool:
        if self._control is not None:
            reason = _ending_of(self._control, ended)
            if reason is None:
                return False
            self.control_restarts.failed(now, now - self._control.started, reason)
            self._control = None
            if self.control_restarts.in_a_row > _CONTROL_TRIES:
                self.control_restarts.in_a_row = 0
                self._lost(now, f"gcs_server: {reason}, {_CONTROL_TRIES + 1} times", others)
            return True
        if now < self.control_restarts.due:
            return False
        assert self._control_command is not None
        try:
            self._control = _Process(_spawn(self._control_command), iso(utc_now()), now)
        except OSError as error:  # no memory, no processes left: try again later
            self.control_restarts.failed(now, 0.0, str(error))
        return True


def _told(name: str, process: _Process | None, restarts: Restarts, now: float) -> PartState:
    pid, since = (process.pid, process.since) if process is not None else (None, None)
    return PartState(name, pid, since, restarts.recent(now), restarts.last_failure)


def _ending_of(process: _Process, ended: Mapping[int, int]) -> str | None:
    if process.pid in ended:
        return ending(ended[process.pid])
    return None if psutil.pid_exists(process.pid) else "ended"


def _descendants(others: Collection[int]) -> list[psutil.Process]:
    """Return this process's descendants without `others` and theirs."""
    found: list[psutil.Process] = []
    for child in psutil.Process().children():
        if child.pid not in others:
            with contextlib.suppress(psutil.Error):
                found += [child, *child.children(recursive=True)]
    return found


def _spawn(command: "_Command") -> int:
    """Start a process in a session of its own, without streams: it has files of its own."""
    streams = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in range(3)]
    arguments, environment = command
    return os.posix_spawn(arguments[0], arguments, environment, file_actions=streams, setsid=True)
