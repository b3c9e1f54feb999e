"""Chooses among the sentences that a search found: which answers a spoken turn, and how sure that is.

A search weighs sentences against written questions. People who speak tell a story, leave out what was said before and
use other words than documents; so their language, what was said before and the words of the intent count here too.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from appliance.knowledge.answers.span_match import content
from appliance.knowledge.language.text import language_of
from appliance.knowledge.models import Citation

from ..models import Intent, Language

_FILE = Path(__file__).with_name("search_terms.yaml")
# Set on evaluation/golden_calls/fit.yaml.
_WEIGHTS = {
    "found": 0.8,
    "same_language": 0.8,
    "own_in_quote": 1.0,
    "own_in_place": 0.5,
    "before": 0.5,
    "intent_in_quote": 2.5,
    "intent_in_place": 0.8,
}
_ASKED = ("own_in_quote", "intent_in_quote")
_BIAS, _SCORE, _AHEAD, _OUTRIGHT = 0.0, 1.0, 0.5, 0.0
_FARTHEST = 3.0
_LEAST = 1e-4
_CLOSE = 1.0  # below the best score at which another sentence of the same section is quoted too
_MOST_QUOTED = 2
_ABOUT = 0.1  # by which it may have less of it
_LEAST_INTENT = 1.0  # what intents that are less likely in all count less by
_OWN_LANGUAGE = 1.5  # below the best score at which a sentence in the turn's language that says as much is preferred

Terms = Mapping[str, Mapping[Language, Sequence[str]]]


@cache
def read_terms() -> Terms:
    """Return the words that documents use for each intent, by its name."""
    shipped = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {
        name: {language: words.lower().split() for language, words in texts.items()} for name, texts in shipped.items()
    }


@dataclass(frozen=True)
class Heard:
    """What a turn and those before it say, as sentences are compared with it."""

    language: Language
    own: frozenset[str]
    before: frozenset[str]
    wanted: Sequence[tuple[float, Mapping[Language, Sequence[str]]]]
    """The likely intents: the share of each, and its words."""

    @classmethod
    def of(cls, language: Language, words: str, before: str, intents: Iterable[Intent], terms: Terms) -> "Heard":
        """Return what is heard; an intent without words of its own goes by its title."""
        likely = [one for one in intents if one.confidence > 0]
        total = max(sum(one.confidence for one in likely), _LEAST_INTENT)
        wanted = [(one.confidence / total, terms.get(one.name) or _by_title(one.title)) for one in likely]
        own = content(words)
        return cls(language, own, content(before) - own, wanted)


@dataclass(frozen=True)
class Chosen:
    """The sentences of a card in the document's order, the best of them, and how sure it is (0..1)."""

    best: Citation
    quoted: tuple[Citation, ...]
    confidence: float


def choose(heard: Heard, found: Sequence[Citation], *, outright: bool) -> Chosen | None:
    """Return the best of the sentences found, with another of its section that is nearly as good."""
    scored = sorted(
        ((_score(heard, one), place, one) for place, one in enumerate(found)), key=lambda one: (-one[0], one[1])
    )
    if not scored:
        return None
    score, _place, best = scored[0]
    if language_of(best.quote) != heard.language:
        close = (one for other, _at, one in scored if other >= score - _OWN_LANGUAGE)
        best = next((one for one in close if _as_good(heard, one, best)), best)
    near = [one for other, _at, one in scored if one is not best and other >= score - _CLOSE and _together(one, best)]
    elsewhere = next((other for other, _at, one in scored[1:] if not _together(one, best)), score - _FARTHEST)
    ahead = min(score - elsewhere, _FARTHEST)
    odds = _BIAS + _SCORE * score + _AHEAD * ahead + _OUTRIGHT * outright
    quoted = tuple(sorted([best, *near[: _MOST_QUOTED - 1]], key=lambda one: one.start))
    return Chosen(best, quoted, 1 / (1 + math.exp(-odds)))


def signals(heard: Heard, one: Citation) -> dict[str, float]:
    """Return why a sentence may answer: log-odds of the search, all else 0..1."""
    language = language_of(one.quote)
    quote, place = one.quote.lower(), f"{one.section} {one.document}".lower()
    chance = min(max(one.score, _LEAST), 1 - _LEAST)
    return {
        "found": math.log(chance / (1 - chance)),
        "same_language": float(language == heard.language),
        "own_in_quote": _share(heard.own, quote),
        "own_in_place": _share(heard.own, place),
        "before": _share(heard.before, f"{quote} {place}"),
        "intent_in_quote": sum(share * _share(words[language], quote) for share, words in heard.wanted),
        "intent_in_place": sum(share * _share(words[language], place) for share, words in heard.wanted),
    }


def _score(heard: Heard, one: Citation) -> float:
    return sum(_WEIGHTS[name] * value for name, value in signals(heard, one).items())


def _share(words: Iterable[str], text: str) -> float:
    """Return the part of the words that a text in lower case has."""
    known = list(words)
    return sum(word in text for word in known) / len(known) if known else 0.0


def _as_good(heard: Heard, one: Citation, best: Citation) -> bool:
    """Tell whether a sentence is in the turn's language and has as much of what is asked as the best one, and some."""
    if language_of(one.quote) != heard.language:
        return False
    has, wanted = signals(heard, one), signals(heard, best)
    return all(has[name] >= wanted[name] - _ABOUT for name in _ASKED) and any(has[name] > 0 for name in _ASKED)


def _together(one: Citation, other: Citation) -> bool:
    return (one.document_id, one.section, one.row) == (other.document_id, other.section, other.row)


def _by_title(title: str) -> Mapping[Language, Sequence[str]]:
    words = sorted(content(title))
    return {"zh": words, "en": words}
