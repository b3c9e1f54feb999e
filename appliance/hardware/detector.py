"""What a detector is. A new vendor is one class with these two methods, added to `discovery.default_detectors`."""

from dataclasses import dataclass
from typing import Protocol

from appliance.core.status import AcceleratorStatus
from appliance.hardware.facts import Accelerator, Driver, Processor


@dataclass(frozen=True)
class Found:
    """What one detector read; the parts that are not its business stay empty."""

    processor: Processor | None = None
    driver: Driver | None = None
    accelerators: tuple[Accelerator, ...] = ()


class Detector(Protocol):
    """One vendor's hardware."""

    def present(self) -> bool:
        """Say, cheaply and without raising, whether this vendor's hardware or driver is on the machine."""
        ...

    def read(self) -> Found:
        """Read everything. A reading that cannot be taken is None; a driver that fails is told in `Driver.fault`."""
        ...


class AcceleratorSampler(Protocol):
    """Live readings of one vendor's accelerators."""

    def sample(self) -> tuple[AcceleratorStatus, ...]:
        """Return one reading a card, in the vendor's order; empty where there is none or the driver fails."""
        ...
