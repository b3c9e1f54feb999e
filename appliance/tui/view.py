"""What a screen is asked to show: the last reading and what was computed from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from appliance.core.errors import ApplianceError, PermissionDenied
from appliance.core.messages import Message
from appliance.operations.alerts import Alert
from appliance.operations.changes import Change
from appliance.tui.past import Past
from appliance.tui.rates import Rate

if TYPE_CHECKING:
    from appliance.core.status import ApplianceStatus
    from appliance.tui.identity import Who

Connection = Literal["connecting", "connected", "lost"]


@dataclass(frozen=True)
class Notice:
    """Something to tell on a screen until the next action: it went well, or it did not."""

    kind: Literal["done", "warning", "failed"]
    message: Message
    hint: Message | None = None

    @classmethod
    def of(cls, error: ApplianceError) -> "Notice":
        """Return the notice of a failure."""
        return cls("failed", error.message, error.hint)


@dataclass(frozen=True)
class View:
    """One state of the terminal. `status` stays the last one while `fault` says why there is no newer."""

    address: str
    language: str
    interval_s: float
    status: "ApplianceStatus | None" = None
    rates: Mapping[str, Rate] = field(default_factory=dict)
    history: tuple[Rate, ...] = ()
    past: Past = field(default_factory=Past, compare=False)
    """The last readings of each application and node; it goes on while the view stays."""
    fault: ApplianceError | None = None
    alerts: tuple[Alert, ...] = ()
    changes: tuple[Change, ...] = ()
    """What changed while the terminal was open, the newest last."""
    who: "Who | None" = None
    """Whose key it is; None until it is known."""

    def may(self, permission: str) -> bool:
        """Tell whether the reader has a permission; nobody has any before it is known whose key it is."""
        return self.who is not None and self.who.may(permission)

    @property
    def lost(self) -> ApplianceError | None:
        """Why the appliance does not answer; None where it does, if only that this key may not see its status."""
        return None if isinstance(self.fault, PermissionDenied) else self.fault

    @property
    def connection(self) -> Connection:
        """Whether the appliance answers."""
        if self.lost is not None:
            return "lost"
        return "connecting" if self.status is None and self.fault is None else "connected"

    @property
    def seen(self) -> datetime | None:
        """When the last reading was taken."""
        return None if self.status is None else datetime.fromisoformat(self.status.taken_at)
