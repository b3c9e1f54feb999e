"""Where a check reads the log from: the database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DatabaseError

from appliance.core.errors import Unavailable
from appliance.state.audit.chain import checkpoint_of, head_of, record_of
from appliance.state.audit.records import CONTENT_ERASED, RETENTION, Record
from appliance.state.audit.statements import Statement
from appliance.state.audit.tables import audit_checkpoints, audit_head, audit_records
from appliance.state.database import Database

BATCH: Final = 1000
NOTICES: Final = (RETENTION, CONTENT_ERASED)
"""Kinds of records that say what was removed lawfully."""

_ROWS: Final = select(*(audit_records.c[name] for name in Record.__slots__)).order_by(audit_records.c.seq)


class Damaged(Exception):
    """The database's file cannot be read at this place."""


@dataclass(frozen=True)
class Unreadable:
    """A record that is there but cannot be read."""

    seq: int


@dataclass(frozen=True)
class End:
    """What ends the log: a signed statement, where there is one, and the greatest record number that is present."""

    statement: Statement | None
    last: int


class Source(Protocol):
    """A log to be checked."""

    carries_content: bool
    """Whether records come with their sealed contents."""

    def damages(self) -> Sequence[str]:
        """Return what the storage itself finds damaged, in its own words."""
        ...

    def bad_lines(self) -> Sequence[int]:
        """Return numbers of lines that cannot be read."""
        ...

    def first(self) -> int:
        """Return the number of the record that the log has to begin with, if none was removed."""
        ...

    def end(self) -> End:
        """Return the end as of now."""
        ...

    def checkpoints(self) -> Sequence[Statement]:
        """Return the checkpoints by their numbers."""
        ...

    def notices(self) -> Sequence[Record]:
        """Return the records of the kinds `NOTICES`."""
        ...

    def records(self, first: int, last: int) -> Iterator[Record | Unreadable]:
        """Give the records from `first` to `last` in the order of their numbers."""
        ...


class DatabaseSource:
    """The log in the database, as it is while the appliance writes to it."""

    carries_content = True

    def __init__(self, database: Database) -> None:
        self._database = database

    def damages(self) -> list[str]:
        """Ask SQLite to check its pages and indexes; PostgreSQL checks its own while reading."""
        if self._database.dialect != "sqlite":
            return []
        told: list[str] = []
        for table in (audit_records, audit_checkpoints, audit_head):
            try:
                with self._reading() as connection:
                    lines = connection.exec_driver_sql(f"PRAGMA integrity_check({table.name})").scalars().all()
            except Damaged as error:
                lines = [str(error)]
            told += [str(line) for line in lines if line != "ok"]
        return list(dict.fromkeys(told))

    def bad_lines(self) -> list[int]:
        """Return none: a database has no lines."""
        return []

    def first(self) -> int:
        """Return 1."""
        return 1

    def end(self) -> End:
        """Return head and greatest number as one moment has them."""
        newest = select(func.max(audit_records.c.seq)).scalar_subquery()
        try:
            with self._reading() as connection:
                row = connection.execute(select(audit_head, newest.label("newest")).where(audit_head.c.id == 1)).first()
                if row is None:
                    return End(None, connection.scalar(select(func.max(audit_records.c.seq))) or 0)
                head = head_of(row._mapping)
                # SQLite takes any type in any column: what is no number is one record too many.
                return End(head, row.newest or 0 if isinstance(row.newest, int | None) else head.seq + 1)
        except Damaged:
            return End(None, 0)

    def checkpoints(self) -> list[Statement]:
        """Return every checkpoint."""
        try:
            with self._reading() as connection:
                rows = connection.execute(select(audit_checkpoints).order_by(audit_checkpoints.c.number))
                return [checkpoint_of(row._mapping) for row in rows]
        except Damaged:
            return []

    def notices(self) -> list[Record]:
        """Return every notice."""
        try:
            with self._reading() as connection:
                rows = connection.execute(_ROWS.where(audit_records.c.kind.in_(NOTICES)))
                return [record_of(row._mapping) for row in rows]
        except Damaged:
            return []

    def records(self, first: int, last: int) -> Iterator[Record | Unreadable]:
        """Read in batches; where a batch cannot be read, record by record."""
        after = first - 1
        while after < last:
            batch: list[Record | Unreadable]
            try:
                batch = self._batch(after, last)
                reached = last if len(batch) < BATCH else batch[-1].seq
            except Damaged:
                reached = min(after + BATCH, last)
                batch = [row for seq in range(after + 1, reached + 1) for row in self._one(seq)]
            yield from batch
            after = reached

    def _batch(self, after: int, last: int) -> list[Record | Unreadable]:
        query = _ROWS.where(audit_records.c.seq > after, audit_records.c.seq <= last).limit(BATCH)
        with self._reading(strict=True) as connection:
            return [Record(*row) for row in connection.execute(query)]

    def _one(self, seq: int) -> list[Record | Unreadable]:
        try:
            with self._reading() as connection:
                row = connection.execute(_ROWS.where(audit_records.c.seq == seq)).first()
        except Damaged:
            return [Unreadable(seq)]
        return [] if row is None else [Record(*row)]

    @contextmanager
    def _reading(self, *, strict: bool = False) -> Iterator[Connection]:
        """Give a connection; `Damaged` where the file, or with `strict` a text in it, is not what it should be.

        Without `strict`, bytes that are not UTF-8 come as lone surrogates, so that the hash finds them.
        """
        try:
            with self._database.read() as connection:
                raw: Any = connection.connection.dbapi_connection
                if self._database.dialect != "sqlite" or strict:
                    yield connection
                    return
                usual = raw.text_factory
                raw.text_factory = _any_text
                try:
                    yield connection
                finally:
                    raw.text_factory = usual
        except DatabaseError as error:
            raise Damaged(str(error.orig)) from error
        except Unavailable as error:
            if strict and "decode" in str(error):
                raise Damaged(str(error)) from error
            raise


def _any_text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
