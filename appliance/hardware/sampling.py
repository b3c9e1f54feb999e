"""Live readings of this machine, cheap enough for every status request."""

import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from appliance.core.status import AcceleratorStatus, NodeStatus
from appliance.hardware.detector import AcceleratorSampler
from appliance.hardware.discovery import read_disk
from appliance.hardware.memory import read_memory
from appliance.hardware.processor import CpuDetector
from appliance.hardware.samplers import default_sampler

_ONE_SHOT_INTERVAL_S = 0.1


@dataclass(frozen=True)
class NodeSample:
    """The measured part of a `NodeStatus`. Bytes; utilisation is 0..1; what could not be read is None."""

    cpu_model: str | None
    cpu_cores: int | None
    cpu_utilisation: float | None
    memory_total_bytes: int | None
    memory_used_bytes: int | None
    disk_total_bytes: int | None
    disk_used_bytes: int | None
    accelerators: tuple[AcceleratorStatus, ...]

    def as_status(self, node_id: str, address: str, *, head: bool) -> NodeStatus:
        """Return the status of a living node with these readings."""
        return NodeStatus(node_id=node_id, address=address, head=head, state="alive", **vars(self))


class NodeSampler:
    """Keeps what two readings need: the last CPU times, the open driver, the processor's name.

    `folder` is the one whose disk is shown: the home folder.
    """

    def __init__(self, folder: Path, accelerators: AcceleratorSampler | None = None) -> None:
        self._folder = folder
        self._accelerators = accelerators or default_sampler()
        self._processor = CpuDetector().read().processor
        self._last: tuple[float, float] | None = None

    def sample(self) -> NodeSample:
        """Read now; CPU utilisation is the mean since the last call, None at the first."""
        memory = read_memory()
        disk = read_disk(self._folder)
        used = None
        if memory.total_bytes is not None and memory.available_bytes is not None:
            used = memory.total_bytes - memory.available_bytes
        disk_used = None
        if disk.total_bytes is not None and disk.free_bytes is not None:
            disk_used = disk.total_bytes - disk.free_bytes
        return NodeSample(
            cpu_model=self._processor.model if self._processor else None,
            cpu_cores=self._processor.logical_cores if self._processor else None,
            cpu_utilisation=self._cpu_utilisation(),
            memory_total_bytes=memory.total_bytes,
            memory_used_bytes=used,
            disk_total_bytes=disk.total_bytes,
            disk_used_bytes=disk_used,
            accelerators=self._accelerators.sample(),
        )

    def _cpu_utilisation(self) -> float | None:
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        # `guest` is counted in `user` already.
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        last, self._last = self._last, (idle, total)
        if last is None or total <= last[1]:
            return None
        return min(1.0, max(0.0, 1 - (idle - last[0]) / (total - last[1])))


def sample_node(folder: Path) -> NodeSample:
    """Read once, without a sampler at hand; takes a tenth of a second, which the CPU reading needs."""
    sampler = NodeSampler(folder)
    sampler.sample()
    time.sleep(_ONE_SHOT_INTERVAL_S)
    return sampler.sample()
