"""One approval as it is stored, and what is told of those that cannot be used."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from appliance.core.errors import ApprovalNeeded, Conflict, NotFound, PermissionDenied
from appliance.core.messages import Message, _
from appliance.core.units import KIB

Status = Literal["pending", "approved", "refused", "expired", "used"]
STATUSES: Final[tuple[Status, ...]] = ("pending", "approved", "refused", "expired", "used")
_MOST_RECORDED: Final = 32 * KIB
MOST_REASON: Final = 1000
"""Characters of a reason."""


@dataclass(frozen=True)
class Approval:
    """One ticket. Times are RFC 3339 in UTC."""

    id: str
    kind: str
    tenant: str
    payload: str
    """Canonical JSON of the change."""
    payload_sha256: str
    asked_by: str
    asked_user: str | None
    asked_at: str
    expires_at: str
    decision: str | None = None
    decided_by: str | None = None
    decided_at: str | None = None
    reason: str | None = None
    used_by: str | None = None
    used_at: str | None = None

    def status(self, now: str) -> Status:
        """Return what the ticket is worth at `now`."""
        if self.used_at is not None:
            return "used"
        if self.decision == "refused":
            return "refused"
        if self.expires_at <= now:
            return "expired"
        return "approved" if self.decision else "pending"

    def to_dict(self, now: str) -> dict[str, Any]:
        """Return plain data, the change parsed."""
        return {
            "id": self.id, "object": "approval", "kind": self.kind, "status": self.status(now), "tenant": self.tenant,
            "change": json.loads(self.payload), "sha256": self.payload_sha256, "asked_by": self.asked_by,
            "asked_at": self.asked_at, "expires_at": self.expires_at, "decided_by": self.decided_by,
            "decided_at": self.decided_at, "reason": self.reason, "used_by": self.used_by, "used_at": self.used_at,
        }  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """Return what the audit says of it; the change itself stands in the record of the request."""
        facts = {"kind": self.kind, "sha256": self.payload_sha256, "asked_by": self.asked_by}
        if self.decided_by is not None:
            facts |= {"decided_by": self.decided_by}
        return facts | ({"reason": self.reason} if self.reason else {})

    def recorded_change(self) -> dict[str, Any] | None:
        """Return the change for the audit's record; None where it is too large, which then has its hash alone."""
        small = len(self.payload.encode()) <= _MOST_RECORDED
        return json.loads(self.payload) if small else None


def canonical(payload: Mapping[str, Any]) -> str:
    """Return JSON text, the same for the same change."""
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of(text: str) -> str:
    """Return the hexadecimal SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def needed(ticket: Approval, then: Message) -> ApprovalNeeded:
    """Return the error that tells what to do next; `then` is what the asker does once it is approved."""
    return ApprovalNeeded(
        _("This change needs a second person. The request for it is {id}.", id=ticket.id),
        _("Another administrator runs `appliance approval approve {id}`. {then}", id=ticket.id, then=then),
        details={"approval": ticket.id, "expires_at": ticket.expires_at},
    )


def no_approval(approval_id: str) -> NotFound:
    """Return the error for a ticket that is not there, or not for the caller."""
    return NotFound(
        _("There is no approval {id}.", id=ascii(approval_id[:60])),
        _("`appliance approval list` shows every one."),
        param="approval",
    )


def check_good(ticket: Approval, now: str) -> None:
    """Return for an approved ticket; raise what stands against any other."""
    status = ticket.status(now)
    if status == "used":
        raise used_already(ticket.id)
    if status == "pending":
        raise needed(ticket, _("Then send this again."))
    if status == "refused":
        raise PermissionDenied(
            _("{by} refused the request {id}: {reason}", by=ticket.decided_by, id=ticket.id, reason=ticket.reason),
            _("Talk to them; another change needs another request."),
            code="approval_refused",
        )  # fmt: skip
    if status == "expired":
        raise Conflict(
            _("The approval {id} has expired.", id=ticket.id),
            _("Leave it out to ask again."),
            code="approval_expired",
        )


def used_already(approval_id: str) -> Conflict:
    """Return the error for a ticket that was used before."""
    return Conflict(
        _("The approval {id} was used already.", id=approval_id),
        _("Each is good for one change; leave it out to ask again."),
        code="approval_used",
    )


def not_open(approval_id: str) -> Conflict:
    """Return the error for a request that was decided before, or has expired."""
    return Conflict(
        _("The request {id} is no longer open.", id=approval_id),
        _("`appliance approval show {id}` says what became of it.", id=approval_id),
        code="approval_decided",
    )
