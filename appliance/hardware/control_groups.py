"""Limits of the control groups (v1 and v2) that this process is in."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Groups:
    """One controller's groups."""

    version: int
    folders: tuple[Path, ...]
    """From the root of the mount down to this process's own."""


def groups_of(controller: str, proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> Groups:
    """Return the groups that `controller`, such as `memory` or `pids`, holds this process to."""
    try:
        lines = (proc / "self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    entries = [line.split(":", 2) for line in lines if line.count(":") >= 2]
    for _hierarchy, controllers, path in entries:
        if controller in controllers.split(","):
            return Groups(1, _down_to(cgroups / controller, path))
    own = next((path for number, _controllers, path in entries if number == "0"), "/")
    return Groups(2, _down_to(cgroups, own))


def number_in(path: Path) -> int | None:
    """Read a file that holds one number; None where it is absent or says `max`."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def threads_limit(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return how many processes and threads the groups allow together; None: no limit. Both versions say `pids.max`."""
    limits = (number_in(folder / "pids.max") for folder in groups_of("pids", proc, cgroups).folders)
    return min((limit for limit in limits if limit is not None), default=None)


def _down_to(mount: Path, own: str) -> tuple[Path, ...]:
    folders = [mount]
    for part in Path(own).parts:
        if part != "/":
            folders.append(folders[-1] / part)
    return tuple(folders)
