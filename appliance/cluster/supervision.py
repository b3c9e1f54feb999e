"""What the supervisor of a node tells of itself (`run/supervisor.json`), and how others start, watch and end it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import psutil

from appliance.cluster.node import last_line
from appliance.config.home import Home
from appliance.core.errors import StartFailed, error_from_data
from appliance.core.files import write_durably
from appliance.core.messages import _

SUPERVISOR_LOG: Final = "supervisor.log"
_START_TIMEOUT_S = 180.0
_END_TIMEOUT_S = 20.0
_POLL_S = 0.1


@dataclass(frozen=True)
class PartState:
    """A process that the supervisor keeps running."""

    name: str
    """`ray` is the node as a whole, `gcs` the head's control service; the others are programs of the appliance."""
    pid: int | None
    since: str | None
    """When it was started, UTC; None where it does not run."""
    restarts: int
    """In the last 10 minutes."""
    last_failure: str | None = None


@dataclass(frozen=True)
class Supervision:
    """What `run/supervisor.json` holds."""

    pid: int
    created: float
    """When the process began, seconds since the epoch: process ids are used again."""
    state: Literal["starting", "running", "restarting", "ending", "failed"]
    since: str
    """When this state began, UTC."""
    parts: tuple[PartState, ...] = ()
    error: dict[str, object] | None = None
    """Why it has failed, as `ApplianceError.to_data` writes it."""

    def process(self) -> psutil.Process | None:
        """Return the supervisor while it lives."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.created) < 1 and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


def read_supervision(path: Path) -> Supervision | None:
    """Return what the file holds; None where there is none or it is damaged."""
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Supervision(**{**raw, "parts": tuple(PartState(**part) for part in raw["parts"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def write_supervision(path: Path, supervision: Supervision) -> None:
    """Write the file durably. Raises `DiskFull`."""
    write_durably(path, json.dumps(asdict(supervision), indent=2).encode())


def start_supervisor(home: Home, environment: Mapping[str, str], *, patient: bool = False) -> "subprocess.Popen[bytes]":
    """Start the supervisor of this node in a session of its own and return when Ray runs.

    `environment` is that of the cluster's processes. A `patient` one goes on trying to start Ray, and is not waited
    for. Raises `StartFailed`, and what the supervisor itself met.
    """
    home.supervisor_file.unlink(missing_ok=True)
    log_file = home.logs / SUPERVISOR_LOG
    with log_file.open("ab") as log:
        already = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "appliance.cluster.supervise", str(home.root), *(["--patient"] if patient else [])],
            env=dict(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/",
        )  # fmt: skip
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        now = read_supervision(home.supervisor_file)
        if now is not None and (patient or now.state == "running"):
            return process
        if now is not None and now.error is not None:
            raise error_from_data(now.error)
        if ended:
            break
        time.sleep(_POLL_S)
    raise StartFailed(
        _("The supervisor of this node did not start: {reason}", reason=last_line(log_file, already) or "timed out"),
        _("Read {log}, then run `appliance doctor`.", log=log_file),
    )


def end_supervisor(home: Home) -> bool:
    """Let the supervisor end what it runs, in order, and itself. Return whether there was one that did."""
    now = read_supervision(home.supervisor_file)
    process = now.process() if now is not None else None
    if process is None or process.uids().real != os.getuid():
        return False
    with contextlib.suppress(psutil.Error):
        process.send_signal(signal.SIGTERM)
        process.wait(_END_TIMEOUT_S)
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
