"""How likely a customer is to complain or to ask for somebody else: rules with points, folded over a call's turns.

`RiskRules.mark` looks at one turn, once; `RiskRules.risk` adds up what was marked and runs no pattern.
"""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from appliance.core.messages import _
from appliance.core.validation import Fault
from appliance.guardrails.personal.folding import fold
from appliance.scenario.words import Words

from ..models import Analysis, Level, Risk, Speaker, Turn
from .files import read_yaml, wrong
from .templates import phrase_pattern
from .vocabulary import small

SHIPPED = Path(__file__).with_name("risk.yaml")
_LONGEST = 20_000  # characters of a turn that are read
_WINDOW = 24
_NOT_BEFORE = re.compile(
    r"(?:(?:(?<![要是得])不|没有?|别)(?:想|会|是|用|必|打算)?要?)$"
    r"|(?:\b(?:do|did|does|wo)n'?t|\bnot|\bnever|\bno need|\bwithout)"
    r"(?: (?:want|need|going|trying|here|planning|have|wish|to|a|like))* $"
)
_SHINGLE, _MOST_SHINGLES = 2, 60
_REQUESTS = 30  # of the last customer turns that are compared for repetition
_ALIKE = 0.5  # of the shingles of the shorter turn
_FALL_TURNS = 3
_Points = Annotated[float, Field(ge=-1.0, le=1.0)]
_Phrase = Annotated[str, Field(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Phrases(_Part):
    """Phrases in both languages; a turn is searched for all of them, since callers mix."""

    zh: tuple[_Phrase, ...] = Field(default=(), max_length=500)
    en: tuple[_Phrase, ...] = Field(default=(), max_length=500)

    @field_validator("zh", "en")
    @classmethod
    def _readable(cls, phrases: tuple[str, ...]) -> tuple[str, ...]:
        for phrase in phrases:
            phrase_pattern(phrase)
        return phrases

    def compiled(self) -> re.Pattern[str] | None:
        """Return one pattern of all phrases."""
        patterns = [phrase_pattern(phrase) for phrase in (*self.zh, *self.en)]
        return re.compile("|".join(patterns)) if patterns else None


class _EmotionCount(_Part):
    """So many turns of this emotion among the last ones of the customer."""

    label: Literal["satisfied", "anxious", "confused", "disappointed", "angry"]
    turns: int = Field(default=1, ge=1, le=100)
    among: int = Field(default=100, ge=1, le=100)


class _Rule(_Part):
    """A rule with exactly one condition."""

    name: str = Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=64)
    title: Words
    escalation: _Points = 0.0
    complaint: _Points = 0.0
    speaker: Speaker = "customer"
    phrases: _Phrases | None = None
    unless: _Phrases | None = None
    """Phrases that are not meant; they count for nothing where they overlap one of `phrases`."""
    repeats: int | None = Field(default=None, ge=2, le=20)
    """So often the customer asked the same, in much the same words."""
    emotion: _EmotionCount | None = None
    falls: float | None = Field(default=None, ge=0.05, le=2.0)
    """By so much the customer's last three turns are worse than those before, and upset by themselves."""

    @property
    def raises(self) -> bool:
        """Whether it adds to a figure."""
        return self.escalation > 0 or self.complaint > 0

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        conditions = (self.phrases, self.repeats, self.emotion, self.falls)
        if sum(one is not None for one in conditions) != 1 or (self.unless and not self.phrases):
            raise Fault(_("a rule has exactly one of phrases, repeats, emotion and falls; unless goes with phrases"))
        return self


class _Levels(_Part):
    """From where on the higher of the two figures is medium or high."""

    medium: float = Field(gt=0.0, le=1.0)
    high: float = Field(gt=0.0, le=1.0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.high <= self.medium:
            raise Fault(_("high must be above medium"))
        return self


class _File(_Part):
    """The whole of risk.yaml."""

    levels: _Levels | None = None
    without: tuple[str, ...] = ()
    """In a bank's own file: names of shipped rules that are not to count."""
    rules: tuple[_Rule, ...] = Field(default=(), max_length=500)


@dataclass(frozen=True)
class RiskMarks:
    """What the rules see in one turn; empty for most turns."""

    rules: tuple[str, ...] = ()
    """Names of the rules whose phrases it holds."""
    customer: bool = False
    emotion: str | None = None
    score: float = 0.0
    intent: str | None = None
    shingles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RiskRules:
    """The rules for escalation and complaint."""

    _rules: tuple[_Rule, ...]
    _levels: _Levels
    _patterns: tuple[tuple[_Rule, re.Pattern[str], re.Pattern[str] | None], ...] = field(repr=False)

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "RiskRules":
        """Read the shipped file and the bank's own, whose rules replace those of the same name.

        Raises `ConfigError`, which names the file and the entry.
        """
        base = _read(shipped)
        if base.levels is None:
            raise wrong(shipped, "levels", _("it is missing"))
        rules, levels = {rule.name: rule for rule in base.rules}, base.levels
        if own is not None and own.exists():
            added = _read(own)
            levels = added.levels or levels
            for name in added.without:
                if name not in rules:
                    raise wrong(own, "without", _("there is no shipped rule {name}", name=name))
                del rules[name]
            rules |= {rule.name: rule for rule in added.rules}
        patterns = []
        for rule in rules.values():
            pattern = rule.phrases.compiled() if rule.phrases else None
            if pattern is not None:
                patterns.append((rule, pattern, rule.unless.compiled() if rule.unless else None))
        return cls(tuple(rules.values()), levels, tuple(patterns))

    def mark(self, turn: Turn, analysis: Analysis) -> RiskMarks:
        """Look at one turn, once; the patterns run only here."""
        text = small(fold(turn.text[:_LONGEST]).text).replace("’", "'")
        customer = turn.speaker == "customer"
        held = tuple(
            rule.name
            for rule, pattern, unless in self._patterns
            if rule.speaker == turn.speaker and _holds(text, pattern, unless)
        )
        if not customer:
            return RiskMarks(held) if held else _NOTHING
        emotion = analysis.emotion
        return RiskMarks(
            rules=held,
            customer=True,
            emotion=emotion.label if emotion else None,
            score=emotion.score if emotion else 0.0,
            intent=analysis.intent.name if analysis.intent else None,
            shingles=_shingles(text),
        )

    def risk(self, marks: Sequence[RiskMarks], language: str) -> Risk:
        """Return the risk after the turns of these marks, in their order, with reasons in `language`."""
        held = {name for mark in marks for name in mark.rules}
        heard = [mark for mark in marks if mark.customer]
        repeated = _repeated(heard[-_REQUESTS:])
        standing = [rule for rule in self._rules if self._stands(rule, held, heard, repeated)]
        if not any(rule.raises for rule in standing):
            standing = []  # nothing that could be taken back
        escalation = _sum([rule.escalation for rule in standing])
        complaint = _sum([rule.complaint for rule in standing])
        highest = max(escalation, complaint)
        level: Level = "low"
        if highest >= self._levels.medium:
            level = "high" if highest >= self._levels.high else "medium"
        standing.sort(key=lambda rule: -abs(rule.escalation) - abs(rule.complaint))
        reasons = tuple(rule.title.within(language) for rule in standing)
        return Risk(escalation=round(escalation, 2), complaint=round(complaint, 2), level=level, reasons=reasons)

    @staticmethod
    def _stands(rule: _Rule, held: set[str], heard: Sequence[RiskMarks], repeated: int) -> bool:
        if rule.phrases is not None:
            return rule.name in held
        if rule.repeats is not None:
            return repeated >= rule.repeats
        if rule.emotion is not None:
            last = heard[-rule.emotion.among :]
            return sum(mark.emotion == rule.emotion.label for mark in last) >= rule.emotion.turns
        return rule.falls is not None and _fall([mark.score for mark in heard[-4 * _FALL_TURNS :]]) >= rule.falls


_NOTHING = RiskMarks()


def risk_of(turns: Sequence[tuple[Turn, Analysis]], rules: RiskRules, language: str) -> Risk:
    """Return the risk of a whole call; a live one keeps the marks and calls `RiskRules.risk`."""
    return rules.risk([rules.mark(turn, analysis) for turn, analysis in turns], language)


def _read(path: Path) -> _File:
    file = read_yaml(path, _File)
    twice = [name for name, count in Counter(rule.name for rule in file.rules).items() if count > 1]
    if twice:
        raise wrong(path, "rules", _("the name {name} stands there twice", name=twice[0]))
    return file


def _holds(text: str, pattern: re.Pattern[str], unless: re.Pattern[str] | None) -> bool:
    """Tell whether a text holds a phrase that is meant: not negated, and not within one of `unless`."""
    for match in pattern.finditer(text):
        if _NOT_BEFORE.search(text[max(0, match.start() - _WINDOW) : match.start()]):
            continue
        others = unless.finditer(text) if unless else ()
        if not any(other.start() < match.end() and match.start() < other.end() for other in others):
            return True
    return False


def _shingles(text: str) -> frozenset[str]:
    """Return what a turn is compared by: pairs of Chinese characters, words in Latin script."""
    words = list(re.findall(r"[a-z']{3,}", text[:400]))
    pairs = [
        pair for run in re.findall("[\u4e00-\u9fff]+", text[:400]) for pair in map("".join, itertools.pairwise(run))
    ]
    found = [*words, *pairs][:_MOST_SHINGLES]
    return frozenset(found) if len(found) >= 3 else frozenset()


def _repeated(heard: Sequence[RiskMarks]) -> int:
    """Return how often the request that was made most often was made: alike in words, and of no other intent."""
    requests = [mark for mark in heard if mark.shingles]
    most = 1 if requests else 0
    for at, mark in enumerate(requests):
        alike = 1 + sum(_same(mark, other) for other in requests[:at])
        most = max(most, alike)
    return most


def _same(one: RiskMarks, other: RiskMarks) -> bool:
    if one.intent and other.intent and one.intent != other.intent:
        return False
    common = len(one.shingles & other.shingles)
    return common >= 3 and common >= _ALIKE * min(len(one.shingles), len(other.shingles))


def _sum(points: Sequence[float]) -> float:
    """Return the points raised, at most 1, less those taken back."""
    raised = min(sum(point for point in points if point > 0), 1.0)
    return max(0.0, raised + sum(point for point in points if point < 0))


def _fall(scores: Sequence[float]) -> float:
    """Return by how much the last three turns are worse than those before; 0 unless they are upset by themselves."""
    if len(scores) < _FALL_TURNS + 1:
        return 0.0
    after, before = scores[-_FALL_TURNS:], scores[:-_FALL_TURNS]
    now = sum(after) / len(after)
    return sum(before) / len(before) - now if now <= -0.25 and after[-1] < 0 else 0.0
