"""SQL of what scenarios keep: JSON records, each of one scenario and one tenant, changed by compare-and-set."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    type_coerce,
)
from sqlalchemy import update as update_rows

from appliance.core.clock import iso, utc_now
from appliance.core.errors import Conflict, InvalidRequest, NotFound
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.core.units import human_bytes
from appliance.state.database import Database
from appliance.state.tables import scenario_records

ANYONE: Final = "*"
"""As an owner: whoever in the tenant. The caller then sees to it that the record may be given away."""
MOST_BYTES = 1024 * 1024
MOST_LISTED = 200
MOST_GROUPS = 10_000

_KIND = re.compile(r"[a-z][a-z_]{0,11}")  # it begins the id, which has 40 characters
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_ID = re.compile(r"[a-z_]{1,12}_[0-9a-z]{26}", re.ASCII)
_CURSOR = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)~([a-z_]{1,12}_[0-9a-z]{26})", re.ASCII)


@dataclass(frozen=True)
class NewRecord:
    """A record to be made. `owner` is whom it belongs to, or the id of the record that it is a part of."""

    kind: str
    owner: str
    data: Mapping[str, Any]
    id: str = field(default="", kw_only=True)
    """Given by `__post_init__`: `<kind>_` and 26 characters, later ones greater."""

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise ValueError(f"not a kind of record: {self.kind!r}")
        object.__setattr__(self, "id", self.id or new_id(self.kind))


@dataclass(frozen=True)
class Record:
    """One record as it was read; `revision` counts its changes, from 1."""

    id: str
    kind: str
    tenant: str
    owner: str
    revision: int
    data: dict[str, Any]
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class Page:
    """Records, newest first, and the cursor that goes on behind them; None: there are no more."""

    records: tuple[Record, ...]
    cursor: str | None


@dataclass(frozen=True)
class Tally:
    """One group of records: its texts in the order that was asked for, None where records have none, and figures."""

    values: tuple[str | None, ...]
    count: int
    sums: tuple[float, ...] = ()


class RecordRows:
    """The records of one scenario; each method is one transaction.

    Every read is within the tenant of `who`. Without `owner` an admin reads whoever's records and anybody else those
    that belong to their key. What one may not read looks exactly like what is not there.
    """

    def __init__(self, database: Database, scenario: str) -> None:
        self._database = database
        self._scenario = scenario

    def create(self, who: Principal, new: NewRecord) -> Record:
        """Keep a record durably. Raises `InvalidRequest` for data over `MOST_BYTES`."""
        row = self._row(who.tenant, new)
        with self._database.write() as connection:
            connection.execute(insert(scenario_records).values(**row))
        return _record(row)

    def create_many(self, items: Sequence[tuple[Principal, NewRecord]]) -> list[Record]:
        """Keep records durably in one transaction, all or none, each in the tenant of its own principal.

        Raises as `create`.
        """
        rows = [self._row(who.tenant, new) for who, new in items]
        if rows:
            with self._database.write() as connection:
                connection.execute(insert(scenario_records), rows)
        return [_record(row) for row in rows]

    def get(self, who: Principal, kind: str, record_id: str, owner: str | None = None) -> Record:
        """Return one record. Raises `NotFound`."""
        if not _ID.fullmatch(record_id):  # PostgreSQL takes not every text that an address can hold
            raise _missing(kind, record_id)
        this = and_(*self._visible(who, kind, owner), scenario_records.c.id == record_id)
        with self._database.read() as connection:
            row = connection.execute(select(scenario_records).where(this)).one_or_none()
        if row is None:
            raise _missing(kind, record_id)
        return _record(row._mapping)

    def update(self, record: Record, data: Mapping[str, Any], adding: Iterable[NewRecord] = ()) -> Record:
        """Set the data of a record that was read, and make the records `adding` with it, all or nothing.

        Raises `Conflict` when it has changed since it was read, `NotFound` when it is gone, `InvalidRequest`.
        """
        dumped = _dumped(data)
        more = [self._row(record.tenant, new) for new in adding]
        changed = replace(record, revision=record.revision + 1, data=json.loads(dumped), updated_at=iso(utc_now()))
        values = {"revision": changed.revision, "data": dumped, "updated_at": changed.updated_at}
        as_read = and_(self._is(record), scenario_records.c.revision == record.revision)
        with self._database.write() as connection:
            if connection.execute(update_rows(scenario_records).where(as_read).values(**values)).rowcount == 0:
                raise self._outrun(connection, record)
            if more:
                connection.execute(insert(scenario_records), more)
        return changed

    def delete(self, record: Record) -> None:
        """Remove a record with its parts, whatever their revision; one that is gone already stays gone."""
        parts = and_(*self._scope(record.tenant), scenario_records.c.owner == record.id)
        with self._database.write() as connection:
            connection.execute(delete(scenario_records).where(or_(self._is(record), parts)))

    def page(
        self,
        who: Principal,
        kind: str,
        owner: str | None = None,
        where: Mapping[str, str] | None = None,
        cursor: str | None = None,
        limit: int = 50,
        since: str | None = None,
        until: str | None = None,
    ) -> Page:
        """Return up to `limit` records of a kind, newest first; `where` compares texts at the top of the data.

        Those made from `since` on and before `until`, RFC 3339 in UTC as `created_at` is. Raises `InvalidRequest` for a
        cursor that no page gave.
        """
        conditions = self._chosen(who, kind, owner, where, since, until)
        if cursor is not None:
            conditions.append(_behind(cursor))
        order = scenario_records.c.created_at.desc(), scenario_records.c.id.desc()
        limit = min(limit, MOST_LISTED)
        with self._database.read() as connection:
            query = select(scenario_records).where(*conditions).order_by(*order).limit(limit + 1)
            records = [_record(row._mapping) for row in connection.execute(query)]
        more = len(records) > limit
        last = records[limit - 1] if more else None
        return Page(tuple(records[:limit]), f"{last.created_at}~{last.id}" if last else None)

    def tally(
        self,
        who: Principal,
        kind: str,
        by: Sequence[str],
        owner: str | None = None,
        where: Mapping[str, str] | None = None,
        since: str | None = None,
        until: str | None = None,
        sums: Sequence[str] = (),
    ) -> list[Tally]:
        """Count records of a kind, grouped by texts at the top of their data, and add the numbers `sums` there up.

        At most `MOST_GROUPS` groups, the largest first; what is no number, or missing, adds nothing. Records are chosen
        as `page` does. Raises `ValueError` for a name that is not ASCII letters, digits and underscores.
        """
        for name in (*by, *sums):
            if not _NAME.fullmatch(name):
                raise ValueError(f"not a field to count by: {name!r}")
        keys = [self._text(name).label(f"by_{at}") for at, name in enumerate(by)]
        added = [func.coalesce(func.sum(self._number(name)), 0.0).label(f"sum_{at}") for at, name in enumerate(sums)]
        counted = func.count().label("counted")
        query = select(*keys, counted, *added).where(*self._chosen(who, kind, owner, where, since, until))
        if keys:  # by their labels: with bound parameters each mention would be another expression
            query = query.group_by(*(text(key.name) for key in keys))
        order: list[Any] = [counted.desc(), *(text(f"{key.name} NULLS FIRST") for key in keys)]
        with self._database.read() as connection:
            found: list[Any] = list(connection.execute(query.order_by(*order).limit(MOST_GROUPS)))
        wide = len(keys)
        return [Tally(tuple(row[:wide]), row[wide], tuple(float(one) for one in row[wide + 1 :])) for row in found]

    def _chosen(
        self,
        who: Principal,
        kind: str,
        owner: str | None,
        where: Mapping[str, str] | None,
        since: str | None,
        until: str | None,
    ) -> list[ColumnElement[bool]]:
        conditions = self._visible(who, kind, owner)
        conditions += [self._text(name) == value for name, value in (where or {}).items()]
        if since is not None:
            conditions.append(scenario_records.c.created_at >= since)
        if until is not None:
            conditions.append(scenario_records.c.created_at < until)
        return conditions

    def _scope(self, tenant: str) -> list[ColumnElement[bool]]:
        return [scenario_records.c.scenario == self._scenario, scenario_records.c.tenant == tenant]

    def _visible(self, who: Principal, kind: str, owner: str | None) -> list[ColumnElement[bool]]:
        conditions = [*self._scope(who.tenant), scenario_records.c.kind == kind]
        if owner is None and who.role != "admin":
            owner = who.key_id
        if owner not in (None, ANYONE):
            conditions.append(scenario_records.c.owner == owner)
        return conditions

    def _is(self, record: Record) -> ColumnElement[bool]:
        return and_(*self._scope(record.tenant), scenario_records.c.id == record.id)

    def _text(self, name: str) -> ColumnElement[str]:
        found: ColumnElement[str] = self._parsed()[name].as_string()
        return found

    def _number(self, name: str) -> ColumnElement[float]:
        """Return a number at the top of the data, or NULL for anything else."""
        value = self._parsed()[name]
        if self._database.dialect == "postgresql":
            kind: ColumnElement[str] = func.json_typeof(cast(scenario_records.c.data, JSON).op("->")(name))
            kinds: tuple[str, ...] = ("number",)
        else:
            kind = func.json_type(scenario_records.c.data, f"$.{name}")
            kinds = ("integer", "real")
        return case((kind.in_(kinds), value.as_float()), else_=None)

    def _parsed(self) -> ColumnElement[Any]:
        column = scenario_records.c.data
        return cast(column, JSON) if self._database.dialect == "postgresql" else type_coerce(column, JSON)

    def _row(self, tenant: str, new: NewRecord) -> dict[str, Any]:
        now = iso(utc_now())
        return {
            "id": new.id, "scenario": self._scenario, "kind": new.kind, "tenant": tenant, "owner": new.owner,
            "revision": 1, "data": _dumped(new.data), "created_at": now, "updated_at": now,
        }  # fmt: skip

    def _outrun(self, connection: Connection, record: Record) -> Conflict | NotFound:
        if connection.execute(select(scenario_records.c.id).where(self._is(record))).one_or_none() is None:
            return _missing(record.kind, record.id)
        return Conflict(
            _("The record {id} has been changed by somebody else meanwhile.", id=record.id),
            _("Read it again and repeat the change."),
            code="changed_meanwhile",
        )


def _dumped(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    size = len(text.encode())
    if size > MOST_BYTES:
        raise InvalidRequest(
            _(
                "A record may hold {limit}, and this one would hold {actual}.",
                limit=human_bytes(MOST_BYTES),
                actual=human_bytes(size),
            ),
            _("Send less text."),
            code="record_too_large",
        )
    return text


def _behind(cursor: str) -> ColumnElement[bool]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidRequest(
            _("The cursor is not one that a list gave."), _("Leave it out to begin at the newest."), param="cursor"
        )
    created_at, last = found.groups()
    at, record_id = scenario_records.c.created_at, scenario_records.c.id
    same = or_(at < created_at, and_(at == created_at, record_id < last))
    return and_(at <= created_at, same)  # the first part says nothing new, and lets SQLite use its index


def _missing(kind: str, record_id: str) -> NotFound:
    return NotFound(_("There is no record {id} here.", id=repr(record_id[:80])), code=f"{kind}_not_found")


def _record(row: RowMapping | Mapping[str, Any]) -> Record:
    fields = {name: row[name] for name in ("id", "kind", "tenant", "owner", "revision", "created_at", "updated_at")}
    return Record(**fields, data=json.loads(row["data"]))
