"""A request that the ledger has let in and that has not ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.metering.quotas import Lease
from appliance.state.audit.records import NewRecord


@dataclass
class OpenRequest:
    """A request that has an audit record and no end. `lease` is None where this process has not admitted it."""

    seq: int
    request_id: str
    tenant: str
    actor: str
    role: str
    route: str
    target: str
    model: str | None
    priority: str
    begun: float
    lease: Lease | None = None

    def record(self, kind: str, outcome: str, data: Mapping[str, Any], content: str | None = None) -> NewRecord:
        """Return the record of its end."""
        return NewRecord(
            kind, self.request_id, self.tenant, self.actor, self.role, self.route, self.target, outcome,
            {**data, "opened": self.seq}, content,
        )  # fmt: skip
