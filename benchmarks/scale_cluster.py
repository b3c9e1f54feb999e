"""The appliance that `scale.py` measures: real Ray, Serve, gateways and ledger, and modelled engines."""

import asyncio
import contextlib
import json
import math
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from alone_servers import Cluster, await_answer, make_key, ray_cluster
from figures import percentile
from scale_load import run_streams, summarise
from scale_timing import Modelled
from scale_usage import Usage, cpu_us_a_token, inside, machine_busy_s, read_usage, spent, top_functions

from appliance.cluster.instance import processes_of
from appliance.config.home import Home

_MOST_PROCESSES = 4  # that modelled engines share, unless their number is what is measured
_LEAST_FREE = 3 * 2**30
_WORDS = (
    "appliance/serving/gateway", "appliance/guardrails", "appliance/serving/ledger", "ray/serve", "ray/_private",
    "uvicorn", "starlette",
)  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Where the cluster is, so that others on the machine are not disturbed."""

    home: Path
    port: int
    cluster_port: int
    worker_ports: tuple[int, int]


@dataclass(frozen=True)
class Window:
    """How long a level is held, in seconds."""

    ramp_s: float
    settle_s: float
    window_s: float


def engines(model: Modelled, streams: int, *, slower: float, processes: int | None = None, gateways: int = 1) -> str:
    """Return, for `scale_apps.py`, as many modelled engines as so many users need at the level."""
    needed = max(1, math.ceil(streams / model.users))
    shared = processes or min(_MOST_PROCESSES, needed)
    timing = model.timing.slower(slower)
    asked = {
        "prefill_s": timing.prefill_s, "steps_s": timing.steps_s, "processes": shared, "cpus": 0.05,
        "engines": math.ceil(needed / shared), "places": max(64, 2 * math.ceil(streams / shared)), "gateways": gateways,
    }  # fmt: skip
    return json.dumps(asked)


def site_file(places: Places, most: int) -> dict[str, Any]:
    """Return a site file under which `most` streams are let in."""
    least, last = places.worker_ports
    gateway = {"port": places.port, "max_ongoing_requests": 2 * most, "max_queued_requests": 4 * most}
    cluster = {
        "port": places.cluster_port, "worker_port_min": least, "worker_port_max": last, "logical_cpus": 16,
        "object_store_mib": 200,
    }  # fmt: skip
    general = {"package": "double", "engine": {"max_num_seqs": 2 * most}}
    return {"gateway": gateway, "cluster": cluster, "models": {"general": general}, "scenarios": []}


class Appliance:
    """The running cluster with what is deployed on it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._log = cluster.home.logs / "deploy.log"
        self.url, self.key = cluster.instance.gateway_url, cluster.key

    def drive(self, *arguments: str) -> str:
        """Run one of the drivers for this home folder. Raises `NotStarted`."""
        program, *rest = arguments
        head, tail = (rest[:1], rest[1:]) if program == "scale_apps.py" else ([], rest)
        return self._cluster.drive([program, *head, str(self._cluster.home.root), *tail], self._log, 900)

    def read(self) -> dict[str, Any]:
        """Return what Serve's controller and the GCS say."""
        found: dict[str, Any] = json.loads(self.drive("scale_apps.py", "read"))
        return found

    def processes(self) -> list[psutil.Process]:
        """Return all processes."""
        return processes_of(self._cluster.instance)

    def usage(self, *, memory: bool = True) -> dict[str, Usage]:
        """Return what they have taken until now, by kind."""
        return read_usage(self.processes(), memory=memory)

    def busy(self, seconds: float) -> dict[str, float]:
        """Return the cores that each kind is busy with while nobody asks anything."""
        before, started = self.usage(memory=False), time.monotonic()
        time.sleep(seconds)
        return spent(before, self.usage(memory=False), time.monotonic() - started)

    def level(
        self, streams: int, tokens: int, window: Window, processes: list[psutil.Process], profile: Path | None
    ) -> dict[str, Any]:
        """Hold so many streams, and return their figures and what the processes took meanwhile."""
        with ThreadPoolExecutor(2) as pool:
            watched = pool.submit(_watch, processes, window, profile)
            run = asyncio.run(
                run_streams(
                    self.url, self.key, streams, tokens,
                    ramp_s=window.ramp_s, settle_s=window.settle_s, window_s=window.window_s,
                )
            )  # fmt: skip
            row = summarise(run, tokens) | watched.result()
        return row | {"cpu_us_a_token": cpu_us_a_token(row["cores"], row["tokens_per_s"])}

    def status_ms(self, times: int = 20) -> float:
        """Return the median time of the status route, in milliseconds."""
        seconds, key = [], make_key(self._cluster.home, "operator")
        for _number in range(times):
            started = time.perf_counter()
            asked = urllib.request.Request(
                f"{self.url}/v1/appliance/status", headers={"Authorization": f"Bearer {key}"}
            )
            urllib.request.urlopen(asked, timeout=60).close()
            seconds.append(time.perf_counter() - started)
        return round(1000 * percentile(seconds, 0.5), 1)

    def await_answer(self) -> None:
        """Return once a request is answered. Raises `NotStarted`."""
        await_answer(self.url, self.key, self._log)


def _watch(processes: list[psutil.Process], window: Window, profile: Path | None) -> dict[str, Any]:
    """Read before and after the window; in it, let py-spy look at the first gateway where a profile is asked for."""
    client = psutil.Process()
    time.sleep(window.ramp_s + window.settle_s)
    before, own, everybody = read_usage(processes, memory=False), client.cpu_times(), machine_busy_s()
    started = time.monotonic()
    found: dict[str, Any] = {}
    if profile is not None:
        found = _profile(processes, profile, window.window_s * 0.7)
    time.sleep(max(0.0, started + window.window_s - 1 - time.monotonic()))
    seconds = time.monotonic() - started
    after, own_after, everybody = read_usage(processes, memory=False), client.cpu_times(), machine_busy_s() - everybody
    cores = spent(before, after, seconds)
    cores["client"] = round((own_after.user + own_after.system - own.user - own.system) / seconds, 3)
    memory = read_usage(processes)
    return found | {
        "cores": cores,
        "others_cores": round(everybody / seconds - sum(cores.values()), 2),
        "pss_mib": {kind: round(usage.pss_mib) for kind, usage in memory.items()},
        "files": {kind: usage.files for kind, usage in memory.items()},
    }


def _profile(processes: list[psutil.Process], folder: Path, seconds: float) -> dict[str, Any]:
    gateway = next(one for one in processes if "ServeReplica:gateway" in " ".join(one.cmdline()))
    file = folder / "gateway.collapsed"
    command = [
        str(Path(sys.executable).parent / "py-spy"), "record", "--nonblocking", "--gil", "-f", "raw", "-r", "100",
        "-d", str(int(seconds)), "-p", str(gateway.pid), "-o", str(file),
    ]  # fmt: skip
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    collapsed = file.read_text(encoding="utf-8")
    return {"profile": top_functions(collapsed), "profile_inside": inside(collapsed, _WORDS)}


@contextlib.contextmanager
def appliance(places: Places, most: int, first: str) -> Iterator[Appliance]:
    """Run the appliance inside the block; `first` are the engines that it starts with. Raises `NotStarted`."""
    with ray_cluster(Home(places.home), site_file(places, most), {}) as cluster:
        running = Appliance(cluster)
        running.drive("scale_apps.py", "put", first)
        running.await_answer()
        yield running


def room_left() -> bool:
    """Say whether this machine has memory for more."""
    return psutil.virtual_memory().available > _LEAST_FREE
