"""What a scenario may call beside a chat model: the knowledge bases, and records that it keeps."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from appliance.core.principal import Principal
from appliance.state.records import NewRecord, Page, Record


class KnowledgeSearch(Protocol):
    """The knowledge bases, as `who` may use them; what `who` may not read is `NotFound`, as what is not there.

    Results are models of `appliance.knowledge.models`, dumped; `selection` and `details` are such models to be. Methods
    raise `NotFound`, `InvalidRequest`, `Unavailable`.
    """

    async def search(
        self, who: Principal, base: str, query: str, k: int, selection: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return up to `k` dumped `Passage`, best first."""
        ...

    async def answer(
        self,
        who: Principal,
        base: str,
        question: str,
        max_citations: int = 3,
        selection: Mapping[str, Any] | None = None,
        min_confidence: float | None = None,
    ) -> dict[str, Any]:
        """Return a dumped `Answer`: quoted sentences, or a refusal where none is at least that sure (0..1)."""
        ...

    async def glossary(self, who: Principal, base: str) -> str:
        """Return the bank's own terms, one `中文,别名|english,other` a line."""
        ...

    async def readable(self, who: Principal, base: str, document_ids: Sequence[str]) -> list[str]:
        """Return those of the documents that are there and that `who` may read."""
        ...

    async def add_document(
        self, who: Principal, base: str, name: str, content: bytes, details: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Keep a document durably; return the dumped `Document`. Raises `PermissionDenied` too."""
        ...


class Records(Protocol):
    """Records of this scenario, as `appliance.state.records.RecordRows` keeps them; each call is one transaction.

    Every read is within the tenant of `who`. Without `owner` an admin reads whoever's records and anybody else those
    that belong to their key. What one may not read is `NotFound`, as what is not there.
    """

    async def create(self, who: Principal, new: NewRecord) -> Record:
        """Keep a record durably. Raises `InvalidRequest` for data over 1 MiB."""
        ...

    async def get(self, who: Principal, kind: str, record_id: str, owner: str | None = None) -> Record:
        """Return one record. Raises `NotFound`."""
        ...

    async def update(self, record: Record, data: Mapping[str, Any], adding: Iterable[NewRecord] = ()) -> Record:
        """Set the data of a record that was read, and make the records `adding` with it, all or nothing.

        Raises `Conflict` when it has changed since it was read, `NotFound` when it is gone, `InvalidRequest`.
        """
        ...

    async def delete(self, record: Record) -> None:
        """Remove a record with its parts, those that it owns."""
        ...

    async def page(
        self,
        who: Principal,
        kind: str,
        owner: str | None = None,
        where: Mapping[str, str] | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page:
        """Return up to `limit` records, at most 200, newest first; `where` compares texts at the top of the data."""
        ...
