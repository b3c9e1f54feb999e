"""Conversations: each keeps its turns and what is being spoken of, for one owner of one tenant."""

from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from appliance.core.errors import Conflict
from appliance.core.messages import _
from appliance.scenario.pack import Action, Caller, ScenarioContext
from appliance.state.records import NewRecord, Record

from ..conversation.state import State
from .desk import never
from .saying import CHECKS, Facts
from .shapes import UNCHECKED, Deleted, RecordId, Request, User, owner_of

KIND: Final = "conversation"
TURN: Final = "turn"
MOST_TURNS: Final = 200
_DROPPED: Final = frozenset({"charts"})
"""Pictures are not kept: they are drawn again from the same figures."""


class ConversationsRequest(Request):
    """Which conversations to list."""

    user: User = None
    cursor: str | None = Field(default=None, max_length=100, description="`next_cursor` of the page before.")
    limit: int = Field(default=20, ge=1, le=100, description="How many, newest first.")


class OneConversation(Request):
    """One conversation."""

    conversation_id: RecordId = Field(description="Its id.")
    user: User = None


class Conversation(BaseModel):
    """A conversation without its turns."""

    id: str
    user: str | None = Field(description="Whom the calling system asks for.")
    client: str | None = Field(description="The client who is being spoken of.")
    product: str | None = Field(description="The product that is being spoken of.")
    turn_count: int = Field(description=f"How many turns it has; at most {MOST_TURNS}.")
    created_at: str = Field(description="RFC 3339, UTC.")
    updated_at: str = Field(description="RFC 3339, UTC: when its last turn was added.")


class ConversationList(BaseModel):
    """A page of conversations."""

    object: Literal["list"] = "list"
    data: list[Conversation] = Field(description="Newest first.")
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null: there is none.")


class Turn(BaseModel):
    """A message and its answer, as it was given then; without charts."""

    id: str
    message: str
    answer: dict[str, Any]
    created_at: str


class WholeConversation(Conversation):
    """A conversation with its turns."""

    turns: list[Turn] = Field(description="Oldest first.")


class Conversations:
    """The conversations of callers; what belongs to somebody else is not there."""

    def __init__(self, context: ScenarioContext) -> None:
        self._context = context

    async def begin(self, caller: Caller, user: str | None) -> Record:
        """Begin a conversation."""
        data = {"user": user, "turns": 0, "state": State().model_dump(mode="json")}
        return await self._context.records.create(caller.principal, NewRecord(KIND, owner_of(caller, user), data))

    async def open(self, caller: Caller, user: str | None, conversation_id: str) -> Record:
        """Return the record of a conversation that has room. Raises `NotFound`, `Conflict`."""
        record = await self._get(caller, user, conversation_id)
        if record.data["turns"] >= MOST_TURNS:
            raise Conflict(
                _("This conversation has {most} turns, and that is the most.", most=MOST_TURNS),
                _("Begin a new one."),
                code="conversation_full",
            )
        return record

    async def add(self, record: Record, message: str, answer: BaseModel, state: State) -> None:
        """Keep a turn and what is being spoken of after it.

        Raises `Conflict` where another turn came in between: what this one answered is no longer what was asked about.
        """
        kept = answer.model_dump(mode="json", exclude=set(_DROPPED))
        new = NewRecord(TURN, record.id, {"message": message, "answer": kept})
        data = {**record.data, "turns": record.data["turns"] + 1, "state": state.model_dump(mode="json")}
        await self._context.records.update(record, data, [new])

    async def page(self, request: ConversationsRequest, caller: Caller) -> ConversationList:
        """Return a page of the owner's conversations."""
        owner = owner_of(caller, request.user)
        page = await self._context.records.page(
            caller.principal, KIND, owner, cursor=request.cursor, limit=request.limit
        )
        return ConversationList(data=[Conversation(**_shown(one)) for one in page.records], next_cursor=page.cursor)

    async def show(self, request: OneConversation, caller: Caller) -> WholeConversation:
        """Return a conversation with its turns."""
        record = await self._get(caller, request.user, request.conversation_id)
        page = await self._context.records.page(caller.principal, TURN, record.id, limit=MOST_TURNS)
        turns = [
            Turn(id=one.id, message=one.data["message"], answer=one.data["answer"], created_at=one.created_at)
            for one in page.records[::-1]
        ]
        Facts(self._context).nothing()
        return WholeConversation(**_shown(record), turns=turns)

    async def delete(self, request: OneConversation, caller: Caller) -> Deleted:
        """Delete a conversation with its turns."""
        record = await self._get(caller, request.user, request.conversation_id)
        await self._context.records.delete(record)
        return Deleted(id=record.id)

    async def _get(self, caller: Caller, user: str | None, conversation_id: str) -> Record:
        return await self._context.records.get(caller.principal, KIND, conversation_id, owner_of(caller, user))


def state_of(record: Record) -> State:
    """Return what is being spoken of."""
    return State.model_validate(record.data["state"])


def _shown(record: Record) -> dict[str, Any]:
    state = state_of(record)
    return {
        "id": record.id, "user": record.data["user"], "client": state.client, "product": state.product,
        "turn_count": record.data["turns"], "created_at": record.created_at, "updated_at": record.updated_at,
    }  # fmt: skip


def actions(kept: Conversations) -> list[Action]:
    """Return the actions on conversations."""
    one = "conversations/{conversation_id}"
    return [
        Action(
            "list-conversations", "List the conversations.", ConversationsRequest, ConversationList, kept.page,
            method="GET", path="conversations", generated=never,
        ),
        Action(
            "show-conversation", "Show a conversation with its turns.", OneConversation, WholeConversation, kept.show,
            method="GET", path=one, checks=CHECKS, unchecked=UNCHECKED | {"message", "citations"},
            generated=lambda shown: any(turn.answer.get("generated") for turn in shown.turns),
        ),
        Action(
            "delete-conversation", "Delete a conversation.", OneConversation, Deleted, kept.delete,
            method="DELETE", path=one, generated=never,
        ),
    ]  # fmt: skip
