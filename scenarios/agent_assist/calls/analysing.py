"""Reads one turn: language, slots, emotion, intent, and its text as it may be kept, whatever stands before it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from appliance.core.errors import ConfigError, Unavailable
from appliance.core.messages import _
from appliance.core.protocols import Vectors
from appliance.guardrails.personal.keeping import masked_for_keeping
from appliance.scenario.pack import ScenarioContext

from ..models import Analysis, Intent, Language, Slot
from ..reading.emotion import read_emotion
from ..reading.language import language_of
from ..reading.slots import read_slots
from .aside import aside, embedding
from .batches import Batches
from .books import Books
from .shapes import GivenTurn

_INLINE = 400
"""Characters that are read on the event loop, in about a millisecond; more go to a thread."""
_TOGETHER_S = 0.002
_MOST_TOGETHER = 32
_EACH_ASKS = 8
EMBEDDED_WITHIN_S = 15.0
"""Far longer than an embedding model takes; after that it hangs."""
_OTHERS = 2
_LEAST = 0.05
_MASKED = "***"
_SHOWN_OF_NUMBERS = frozenset({"card", "account"})


@dataclass(frozen=True)
class Read:
    """What was read in a turn, and its text as it may be kept."""

    text: str
    analysis: Analysis


class Analyst:
    """Reads turns of all calls; what they say is embedded together."""

    def __init__(self, context: ScenarioContext) -> None:
        self._context = context
        self._vectors: Batches[str, Vectors] = Batches(self._embed, wait_s=_TOGETHER_S, most=_MOST_TOGETHER)

    async def read(
        self, turns: Sequence[GivenTurn], books: Books, *, today: date, language: str, spoken: Language
    ) -> list[Read]:
        """Read turns; titles are in `language`, and a turn without words is in the language `spoken` so far."""
        if sum(len(turn.text) for turn in turns) <= _INLINE:
            read = [_read(turn, books, today, spoken) for turn in turns]
        else:
            read = await aside(lambda: [_read(turn, books, today, spoken) for turn in turns])
        asked = [index for index, turn in enumerate(turns) if turn.speaker == "customer"]
        # A request that catches up asks for few at a time, so that turns of other calls come between.
        for begin in range(0, len(asked), _EACH_ASKS):
            some = asked[begin : begin + _EACH_ASKS]
            for index, vector in zip(some, await self._vectors.add_all([turns[one].text for one in some]), strict=True):
                text = turns[index].text
                heard = _intents(vector, text, read[index].analysis.language, books, language)
                heard["emotion"] = read_emotion(text, vector)
                read[index] = Read(read[index].text, read[index].analysis.model_copy(update=heard))
        return read

    async def _embed(self, texts: Sequence[str]) -> list[Vectors]:
        embedder = self._context.embedder
        if embedder is None:
            raise ConfigError(
                _("Intents need an embedding model, and this site has none."),
                _("Set `embedder` in the site file."),
            )
        try:
            async with asyncio.timeout(EMBEDDED_WITHIN_S):
                return list(await embedding(embedder.embed, list(texts), "query"))
        except TimeoutError as error:  # whoever tells turns is to try again, not to wait for ever
            raise Unavailable(
                _("The embedding model does not answer."), _("Send the turns again in a moment.")
            ) from error


def _read(turn: GivenTurn, books: Books, today: date, spoken: Language) -> Read:
    language = language_of(turn.text, spoken)
    if turn.speaker == "seat":
        return Read(masked_for_keeping(turn.text), Analysis(language=language))
    slots = read_slots(turn.text, today, books.vocabulary)
    text, slots = kept_text(turn.text, slots)
    return Read(text, Analysis(language=language, slots=slots))  # its emotion, as its intent, needs the embedding


def kept_text(text: str, slots: Sequence[Slot]) -> tuple[str, tuple[Slot, ...]]:
    """Return a text as it may be kept, and its slots with their places there.

    Numbers of cards and accounts are shown as their slots show them, even where a check digit is wrong and the
    recognisers of personal data let them pass.
    """
    parts, behind, moved = [], 0, []
    shift = 0
    for slot in sorted(slots, key=lambda one: one.start):
        hides = slot.name in _SHOWN_OF_NUMBERS and slot.start >= behind
        shown = slot.text if hides else text[slot.start : slot.end]
        moved.append(slot.model_copy(update={"start": slot.start + shift, "end": slot.start + shift + len(shown)}))
        if hides:
            parts += [text[behind : slot.start], shown]
            shift += len(shown) - (slot.end - slot.start)
            behind = slot.end
    shown_text = "".join([*parts, text[behind:]])
    masked = masked_for_keeping(shown_text)
    if len(masked) == len(shown_text):
        return masked, tuple(_as_kept(slot, masked[slot.start : slot.end]) for slot in moved)
    return masked, tuple(_found_again(slot, masked) for slot in moved)


def _found_again(slot: Slot, text: str) -> Slot:
    """Return a slot at the place in `text` that is nearest to where it was; at none where it is masked itself."""
    places = [at for at in range(len(text)) if slot.text and text.startswith(slot.text, at)]
    if not places:
        return _as_kept(slot, _MASKED).model_copy(update={"start": 0, "end": 0})
    start = min(places, key=lambda at: abs(at - slot.start))
    return slot.model_copy(update={"start": start, "end": start + len(slot.text)})


def _as_kept(slot: Slot, kept: str) -> Slot:
    """Return a slot whose place holds `kept`: where that is masked, what was read there is personal data too."""
    return slot if kept == slot.text else slot.model_copy(update={"text": kept, "value": kept})


def _intents(vector: Vectors, text: str, spoken: Language, books: Books, language: str) -> dict[str, object]:
    """Return the fields `intent` and `others` of an analysis."""
    ranked = books.intents.classify(vector, text, spoken)
    shown = [
        Intent(name=name, title=books.intents.titles[name].within(language), confidence=min(1.0, max(0.0, sure)))
        for name, sure in ranked[: _OTHERS + 1]
    ]
    intent = shown[0] if shown and shown[0].confidence >= books.intents.threshold else None
    others = [one for one in shown if one is not intent and one.confidence >= _LEAST][:_OTHERS]
    return {"intent": intent, "others": tuple(others)}
