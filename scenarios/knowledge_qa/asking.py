"""Questions: completed from their conversation, answered by quotation, written up by the model where that holds."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from appliance.core.days import Day
from appliance.core.errors import ContentFiltered, InvalidRequest
from appliance.core.messages import _
from appliance.knowledge.answers.answer import THRESHOLD, refusal
from appliance.knowledge.answers.compose import compose, stream_composed
from appliance.knowledge.asking.followups import rewrite
from appliance.knowledge.models import Answer, AnswerSentence, Citation, Name
from appliance.scenario.pack import Action, Caller, Event, ScenarioContext
from appliance.state.records import Record

from .answers import AskResponse, response_of
from .conversations import ConversationStore, check_room
from .fields import DEFAULT_BASE, Base, Id, Question, Request, User

_LONGEST = 2000


class AskRequest(Request):
    """A question to a knowledge base, or the next one of a conversation."""

    question: Question = Field(description="The question, in Chinese or English.")
    knowledge_base: Base | None = Field(
        default=None, description=f"Name of the knowledge base: the conversation's own, or {DEFAULT_BASE} by default."
    )
    max_citations: int = Field(default=3, ge=1, le=10, description="Most citations to return.")
    min_confidence: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description=f"Chance of being right below which the answer is a refusal; {THRESHOLD} by default.",
    )
    language: Literal["zh", "en"] | None = Field(
        default=None, description="Language of a refusal and of labels; the question's own by default."
    )
    as_of: Day | None = Field(default=None, description="Day whose versions count, YYYY-MM-DD; today by default.")
    documents: list[Name] | None = Field(default=None, max_length=1000, description="Only these document ids.")
    departments: list[Name] | None = Field(default=None, max_length=100, description="Only of these departments.")
    conversation_id: Id | None = Field(default=None, description="Conversation that this question goes on.")
    user: User = None
    write: bool | None = Field(
        default=None,
        description="Let the model write the answer up; by default where it has at least a billion parameters.",
    )
    stream: bool = Field(default=False, description="Answer with server-sent events.")


class CitationEvent(Citation):
    """Data of the event `citation`."""

    index: int = Field(description="Place in `citations`, from 0: what sentences refer to.")


@dataclass(frozen=True)
class _Asked:
    """A question that stands alone, and the conversation that it goes on."""

    question: str
    base: str
    conversation: Record | None


class Asking:
    """Answers questions; each call is one question."""

    def __init__(self, context: ScenarioContext, conversations: ConversationStore) -> None:
        self._context = context
        self._conversations = conversations

    async def ask(self, request: AskRequest, caller: Caller) -> AskResponse:
        """Return the whole answer."""
        events = [data async for _name, data in self._events(request, caller, streaming=False)]
        assert isinstance(events[-1], AskResponse), "the last event has the whole answer"
        return events[-1]

    def stream(self, request: AskRequest, caller: Caller) -> AsyncGenerator[Event, None]:
        """Yield `citation` and `sentence` as they become certain, then `done`."""
        return self._events(request, caller, streaming=True)

    async def _events(self, request: AskRequest, caller: Caller, *, streaming: bool) -> AsyncGenerator[Event, None]:
        asked = await self._understood(request, caller)
        answer = await self._found(request, caller, asked)
        language = request.language or answer.language
        for index, citation in enumerate(answer.citations):
            yield "citation", CitationEvent(**dict(citation), index=index)
        for sentence in answer.sentences:
            yield "sentence", sentence
        written: list[AnswerSentence] = []
        if answer.answered:
            async with aclosing(self._written(request, caller, asked, answer, streaming=streaming)) as sentences:
                try:
                    async for sentence in sentences:
                        written.append(sentence)
                        yield "sentence", sentence
                except ContentFiltered:  # the quotations carry the answer alone
                    written.clear()
        response = response_of(answer, language, answer.text if answer.answered else refusal(language), written)
        if asked.question != request.question:
            response = response.model_copy(update={"understood_as": asked.question})
        if asked.conversation is not None:
            response = await self._conversations.add(caller, asked.conversation, request.question, response)
        yield "done", response

    async def _understood(self, request: AskRequest, caller: Caller) -> _Asked:
        """Return the question as it is asked of the documents. Raises `NotFound`, `Conflict`, `InvalidRequest`."""
        if request.conversation_id is None:
            return _Asked(request.question, request.knowledge_base or DEFAULT_BASE, None)
        conversation = await self._conversations.open(caller, request.user, request.conversation_id)
        base = conversation.data["knowledge_base"]
        if request.knowledge_base not in (None, base):
            raise InvalidRequest(
                _("This conversation asks the knowledge base {base}.", base=base),
                _("Leave knowledge_base out, or begin a new conversation."),
                param="knowledge_base",
                code="invalid_value",
            )
        check_room(conversation)
        earlier = await self._conversations.questions(caller, conversation)
        spoken = self._context.chat_languages if self._writes(request) else ()
        alone = await rewrite(request.question, earlier, self._context.chat, spoken)
        return _Asked(alone if len(alone) <= _LONGEST else request.question, base, conversation)

    def _writes(self, request: AskRequest) -> bool:
        return self._context.chat_is_capable if request.write is None else request.write

    async def _found(self, request: AskRequest, caller: Caller, asked: _Asked) -> Answer:
        selection: dict[str, Any] = request.model_dump(include={"as_of", "documents", "departments"})
        found = await self._context.knowledge.answer(
            caller.principal,
            asked.base,
            asked.question,
            request.max_citations,
            selection,
            request.min_confidence,
        )
        return Answer.model_validate(found)

    async def _written(
        self, request: AskRequest, caller: Caller, asked: _Asked, answer: Answer, *, streaming: bool
    ) -> AsyncGenerator[AnswerSentence, None]:
        """Yield what the model writes and the citations bear out; it sees only what the asker sees."""
        context = self._context
        if not self._writes(request):
            return
        glossary = await context.knowledge.glossary(caller.principal, asked.base)
        given = asked.question, answer.citations, context.chat, context.chat_languages, glossary, context.embedder
        if streaming:
            async for sentence in stream_composed(*given):
                yield sentence
        else:
            for sentence in await compose(*given):
                yield sentence


def actions(asking: Asking) -> list[Action]:
    """Return the action that answers."""
    summary = "Answer a question from a knowledge base, with citations."
    return [
        Action(
            "ask", summary, AskRequest, AskResponse, asking.ask, stream=asking.stream,
            generated=lambda answer: answer.generated,
        )
    ]  # fmt: skip
