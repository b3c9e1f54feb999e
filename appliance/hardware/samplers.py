"""Live readings of every vendor's cards. Tools that take seconds run aside, so that a status never waits for them."""

import threading
import time
from collections.abc import Callable, Sequence

from appliance.core.status import AcceleratorStatus
from appliance.hardware.amd import AmdSampler
from appliance.hardware.ascend import AscendSampler
from appliance.hardware.detector import AcceleratorSampler
from appliance.hardware.hygon import HygonSampler
from appliance.hardware.nvidia import NvidiaSampler
from appliance.hardware.tools import SystemTools, Tools

FIRST_WAIT_S = 5.0
FRESH_S = 2.0
STALE_S = 30.0


class SamplerGroup:
    """The cards of all vendors, one after the other."""

    def __init__(self, samplers: Sequence[AcceleratorSampler]) -> None:
        self._samplers = tuple(samplers)

    def sample(self) -> tuple[AcceleratorStatus, ...]:
        """Return one reading a card, vendor by vendor."""
        return tuple(reading for sampler in self._samplers for reading in sampler.sample())


class BackgroundSampler:
    """Keeps the last readings of a slow sampler and renews them in a thread.

    Only the first call waits, at most `first_wait_s`. Readings older than `STALE_S` are told as unknown: the cards
    stay.
    """

    def __init__(
        self,
        sampler: AcceleratorSampler,
        first_wait_s: float = FIRST_WAIT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sampler = sampler
        self._first_wait_s = first_wait_s
        self._clock = clock
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self._readings: tuple[AcceleratorStatus, ...] = ()
        self._read_at: float | None = None
        self._tried_at: float | None = None

    def sample(self) -> tuple[AcceleratorStatus, ...]:
        """Return the last readings and see to it that newer ones come."""
        with self._lock:
            first = self._tried_at is None
            due = self._tried_at is None or self._clock() - self._tried_at >= FRESH_S
            if due and (self._worker is None or not self._worker.is_alive()):
                self._tried_at = self._clock()
                self._worker = threading.Thread(target=self._renew, name="accelerators", daemon=True)
                self._worker.start()
            worker = self._worker
        if first and worker is not None:
            worker.join(self._first_wait_s)
        with self._lock:
            if self._read_at is None or self._clock() - self._read_at <= STALE_S:
                return self._readings
            return tuple(_unknown(reading) for reading in self._readings)

    def _renew(self) -> None:
        readings = self._sampler.sample()
        with self._lock:
            if readings:
                self._readings, self._read_at = readings, self._clock()


def default_sampler(tools: Tools | None = None) -> SamplerGroup:
    """Return a sampler of every vendor whose cards can be here. A tool is looked for once, at the start."""
    tools = tools or SystemTools()
    slow: list[tuple[tuple[str, ...], AcceleratorSampler]] = [
        (("amd-smi", "rocm-smi"), AmdSampler(tools)),
        (("npu-smi",), AscendSampler(tools)),
        (("hy-smi",), HygonSampler(tools)),
    ]
    installed = [sampler for names, sampler in slow if any(tools.has(name) for name in names)]
    return SamplerGroup([NvidiaSampler(), *(BackgroundSampler(sampler) for sampler in installed)])


def _unknown(reading: AcceleratorStatus) -> AcceleratorStatus:
    return AcceleratorStatus(
        index=reading.index,
        vendor=reading.vendor,
        name=reading.name,
        memory_total_bytes=reading.memory_total_bytes,
    )
