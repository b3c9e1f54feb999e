"""What a scenario may call beside a chat model: knowledge bases, records that it keeps, other processes, reviewers."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from appliance.core.principal import Principal
from appliance.state.records import NewRecord, Page, Record, Tally


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

    async def create_many(self, items: Sequence[tuple[Principal, NewRecord]]) -> list[Record]:
        """Keep records durably in one transaction, all or none, each in the tenant of its own principal.

        Raises as `create`.
        """
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
        since: str | None = None,
        until: str | None = None,
    ) -> Page:
        """Return up to `limit` records, at most 200, newest first; `where` compares texts at the top of the data.

        Those made from `since` on and before `until`, RFC 3339 in UTC as `created_at` is.
        """
        ...

    async def tally(
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
        """Count records of a kind, grouped by texts at the top of their data, and add numbers there up.

        As many groups as there are, at most 10,000, the largest first; a text that a record has not is None. Records
        are chosen as `page` does.
        """
        ...


class Tasks(Protocol):
    """Long computations of this scenario, run in other processes so that the replica goes on answering.

    `function` is `module.path:name` inside the pack, such as `accounts.batch:diagnose`: a plain function at a module's
    top. It gets its arguments by name, and they and its result are picklable, best plain data. It runs behind
    everything that people wait for, in the caller's language, with no context of its own: give it the paths that it
    reads. It may be run again where its process died half-way, so what it writes it can write twice.
    """

    async def run(self, function: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the function's result
        """Return what the function returns; it is ended where this is cancelled.

        Raises the `ApplianceError` that the function raises, `ConfigError` where there is no such function,
        `EngineFailed` for any other failure of it and where its process dies again and again, `Unavailable` where it
        needs too much memory or too long.
        """
        ...

    def map(
        self, function: str, items: Sequence[Mapping[str, Any]], *, most_at_once: int = 0
    ) -> AsyncGenerator[tuple[int, Any], None]:
        """Yield (index, result) of a run for each of the items, as they end.

        At most `most_at_once` run at a time; 0, and more than there are processors, means one on each processor. The
        first failure ends all and is raised as `run` does: a function whose items may fail one by one returns that.
        Close the generator (`contextlib.aclosing`) to end what still runs.
        """
        ...


@dataclass(frozen=True)
class Submission:
    """What a person is to release before it leaves: a reviewer reads `question` and `text`, and changes neither.

    `body` is what `GET /v1/reviews/{id}/answer` gives to the asker once it is released; `reasons` say why it waits.
    """

    question: str
    text: str
    body: Mapping[str, Any]
    route: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class ReviewState:
    """What became of a submission: `pending`, `approved`, `refused` or `expired`; by whom (key id) and when."""

    status: str
    by: str | None = None
    at: str | None = None
    reason: str | None = None


class Reviews(Protocol):
    """The queue of the appliance's reviewers (`/v1/reviews`), for what this scenario puts there."""

    async def submit(self, who: Principal, request_id: str, submission: Submission) -> str:
        """Keep a submission durably until a reviewer decides, never `who`; return its id. Raises `Unavailable`."""
        ...

    async def state(self, who: Principal, review_id: str) -> ReviewState:
        """Return what became of a submission of this scenario in the tenant of `who`, whoever asked for it.

        The scenario sees to it that `who` may know. Raises `NotFound`.
        """
        ...
