"""Second approvals: a ticket for one exact change, asked for by one person, decided by another, used once."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, insert, or_, select, update

from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import Conflict, InvalidRequest, PermissionDenied
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.core.principal import PLATFORM_TENANT, Principal
from appliance.state.applied_settings import read_applied
from appliance.state.approval_people import Person, may_be_one
from appliance.state.approval_records import (
    MOST_REASON,
    Approval,
    Status,
    canonical,
    check_good,
    needed,
    no_approval,
    not_open,
    sha256_of,
    used_already,
)
from appliance.state.approval_tables import approvals
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import NewRecord
from appliance.state.database import Database


@dataclass(frozen=True)
class ApprovalRules:
    """Which kinds of changes need a second person, and how long a request and an approval are good for."""

    require: frozenset[str] = frozenset()
    expire_hours: int = 72


class Approvals:
    """Asks, decides and uses. Each is one transaction; with `audit` its record is in the same one.

    Without, whoever calls writes the record. `machine_keys` are ids of keys that lie in the home folder.
    """

    def __init__(
        self,
        database: Database,
        rules: ApprovalRules | None = None,
        audit: AuditLog | None = None,
        *,
        machine_keys: Callable[[], frozenset[str]] = frozenset,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._rules = rules or ApprovalRules()
        self._audit = audit
        self._machine_keys = machine_keys
        self._clock = clock

    def required(self, kind: str) -> bool:
        """Tell whether a change of this kind needs a second person: by the rules, or by those applied last."""
        if kind in self._rules.require:
            return True
        policy = read_applied(self._database, "policy")
        return policy is not None and kind in policy.content.get("approvals", {}).get("require", ())

    def demand(
        self,
        kind: str,
        payload: Mapping[str, Any],
        by: Person,
        approval_id: str | None = None,
        *,
        tenant: str = PLATFORM_TENANT,
    ) -> Approval | None:
        """Return where the change may be made: None where nobody else is needed, else the ticket, used now.

        Raises `ApprovalNeeded` where it was not approved yet, and as `use` does.
        """
        if not self.required(kind):
            return None
        if approval_id:
            return self.use(kind, payload, by, approval_id)
        asked, _new = self.ask(kind, payload, by, tenant)
        raise needed(asked, _("Then run the same command again with --approval {id}.", id=asked.id))

    def ask(
        self, kind: str, payload: Mapping[str, Any], by: Person, tenant: str = PLATFORM_TENANT
    ) -> tuple[Approval, bool]:
        """Return a pending request for this change, and whether it is new: who asks twice has asked once."""
        text = canonical(payload)
        now = self._clock()
        wanted = Approval(
            new_id("apr"), kind, tenant, text, sha256_of(text), by.name, by.user_id, iso(now), iso(self._end(now)),
        )  # fmt: skip
        with self._changing() as (connection, note):
            same = (
                approvals.c.kind == kind, approvals.c.payload_sha256 == wanted.payload_sha256,
                approvals.c.asked_by == by.name, _having("pending", iso(now)),
            )  # fmt: skip
            row = connection.execute(select(approvals).where(*same).limit(1)).mappings().one_or_none()
            if row is not None:
                return _approval(row), False
            connection.execute(insert(approvals).values(**vars(wanted)))
            note("asked", wanted, by, {"change": wanted.recorded_change()})
        return wanted, True

    def use(
        self, kind: str, payload: Mapping[str, Any], by: Person, approval_id: str, *, by_anyone: bool = False
    ) -> Approval:
        """Use a ticket up: from then on it is worth nothing, whatever becomes of the change.

        Raises `NotFound` for one that is not there or that somebody else asked for, `Conflict` for one of another
        change, used or expired, `PermissionDenied` for one that was refused, `ApprovalNeeded` for a pending one.
        """
        now = iso(self._clock())
        with self._changing() as (connection, note):
            found = _get(connection, approval_id)
            if not by_anyone and by.name != found.asked_by and (not by.user_id or by.user_id != found.asked_user):
                raise no_approval(approval_id)
            if found.kind != kind or found.payload_sha256 != sha256_of(canonical(payload)):
                raise Conflict(
                    _("The approval {id} is for another change.", id=found.id),
                    _("Repeat exactly what was asked for, or leave it out to ask for this change."),
                    code="approval_mismatch",
                )
            check_good(found, now)
            this = (approvals.c.id == found.id, approvals.c.payload_sha256 == found.payload_sha256)
            done = connection.execute(
                update(approvals).where(*this, _having("approved", now)).values(used_by=by.name, used_at=now)
            )
            if done.rowcount != 1:
                raise used_already(found.id)
            note("used", found, by, {})
        return found

    def find_approved(self, kind: str, payload: Mapping[str, Any]) -> Approval | None:
        """Return a ticket for exactly this change that could be used, or None."""
        same = (approvals.c.kind == kind, approvals.c.payload_sha256 == sha256_of(canonical(payload)))
        query = select(approvals).where(*same, _having("approved", iso(self._clock()))).order_by(approvals.c.id)
        with self._database.read() as connection:
            row = connection.execute(query.limit(1)).mappings().one_or_none()
        return None if row is None else _approval(row)

    def put_back(self, approval_id: str, by: Person) -> None:
        """Make a used ticket good again, where the change has come to nothing."""
        with self._changing() as (connection, note):
            this = (approvals.c.id == approval_id, approvals.c.used_at.is_not(None))
            if connection.execute(update(approvals).where(*this).values(used_by=None, used_at=None)).rowcount:
                note("returned", _get(connection, approval_id), by, {})

    def decide(
        self,
        approval_id: str,
        decision: Literal["approved", "refused"],
        by: Person,
        *,
        reason: str | None = None,
        who: Principal | None = None,
    ) -> Approval:
        """Approve or refuse a pending request; `who` is None at the machine, which reaches every tenant.

        Raises `NotFound`, `PermissionDenied` (`own_request`), `Conflict` for one that is decided or expired,
        `InvalidRequest` for a refusal without a reason.
        """
        moment = self._clock()
        now = iso(moment)
        why = _checked_reason(reason, needed=decision == "refused")
        with self._changing() as (connection, note):
            found = self._decidable(connection, approval_id, by, who)
            values = {"decision": decision, "decided_by": by.name, "decided_at": now, "reason": why}
            if decision == "approved":
                values["expires_at"] = iso(self._end(moment))
            this = (approvals.c.id == found.id, _having("pending", now))
            if connection.execute(update(approvals).where(*this).values(**values)).rowcount != 1:
                raise not_open(found.id)
            decided = _get(connection, approval_id)
            note(decision, decided, by, {})
        return decided

    def check_decidable(
        self, approval_id: str, by: Person, *, who: Principal | None = None, reason: str | None = None
    ) -> Approval:
        """Return a request that could be decided now. Raises as `decide` does."""
        _checked_reason(reason, needed=reason is not None)
        with self._database.read() as connection:
            found = self._decidable(connection, approval_id, by, who)
        if found.status(iso(self._clock())) != "pending":
            raise not_open(found.id)
        return found

    def _decidable(self, connection: Connection, approval_id: str, by: Person, who: Principal | None) -> Approval:
        """Return a ticket that somebody else asked for."""
        found = _get(connection, approval_id, who)
        if may_be_one(connection, Person(found.asked_by, found.asked_user), by, self._machine_keys()):
            raise PermissionDenied(
                _("Whoever asked for {id} cannot decide it.", id=found.id),
                _("It takes another person, with a key or account that was not made with the asker's."),
                code="own_request",
            )
        return found

    def get(self, approval_id: str, who: Principal | None = None) -> Approval:
        """Return one ticket. Raises `NotFound`, also for one of a tenant that `who` does not reach."""
        with self._database.read() as connection:
            return _get(connection, approval_id, who)

    def list(
        self, who: Principal | None = None, status: Status | None = None, limit: int = 100, after: str | None = None
    ) -> list[Approval]:
        """Return tickets of the tenants that `who` reaches, newest first, those older than `after`."""
        query = select(approvals).order_by(approvals.c.id.desc()).limit(limit)
        if status is not None:
            query = query.where(_having(status, iso(self._clock())))
        if who is not None and who.tenants is not None:
            query = query.where(approvals.c.tenant.in_(who.tenants))
        if after is not None and _is_id(after):
            query = query.where(approvals.c.id < after)
        with self._database.read() as connection:
            return [_approval(row) for row in connection.execute(query).mappings()]

    def _end(self, moment: datetime) -> datetime:
        return moment + timedelta(hours=self._rules.expire_hours)

    @contextmanager
    def _changing(self) -> Iterator[tuple[Connection, Callable[[str, Approval, Person, Mapping[str, Any]], None]]]:
        if self._audit is None:
            with self._database.write() as connection:
                yield connection, lambda *_record: None
            return
        log = self._audit
        with log.changing() as (connection, chain):

            def note(event: str, ticket: Approval, by: Person, more: Mapping[str, Any]) -> None:
                record = NewRecord(
                    f"admin.approval.{event}", tenant=ticket.tenant, actor=by.name, action=f"approval {event}",
                    target=ticket.id, outcome="done", data={**ticket.facts(), **more},
                )  # fmt: skip
                chain.add([log.fields(record)])

            yield connection, note


def _checked_reason(reason: str | None, *, needed: bool) -> str | None:
    text = " ".join((reason or "").split())
    if (needed and not text) or len(text) > MOST_REASON or not text.isprintable():
        raise InvalidRequest(
            _("A refusal needs a reason of 1 to {limit} printable characters.", limit=MOST_REASON), param="reason"
        )
    return text or None


def _having(status: Status, now: str) -> ColumnElement[bool]:
    """Return the condition of a status; the same as `Approval.status`."""
    unused, fresh = approvals.c.used_at.is_(None), approvals.c.expires_at > now
    match status:
        case "used":
            return approvals.c.used_at.is_not(None)
        case "refused":
            return and_(unused, approvals.c.decision == "refused")
        case "approved":
            return and_(unused, fresh, approvals.c.decision == "approved")
        case "pending":
            return and_(unused, fresh, approvals.c.decision.is_(None))
        case "expired":
            undecided = or_(approvals.c.decision.is_(None), approvals.c.decision != "refused")
            return and_(unused, approvals.c.expires_at <= now, undecided)


def _get(connection: Connection, approval_id: str, who: Principal | None = None) -> Approval:
    row = None
    if _is_id(approval_id):
        row = connection.execute(select(approvals).where(approvals.c.id == approval_id)).mappings().one_or_none()
    if row is None or (who is not None and not who.reaches(row["tenant"])):
        raise no_approval(approval_id)
    return _approval(row)


def _is_id(text: str) -> bool:
    """PostgreSQL takes not every text that an address can hold."""
    return text.isascii() and text.isprintable()


def _approval(row: RowMapping) -> Approval:
    return Approval(**row)
