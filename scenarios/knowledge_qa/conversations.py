"""Conversations: each keeps its turns, for one owner of one tenant."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from appliance.core.errors import Conflict
from appliance.core.messages import _
from appliance.scenario.pack import Action, Caller, ScenarioContext
from appliance.state.records import NewRecord, Record

from .answers import AskResponse, readable_sources, withhold
from .fields import DEFAULT_BASE, Base, Cursor, Deleted, Id, Limit, Request, User, owner_of

KIND = "conversation"
TURN = "turn"
MOST_TURNS = 200
_REMEMBERED = 6


class ConversationRequest(Request):
    """A conversation to be begun."""

    knowledge_base: Base = Field(default=DEFAULT_BASE, description="Name of the knowledge base that it asks.")
    title: str | None = Field(default=None, min_length=1, max_length=200, description="Title that people read.")
    user: User = None


class ConversationsRequest(Request):
    """Which conversations to list."""

    user: User = None
    cursor: Cursor = None
    limit: Limit = 20


class OneConversation(Request):
    """One conversation."""

    conversation_id: Id = Field(description="Its id.")
    user: User = None


class Conversation(BaseModel):
    """A conversation without its turns."""

    id: str = Field(description="Conversation id.")
    knowledge_base: str = Field(description="Name of the knowledge base that it asks.")
    title: str | None = Field(description="Title that people read.")
    user: str | None = Field(description="Whom the calling system asks for.")
    turn_count: int = Field(description=f"How many turns it has; at most {MOST_TURNS}.")
    created_at: str = Field(description="RFC 3339, UTC.")
    updated_at: str = Field(description="RFC 3339, UTC: when its last turn was added.")


class Conversations(BaseModel):
    """A page of conversations."""

    object: Literal["list"] = "list"
    data: list[Conversation] = Field(description="Newest first.")
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null: there is none.")


class Turn(BaseModel):
    """A question and its answer, as far as the reader may still see it."""

    id: str = Field(description="The answer's id.")
    question: str = Field(description="The question as asked.")
    understood_as: str | None = Field(description="The completed question, where it was a follow-up.")
    answer: AskResponse = Field(description="The answer.")
    withheld: int = Field(description="How many citations are left out: the reader may not read their documents now.")
    created_at: str = Field(description="RFC 3339, UTC.")


class WholeConversation(Conversation):
    """A conversation with its turns."""

    turns: list[Turn] = Field(description="Oldest first.")


class ConversationStore:
    """The conversations of callers; what belongs to somebody else is not there."""

    def __init__(self, context: ScenarioContext) -> None:
        self._context = context

    async def begin(self, request: ConversationRequest, caller: Caller) -> Conversation:
        """Begin a conversation about a base that the caller may read."""
        await self._context.knowledge.readable(caller.principal, request.knowledge_base, [])
        data = {**request.model_dump(), "turns": 0}
        new = NewRecord(KIND, owner_of(caller, request.user), data)
        return _shown(await self._context.records.create(caller.principal, new))

    async def page(self, request: ConversationsRequest, caller: Caller) -> Conversations:
        """Return a page of the owner's conversations."""
        owner = owner_of(caller, request.user)
        page = await self._context.records.page(
            caller.principal, KIND, owner, cursor=request.cursor, limit=request.limit
        )
        return Conversations(data=[_shown(record) for record in page.records], next_cursor=page.cursor)

    async def show(self, request: OneConversation, caller: Caller) -> WholeConversation:
        """Return a conversation with its turns; what the reader may not read any more is left out."""
        record = await self.open(caller, request.user, request.conversation_id)
        turns = await self._turns(caller, record, MOST_TURNS)
        answers = [answer_of(turn) for turn in turns]
        base = record.data["knowledge_base"]
        readable = await readable_sources(self._context.knowledge, caller.principal, base, answers)
        shown = []
        for turn, answer in zip(turns, answers, strict=True):
            left, withheld = withhold(answer, readable)
            shown.append(
                Turn(
                    id=turn.id,
                    question=turn.data["question"],
                    understood_as=answer.understood_as,
                    answer=left,
                    withheld=withheld,
                    created_at=turn.created_at,
                )
            )
        return WholeConversation(**dict(_shown(record)), turns=shown)

    async def delete(self, request: OneConversation, caller: Caller) -> Deleted:
        """Delete a conversation with its turns."""
        record = await self.open(caller, request.user, request.conversation_id)
        await self._context.records.delete(record)
        return Deleted(id=record.id)

    async def open(self, caller: Caller, user: str | None, conversation_id: str) -> Record:
        """Return the record of a conversation. Raises `NotFound`."""
        return await self._context.records.get(caller.principal, KIND, conversation_id, owner_of(caller, user))

    async def questions(self, caller: Caller, conversation: Record) -> list[str]:
        """Return the last questions as they were asked, oldest first."""
        return [turn.data["question"] for turn in await self._turns(caller, conversation, _REMEMBERED)]

    async def add(self, caller: Caller, conversation: Record, question: str, answer: AskResponse) -> AskResponse:
        """Keep a turn; return the answer with its id. Raises `Conflict` when there are as many as there may be."""
        ids = {"answer_id": "", "conversation_id": conversation.id}
        new = NewRecord(TURN, conversation.id, {})
        answer = answer.model_copy(update={**ids, "answer_id": new.id})
        data = {"question": question, "answer": answer.model_dump(mode="json")}
        new = NewRecord(TURN, conversation.id, data, id=new.id)
        while True:  # each time that it does not go, another turn has come in between
            check_room(conversation)
            counted = {**conversation.data, "turns": conversation.data["turns"] + 1}
            try:
                await self._context.records.update(conversation, counted, [new])
            except Conflict:
                conversation = await self._context.records.get(
                    caller.principal, KIND, conversation.id, conversation.owner
                )
            else:
                return answer

    async def _turns(self, caller: Caller, conversation: Record, most: int) -> Sequence[Record]:
        page = await self._context.records.page(caller.principal, TURN, conversation.id, limit=most)
        return page.records[::-1]


def check_room(conversation: Record) -> None:
    """Raise `Conflict` when a conversation has as many turns as it may have."""
    if conversation.data["turns"] >= MOST_TURNS:
        raise Conflict(
            _("This conversation has {most} turns, and that is the most.", most=MOST_TURNS),
            _("Begin a new one."),
            code="conversation_full",
        )


def answer_of(turn: Record) -> AskResponse:
    """Return the answer that a turn keeps."""
    return AskResponse.model_validate(turn.data["answer"])


def _shown(record: Record) -> Conversation:
    facts: dict[str, Any] = {name: record.data[name] for name in ("knowledge_base", "title", "user")}
    return Conversation(
        id=record.id,
        turn_count=record.data["turns"],
        created_at=record.created_at,
        updated_at=record.updated_at,
        **facts,
    )


def actions(store: ConversationStore) -> list[Action]:
    """Return the actions on conversations."""
    one = "conversations/{conversation_id}"
    return [
        Action(
            "begin-conversation", "Begin a conversation.", ConversationRequest, Conversation, store.begin,
            path="conversations", status=201,
        ),
        Action(
            "list-conversations", "List the conversations.", ConversationsRequest, Conversations, store.page,
            method="GET", path="conversations",
        ),
        Action(
            "show-conversation", "Show a conversation with its turns.", OneConversation, WholeConversation, store.show,
            method="GET", path=one, generated=lambda shown: any(turn.answer.generated for turn in shown.turns),
        ),
        Action(
            "delete-conversation", "Delete a conversation.", OneConversation, Deleted, store.delete,
            method="DELETE", path=one,
        ),
    ]  # fmt: skip
