"""Lawful removal: contents are erased and old records deleted, and a record tells what and by whom."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, update

from appliance.core.errors import Conflict
from appliance.core.messages import _
from appliance.state.audit.chain import checkpoint_of
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import CONTENT_ERASED, RETENTION, NewRecord
from appliance.state.audit.statements import Statement
from appliance.state.audit.tables import audit_checkpoints, audit_records
from appliance.state.erasing import overwrite_freed_pages


@dataclass(frozen=True)
class Removed:
    """What was removed: `count` records or contents, the first and last of them."""

    first: int
    last: int
    count: int


def erase_contents(log: AuditLog, before: str, actor: str, tenant: str | None = None) -> Removed | None:
    """Erase contents from before the time `before` (RFC 3339), of one tenant or of all; None: there were none.

    Their digests stay, so that the chain still holds.
    """
    this = [audit_records.c.content.is_not(None), audit_records.c.at < before]
    if tenant is not None:
        this.append(audit_records.c.tenant == tenant)
    with log.changing() as (connection, chain):
        span = select(func.min(audit_records.c.seq), func.max(audit_records.c.seq), func.count()).where(*this)
        first, last, count = connection.execute(span).one()
        if not count:
            return None
        overwrite_freed_pages(connection)
        connection.execute(update(audit_records).where(*this).values(content=None))
        data = {"first": first, "last": last, "count": count, "tenant": tenant, "before": before}
        chain.add([log.fields(NewRecord(CONTENT_ERASED, actor=actor, action="erase contents", data=data))])
    return Removed(first, last, count)


def retire(log: AuditLog, before: str, actor: str) -> Removed | None:
    """Delete the records from before the time `before`, up to the newest checkpoint among them; None: there is none.

    That checkpoint stays as the anchor of what follows. Check the log first: what is deleted is beyond checking.
    Raises `Conflict` where the checkpoint and its record differ.
    """
    with log.changing() as (connection, chain):
        anchor = _anchor(connection, before, chain.head.seq)
        if anchor is None:
            return None
        old = audit_records.c.seq <= anchor.seq
        first, count = connection.execute(select(func.min(audit_records.c.seq), func.count()).where(old)).one()
        if not count:
            return None
        there = connection.scalar(select(audit_records.c.hash).where(audit_records.c.seq == anchor.seq))
        if there != anchor.hash:
            raise Conflict(
                _("The audit log was changed before record {seq}; nothing was deleted.", seq=anchor.seq),
                _("`appliance audit verify` says what was changed."),
                code="audit_untrusted",
            )
        overwrite_freed_pages(connection)
        connection.execute(delete(audit_records).where(old))
        connection.execute(delete(audit_checkpoints).where(audit_checkpoints.c.number < anchor.number))
        data = {
            "first": first, "last": anchor.seq, "count": count, "hash": anchor.hash, "checkpoint": anchor.number,
            "before": before,
        }  # fmt: skip
        chain.add([log.fields(NewRecord(RETENTION, actor=actor, action="delete records", data=data))])
    return Removed(first, anchor.seq, count)


def _anchor(connection: Connection, before: str, newest: int) -> Statement | None:
    """Return the newest checkpoint up to which every record is older than `before`."""
    kept = connection.scalar(select(func.min(audit_records.c.seq)).where(audit_records.c.at >= before))
    last = newest if kept is None else kept - 1
    query = select(audit_checkpoints).where(audit_checkpoints.c.seq <= last)
    row = connection.execute(query.order_by(audit_checkpoints.c.number.desc()).limit(1)).first()
    return None if row is None else checkpoint_of(row._mapping)
