"""Golden sets: questions with the right answer, made from reviewed feedback, one set a knowledge base."""

from pydantic import BaseModel, Field

from appliance.knowledge.evaluation.golden import Golden
from appliance.scenario.pack import Action, Caller, Permission, ScenarioContext
from appliance.state.records import MOST_LISTED, NewRecord, Record

from .fields import DEFAULT_BASE, Base, Deleted, Id, Request

KIND = "golden"


class GoldenSetRequest(Request):
    """Which golden set."""

    knowledge_base: Base = Field(default=DEFAULT_BASE, description="Name of the knowledge base.")


class OneGolden(Request):
    """One golden question."""

    golden_id: Id = Field(description="Its id.")


class GoldenSet(BaseModel):
    """A golden set as `appliance kb eval` reads it, when saved as a file, with the questions' ids beside."""

    knowledge_base: str = Field(description="Name of the knowledge base.")
    questions: list[Golden] = Field(description="Oldest first; without a document the right answer is to decline.")
    golden_ids: list[str] = Field(description="Id of each question, in the same order.")


class GoldenStore:
    """The golden sets of a tenant; for admins."""

    def __init__(self, context: ScenarioContext) -> None:
        self._context = context

    async def all(self, request: GoldenSetRequest, caller: Caller) -> GoldenSet:
        """Return the set of a base that the caller may read."""
        base = request.knowledge_base
        await self._context.knowledge.readable(caller.principal, base, [])
        records: list[Record] = []
        cursor: str | None = None
        while True:
            page = await self._context.records.page(
                caller.principal, KIND, _owner(base), cursor=cursor, limit=MOST_LISTED
            )
            records += page.records
            cursor = page.cursor
            if cursor is None:
                break
        records.reverse()
        questions = [Golden.model_validate(record.data) for record in records]
        return GoldenSet(knowledge_base=base, questions=questions, golden_ids=[record.id for record in records])

    async def delete(self, request: OneGolden, caller: Caller) -> Deleted:
        """Remove a question from its set."""
        record = await self._context.records.get(caller.principal, KIND, request.golden_id)
        await self._context.records.delete(record)
        return Deleted(id=record.id)


def golden_record(base: str, golden: Golden) -> NewRecord:
    """Return the record that keeps a question in the set of a base."""
    return NewRecord(KIND, _owner(base), golden.model_dump(mode="json", exclude_defaults=True))


def _owner(base: str) -> str:
    return f"base:{base}"


def actions(store: GoldenStore) -> list[Action]:
    """Return the actions on golden sets."""
    return [
        Action(
            "golden-set", "Show the golden set of a knowledge base.", GoldenSetRequest, GoldenSet, store.all,
            method="GET", path="golden", permission=Permission.KNOWLEDGE_REVIEW,
        ),
        Action(
            "delete-golden", "Remove a question from its golden set.", OneGolden, Deleted, store.delete,
            method="DELETE", path="golden/{golden_id}", permission=Permission.KNOWLEDGE_REVIEW,
        ),
    ]  # fmt: skip
