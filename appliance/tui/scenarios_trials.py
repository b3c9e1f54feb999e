"""What one can try of each scenario from the terminal: examples to choose from, own words, and what is answered."""

import json
import shlex
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError
from textual.content import Content

from appliance.core.errors import ApplianceError, Unavailable
from appliance.core.messages import Message, _, one_or_many
from appliance.operations.scenario_examples import Example, curl
from appliance.tui.calls_source import After, Assist
from appliance.tui.local import Local
from appliance.tui.scenarios_source import ROOT, Json, ScenariosSource
from appliance.tui.widgets import scenario_text as texts

Shown = Callable[[str], Content]
"""Draws an answer in a language."""
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class Offer:
    """An example that can be chosen; `value` is what is asked, `label` says so to people."""

    key: str
    label: Message
    about: Message
    value: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """What is known so far; the last one is the answer. `command` does the same on a command line."""

    shown: Shown
    command: str | None = None


def as_given(text: str) -> Message:
    """Return a foreign text as a message: the same in every language."""
    return Message("{text}", (("text", text),))


class Trial(Protocol):
    """Tries one scenario. Methods raise `ApplianceError`."""

    wording: Message | None
    """What may be typed; None where there are only examples."""
    limit_s: float
    """How long it may take."""
    left: Message
    """What is said to who does not wait for the end."""

    async def offers(self, language: str) -> tuple[Offer, ...]:
        """Return the examples."""
        ...

    def command(self, asked: Offer | str) -> str:
        """Return the command that does the same."""
        ...

    def run(self, asked: Offer | str) -> AsyncGenerator[Told, None]:
        """Ask, and yield what is known, again whenever there is more."""
        ...


_NOTHING_KEPT: Final = _("You did not wait for the answer; nothing was changed.")


class ExamplesTrial:
    """Any scenario: the requests that a start of the appliance tries."""

    wording: Message | None = None
    limit_s = 120.0
    left = _NOTHING_KEPT

    def __init__(self, source: ScenariosSource, name: str, local: Local | None) -> None:
        self._source, self._name, self._local = source, name, local

    async def offers(self, language: str) -> tuple[Offer, ...]:
        """Return the requests."""
        found = await self._source.examples(self._name, self._local, language)
        return tuple(self._offer(number, one) for number, one in enumerate(found))

    def _offer(self, number: int, example: Example) -> Offer:
        label = next((value for value in example.payload.values() if isinstance(value, str)), None)
        return Offer(
            f"example-{number}", as_given(label or json.dumps(example.payload, ensure_ascii=False)),
            as_given(example.action), {"action": example.action, "payload": example.payload},
        )  # fmt: skip

    def command(self, asked: Offer | str) -> str:
        """Return the request as one line."""
        value = asked.value if isinstance(asked, Offer) else {}
        path = f"{ROOT}/{self._name}/{value.get('action', '')}"
        return curl(self._source.address, "POST", path, value.get("payload")).replace(" \\\n  ", " ")

    async def run(self, asked: Offer | str) -> AsyncGenerator[Told, None]:
        """Send the request."""
        if isinstance(asked, Offer):
            path = f"{ROOT}/{self._name}/{asked.value['action']}"
            answer = await self._source.call("POST", path, asked.value["payload"])
            yield Told(lambda language: texts.any_answer(answer, language))


class QuestionTrial(ExamplesTrial):
    """Knowledge Q&A: a question, answered with quotations."""

    wording = _("Ask the documents a question, then Enter")

    def command(self, asked: Offer | str) -> str:
        """Return `appliance ask`."""
        return f"appliance ask {shlex.quote(_words_of(asked, 'question'))}"

    async def run(self, asked: Offer | str) -> AsyncGenerator[Told, None]:
        """Ask."""
        payload = asked.value["payload"] if isinstance(asked, Offer) else {"question": asked}
        answer = read_as(texts.Answered, await self._source.call("POST", f"{ROOT}/{self._name}/ask", payload))
        yield Told(lambda language: texts.quoted_answer(answer, language))


class _Sample(BaseModel):
    name: str
    title: str
    turns: int
    duration_s: float


def _length(sample: _Sample) -> Message:
    seconds = round(sample.duration_s)
    many = _("{count} turns, {seconds} s", count=sample.turns, seconds=seconds)
    return one_or_many(sample.turns, _("1 turn, {seconds} s", seconds=seconds), many)


class CallTrial(ExamplesTrial):
    """Agent assist: a recorded call, replayed; nothing of it is kept."""

    async def offers(self, language: str) -> tuple[Offer, ...]:
        """Return the recorded calls."""
        data = (await self._source.call("GET", f"{ROOT}/{self._name}/samples")).get("data", ())
        samples = [read_as(_Sample, one) for one in data]
        return tuple(
            Offer(
                one.name,
                as_given(one.title),
                _length(one),
            )
            for one in samples
        )

    def command(self, asked: Offer | str) -> str:
        """Return `appliance calls replay`."""
        return f"appliance calls replay {asked.key if isinstance(asked, Offer) else shlex.quote(asked)}"

    async def run(self, asked: Offer | str) -> AsyncGenerator[Told, None]:
        """Replay it at once."""
        name = asked.key if isinstance(asked, Offer) else asked
        events = await self._source.events(f"{ROOT}/{self._name}/replay", {"sample": name, "keep": False})
        turns = tuple(read_as(Assist, data) for kind, data in events if kind == "assist")
        after = next((read_as(After, data) for kind, data in events if kind == "ended"), None)
        yield Told(lambda language: texts.replayed_call(turns, after, language))


class _Client(BaseModel):
    id: str
    name: str
    level: str | None = None


class AdvisorTrial(ExamplesTrial):
    """Advisor: a line of conversation, or the diagnosis of a client's account."""

    wording = _("Ask in plain words, or type a client's id, then Enter")

    async def offers(self, language: str) -> tuple[Offer, ...]:
        """Return the examples, then clients whose account can be diagnosed."""
        examples = await super().offers(language)
        try:
            found = await self._source.call("GET", f"{ROOT}/{self._name}/clients", params={"limit": "50"})
        except ApplianceError:  # who may not list clients may ask
            return examples
        clients = [read_as(_Client, one) for one in found.get("data", ())]
        return examples + tuple(
            Offer(one.id, as_given(f"{one.id} {one.name}"), _("account diagnosis"), {"client": one.id})
            for one in clients
        )

    def command(self, asked: Offer | str) -> str:
        """Return `appliance advisor account` or `appliance advisor chat`."""
        client = _client_of(asked)
        if client is not None:
            return f"appliance advisor account {shlex.quote(client)}"
        return f"appliance advisor chat {shlex.quote(_words_of(asked, 'message'))}"

    async def run(self, asked: Offer | str) -> AsyncGenerator[Told, None]:
        """Diagnose, or ask."""
        client = _client_of(asked)
        if client is not None:
            path = f"{ROOT}/{self._name}/accounts/{quote(client, safe='')}/diagnosis"
            answer = await self._source.call("GET", path)
        else:
            body: Json = {"message": _words_of(asked, "message"), "charts": False, "keep": False}
            answer = await self._source.call("POST", f"{ROOT}/{self._name}/chat", body)
        yield Told(lambda language: texts.any_answer(answer, language))


def _client_of(asked: Offer | str) -> str | None:
    """Return the id of a client: a chosen one, or one word of letters and digits such as C0007."""
    if isinstance(asked, Offer):
        client = asked.value.get("client")
        return None if client is None else str(client)
    word = asked.strip()
    is_id = word.isascii() and word.isalnum() and word[:1].isalpha() and any(char.isdigit() for char in word)
    return word if is_id else None


def _words_of(asked: Offer | str, name: str) -> str:
    return str(asked.value["payload"].get(name, "")) if isinstance(asked, Offer) else asked


def read_as(model: type[_Model], value: object) -> _Model:
    """Return a part of an answer. Raises `Unavailable` where it has another form than this version's."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Unavailable(
            _("The scenario's answer has not the form that this terminal knows."),
            _("Use the terminal of the appliance's own version."),
        ) from error
