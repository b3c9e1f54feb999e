"""Find records by what they tell, newest first."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, select

from appliance.state.audit.records import Record
from appliance.state.audit.tables import audit_records
from appliance.state.database import Database

MOST_LISTED: Final = 1000
WELL: Final = ("ok", "held")
"""Outcomes of a completed request that are no error; any other is an error's code."""
_SHOWN: Final = select(*(audit_records.c[name] for name in Record.__slots__ if name != "content"))


@dataclass(frozen=True)
class Filters:
    """What records must tell; None is anything. `kind` may end in `.*`. Times are RFC 3339, `until` is excluded."""

    tenant: str | None = None
    actor: str | None = None
    request_id: str | None = None
    kind: str | None = None
    target: str | None = None
    outcome: str | None = None
    since: str | None = None
    until: str | None = None
    text: str | None = None
    """Part of the data, in capitals or not."""
    failed: bool = False
    """Only requests that did not end well: see `WELL`."""


@dataclass(frozen=True)
class Page:
    """Records, newest first; `before` asks for the page behind them, None: there are no more."""

    records: tuple[Record, ...]
    before: int | None


def search(database: Database, filters: Filters, before: int | None = None, limit: int = 50) -> Page:
    """Return up to `limit` records with numbers below `before`; their contents are not read."""
    limit = max(1, min(limit, MOST_LISTED))
    conditions = _conditions(filters)
    if before is not None:
        conditions.append(audit_records.c.seq < before)
    query = _SHOWN.where(*conditions).order_by(audit_records.c.seq.desc()).limit(limit + 1)
    with database.read() as connection:
        records = [Record(*row) for row in connection.execute(query)]
    more = len(records) > limit
    return Page(tuple(records[:limit]), records[limit - 1].seq if more else None)


def record_with_content(database: Database, seq: int) -> Record | None:
    """Return one record with its sealed content."""
    query = select(*(audit_records.c[name] for name in Record.__slots__)).where(audit_records.c.seq == seq)
    with database.read() as connection:
        row = connection.execute(query).first()
    return None if row is None else Record(*row)


def first_since(database: Database, at: str) -> int | None:
    """Return the number of the first record at or after the time `at`."""
    query = select(audit_records.c.seq).where(audit_records.c.at >= at).order_by(audit_records.c.at).limit(1)
    with database.read() as connection:
        found: int | None = connection.scalar(query.order_by(audit_records.c.seq))
    return found


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    columns = audit_records.c
    conditions: list[ColumnElement[bool]] = [
        columns[name] == getattr(filters, name)
        for name in ("tenant", "actor", "request_id", "target", "outcome")
        if getattr(filters, name) is not None
    ]
    if filters.kind is not None:
        family = filters.kind.removesuffix("*")
        conditions.append(
            columns.kind == filters.kind if family == filters.kind else columns.kind.startswith(family, autoescape=True)
        )
    if filters.since is not None:
        conditions.append(columns.at >= filters.since)
    if filters.until is not None:
        conditions.append(columns.at < filters.until)
    if filters.failed:
        conditions += [columns.kind == "request.completed", columns.outcome.not_in((*WELL, ""))]
    if filters.text is not None:
        conditions.append(columns.data.icontains(filters.text, autoescape=True))
    return conditions
