"""SQL of knowledge bases and their documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from appliance.core.clock import iso, utc_now
from appliance.state.database import Database
from appliance.state.tables import documents, knowledge_bases

DocumentStatus = Literal["pending", "indexed", "failed"]


@dataclass(frozen=True)
class BaseRow:
    """One knowledge base."""

    name: str
    title: str
    created_at: str


@dataclass(frozen=True)
class DocumentRow:
    """One document. `reason` says why a failed one failed; `pages` and `chunks` are known once it is indexed."""

    id: str
    knowledge_base: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    status: DocumentStatus
    reason: str | None
    attempts: int
    pages: int | None
    chunks: int | None
    created_at: str
    indexed_at: str | None


class DocumentRows:
    """Reads and writes the two tables; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ensure_base(self, name: str, title: str) -> BaseRow:
        """Return the base, made now where it does not exist."""
        with self._database.write() as connection:
            row = connection.execute(select(knowledge_bases).where(knowledge_bases.c.name == name)).one_or_none()
            if row is not None:
                return BaseRow(**row._mapping)
            made = BaseRow(name, title, iso(utc_now()))
            connection.execute(insert(knowledge_bases).values(**vars(made)))
            return made

    def bases(self) -> list[BaseRow]:
        """Return every base by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(knowledge_bases).order_by(knowledge_bases.c.name))
            return [BaseRow(**row._mapping) for row in rows]

    def add(self, row: DocumentRow) -> bool:
        """Insert a document durably; return False where the base holds the same bytes already."""
        try:
            with self._database.write() as connection:
                connection.execute(insert(documents).values(**vars(row)))
        except IntegrityError:
            if self.by_content(row.knowledge_base, row.sha256) is None:
                raise
            return False
        return True

    def get(self, document_id: str) -> DocumentRow | None:
        """Return one document, or None."""
        with self._database.read() as connection:
            row = connection.execute(select(documents).where(documents.c.id == document_id)).one_or_none()
            return DocumentRow(**row._mapping) if row is not None else None

    def by_content(self, base: str, sha256: str) -> DocumentRow | None:
        """Return the document of `base` with these bytes, or None."""
        query = select(documents).where(documents.c.knowledge_base == base, documents.c.sha256 == sha256)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
            return DocumentRow(**row._mapping) if row is not None else None

    def of_base(self, base: str, status: DocumentStatus | None = None) -> list[DocumentRow]:
        """Return a base's documents, oldest first, all or those of one status."""
        query = select(documents).where(documents.c.knowledge_base == base).order_by(documents.c.id)
        if status is not None:
            query = query.where(documents.c.status == status)
        with self._database.read() as connection:
            return [DocumentRow(**row._mapping) for row in connection.execute(query)]

    def count(self, base: str) -> int:
        """Return how many documents a base has."""
        query = select(func.count()).select_from(documents).where(documents.c.knowledge_base == base)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def start_attempt(self, document_id: str) -> int:
        """Count an attempt before it begins, so that one that kills the process counts too; return how many."""
        row = documents.c.id == document_id
        with self._database.write() as connection:
            connection.execute(update(documents).where(row).values(attempts=documents.c.attempts + 1))
            return connection.execute(select(documents.c.attempts).where(row)).scalar_one_or_none() or 0

    def set_indexed(self, document_id: str, pages: int | None, chunks: int) -> None:
        """Mark a document searchable."""
        self._set([document_id], status="indexed", reason=None, pages=pages, chunks=chunks, indexed_at=iso(utc_now()))

    def set_reason(self, document_id: str, status: DocumentStatus, reason: str) -> None:
        """Note why the last attempt failed."""
        self._set([document_id], status=status, reason=reason)

    def set_pending(self, document_ids: Sequence[str]) -> None:
        """Ask for documents to be indexed again, with a clean count of attempts."""
        self._set(document_ids, status="pending", attempts=0, reason=None)

    def delete(self, document_id: str) -> None:
        """Remove a document's row."""
        with self._database.write() as connection:
            connection.execute(delete(documents).where(documents.c.id == document_id))

    def _set(self, document_ids: Sequence[str], **values: object) -> None:
        if document_ids:
            with self._database.write() as connection:
                connection.execute(update(documents).where(documents.c.id.in_(document_ids)).values(**values))
