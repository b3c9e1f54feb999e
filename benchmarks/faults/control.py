"""Faults 5 and 7: what rules the cluster dies, and what serves goes on."""

import subprocess
import sys
import time
from pathlib import Path

import psutil

from faults.fault import Fault
from faults.outcomes import Measured, counted, failed, seconds, sent_after
from faults.rig import CONTROLLER, GCS, Rig, strike

_WATCH_S = 40.0
_GCS_BACK_S = 90.0
_AFTER_GCS_S = 30.0
_LOOK_S = 0.2


def controller_dies(rig: Rig) -> Measured:
    """Kill Serve's controller under load, by Ray's own means."""
    controller, replicas = rig.process(CONTROLLER), rig.replicas()
    with rig.load("fault-5") as load:
        load.await_open(2)
        at = kill_controller(rig)
        back = _another(rig, CONTROLLER, controller, at, _WATCH_S)
        time.sleep(max(0.0, at + _WATCH_S - time.monotonic()))
    same = rig.replicas() == replicas
    lost = failed(load.outcomes)
    kept = "the same replicas" if same else "OTHER replicas"
    text = (
        f"{len(load.outcomes)} requests, not answered: {counted(lost)}; controller back after {seconds(back)}, {kept}"
    )
    return Measured(text, not lost and same and back is not None)


def kill_controller(rig: Rig) -> float:
    """Kill Serve's controller; return when. The environment is that of the cluster's own processes."""
    instance = rig.instance()
    environment = psutil.Process(instance.head_pid).environ()
    program = Path(__file__).with_name("kill_controller.py")
    command = [sys.executable, str(program), instance.ray_address]
    subprocess.run(command, env=environment, check=True, cwd="/", stdout=sys.stderr, timeout=120)
    return time.monotonic()


def gcs_dies(rig: Rig) -> Measured:
    """Kill Ray's control service under load; the supervisor starts it again."""
    gcs, replicas = rig.process(GCS), rig.replicas()
    with rig.load("fault-7") as load:
        load.await_open(2)
        at = strike(gcs)
        back = _another(rig, GCS, gcs, at, _GCS_BACK_S)
        time.sleep(max(0.0, at + 2 * _AFTER_GCS_S - time.monotonic()))
        same = rig.replicas() == replicas
    later = sent_after(load.outcomes, at + _AFTER_GCS_S)
    lost = failed(later)
    kept = "the same replicas" if same else "OTHER replicas"
    text = f"GCS back after {seconds(back)}, {kept}; {len(later)} requests sent 30 s later and on, not answered: "
    return Measured(text + counted(lost), back is not None and same and bool(later) and not lost)


def _another(rig: Rig, title: str, old: psutil.Process, at: float, within_s: float) -> float | None:
    """Wait for another process of that title; return the seconds from `at`, None where none came."""
    while time.monotonic() - at < within_s:
        if any(process.pid != old.pid for process in rig.processes(title)):
            return time.monotonic() - at
        time.sleep(_LOOK_S)
    return None


FAULTS = (
    Fault(5, "the Serve controller dies (ray.kill)", "0 failed requests", controller_dies),
    Fault(
        7, "the GCS dies (SIGKILL), the supervisor restarts it",
        "same replicas, 0 failed new requests after 30 s", gcs_dies,
    ),
)  # fmt: skip
