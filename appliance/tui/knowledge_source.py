"""Knowledge bases: their documents, versions and searches, read and changed over the HTTP API."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol
from urllib.parse import quote

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict

from appliance.core.errors import PermissionDenied
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.knowledge_counts import BaseCounts, counts_of
from appliance.tui.connection import HttpConnection

if TYPE_CHECKING:
    from appliance.operations.documents import AddedDocument

_ROOT: Final = "/v1/knowledge-bases"
_READING_S: Final = 30.0
_MOST_AT_ONCE: Final = 4
FOUND: Final = 8
"""Passages that a search returns."""


class _Reading(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Base(_Reading):
    """A knowledge base."""

    name: str
    title: str
    tenant: str
    shared_with: tuple[str, ...] = ()
    documents: int


class Version(_Reading):
    """One version of a document."""

    version: int
    name: str
    size_bytes: int
    status: Literal["pending", "indexed", "failed"]
    stage: str | None = None
    progress: float | None = None
    reason: str | None = None
    pages: int | None = None
    picture_pages: tuple[int, ...] = ()
    chunks: int | None = None
    effective_on: str | None = None
    expires_on: str | None = None
    created_at: AwareDatetime


class Alike(_Reading):
    """Another document with nearly the same text."""

    document: str


class Document(Version):
    """A document; the fields of a version are those of its newest."""

    id: str
    knowledge_base: str
    department: str | None = None
    access: tuple[str, ...] = ()
    in_force: int | None = None
    similar: tuple[Alike, ...] = ()


class Passage(_Reading):
    """A piece of a document that fits a search."""

    document: str
    version: int = 1
    page: int | None = None
    section: str = ""
    row: int | None = None
    text: str
    score: float


class _Bases(_Reading):
    data: tuple[Base, ...]


class _Documents(_Reading):
    data: tuple[Document, ...]


class _Versions(_Reading):
    data: tuple[Version, ...]


class _Passages(_Reading):
    data: tuple[Passage, ...]


class Rebuilding(_Reading):
    """A rebuild that has begun: how many documents are read again."""

    pending: int


class _Deleted(_Reading):
    deleted: bool


@dataclass(frozen=True)
class WholeBase:
    """A base with its documents, as the key may read them."""

    base: Base
    documents: tuple[Document, ...]

    @property
    def counts(self) -> BaseCounts:
        """How it stands."""
        return counts_of(self.documents)


@dataclass(frozen=True)
class WholeDocument:
    """A document with its versions, oldest first."""

    document: Document
    versions: tuple[Version, ...]


class KnowledgeSource(Protocol):
    """Gives and changes knowledge bases. Every method raises `ApplianceError` with what to do."""

    async def bases(self) -> tuple[WholeBase, ...]:
        """Return the bases that the key may read, with their documents."""
        ...

    async def documents(self, base: str) -> tuple[Document, ...]:
        """Return the documents of one."""
        ...

    async def document(self, base: str, document_id: str) -> WholeDocument:
        """Return one document with its versions. Raises `NotFound`."""
        ...

    async def search(self, base: str, query: str) -> tuple[Passage, ...]:
        """Return the passages that fit best."""
        ...

    async def delete(self, base: str, document_id: str) -> None:
        """Delete a document with all its versions."""
        ...

    async def rebuild(self, base: str) -> Rebuilding:
        """Begin to make the search index again."""
        ...

    def adding(self, base: str, paths: Sequence[Path]) -> "Iterator[Progress | AddedDocument]":
        """Put files, and those of folders, into a base one by one; it blocks, so run it in a thread."""
        ...


class HttpKnowledgeSource:
    """Reads and changes over `/v1/knowledge-bases`."""

    def __init__(self, connection: HttpConnection, transport: httpx.BaseTransport | None = None) -> None:
        self._connection, self._transport = connection, transport

    async def bases(self) -> tuple[WholeBase, ...]:
        """Return the bases that the key may read, with their documents, a few bases at once."""
        found = await self._connection.read("GET", _ROOT, _Bases, self._forbidden("knowledge.read"))
        room = asyncio.Semaphore(_MOST_AT_ONCE)

        async def whole(base: Base) -> WholeBase:
            async with room:
                return WholeBase(base, await self.documents(base.name))

        return tuple(await asyncio.gather(*(whole(one) for one in sorted(found.data, key=lambda one: one.name))))

    async def documents(self, base: str) -> tuple[Document, ...]:
        """Return the documents of one."""
        path, forbidden = f"{_base(base)}/documents", self._forbidden("knowledge.read")
        return (await self._connection.read("GET", path, _Documents, forbidden, timeout_s=_READING_S)).data

    async def document(self, base: str, document_id: str) -> WholeDocument:
        """Return one document with its versions. Raises `NotFound`."""
        path, forbidden = _document(base, document_id), self._forbidden("knowledge.read")
        document = await self._connection.read("GET", path, Document, forbidden, timeout_s=_READING_S)
        versions = await self._connection.read("GET", f"{path}/versions", _Versions, forbidden, timeout_s=_READING_S)
        return WholeDocument(document, versions.data)

    async def search(self, base: str, query: str) -> tuple[Passage, ...]:
        """Return the passages that fit best, best first."""
        path, body = f"{_base(base)}/search", {"query": query, "k": FOUND}
        forbidden = self._forbidden("knowledge.read")
        found = await self._connection.read("POST", path, _Passages, forbidden, body=body, timeout_s=_READING_S)
        return found.data

    async def delete(self, base: str, document_id: str) -> None:
        """Delete a document with all its versions."""
        path, forbidden = _document(base, document_id), self._forbidden("knowledge.write")
        await self._connection.read("DELETE", path, _Deleted, forbidden, timeout_s=_READING_S)

    async def rebuild(self, base: str) -> Rebuilding:
        """Begin to make the search index again."""
        path, forbidden = f"{_base(base)}/rebuild", self._forbidden("knowledge.write")
        return await self._connection.read("POST", path, Rebuilding, forbidden, timeout_s=_READING_S)

    def adding(self, base: str, paths: Sequence[Path]) -> "Iterator[Progress | AddedDocument]":
        """Put files, and those of folders, into a base one by one, as `appliance kb add --no-wait` does."""
        from appliance.operations.client import ApplianceClient
        from appliance.operations.documents import add_documents

        address, key = self._connection.address, self._connection.key()
        with ApplianceClient(address, key, trust=self._connection.trust, transport=self._transport) as client:
            yield from add_documents(client, base, paths, wait=False)

    def _forbidden(self, permission: str) -> PermissionDenied:
        return PermissionDenied(
            _("The key in {file} may not do this with knowledge bases.", file=self._connection.key_file),
            _("Use a key whose role holds {permission}.", permission=permission),
        )


def _base(name: str) -> str:
    return f"{_ROOT}/{quote(name, safe='')}"


def _document(base: str, document_id: str) -> str:
    return f"{_base(base)}/documents/{quote(document_id, safe='')}"
