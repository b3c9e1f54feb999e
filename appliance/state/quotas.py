"""Quotas that were set on the command line or by the API; they go before those of the site file."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, delete, insert, select

from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import NotFound
from appliance.core.messages import _
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import NewRecord
from appliance.state.database import Database
from appliance.state.usage_tables import quotas

Scope = Literal["key", "tenant", "model"]
LIMITS: Final = (
    "requests_per_minute",
    "tokens_per_minute",
    "concurrent_requests",
    "tokens_per_day",
    "tokens_per_month",
)
"""The kinds of limits, as the site file, the database and the API name them."""

_UNLIMITED = -1


@dataclass(frozen=True)
class QuotaRow:
    """Limits of one key (or user), tenant or model.

    A kind that is absent is left to the site file; None is no limit.
    """

    scope: Scope
    name: str
    limits: Mapping[str, int | None]


def read_quotas(database: Database) -> list[QuotaRow]:
    """Return every row, by scope and name."""
    with database.read() as connection:
        found = connection.execute(select(quotas).order_by(quotas.c.scope, quotas.c.name))
        return [QuotaRow(_scope(row.scope), row.name, _limits(row._mapping)) for row in found]


class Quotas:
    """Lists and changes the rows; a change is recorded in `audit`, where there is one, in the same transaction."""

    def __init__(self, database: Database, audit: AuditLog | None = None, clock: Clock = utc_now) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    def list(self) -> list[QuotaRow]:
        """Return every row, by scope and name."""
        return read_quotas(self._database)

    def set(self, row: QuotaRow, actor: str) -> QuotaRow:
        """Set the limits that `row` names, others that were set for it stay; return what is set now."""
        with self._changing("set", row, actor) as connection:
            this = (quotas.c.scope == row.scope, quotas.c.name == row.name)
            found = connection.execute(select(quotas).where(*this)).one_or_none()
            limits = {**(_limits(found._mapping) if found is not None else {}), **row.limits}
            stored = {kind: _UNLIMITED if value is None else value for kind, value in limits.items()}
            connection.execute(delete(quotas).where(*this))
            now = iso(self._clock())
            connection.execute(insert(quotas).values(scope=row.scope, name=row.name, changed_at=now, **stored))
        return QuotaRow(row.scope, row.name, limits)

    def remove(self, scope: Scope, name: str, actor: str) -> None:
        """Leave a subject to the site file again. Raises `NotFound` where nothing was set for it."""
        with self._changing("removed", QuotaRow(scope, name, {}), actor) as connection:
            this = (quotas.c.scope == scope, quotas.c.name == name)
            if not connection.execute(delete(quotas).where(*this)).rowcount:
                raise NotFound(
                    _("No quota is set for {name}.", name=ascii(name[:100])),
                    _("`appliance quota list` shows every quota; those of the site file are changed there."),
                    param="name",
                )

    @contextmanager
    def _changing(self, what: str, row: QuotaRow, actor: str) -> Iterator[Connection]:
        if self._audit is None:
            with self._database.write() as connection:
                yield connection
            return
        record = NewRecord(
            f"admin.quota.{what}", actor=actor, tenant=row.name if row.scope == "tenant" else None,
            action=f"quota {what}", target=f"{row.scope} {row.name}", outcome="done", data={"limits": dict(row.limits)},
        )  # fmt: skip
        with self._audit.changing() as (connection, chain):
            yield connection
            chain.add([self._audit.fields(record)])


def _limits(row: Mapping[Any, Any]) -> dict[str, int | None]:
    return {kind: None if row[kind] == _UNLIMITED else row[kind] for kind in LIMITS if row[kind] is not None}


def _scope(text: str) -> Scope:
    return "tenant" if text == "tenant" else "model" if text == "model" else "key"
