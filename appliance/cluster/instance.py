"""The running instance as its home folder knows it, and every process that belongs to it.

Each process that `up` starts carries `APPLIANCE_INSTANCE` in its environment; Ray passes it on to its workers and they
to theirs. So what must end with `down` can be told from everything else on the machine, other Ray clusters included.
"""

import contextlib
import hashlib
import json
import os
import signal
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from appliance.config.site import SiteConfig
from appliance.core.files import write_durably

INSTANCE_VARIABLE = "APPLIANCE_INSTANCE"
_RAY_PROCESSES = ("ray", "gcs_server", "VLLM", "python")


@dataclass(frozen=True)
class Instance:
    """What `run/instance.json` holds."""

    instance_id: str
    ray_address: str
    gateway_url: str
    temp_folder: str
    started_at: str
    version: str
    site_digest: str = ""
    """`digest_of` the settings that it was started with."""
    head_pid: int | None = None
    ports: tuple[int, ...] = ()


def digest_of(site: SiteConfig) -> str:
    """Return a digest of all settings: comments and order in the site file do not count."""
    return hashlib.sha256(site.model_dump_json().encode()).hexdigest()


def read_instance(path: Path) -> Instance | None:
    """Return the instance that the home folder knows of, or None; a damaged file counts as none."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Instance(**{**raw, "ports": tuple(raw.get("ports", ()))})
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_instance(path: Path, instance: Instance) -> None:
    """Write the instance file durably."""
    write_durably(path, json.dumps(asdict(instance), indent=2).encode())


def processes_of(instance: Instance) -> list[psutil.Process]:
    """Return the live processes of `instance`, without the calling one.

    Found by the variable, by an open file in the instance's Ray session (some Ray processes write their title over
    their environment), and as children of those.
    """
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.uids().real == os.getuid() and _belongs(process, instance):
                found[process.pid] = process
    for process in list(found.values()):
        with contextlib.suppress(psutil.Error):
            found.update({child.pid: child for child in process.children(recursive=True)})
    found.pop(os.getpid(), None)
    return list(found.values())


def _belongs(process: psutil.Process, instance: Instance) -> bool:
    if process.status() == psutil.STATUS_ZOMBIE:
        return False
    if process.environ().get(INSTANCE_VARIABLE) == instance.instance_id:
        return True
    if not process.name().startswith(_RAY_PROCESSES):  # a pager on one of Ray's logs is somebody's own
        return False
    return any(file.path.startswith(instance.temp_folder + "/") for file in process.open_files())


def end_processes(instance: Instance, grace_s: float = 4.0) -> int:
    """End what belongs to `instance`: SIGTERM, then after `grace_s` SIGKILL, until none is left. Return how many."""
    ended = 0
    for attempt in range(5):
        processes = processes_of(instance)
        if not processes:
            break
        ended += len(processes) if attempt == 0 else 0
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGTERM if attempt == 0 else signal.SIGKILL)
        psutil.wait_procs(processes, timeout=grace_s if attempt == 0 else 3.0)
    return ended


def memory_of(instance: Instance) -> int:
    """Return the proportional set size (PSS) of all processes of the instance, in bytes: shared pages count once."""
    total = 0
    for process in processes_of(instance):
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total
