"""`scenario.services` by deployment handle and by database."""

import asyncio
import contextvars
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from appliance.core.errors import NotFound
from appliance.core.messages import _, current_language
from appliance.core.principal import Principal
from appliance.core.validation import invalid_request
from appliance.knowledge.models import Details, Selection
from appliance.scenario.checks import Given, OutputCheck
from appliance.scenario.services import ReviewState, Submission
from appliance.serving.action_runs import ActionRuns
from appliance.serving.handles import Handles
from appliance.state.records import NewRecord, Page, Record, RecordRows, Tally
from appliance.state.review_records import Held, NewReview
from appliance.state.reviews import Reviews

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")

_READERS: Final = 4


class HandleKnowledge:
    """`KnowledgeSearch` over the knowledge service; what it finds passes the guardrails of the action that asks."""

    def __init__(self, handles: Handles, runs: ActionRuns) -> None:
        self._handles = handles
        self._runs = runs

    async def search(
        self, who: Principal, base: str, query: str, k: int, selection: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return those of the `k` best passages that pass. Raises `NotFound`, `InvalidRequest`, `Unavailable`."""
        chosen = _checked(Selection, selection)
        found: list[dict[str, Any]] = await self._handles.knowledge("search", who, base, query, k, chosen)
        return await self._runs.current().allowed_passages(found)

    async def answer(
        self,
        who: Principal,
        base: str,
        question: str,
        max_citations: int = 3,
        selection: Mapping[str, Any] | None = None,
        min_confidence: float | None = None,
    ) -> dict[str, Any]:
        """Return an extractive answer from citations that pass, or a refusal. Raises as `search` does."""
        asked = [who, base, question, max_citations, _checked(Selection, selection)]
        least = [] if min_confidence is None else [min_confidence]
        answer: dict[str, Any] = await self._handles.knowledge("answer", *asked, *least)
        return await self._runs.current().allowed_answer(answer)

    async def glossary(self, who: Principal, base: str) -> str:
        """Return the bank's own terms. Raises as `search` does."""
        return await self._runs.current().allowed_lines(str(await self._handles.knowledge("glossary", who, base)))

    async def readable(self, who: Principal, base: str, document_ids: Sequence[str]) -> list[str]:
        """Return those of the documents that `who` may read. Raises as `search` does."""
        found: list[str] = await self._handles.knowledge("readable", who, base, list(document_ids))
        return found

    async def add_document(
        self, who: Principal, base: str, name: str, content: bytes, details: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Keep a document durably. Raises `PermissionDenied` too."""
        facts = _checked(Details, details)
        added: dict[str, Any] = await self._handles.knowledge(
            "add_document", who, base, name, content, facts, current_language()
        )
        return added


class RunFacts:
    """`CheckFacts` of the action that gives them."""

    def __init__(self, runs: ActionRuns) -> None:
        self._runs = runs

    def give(self, check: OutputCheck[Given], facts: Given) -> None:
        """Keep the facts for the check of that name."""
        self._runs.current().facts[check.name] = facts


class StoredRecords:
    """`Records` in the database; each call waits in a thread, not on the event loop.

    The threads are its own: a slow count leaves room for what is written, and a database that is away for the rest of
    the scenario. One writes, as the database takes one writer of a process at a time.
    """

    def __init__(self, rows: RecordRows) -> None:
        self._rows = rows
        self._reading = ThreadPoolExecutor(_READERS, thread_name_prefix="records")
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="records-writing")

    async def create(self, who: Principal, new: NewRecord) -> Record:
        """Keep a record durably."""
        return await _in(self._writing, self._rows.create, who, new)

    async def create_many(self, items: Sequence[tuple[Principal, NewRecord]]) -> list[Record]:
        """Keep records durably, all or none."""
        return await _in(self._writing, self._rows.create_many, items)

    async def get(self, who: Principal, kind: str, record_id: str, owner: str | None = None) -> Record:
        """Return one record."""
        return await _in(self._reading, self._rows.get, who, kind, record_id, owner)

    async def update(self, record: Record, data: Mapping[str, Any], adding: Iterable[NewRecord] = ()) -> Record:
        """Set the data of a record that was read, and make others with it."""
        return await _in(self._writing, self._rows.update, record, data, adding)

    async def delete(self, record: Record) -> None:
        """Remove a record with its parts."""
        await _in(self._writing, self._rows.delete, record)

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
        """Return a page of records, newest first."""
        return await _in(self._reading, self._rows.page, who, kind, owner, where, cursor, limit, since, until)

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
        """Count records by texts of their data."""
        return await _in(self._reading, self._rows.tally, who, kind, by, owner, where, since, until, sums)


class StoredReviews:
    """`Reviews` over the queue in the database, for what the scenario `name` puts there."""

    def __init__(self, queue: Reviews, name: str) -> None:
        self._queue = queue
        self._name = name

    async def submit(self, who: Principal, request_id: str, submission: Submission) -> str:
        """Keep a submission durably; no reviewer can put another text in its place."""
        held = Held(dict(submission.body), submission.text, editable=False)
        new = NewReview(
            who, request_id, submission.route, self._name, submission.reasons, submission.question, held
        )  # fmt: skip
        return await asyncio.to_thread(self._queue.hold, new)

    async def state(self, who: Principal, review_id: str) -> ReviewState:
        """Return what became of a submission."""
        record = await asyncio.to_thread(self._queue.get, review_id, who)
        if record.target != self._name or record.tenant != who.tenant:
            raise NotFound(
                _("There is no held answer {id} here.", id=ascii(review_id[:80])), code="review_not_found"
            )  # fmt: skip
        return ReviewState(record.status, record.decided_by, record.decided_at, record.reason)


async def _in(pool: ThreadPoolExecutor, work: Callable[..., Result], *arguments: object) -> Result:
    """Return what `work` returns, done in a thread of `pool` as `asyncio.to_thread` does it in any."""
    run = partial(contextvars.copy_context().run, work, *arguments)
    return await asyncio.get_running_loop().run_in_executor(pool, run)


def _checked(model: type[Model], values: Mapping[str, Any] | None) -> Model:
    """Return a scenario's plain values as the knowledge service takes them. Raises `InvalidRequest`."""
    try:
        return model.model_validate(dict(values or {}))
    except ValidationError as error:
        raise invalid_request(error, values) from error
