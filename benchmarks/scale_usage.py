"""What the processes of an appliance take, by what they are."""

import contextlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

_KINDS = (
    ("ServeReplica:gateway", "gateway"),
    ("ServeReplica:ledger", "ledger"),
    ("ServeReplica:model-", "modelled engines"),
    ("ServeController", "controller"),
    ("gcs_server", "GCS"),
    ("raylet/raylet", "raylets"),
    ("autoscaler/_private/monitor.py", "monitor"),
    ("dashboard/dashboard.py", "dashboard"),
    ("dashboard/agent.py", "agents"),
    ("ray::DashboardAgent", "agents"),
    ("ray::RuntimeEnvAgent", "agents"),
    ("runtime_env/agent/main.py", "agents"),
)


def kind_of(title: str) -> str:
    """Return what the process with this command line is."""
    return next((kind for word, kind in _KINDS if word in title), "other")


@dataclass(frozen=True)
class Usage:
    """Of one kind of processes, all together."""

    processes: int
    cpu_s: float
    pss_mib: float
    files: int


def read_usage(processes: Iterable[psutil.Process], *, memory: bool = True) -> dict[str, Usage]:
    """Return the usage by kind; processes that end meanwhile are left out."""
    found: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            pss = process.memory_full_info().pss / 2**20 if memory else 0.0
            files = process.num_fds() if memory else 0
            found[kind_of(" ".join(process.cmdline()))].append((times.user + times.system, pss, files))
    return {
        kind: Usage(len(rows), sum(row[0] for row in rows), sum(row[1] for row in rows), sum(row[2] for row in rows))
        for kind, rows in found.items()
    }


def spent(before: dict[str, Usage], after: dict[str, Usage], seconds: float) -> dict[str, float]:
    """Return the cores that each kind was busy with between two readings."""
    return {
        kind: round((usage.cpu_s - before[kind].cpu_s) / seconds, 3)
        for kind, usage in after.items()
        if kind in before and before[kind].processes == usage.processes
    }


def machine_busy_s() -> float:
    """Return the processor seconds that this machine has been busy for since it was started."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def cpu_us_a_token(cores: dict[str, float], tokens_per_s: float) -> dict[str, float]:
    """Return microseconds of processor time for each token that arrived, by kind, with all else that it did."""
    return {kind: round(1e6 * busy / tokens_per_s, 1) for kind, busy in cores.items()} if tokens_per_s else {}


def top_functions(collapsed: str, most: int = 12) -> list[tuple[str, float]]:
    """Return the functions that the samples of `py-spy record -f raw` ended in, with their part of all samples."""
    counted: dict[str, int] = defaultdict(int)
    for line in collapsed.splitlines():
        stack, _blank, number = line.rpartition(" ")
        if number.isdigit():
            counted[stack.rpartition(";")[2]] += int(number)
    total = sum(counted.values())
    ranked = sorted(counted.items(), key=lambda pair: -pair[1])[:most]
    return [(name, round(number / total, 3)) for name, number in ranked]


def inside(collapsed: str, words: Iterable[str]) -> dict[str, float]:
    """Return for each word the part of samples with a function of that name on the stack."""
    lines = [line.rpartition(" ") for line in collapsed.splitlines()]
    samples = [(stack, int(number)) for stack, _blank, number in lines if number.isdigit()]
    total = sum(number for _stack, number in samples)
    return {word: round(sum(number for stack, number in samples if word in stack) / total, 3) for word in words}
