"""The appliance that the faults are made on: started on a home of its own, stopped at the end."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml
from kill import Acknowledged, Seen, appliance, check
from servers import appliance_server

from appliance.cluster.instance import Instance, processes_of, read_instance
from faults.outcomes import Measured, Outcome
from faults.streams import Load, NotInTime

PLACES, QUEUE = 4, 4
"""Requests that the model works on at once, and that may wait: few, so that a small load is an overload."""
MODEL = "ray::ServeReplica:model-general:"
GATEWAY = "ray::ServeReplica:gateway:"
CONTROLLER = "ray::ServeController"
ENGINE = "VLLM::EngineCore"
GCS = "gcs_server"
_LOOK_S = 0.1


@dataclass
class Rig:
    """A running appliance, and what was asked of it so far."""

    home: Path
    url: str
    key: str
    key_id: str
    network: Callable[[], AbstractContextManager[None]] = nullcontext
    asked: list[Outcome] = field(default_factory=list)
    """What the loads of all faults saw."""

    def load(self, name: str, **options: Any) -> Load:  # noqa: ANN401 - fields of `Load`
        """Return callers of this appliance; what they see counts for the accounts."""
        given = {"clients": PLACES, "network": self.network, **options}
        return Load(self.url, self.key, f"{name}-{time.time_ns():x}", outcomes=Noted(self.asked), **given)

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line."""
        return appliance(self.home, *arguments)

    def instance(self) -> Instance:
        """Return the running instance. Raises `NotInTime` where there is none."""
        found = read_instance(self.home / "run" / "instance.json")
        if found is None:
            raise NotInTime(f"nothing runs from {self.home}")
        return found

    def processes(self, title: str) -> list[psutil.Process]:
        """Return the processes of the appliance whose title or program begins so."""
        found = []
        for process in processes_of(self.instance()):
            with contextlib.suppress(psutil.Error):
                words = process.cmdline()
                if process.status() != psutil.STATUS_ZOMBIE and words and _called(words, title):
                    found.append(process)
        return found

    def process(self, title: str, within_s: float = 60.0) -> psutil.Process:
        """Return the one process with that title. Raises `NotInTime` where there is none or more than one."""
        deadline = time.monotonic() + within_s
        while len(found := self.processes(title)) != 1:
            if time.monotonic() > deadline:
                raise NotInTime(f"{len(found)} processes are called {title}")
            time.sleep(_LOOK_S)
        return found[0]

    def replicas(self) -> set[int]:
        """Return the process ids of all replicas."""
        return {process.pid for process in self.processes("ray::ServeReplica:")}

    def accounts(self) -> Measured:
        """Tell whether everything that callers were told is in audit and usage, and nothing is there twice."""
        answered = [Acknowledged(one.request_id, "chat", one.tokens) for one in self.asked if one.whole]
        found = check(self.home, self.key_id, Seen(answered))
        text = "; ".join(text for text, met in found if not met) or found[2][0]
        return Measured(f"{len(answered)} whole answers; {text}", all(met for _text, met in found))


class Noted(list[Outcome]):
    """A list whose items are noted in another one too."""

    def __init__(self, elsewhere: list[Outcome]) -> None:
        super().__init__()
        self._elsewhere = elsewhere

    def append(self, one: Outcome) -> None:
        """Append here and there."""
        super().append(one)
        self._elsewhere.append(one)


def _called(words: list[str], title: str) -> bool:
    return " ".join(words).startswith(title) or Path(words[0]).name.startswith(title)


def gone_after(process: psutil.Process, since: float, within_s: float) -> float | None:
    """Wait until a process has ended; return the seconds from `since`, None where it has not `within_s`."""
    while _lives(process):
        if time.monotonic() - since > within_s:
            return None
        time.sleep(_LOOK_S)
    return time.monotonic() - since


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def strike(process: psutil.Process, sign: signal.Signals = signal.SIGKILL) -> float:
    """Send a signal; return when."""
    process.send_signal(sign)
    return time.monotonic()


def write_site(home: Path, ports: dict[str, int], **sections: Any) -> None:  # noqa: ANN401 - what YAML holds
    """Write the site file of a home that faults are made on; `ports` has gateway, cluster and first worker port."""
    engine = {"max_num_seqs": PLACES, "max_queued_requests": QUEUE, "max_model_len": 2048}
    site: dict[str, Any] = {
        "gateway": {"port": ports["gateway"]},
        "cluster": {
            "port": ports["cluster"],
            "worker_port_min": ports["worker"],
            "worker_port_max": ports["worker"] + 999,
        },
        "models": {"general": {"package": "base", "engine": engine}},
        "load_samples": False,
        "scenarios": ["knowledge-qa"],  # faults are made on what all of them stand on
    }
    for name, section in sections.items():
        site[name] = {**site.get(name, {}), **section} if isinstance(section, dict) else section
    home.mkdir(parents=True, exist_ok=True)
    (home / "site.yaml").write_text(yaml.safe_dump(site), encoding="utf-8")


def share_model(home: Path, built: Path | None) -> None:
    """Link the base model from another home where it was built; else `up` builds it."""
    here = home / "models" / "base"
    if built is not None and (built / "models" / "base").is_dir() and not here.exists():
        shutil.copytree(built / "models" / "base", here, copy_function=os.link)


@contextlib.contextmanager
def running(home: Path, *, already: bool = False) -> Iterator[Rig]:
    """Run the appliance from `home` inside the block, or take the one that runs there `already` and leave it running.

    Raises `ServerFailed`.
    """
    made = f"faults-{time.time_ns():x}"
    if already:
        address = json.loads((home / "run" / "instance.json").read_text(encoding="utf-8"))["gateway_url"]
        yield _with_key(home, address, made)
        return
    with appliance_server(home) as server:
        yield _with_key(home, server.url, made)


def _with_key(home: Path, url: str, name: str) -> Rig:
    made = json.loads(appliance(home, "key", "create", name, "--json").stdout)
    return Rig(home, url, made["key"], made["id"])
