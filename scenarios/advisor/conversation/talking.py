"""A conversation: one turn in, one reply and the new state out. What may be sold is decided by the rules alone."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from pydantic import ValidationError

from appliance.core.errors import InvalidRequest, RequestError, Unavailable
from appliance.core.protocols import ChatClient
from appliance.core.validation import invalid_request

from ..data.dataset import Dataset
from ..suitability import Decision, RuleBook, decide, refusal_holds
from .answering import Reply, answer, failed, helping, question, with_refusal
from .choosing import choose
from .phrasing import phrase
from .reading import LONGEST, readable
from .results import Result
from .running import Runner
from .speaking import Speaker
from .state import Refusal, State
from .tools import tool_box
from .turning import remembered
from .understanding import Understanding, holds_to_refusal, understand
from .vocabulary import Words, shipped_words


@dataclass(frozen=True)
class Conversation:
    """What a conversation needs: the data, the rules, a runner of tools and, where it is capable, a chat model.

    `running.Desk` is a runner in threads of this process. Without `chat` all is chosen and written by code.
    """

    dataset: Dataset
    rules: RuleBook
    runner: Runner
    today: date
    language: str = "en"
    chat: ChatClient | None = None
    words: Words = field(default_factory=shipped_words, repr=False)

    async def step(self, text: str, state: State) -> tuple[Reply, State]:
        """Return the reply to a turn, and the state to give with the next one. Bad input is answered, not raised."""
        said = readable(text)
        refusing = self._refusing(state)
        if not any(char.isalnum() for char in said) or len(said) > LONGEST:
            name = "unreadable" if len(said) <= LONGEST else "too_long"
            opening = Speaker(self.language).say(name)
            reply = helping(self.language, self.dataset, opening=opening)
            return self._closed(reply, refusing), state.model_copy(update={"turns": state.turns + 1})
        understood = await self._understood(said, state)
        reply, after = await self._answered(understood, state)
        return self._ended(reply, after, state, refusing)

    async def _understood(self, text: str, state: State) -> Understanding:
        by_rules = understand(text, state, self.dataset, self.language, today=self.today, words=self.words)
        if self.chat is None or holds_to_refusal(text, state, self.dataset, self.today, self.words):
            return by_rules
        by_model = await choose(text, state, self.dataset, self.language, self.chat, self.words, self.today)
        if by_model is None or by_rules.unknown is not None or by_rules.choices:
            return by_rules
        return by_model

    async def _answered(self, understood: Understanding, state: State) -> tuple[Reply, State]:
        language = self.language
        if understood.tool == "help":
            return helping(language, self.dataset, off_topic=understood.off_topic), remembered(state, understood)
        if understood.missing:
            return question(understood, self.dataset, language), remembered(state, understood)
        try:
            arguments = tool_box().arguments(understood.tool, understood.arguments)
            result = await self.runner(understood.tool, arguments, language)
        except ValidationError as error:
            return failed(invalid_request(error, understood.arguments), understood, language), _left(state)
        except (RequestError, Unavailable) as error:
            return failed(error, understood, language), _after_error(state, understood)
        reply = answer(result, language, understood=understood)
        reply = await self._phrased(reply, result)
        return reply, _decided(remembered(state, understood), result)

    async def _phrased(self, reply: Reply, result: Result) -> Reply:
        return reply if self.chat is None else await phrase(reply, result, self.chat, self.dataset)

    def _refusing(self, state: State) -> Decision | None:
        """Return the refusal that the state tells of, decided anew; None where the rules no longer refuse it."""
        refusal = state.refusal
        if refusal is None:
            return None
        try:
            decision = decide(
                self.dataset, refusal.client, refusal.product, refusal.amount, today=self.today, rules=self.rules,
                language=self.language,
            )  # fmt: skip
        except (InvalidRequest, RequestError):  # the data has changed under the conversation: there is nothing to hold
            return None
        return decision if decision.allowed == "no" else None

    def _ended(self, reply: Reply, after: State, before: State, refusing: Decision | None) -> tuple[Reply, State]:
        """Let a refusal stand where the turn did not leave its client and product behind."""
        if refusing is None or reply.kind == "refusal":
            return reply, after
        elsewhere = reply.kind == "answer" and _elsewhere(reply.arguments, refusing)
        if reply.tool == "suitability" and reply.kind == "answer" and reply.arguments == _case(refusing):
            return reply, after
        if elsewhere and reply.tool != "suitability":
            return reply, after
        return self._closed(reply, refusing), after.model_copy(update={"refusal": after.refusal or before.refusal})

    def _closed(self, reply: Reply, refusing: Decision | None) -> Reply:
        """Return a reply that says that the refusal stands, without what would allow that product."""
        if refusing is None:
            return reply
        if not refusal_holds(reply.text, refusing, self.dataset.products, strict=False) and reply.tool != "suitability":
            reply = reply.model_copy(update={"text": "", "made_by": "code"})
        return with_refusal(reply, refusing, self.language)


def _case(decision: Decision) -> dict[str, Any]:
    return {"client": decision.client, "product": decision.product, "amount": decision.amount}


def _elsewhere(arguments: dict[str, Any], refusing: Decision) -> bool:
    """Tell whether a call is about another client, or about another product and no client."""
    client = arguments.get("client")
    if client is not None:
        return bool(client != refusing.client)
    products = {arguments.get("product"), *arguments.get("products", ())} - {None}
    return bool(products) and refusing.product not in products


def _decided(state: State, result: Result) -> State:
    """Keep a refusal; another decision about the same client and product takes its place."""
    decision = result.decision
    if decision is None:
        return state
    if decision.allowed == "no":
        refusal = Refusal(client=decision.client, product=decision.product, amount=decision.amount)
        return state.model_copy(update={"refusal": refusal})
    old = state.refusal
    if old is not None and (old.client, old.product) == (decision.client, decision.product):
        return state.model_copy(update={"refusal": None})
    return state


def _left(state: State) -> State:
    return state.model_copy(update={"turns": state.turns + 1, "pending": None})


def _after_error(state: State, understood: Understanding) -> State:
    """Keep what was named, so that the next turn may correct it."""
    return remembered(state, replace(understood, missing=()))
