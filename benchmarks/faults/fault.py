"""What a fault is: its number, how it is made, and what must hold."""

from collections.abc import Callable
from dataclasses import dataclass

from faults.outcomes import Measured
from faults.rig import Rig


@dataclass(frozen=True)
class Fault:
    """A fault on one running appliance."""

    number: int
    title: str
    required: str
    make: Callable[[Rig], Measured]
    """Makes it under load. Raises where the appliance does not come back."""
