"""The supervisor of a node: it starts Ray and the node's own programs, and starts again whatever dies."""

import os
import signal
import time
from collections.abc import Sequence
from types import FrameType
from typing import Literal

import psutil

from appliance.cluster.parts import Part, rotate
from appliance.cluster.ray_node import RayNode, adopt_orphans, reap
from appliance.cluster.supervision import SUPERVISOR_LOG, Supervision, write_supervision
from appliance.config.home import Home
from appliance.core.clock import iso, utc_now
from appliance.core.errors import DiskFull

_LOOK_S = 0.2
_WRITE_EVERY_S = 60.0
_PART_GRACE_S = 5.0
_TRIES = 8


class Supervisor:
    """Runs until told by SIGTERM or SIGINT.

    A node that does not start the first time, or eight times in a row after that, is given up: what the control
    service kept may be damaged, and a start from nothing mends that. A `patient` supervisor gives nothing up: a worker
    whose head is away waits for it, and its other programs run meanwhile.
    """

    def __init__(self, home: Home, ray: RayNode, parts: Sequence[Part], *, patient: bool = False) -> None:
        self._home = home
        self._ray = ray
        self._parts = list(parts)
        self._patient = patient
        self._told = False
        self._state: Literal["starting", "running", "restarting", "ending", "failed"] = "starting"
        self._since = iso(utc_now())
        self._written = 0.0

    def run(self) -> int:
        """Watch until told to end; return the exit code, 1 where Ray did not start."""
        adopt_orphans()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)
        self._write(time.monotonic())
        while not self._told:
            self._look(time.monotonic())
            if self._state == "failed":
                self._end()
                return 1
            time.sleep(_LOOK_S)
        self._enter("ending")
        self._write(time.monotonic())
        self._end()
        self._home.supervisor_file.unlink(missing_ok=True)
        return 0

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self._told = True

    def _look(self, now: float) -> None:
        own = {part.process.pid: part.process for part in self._parts if part.process is not None}
        ended = {} if self._ray.starting else reap(own)
        changed = self._ray.look(now, ended, own.keys())
        if changed:
            self._enter(self._state_by_ray())
        if self._state in ("running", "restarting") or (self._state == "starting" and self._patient):
            for part in self._parts:
                changed |= part.look(now)
        if changed or now - self._written > _WRITE_EVERY_S:
            self._write(now)

    def _state_by_ray(self) -> Literal["running", "restarting", "failed"]:
        if self._ray.runs:
            return "running"
        if self._patient:
            return "restarting"
        hopeless = self._state == "starting" or self._ray.restarts.in_a_row > _TRIES
        return "failed" if hopeless else "restarting"

    def _enter(self, state: Literal["running", "restarting", "ending", "failed"]) -> None:
        if state != self._state:
            self._state, self._since = state, iso(utc_now())

    def _end(self) -> None:
        """End first what takes requests, last Ray."""
        for part in reversed(self._parts):
            part.end(_PART_GRACE_S)
        self._ray.end(())

    def _write(self, now: float) -> None:
        self._written = now
        for log in [part.spec.log for part in self._parts] + [self._home.logs / SUPERVISOR_LOG]:
            rotate(log)
        parts = (*self._ray.states(now), *(part.state(now) for part in self._parts))
        error = self._ray.error.to_data() if self._ray.error is not None and not self._ray.runs else None
        me = psutil.Process()
        told = Supervision(os.getpid(), me.create_time(), self._state, self._since, parts, error)
        try:
            write_supervision(self._home.supervisor_file, told)
        except (DiskFull, OSError):  # a bad disk is no reason to stop watching; `doctor` tells of it
            return
