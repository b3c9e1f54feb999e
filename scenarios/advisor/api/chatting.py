"""The conversation as an action: one turn in, the answer with figures, charts and disclosures out, kept as records."""

import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from appliance.core.messages import speaking
from appliance.scenario.pack import Action, Caller, Event

from ..conversation import answering
from ..conversation.answering import Reply, give_facts
from ..conversation.results import Noted, Result
from ..conversation.running import Desk as Tools
from ..conversation.running import noted, run
from ..conversation.state import State
from ..conversation.talking import Conversation
from ..conversation.tools import Arguments, NotesArguments, StockArguments, ToolName
from ..data.dataset import Dataset
from ..models import Chart, Figure, Part
from ..suitability.decision import Allowed, Row
from .conversations import Conversations, state_of
from .desk import Desk
from .noting import Notes
from .saying import Facts
from .shapes import UNCHECKED, Answer, Charts, RecordId, Request, User, sources_of

_TOOL = (
    "Asks the advisor assistant in plain words, in Chinese or English, about a client, a fund or a portfolio; it picks "
    "what to compute and asks for what is missing. Prefer the other tools where ids are known. Set charts to false."
)

_HAN = re.compile(r"[\u4e00-\u9fff]")
_WORD = re.compile(r"\b[a-z]{2,}\b", re.IGNORECASE)
_SENTENCE: Final = 3
"""Words; an id and a verb alone tell no language."""


class ChatRequest(Request):
    """A turn of a conversation."""

    message: Annotated[str, Field(min_length=1, max_length=4000)] = Field(description="Chinese or English.")
    conversation_id: RecordId | None = Field(
        default=None, description="The conversation that this goes on; without one a new one begins."
    )
    user: User = None
    charts: Charts = True
    keep: bool = Field(default=True, description="False: keep nothing of a turn that begins a conversation.")
    stream: bool = Field(default=False, description="Answer with server-sent events.")


class ChatAnswer(Answer):
    """What the assistant says to a turn."""

    conversation_id: str | None = Field(description="Give it with the next turn; null where nothing was kept.")
    kind: Literal["answer", "refusal", "question", "help", "error"] = Field(
        description="refusal: the rules refuse a purchase; question: something is missing."
    )
    tool: str = Field(description="What was computed, such as account_diagnosis.")
    arguments: dict[str, Any]
    chosen_by: Literal["rules", "model"] = Field(description="Who picked tool and arguments.")
    generated: bool = Field(description="Whether a model worded the first sentences; the figures never are its own.")
    asks: str | None = Field(default=None, description="The argument that is asked for.")
    choices: tuple[str, ...] = Field(default=(), description="Ids that it may be.")
    allowed: Allowed | None = Field(default=None, description="Of a suitability check.")
    table: tuple[Row, ...] = Field(default=(), description="Its decision table.")
    citations: tuple[dict[str, Any], ...] = ()
    suggestions: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()


class FiguresEvent(Part):
    """Data of the event `figures`."""

    figures: dict[str, Figure]


class ChartEvent(Part):
    """Data of the event `chart`: one chart."""

    charts: tuple[Chart, ...]


class TextEvent(Part):
    """Data of the event `text`: a paragraph of the answer; all of them joined are the answer."""

    text: str


class Chatting:
    """What the action does."""

    def __init__(self, desk: Desk, facts: Facts, kept: Conversations, notes: Notes) -> None:
        self._desk = desk
        self._facts = facts
        self._kept = kept
        self._notes = notes

    async def chat(self, request: ChatRequest, caller: Caller) -> ChatAnswer:
        """Answer a turn in its own language. Raises `NotFound` and `Conflict` for the conversation, as loading does."""
        caller = replace(caller, language=spoken_in(request.message, caller.language))
        with speaking(caller.language):
            return await self._answer(request, caller)

    async def _answer(self, request: ChatRequest, caller: Caller) -> ChatAnswer:
        record = None
        if request.conversation_id is not None:
            record = await self._kept.open(caller, request.user, request.conversation_id)
        dataset = await self._desk.data(caller)
        conversation = await self._desk.compute(self._conversation, dataset, caller, charts=request.charts)
        before = State() if record is None else state_of(record)
        reply, after = await conversation.step(request.message, before)
        if record is None and request.keep:
            record = await self._kept.begin(caller, request.user)
        answer = answer_of(reply, dataset, None if record is None else record.id)
        if record is not None:
            await self._kept.add(record, request.message, answer, after)
        give_facts(self._facts.given, reply, dataset)
        return answer

    async def stream(self, request: ChatRequest, caller: Caller) -> AsyncGenerator[Event, None]:
        """Yield `figures`, a `chart` each, the `text` by paragraphs, then `done`."""
        answer = await self.chat(request, caller)
        if answer.figures:
            yield "figures", FiguresEvent(figures=answer.figures)
        for chart in answer.charts:
            yield "chart", ChartEvent(charts=(chart,))
        paragraphs = answer.answer.split("\n\n")
        for number, paragraph in enumerate(paragraphs, start=1):
            yield "text", TextEvent(text=paragraph + ("\n\n" if number < len(paragraphs) else ""))
        yield "done", answer

    def _conversation(self, dataset: Dataset, caller: Caller, *, charts: bool) -> Conversation:
        shelf, context = self._desk.shelf, self._desk.context
        rules = shelf.get("rules")

        async def notes(query: str, security: str | None, language: str) -> Noted:
            del language  # the caller's own
            return await self._notes.noted(query, security, caller)

        tools = Tools(
            dataset, self._desk.today, rules, notes, stress=shelf.get("stress"), limits=shelf.get("limits"),
            charts=charts,
        )  # fmt: skip
        return Conversation(
            dataset, rules, _Run(self._desk, tools), self._desk.today, caller.language,
            chat=context.chat if context.chat_is_capable else None,
            words=shelf.get("words"),
        )  # fmt: skip


class _Run:
    """Runs the tools in the pack's own threads."""

    def __init__(self, desk: Desk, tools: Tools) -> None:
        self._desk = desk
        self._tools = tools

    async def __call__(self, tool: ToolName, arguments: Arguments, language: str) -> Result:
        if isinstance(arguments, NotesArguments | StockArguments):
            security = arguments.security if isinstance(arguments, StockArguments) else None
            return await noted(tool, self._tools.notes, arguments.query, security, language)
        return await self._desk.compute(run, self._tools, tool, arguments, language)


def spoken_in(message: str, otherwise: str) -> str:
    """Return the language of a message, `en` or `zh_CN`; `otherwise` where it has no sentence, such as an id alone."""
    if _HAN.search(message):
        return "zh_CN"
    return "en" if len(_WORD.findall(message)) >= _SENTENCE else otherwise


def answer_of(reply: Reply, dataset: Dataset, conversation_id: str | None) -> ChatAnswer:
    """Return a reply as the action answers it."""
    figures = {one.id: one for one in reply.figures}
    return ChatAnswer(
        answer=reply.text, language=reply.language, figures=figures, sources=sources_of(figures),
        disclosures=reply.disclosures, made_up=dataset.made_up, conversation_id=conversation_id, kind=reply.kind,
        tool=reply.tool, arguments=reply.arguments, chosen_by=reply.chosen_by, generated=reply.generated,
        asks=reply.asks, choices=reply.choices, allowed=reply.allowed, table=reply.table, citations=reply.citations,
        suggestions=reply.suggestions, charts=reply.charts,
    )  # fmt: skip


def actions(chatting: Chatting) -> list[Action]:
    """Return the action."""
    return [
        Action(
            "chat", "Ask the assistant; it computes, asks for what is missing, and refuses what does not suit.",
            ChatRequest, ChatAnswer, chatting.chat, stream=chatting.stream, checks=answering.CHECKS,
            generated=lambda answer: answer.generated, unchecked=UNCHECKED | answering.UNCHECKED | {"choices"},
            whole_events=frozenset({"figures", "chart"}), tool=_TOOL,
        )
    ]  # fmt: skip
