"""SQL of knowledge bases."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping, delete, insert, select, update

from appliance.core.clock import iso, utc_now
from appliance.state.database import Database
from appliance.state.tables import document_versions, documents, knowledge_bases


@dataclass(frozen=True)
class BaseRow:
    """One knowledge base: who owns it, who else may read it ("*" is every tenant), and the bank's own terms."""

    name: str
    title: str
    created_at: str
    tenant: str
    shared_with: tuple[str, ...] = ()
    glossary: str = ""


class BaseRows:
    """Reads and writes the table of bases; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[BaseRow]:
        """Return every base by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(knowledge_bases).order_by(knowledge_bases.c.name))
            return [_base(row._mapping) for row in rows]

    def get(self, name: str) -> BaseRow | None:
        """Return one base, or None."""
        with self._database.read() as connection:
            row = connection.execute(select(knowledge_bases).where(knowledge_bases.c.name == name)).one_or_none()
            return _base(row._mapping) if row is not None else None

    def ensure(self, name: str, title: str, tenant: str, shared_with: Sequence[str]) -> BaseRow:
        """Return the base of this name, made now where there is none."""
        with self._database.write() as connection:
            row = connection.execute(select(knowledge_bases).where(knowledge_bases.c.name == name)).one_or_none()
            if row is not None:
                return _base(row._mapping)
            made = BaseRow(name, title, iso(utc_now()), tenant, tuple(shared_with))
            values = {**vars(made), "shared_with": _list(made.shared_with)}
            connection.execute(insert(knowledge_bases).values(**values))
            return made

    def change(
        self,
        name: str,
        *,
        title: str | None = None,
        shared_with: Sequence[str] | None = None,
        glossary: str | None = None,
    ) -> BaseRow | None:
        """Set what is not None; return the base as it is now, or None where there is none."""
        values: dict[str, str] = {}
        if title is not None:
            values["title"] = title
        if shared_with is not None:
            values["shared_with"] = _list(shared_with)
        if glossary is not None:
            values["glossary"] = glossary
        this = knowledge_bases.c.name == name
        with self._database.write() as connection:
            if values:
                connection.execute(update(knowledge_bases).where(this).values(**values))
            row = connection.execute(select(knowledge_bases).where(this)).one_or_none()
            return _base(row._mapping) if row is not None else None

    def delete(self, name: str) -> None:
        """Remove a base with its documents and their versions."""
        of_base = select(documents.c.id).where(documents.c.knowledge_base == name)
        with self._database.write() as connection:
            connection.execute(delete(document_versions).where(document_versions.c.document_id.in_(of_base)))
            connection.execute(delete(documents).where(documents.c.knowledge_base == name))
            connection.execute(delete(knowledge_bases).where(knowledge_bases.c.name == name))


def _list(values: Sequence[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def _base(row: RowMapping) -> BaseRow:
    return BaseRow(**{**row, "shared_with": tuple(json.loads(row["shared_with"]))})
