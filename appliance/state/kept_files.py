"""Which files the database counts on: those of documents and of batches, each with its digest."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from appliance.state.batch_tables import files
from appliance.state.tables import document_versions, documents


@dataclass(frozen=True)
class KeptVersion:
    """One version of a document: what its file's place follows from, and the SHA-256 of the file."""

    base: str
    document_id: str
    number: int
    name: str
    sha256: str


def kept_versions(connection: Connection) -> tuple[KeptVersion, ...]:
    """Return every version of every document."""
    own = documents.c.id == document_versions.c.document_id
    versions = document_versions.c
    query = select(
        documents.c.knowledge_base, versions.document_id, versions.number, versions.name, versions.sha256
    ).join(documents, own)
    return tuple(KeptVersion(*row) for row in connection.execute(query))


def kept_files(connection: Connection) -> dict[str, str]:
    """Return the SHA-256 of each uploaded file by id."""
    return {row.id: row.sha256 for row in connection.execute(select(files.c.id, files.c.sha256))}
