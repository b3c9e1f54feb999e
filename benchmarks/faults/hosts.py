"""Faults 6 and 8 to 10: a gateway, a host or the network between hosts is lost. Two joined hosts; a third asks."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import Host, Lab

from appliance.hardware.discovery import discover
from appliance.hardware.processor import fast_in_16_bits
from faults.outcomes import Measured, back_after, counted, failed, seconds, sent_after, silent
from faults.rig import MODEL, PLACES, QUEUE, Rig, share_model, write_site
from faults.streams import NotInTime

_APPLIANCE = Path(sys.executable).parent / "appliance"
_PORTS = {"gateway": 8080, "cluster": 6380, "worker": 20000}
_UP_S, _JOIN_S, _RESTORED_S = 900.0, 900.0, 120.0
_ERRORS_S, _MOST_ERRORS = 30.0, 0.01
_SETTLE_S = 60.0
_LOOK_S = 0.1
_AWAY_S = 3.0
_RELAY = "appliance.serving.relay"
_RELAY_S = 10.0


@dataclass(frozen=True)
class Cluster:
    """Two hosts that serve together, asked from a third."""

    lab: Lab
    rig: Rig
    """The head's."""
    start_s: float
    """How long the head's first start took, models included."""
    join_s: float
    """How long `appliance node join` took on the worker."""

    @property
    def head(self) -> Host:
        """The first node."""
        return self.lab["head"]

    @property
    def worker(self) -> Host:
        """The node that joined."""
        return self.lab["worker"]

    def replicas(self) -> int:
        """Return how many replicas of the model there are on both hosts."""
        return sum(titles(host).count(MODEL) for host in (self.head, self.worker))


def titles(host: Host) -> list[str]:
    """Return what the Serve replicas on a host are called, each cut behind its application."""
    found = []
    for pid in host.pids():
        title = _command_of(pid).strip()
        if title.startswith("ray::ServeReplica:"):
            found.append(title.rpartition(":")[0] + ":")
    return found


def can_join() -> bool:
    """Tell whether this build has the commands that join hosts."""
    asked = subprocess.run([_APPLIANCE, "node", "join", "--help"], capture_output=True, check=False)
    return asked.returncode == 0


def told(done: "subprocess.CompletedProcess[str]", what: str) -> str:
    """Return what a command printed. Raises `NotInTime` where it failed."""
    if done.returncode != 0:
        raise NotInTime(f"{what} ended with exit code {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


@contextlib.contextmanager
def cluster(folder: Path, model_home: Path, places: int = PLACES, queue: int = QUEUE) -> Iterator[Cluster]:
    """Bring up a head and join a worker inside the block; a replica of the model on each. Raises `NotInTime`.

    A replica works on `places` requests at once; `queue` more may wait for both.
    """
    with Lab(folder, ["head", "worker", "client"]) as lab:
        head, worker = lab["head"], lab["worker"]
        engine: dict[str, Any] = {"max_num_seqs": places, "max_queued_requests": queue, "max_model_len": 2048}
        if not fast_in_16_bits(discover().processor):
            engine["dtype"] = "float32"
        general = {"package": "base", "replicas": 2, "engine": engine}
        place = {"gateway": {"host": head.address}, "cluster": {"address": head.address}}
        write_site(head.home, _PORTS, models={"general": general}, **place)
        for host in (head, worker):
            share_model(host.home, model_home)
        began = time.monotonic()
        told(head.run([_APPLIANCE, "up", "--json"], timeout=_UP_S), "`appliance up`")
        start_s = time.monotonic() - began
        token = json.loads(told(head.run([_APPLIANCE, "node", "token", "create", "--json"]), "`node token create`"))
        join = [_APPLIANCE, "node", "join", head.address, "--token", token["token"]]
        began = time.monotonic()
        told(worker.run(join, timeout=_JOIN_S), "`appliance node join`")
        join_s = time.monotonic() - began
        made = json.loads(told(head.run([_APPLIANCE, "key", "create", "faults", "--json"]), "`key create`"))
        url = f"http://{head.address}:{_PORTS['gateway']}"
        yield Cluster(lab, Rig(head.home, url, made["key"], made["id"], lab["client"].network), start_s, join_s)


def relay_lost(found: Cluster) -> Measured:
    """Kill the worker's gateway: the head's serves on, and the worker's comes back."""
    with found.rig.load("fault-6") as load:
        load.await_open(2)
        (relay,) = [pid for pid in found.worker.pids() if _RELAY in _command_of(pid)]
        at = time.monotonic()
        os.kill(relay, signal.SIGKILL)
        while not _is_alive(found):
            if time.monotonic() > at + _SETTLE_S:
                raise NotInTime("the worker's gateway did not come back")
            time.sleep(_LOOK_S)
        back = time.monotonic() - at
        load.await_whole(load.clients)
    wrong = failed(load.outcomes)
    text = f"the worker's gateway back after {back:.1f} s; of {len(load.outcomes)} requests at the head failed: "
    return Measured(text + counted(wrong), back <= _RELAY_S and not wrong)


def _command_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return ""


def _is_alive(found: Cluster) -> bool:
    """Tell whether the worker's gateway answers."""
    with found.rig.network(), contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(found.worker.address, _PORTS["gateway"], timeout=2)
        with contextlib.closing(connection):
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
    return False


def head_lost(found: Cluster) -> Measured:
    """Kill everything on the head, start it again as its unit would, and wait for whole answers."""
    with found.rig.load("fault-8") as load:
        load.await_open(2)
        at = time.monotonic()
        found.head.kill()
        time.sleep(_AWAY_S)
        told(found.head.run([_APPLIANCE, "up", "--json"], timeout=_UP_S), "`appliance up`")
        load.await_whole(load.clients, _UP_S)
    back = back_after(load.outcomes, at)
    quiet = silent(load.outcomes)
    limit = _RESTORED_S + found.start_s
    text = f"back after {seconds(back)} (its first start took {found.start_s:.0f} s); silent: {len(quiet)}; "
    text += f"replicas of the model: {found.replicas()}"
    return Measured(text, back is not None and back <= limit and not quiet and found.replicas() == 2)


def worker_lost(found: Cluster) -> Measured:
    """Kill everything on the worker."""
    with found.rig.load("fault-9") as load:
        load.await_open(2)
        at = time.monotonic()
        found.worker.kill()
        time.sleep(_SETTLE_S)
    early = [one for one in sent_after(load.outcomes, at) if one.sent < at + _ERRORS_S]
    late = failed(sent_after(load.outcomes, at + _ERRORS_S))
    share = len(failed(early)) / max(1, len(early))
    quiet = silent(load.outcomes)
    text = f"{share:.1%} of {len(early)} requests of the first 30 s not answered ({counted(failed(early))}), of later "
    text += f"ones {len(late)}; on their way when it died: {counted(one for one in load.outcomes if one.sent < at)}"
    return Measured(text, share <= _MOST_ERRORS and not late and not quiet)


def parted(found: Cluster) -> Measured:
    """Cut the worker's network for 30 and for 90 s."""
    texts, met = [], True
    for away in (30.0, 90.0):
        with found.rig.load(f"fault-10-{away:.0f}") as load:
            load.await_open(2)
            found.lab.cut("worker")
            time.sleep(away)
            found.lab.heal()
            at = time.monotonic()
            time.sleep(_SETTLE_S + found.start_s)
            healed = time.monotonic()
            load.await_whole(2 * load.clients)
        late, quiet = failed(sent_after(load.outcomes, healed)), silent(load.outcomes)
        names = [*titles(found.head), *titles(found.worker)]
        twice = {name for name in names if names.count(name) > (2 if name == MODEL else 1)}
        met = met and not late and not quiet and not twice and found.replicas() == 2
        texts.append(
            f"{away:.0f} s: answered {seconds(back_after(load.outcomes, at))} after healing, later failures "
            f"{len(late)}, silent {len(quiet)}, actors twice: {len(twice)}, replicas of the model {found.replicas()}"
        )
    return Measured("; ".join(texts), met)


@dataclass(frozen=True)
class HostFault:
    """A fault on a cluster of two hosts."""

    number: int
    title: str
    required: str
    make: Callable[[Cluster], Measured]


def is_last(fault: HostFault) -> bool:
    """Tell whether the cluster has lost a node after this fault."""
    return fault.make is worker_lost


FAULTS = (
    HostFault(6, "a gateway on a worker dies", "other nodes serve; back within 10 s", relay_lost),
    HostFault(8, "the head is lost and comes back", "applications back within 120 s + model load", head_lost),
    HostFault(9, "a worker is lost", "rerouted; ≤ 1 % errors for ≤ 30 s", worker_lost),
    HostFault(10, "the network parts for 30 and 90 s", "heals by itself; no duplicate actors", parted),
)
