"""What a screen is asked to show: the last reading and what was computed from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.core.errors import ApplianceError
from appliance.core.status import ApplianceStatus
from appliance.tui.rates import Rate


@dataclass(frozen=True)
class View:
    """One state of the terminal. `status` stays the last one while `fault` says why there is no newer."""

    address: str
    language: str
    interval_s: float
    status: ApplianceStatus | None = None
    rates: Mapping[str, Rate] = field(default_factory=dict)
    history: tuple[Rate, ...] = ()
    fault: ApplianceError | None = None
