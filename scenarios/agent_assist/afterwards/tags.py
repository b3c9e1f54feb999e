"""Tags of a call, by rules; each with the turns that it rests on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from appliance.core.messages import _
from appliance.core.validation import Fault
from appliance.scenario.words import Words

from ..models import CallFacts, Level, Part
from .books import read_entries
from .clauses import keepable, kept_texts
from .phrases import Said, any_hit
from .shapes import Heard, Tag

_SURE = 0.5  # confidence below which an intent is no evidence
_MOST_PRODUCTS = 5
_LEVELS: tuple[Level, ...] = ("low", "medium", "high")


class TagRule(Part):
    """A tag and its signs: a turn with any of them is evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    title: Words
    group: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    intents: tuple[str, ...] = Field(default=(), description="Intents of a customer's turn.")
    said: tuple[Said, ...] = ()
    emotions: tuple[Literal["calm", "satisfied", "anxious", "confused", "disappointed", "angry"], ...] = ()
    least: int = Field(default=1, ge=1, le=100, description="How many turns must show it.")
    complaint_risk: Level | None = Field(default=None, description="The level of risk at which the call has it anyway.")

    @model_validator(mode="after")
    def _has_a_sign(self) -> Self:
        if not (self.intents or self.said or self.emotions):
            raise Fault(_("a tag needs intents, said or emotions"))
        return self


@dataclass(frozen=True)
class TagBook:
    """The rules by name."""

    rules: Mapping[str, TagRule]

    @classmethod
    def load(cls, shipped: Path, own: Path | None) -> "TagBook":
        """Read the shipped rules and the bank's own. Raises `ConfigError` that names file, entry and what to do."""
        return cls(read_entries(shipped, own, TagRule, "tags"))


def tags_of(turns: Sequence[Heard], book: TagBook, *, language: str, facts: CallFacts | None = None) -> tuple[Tag, ...]:
    """Return the tags of a call: those of the rules in their order, then the products that slots name.

    `facts` are those of the call, whose risk counts for rules that ask for it.
    """
    texts = kept_texts(turns)
    found = [tag for rule in book.rules.values() if (tag := _by_rule(rule, turns, texts, language, facts))]
    return (*found, *_products(turns))


def _by_rule(
    rule: TagRule, turns: Sequence[Heard], texts: Sequence[str], language: str, facts: CallFacts | None
) -> Tag | None:
    ids = tuple(dict.fromkeys(_evidence(rule, turns, texts)))
    enough = len(ids) >= rule.least or (bool(ids) and _is_at_risk(rule, facts))
    if not enough:
        return None
    return Tag(name=rule.name, title=rule.title.within(language), group=rule.group, turns=ids)


def _is_at_risk(rule: TagRule, facts: CallFacts | None) -> bool:
    if rule.complaint_risk is None or facts is None:
        return False
    return _LEVELS.index(facts.risk.level) >= _LEVELS.index(rule.complaint_risk)


def _evidence(rule: TagRule, turns: Sequence[Heard], texts: Sequence[str]) -> Iterator[str]:
    for (turn, analysis), text in zip(turns, texts, strict=True):
        intent = analysis.intent
        intended = intent is not None and intent.confidence >= _SURE and intent.name in rule.intents
        felt = analysis.emotion is not None and analysis.emotion.label in rule.emotions
        if intended or felt or any_hit(rule.said, turn.speaker, text):
            yield turn.id


def _products(turns: Sequence[Heard]) -> list[Tag]:
    """Return a tag for each product that is named, the most often named first."""
    named: dict[str, list[str]] = {}
    titles: dict[str, str] = {}
    for turn, analysis in turns:
        for slot in analysis.slots:
            if slot.name == "product" and slot.valid:
                value = keepable(slot.value)
                named.setdefault(value, []).append(turn.id)
                titles.setdefault(value, keepable(slot.text) or value)
    most = sorted(named.items(), key=lambda entry: -len(entry[1]))[:_MOST_PRODUCTS]
    return [
        Tag(name=f"product:{name}", title=titles[name], group="product", turns=tuple(dict.fromkeys(ids)))
        for name, ids in most
        if name
    ]
