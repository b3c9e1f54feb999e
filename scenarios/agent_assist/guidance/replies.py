"""Replies in the bank's wording: templates, filled from slots and the card only."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from appliance.core.messages import Message, _
from appliance.knowledge.language.text import language_of
from appliance.scenario.words import Words

from ..models import Analysis, Card, Language, Reply, Turn
from ..reading.files import read_yaml, wrong
from .said import Ear, Form, IntentName, Name, Said, SlotName, unknown_intents

_MOST_REPLIES = 3
_SURE = 0.5  # confidence below which an intent calls for no wording
_NOTHING = Said()
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]{0,39})\}")
_CARD = "card"
_DOCUMENT = "card_document"
_PROMISE = re.compile(
    r"(?:保证|承诺|确保|担保)[^，。；！？]{0,6}(?:收益|盈利|回报|赚|本金|获批|批准|通过)|(?:稳|包|必|一定[会能]?)赚"
    r"|保本|无风险|零风险|没有(?:任何)?风险|肯定[会能]?(?:涨|赚|批)"
    r"|\bguarantee\w*[^.,;!?]{0,30}\b(?:returns?|profits?|yields?|capital|approv\w+|gains?)\b"
    r"|\b(?:returns?|profits?|yields?|capital|approval)[^.,;!?]{0,20}\bguaranteed\b|\brisk[- ]free\b"
    r"|\b(?:no|without(?: any)?|zero) risk\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:不|不会|不能|不得|不可|没有|无法|并非|非|未)$"
    r"|\b(?:not|never|no|nor|cannot|can't|isn't|aren't|don't)(?: \w+)? $",
    re.IGNORECASE,
)

Feeling = Literal["calm", "satisfied", "anxious", "confused", "disappointed", "angry"]
Kind = Literal["empathy", "answer", "ask", "hold", "advice", "closing"]


class ReplyWhen(Form):
    """When a wording is offered: all that is given must hold of the customer's turn."""

    intents: tuple[IntentName, ...] = ()
    emotions: tuple[Feeling, ...] = ()
    said: Said = Field(default=_NOTHING, description="The customer said one of these phrases.")
    slots: tuple[SlotName, ...] = Field(default=(), description="All these values were said.")
    without_slots: tuple[SlotName, ...] = Field(default=(), description="None of these values was said.")
    card: bool | None = Field(default=None, description="Whether there is a knowledge card.")
    first: bool | None = Field(default=None, description="Whether it is the customer's first turn.")

    def __bool__(self) -> bool:
        """Tell whether there is a condition."""
        given = (self.intents, self.emotions, self.said, self.slots, self.without_slots)
        return any(given) or self.card is not None or self.first is not None


class ReplyForm(Form):
    """A wording; `{amount}` and the like stand for values that were said, `{card}` for the card's quotation."""

    name: Name
    kind: Kind = Field(description="Of each kind one reply is offered at most.")
    when: ReplyWhen
    text: Words


class ReplyFile(Form):
    """The file replies.yaml; wordings are tried in its order, the bank's own before the shipped ones."""

    replies: tuple[ReplyForm, ...] = Field(default=(), max_length=500)
    disabled: tuple[Name, ...] = Field(default=(), description="Shipped wordings that are not used.")


@dataclass(frozen=True)
class _Wording:
    form: ReplyForm
    said: int | None


def promises(text: str) -> str | None:
    """Return the words of a text that promise returns, safety or an approval; None where it promises nothing."""
    for found in _PROMISE.finditer(text):
        if not _DENIED.search(text[: found.start()]):
            return found.group()
    return None


class ReplyBook:
    """All wordings, as the pack ships them and the bank changed them."""

    def __init__(self, wordings: Sequence[_Wording], ear: Ear) -> None:
        self._wordings = tuple(wordings)
        self._ear = ear
        self.warnings: tuple[Message, ...] = tuple(
            warning for one in wordings for warning in unknown_intents(one.form.name, one.form.when.intents)
        )

    @classmethod
    def load(cls, shipped: Path, own: Path | None = None) -> "ReplyBook":
        """Read both files; `own` may be missing. Raises `ConfigError`, naming file, entry and fix."""
        ear, found = Ear(), _read(shipped)
        if own is not None and own.exists():
            data = read_yaml(own, ReplyFile)
            for name in data.disabled:
                if name not in found:
                    names = ", ".join(sorted(found))
                    raise wrong(
                        own, "disabled", _("there is no wording {name}; there are {names}", name=name, names=names)
                    )
            shipped_left = {name: one for name, one in found.items() if name not in data.disabled}
            found = {**_read(own), **{name: one for name, one in shipped_left.items() if name not in _names(data)}}
        wordings = [
            _Wording(form, ear.take(form.when.said, path, f"replies.{form.name}.when.said"))
            for form, path in found.values()
        ]
        return cls(wordings, ear)

    def replies(
        self, turns: Sequence[tuple[Turn, Analysis]], card: Card | None, language: Language | None = None
    ) -> tuple[Reply, ...]:
        """Return up to 3 replies to the customer's last turn, the last of `turns`; none after a seat's turn.

        They are in the language that the customer speaks in that turn, which `language` may overrule. A wording of
        which a value is missing is not offered, nor one that a quotation would turn into a promise.
        """
        if not turns or turns[-1][0].speaker != "customer":
            return ()
        turn, analysis = turns[-1]
        spoken = language or analysis.language
        values = _values(turns, card, spoken)
        phrases = self._ear.hear(turn.text)
        is_first = not any(one.speaker == "customer" for one, _analysis in turns[:-1])
        offered: dict[Kind, Reply] = {}
        for wording in self._wordings:
            form = wording.form
            if form.kind in offered or not _fits(wording, analysis, phrases, values, card, is_first=is_first):
                continue
            text = _filled(form.text.within(spoken), values)
            if text is not None and promises(text) is None:
                offered[form.kind] = Reply(template=form.name, text=text)
        return tuple(offered.values())[:_MOST_REPLIES]


def _read(path: Path) -> dict[str, tuple[ReplyForm, Path]]:
    found: dict[str, tuple[ReplyForm, Path]] = {}
    for form in read_yaml(path, ReplyFile).replies:
        if form.name in found:
            raise wrong(path, f"replies.{form.name}", _("the name stands there twice"))
        _check(form, path)
        found[form.name] = (form, path)
    return found


def _names(data: ReplyFile) -> set[str]:
    return {form.name for form in data.replies}


def _check(form: ReplyForm, path: Path) -> None:
    entry = f"replies.{form.name}"
    if not form.when:
        raise wrong(path, f"{entry}.when", _("give a condition, or it would be offered at every turn"))
    for language, text in (("en", form.text.en), ("zh", form.text.zh)):
        rest = _PLACEHOLDER.sub("", text)
        if "{" in rest or "}" in rest:
            reason = _(
                "a placeholder is a name of small letters in braces, such as {placeholder}", placeholder="{amount}"
            )
            raise wrong(path, f"{entry}.text.{language}", reason)
        promise = promises(text)
        if promise is not None:
            reason = _("it promises something: {words}; no wording may", words=promise)
            raise wrong(path, f"{entry}.text.{language}", reason)
    en, zh = (set(_PLACEHOLDER.findall(text)) for text in (form.text.en, form.text.zh))
    if en != zh:
        names = ", ".join(sorted(en ^ zh))
        raise wrong(path, f"{entry}.text", _("only one language has these placeholders: {names}", names=names))


def _fits(
    wording: _Wording,
    analysis: Analysis,
    phrases: frozenset[int],
    values: Mapping[str, str],
    card: Card | None,
    *,
    is_first: bool,
) -> bool:
    when = wording.form.when
    intent = analysis.intent.name if analysis.intent and analysis.intent.confidence >= _SURE else None
    feeling = analysis.emotion.label if analysis.emotion else "calm"
    return (
        (not when.intents or intent in when.intents)
        and (not when.emotions or feeling in when.emotions)
        and (wording.said is None or wording.said in phrases)
        and values.keys() >= set(when.slots)
        and not values.keys() & set(when.without_slots)
        and when.card in (None, card is not None)
        and when.first in (None, is_first)
    )


def _values(turns: Sequence[tuple[Turn, Analysis]], card: Card | None, language: Language) -> dict[str, str]:
    """Return what stands for each placeholder: of a value the last one said, in its own words where they fit."""
    values: dict[str, str] = {}
    for _turn, analysis in turns:
        for slot in analysis.slots:
            if slot.valid:
                values[slot.name] = slot.text if analysis.language == language or slot.text.isascii() else slot.value
    # A quotation in another language cannot be read out.
    if card is not None and language_of(card.text) == language:
        values[_CARD], values[_DOCUMENT] = card.text, card.document
    return values


def _filled(template: str, values: Mapping[str, str]) -> str | None:
    """Return the text with its values; None where one is missing."""
    if not values.keys() >= set(_PLACEHOLDER.findall(template)):
        return None
    return _PLACEHOLDER.sub(lambda found: values[found.group(1)], template)
