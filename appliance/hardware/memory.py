"""Main memory, held to the limits of the control groups (v1 and v2) that this process is in."""

from dataclasses import dataclass
from pathlib import Path

from appliance.hardware.control_groups import groups_of, number_in
from appliance.hardware.facts import Memory


@dataclass(frozen=True)
class _Names:
    """What one version of the control group interface calls its files."""

    limit: str
    usage: str
    reclaimable: str


_V1 = _Names("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2 = _Names("memory.max", "memory.current", "inactive_file")


def read_memory(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> Memory:
    """Return total and available bytes: the machine's, or less where a control group allows less."""
    total, available = _meminfo(proc)
    if total is None:
        return Memory()
    limited = False
    for limit, headroom in _limits(proc, cgroups):
        # "No limit" is written as a number near 2**63 by v1: only one below the machine's memory is a limit.
        if limit < total:
            total, limited = limit, True
        if headroom is not None and available is not None:
            available = min(available, headroom)
    return Memory(total_bytes=total, available_bytes=available, limited=limited)


def _meminfo(proc: Path) -> tuple[int | None, int | None]:
    """Return MemTotal and MemAvailable in bytes."""
    try:
        lines = (proc / "meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None, None
    fields = {line.split(":")[0]: line.split()[1] for line in lines if ":" in line}
    sizes = [int(fields[name]) * 1024 if name in fields else None for name in ("MemTotal", "MemAvailable")]
    return sizes[0], sizes[1]


def _limits(proc: Path, cgroups: Path) -> list[tuple[int, int | None]]:
    """Return (limit, bytes left below it) of every group from this process's own up to the root."""
    groups = groups_of("memory", proc, cgroups)
    names = _V1 if groups.version == 1 else _V2
    found = []
    for folder in groups.folders:
        limit = number_in(folder / names.limit)
        if limit is None:
            continue
        usage = number_in(folder / names.usage)
        # Cached file pages count as used but are given back on demand, as in MemAvailable.
        headroom = None if usage is None else max(0, limit - usage + _statistic(folder, names.reclaimable))
        found.append((limit, headroom))
    return found


def _statistic(folder: Path, name: str) -> int:
    """Return one line of `memory.stat`; 0 where it is missing (then the estimate is on the safe side)."""
    try:
        lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name} ")), 0)
