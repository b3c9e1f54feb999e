"""SQL of documents and their versions."""

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from appliance.core.clock import iso, utc_now
from appliance.state.database import Database
from appliance.state.tables import document_versions, documents

VersionStatus = Literal["pending", "indexed", "failed"]


@dataclass(frozen=True)
class DocumentRow:
    """One document. `access` names who may read it; empty: whoever reads the base."""

    id: str
    knowledge_base: str
    created_at: str
    department: str | None = None
    access: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewVersion:
    """A file to be kept, and the days on which it holds (None: no bound)."""

    name: str
    media_type: str
    size_bytes: int
    sha256: str
    effective_on: date | None = None
    expires_on: date | None = None


@dataclass(frozen=True)
class VersionRow(NewVersion):
    """One version of a document. The search index knows it by `key`, which no other version ever has.

    `reason` says why a failed one failed; `pages`, `chunks`, `pictures` (pages that are scans without text) and
    `signature` (MinHash of the text) are known once it is indexed. `attempts` counts readings that began and have not
    come to a good end.
    """

    key: int = field(kw_only=True)
    document_id: str = field(kw_only=True)
    number: int = field(kw_only=True)
    created_at: str = field(kw_only=True)
    status: VersionStatus = "pending"
    reason: str | None = None
    attempts: int = 0
    pages: int | None = None
    chunks: int | None = None
    pictures: tuple[int, ...] = ()
    signature: bytes | None = None
    indexed_at: str | None = None


@dataclass(frozen=True)
class Filed:
    """A document with all its versions, oldest first; there is always one."""

    document: DocumentRow
    versions: tuple[VersionRow, ...]

    @property
    def newest(self) -> VersionRow:
        """The version with the highest number."""
        return self.versions[-1]


class DocumentRows:
    """Reads and writes the two tables; each method is one transaction.

    One process writes documents, so the highest key ever given is kept in memory: a key is not given again when the
    version that had it was deleted. `never_below` tells it of keys that outlived their rows in an index.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._highest = 0
        self._highest_lock = threading.Lock()

    def of_base(self, base: str) -> list[Filed]:
        """Return a base's documents, oldest first."""
        rows = select(documents).where(documents.c.knowledge_base == base).order_by(documents.c.id)
        own = documents.c.id == document_versions.c.document_id
        of_rows = select(document_versions).join(documents, own).where(documents.c.knowledge_base == base)
        with self._database.read() as connection:
            versions: dict[str, list[VersionRow]] = {}
            for row in connection.execute(of_rows.order_by(document_versions.c.number)):
                version = _version(row._mapping)
                versions.setdefault(version.document_id, []).append(version)
            found = [_document(row._mapping) for row in connection.execute(rows)]
        return [Filed(document, tuple(versions[document.id])) for document in found if document.id in versions]

    def get(self, document_id: str) -> Filed | None:
        """Return one document, or None."""
        with self._database.read() as connection:
            return _read(connection, document_id)

    def add(self, document: DocumentRow, file: NewVersion) -> tuple[Filed, bool]:
        """Insert a document with its first version; return it and True.

        Where the base holds the same bytes already, return that document and False.
        """
        own = documents.c.id == document_versions.c.document_id
        same = (documents.c.knowledge_base == document.knowledge_base) & (document_versions.c.sha256 == file.sha256)
        present = select(documents.c.id).join(document_versions, own).where(same).order_by(documents.c.id).limit(1)
        with self._database.write() as connection:
            found = connection.execute(present).scalar_one_or_none()
            if found is None:
                values = {**vars(document), "access": _list(document.access)}
                connection.execute(insert(documents).values(**values))
                self._insert(connection, document.id, 1, file)
            return _existing(connection, found or document.id), found is None

    def add_version(self, document: DocumentRow, number: int, file: NewVersion) -> Filed | None:
        """Insert the version `number`, which is the next, and set the document's department and access.

        Returns the document, or None where it is gone.
        """
        with self._database.write() as connection:
            if _read(connection, document.id) is None:
                return None
            self._describe(connection, document)
            self._insert(connection, document.id, number, file)
            return _read(connection, document.id)

    def change(self, document: DocumentRow, newest: VersionRow) -> Filed | None:
        """Set the department and access of a document and the two dates of its newest version."""
        days = {"effective_on": _day(newest.effective_on), "expires_on": _day(newest.expires_on)}
        with self._database.write() as connection:
            self._describe(connection, document)
            connection.execute(update(document_versions).where(document_versions.c.key == newest.key).values(**days))
            return _read(connection, document.id)

    def delete(self, document_id: str) -> None:
        """Remove a document with all its versions."""
        with self._database.write() as connection:
            connection.execute(delete(document_versions).where(document_versions.c.document_id == document_id))
            connection.execute(delete(documents).where(documents.c.id == document_id))

    def start_attempt(self, key: int) -> int:
        """Count a reading before it begins, so that one that kills the process counts too; return how many."""
        this = document_versions.c.key == key
        with self._database.write() as connection:
            more = document_versions.c.attempts + 1
            connection.execute(update(document_versions).where(this).values(attempts=more))
            return connection.execute(select(document_versions.c.attempts).where(this)).scalar_one_or_none() or 0

    def take_back_attempt(self, key: int) -> None:
        """Count one reading less: it went well, or what ended it was no fault of the document."""
        this = (document_versions.c.key == key) & (document_versions.c.attempts > 0)
        with self._database.write() as connection:
            less = document_versions.c.attempts - 1
            connection.execute(update(document_versions).where(this).values(attempts=less))

    def set_indexed(
        self, key: int, *, pages: int | None, chunks: int, pictures: Sequence[int], signature: bytes
    ) -> Filed | None:
        """Mark a version searchable; return its document, or None where it is gone."""
        found = {"pages": pages, "chunks": chunks, "pictures": json.dumps(list(pictures)), "signature": signature}
        return self._update(key, status="indexed", reason=None, attempts=0, indexed_at=iso(utc_now()), **found)

    def set_failed(self, key: int, reason: str) -> Filed | None:
        """Set a version aside, and note why; return its document, or None where it is gone."""
        return self._update(key, status="failed", reason=reason)

    def set_pending(self, keys: Sequence[int]) -> None:
        """Ask for versions to be indexed again, with a clean count of attempts."""
        with self._database.write() as connection:
            for at in range(0, len(keys), _MOST_PARAMETERS):
                these = document_versions.c.key.in_(keys[at : at + _MOST_PARAMETERS])
                values = {"status": "pending", "attempts": 0, "reason": None}
                connection.execute(update(document_versions).where(these).values(**values))

    def never_below(self, keys: Iterable[int]) -> None:
        """Give only keys above these from now on."""
        with self._highest_lock:
            self._highest = max(self._highest, *keys, 0)

    def _describe(self, connection: Connection, document: DocumentRow) -> None:
        facts = {"department": document.department, "access": _list(document.access)}
        connection.execute(update(documents).where(documents.c.id == document.id).values(**facts))

    def _insert(self, connection: Connection, document_id: str, number: int, file: NewVersion) -> None:
        highest = connection.execute(select(func.max(document_versions.c.key))).scalar_one_or_none() or 0
        with self._highest_lock:
            self._highest = key = max(self._highest, highest) + 1
        days = {"effective_on": _day(file.effective_on), "expires_on": _day(file.expires_on)}
        place = {"key": key, "document_id": document_id, "number": number, "created_at": iso(utc_now())}
        values = {**vars(file), **days, **place, "status": "pending", "attempts": 0}
        connection.execute(insert(document_versions).values(**values))

    def _update(self, key: int, **values: object) -> Filed | None:
        this = document_versions.c.key == key
        with self._database.write() as connection:
            connection.execute(update(document_versions).where(this).values(**values))
            document_id = connection.execute(select(document_versions.c.document_id).where(this)).scalar_one_or_none()
            return _read(connection, document_id) if document_id is not None else None


_MOST_PARAMETERS = 1000  # SQLite takes no more than 32,766 in a statement


def _read(connection: Connection, document_id: str) -> Filed | None:
    row = connection.execute(select(documents).where(documents.c.id == document_id)).one_or_none()
    these = select(document_versions).where(document_versions.c.document_id == document_id)
    versions = connection.execute(these.order_by(document_versions.c.number)).all()
    if row is None or not versions:
        return None
    return Filed(_document(row._mapping), tuple(_version(version._mapping) for version in versions))


def _existing(connection: Connection, document_id: str) -> Filed:
    filed = _read(connection, document_id)
    assert filed is not None, "this transaction has just found or inserted it"
    return filed


def _list(values: Sequence[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def _day(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None


def _document(row: RowMapping) -> DocumentRow:
    return DocumentRow(**{**row, "access": tuple(json.loads(row["access"]))})


def _version(row: RowMapping) -> VersionRow:
    days = {name: date.fromisoformat(row[name]) if row[name] else None for name in ("effective_on", "expires_on")}
    signature = bytes(row["signature"]) if row["signature"] is not None else None
    return VersionRow(**{**row, **days, "pictures": tuple(json.loads(row["pictures"] or "[]")), "signature": signature})
