"""What a question asks of a table: the operation, the periods, limits and what kind of thing answers."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from appliance.knowledge.language.text import Language, language_of
from appliance.knowledge.tables import phrases
from appliance.knowledge.tables.figures import SCALES
from appliance.knowledge.tables.periods import Period, periods_in
from appliance.knowledge.tables.words import Term, terms_of

Operation = Literal[
    "lookup", "difference", "change_percent", "sum", "average", "ratio", "share_percent", "count", "most", "least",
    "beyond", "periods", "parts",
]  # fmt: skip
Wanted = Literal["value", "period", "item"]

_RULES: dict[Operation, re.Pattern[str]] = {
    "change_percent": phrases.CHANGE_PERCENT,
    "share_percent": phrases.SHARE,
    "ratio": phrases.RATIO,
    "average": phrases.AVERAGE,
    "difference": phrases.DIFFERENCE,
    "sum": phrases.SUM,
}  # the first that fits counts
_MOST_NAMES = 2  # more words with a capital are the name of a row, written as the table does
_MONTH = re.compile(r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*$")


@dataclass(frozen=True)
class Limit:
    """A figure that values must exceed (`more`) or stay below, with the scale as written (1 where none is)."""

    value: float
    scale: float
    more: bool


@dataclass(frozen=True)
class Asked:
    """A question about a table taken apart. `content` are the places in `terms` that name what is asked about."""

    text: str
    folded: str
    language: Language
    operation: Operation
    wanted: Wanted
    periods: tuple[Period, ...]
    relative: tuple[str, ...]
    terms: tuple[Term, ...]
    content: frozenset[int]
    names: frozenset[str] = frozenset()
    """Stems of the proper names in an English question."""
    limit: Limit | None = None
    counts: bool = False
    second: bool = False
    each: bool = False
    """Whether several values are asked for, one by one."""
    prose: bool = False
    """Whether a reason or a meaning is asked for, which no figure gives."""


def ask(text: str) -> Asked:
    """Take a question apart."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    limit = _limit(folded)
    operation, wanted = _operation(folded, limit)
    each = phrases.EACH.search(folded) is not None
    operation = "lookup" if each and operation == "sum" else operation
    terms = terms_of(text)
    relative = tuple("last" if match["last"] else "now" for match in phrases.RELATIVE.finditer(folded))
    return Asked(
        text,
        folded,
        language_of(text),
        operation,
        wanted,
        periods_in(_without_limit(folded, limit)),
        relative,
        terms,
        _content(_without_kind(text) if wanted == "item" else text, terms),
        _names(text),
        limit,
        counts=phrases.COUNT.search(folded) is not None and operation in ("beyond", "parts"),
        second=phrases.SECOND.search(folded) is not None and operation in ("most", "least"),
        each=each,
        prose=phrases.PROSE.search(folded) is not None,
    )


def _operation(folded: str, limit: Limit | None) -> tuple[Operation, Wanted]:
    period = phrases.WHICH_PERIOD.search(folded)
    wanted: Wanted = "period" if period else "item" if phrases.WHICH_ITEM.search(folded) else "value"
    if phrases.WHICH_PERIODS_TOLD.search(folded) and limit is None and not _extreme(folded):
        return "periods", "period"
    if limit is not None and wanted != "value":
        return "beyond", wanted
    extreme = _extreme(folded)
    if extreme and (wanted != "value" or not _computes(folded)):
        return extreme, wanted
    if phrases.PARTS.search(folded) and phrases.ASKS.search(folded) and not _divides(folded):
        return "parts", "item"
    for name, rule in _RULES.items():
        if rule.search(folded):
            moves = name == "share_percent" and phrases.MOVES.search(folded) and len(periods_in(folded)) > 1
            return "difference" if moves else name, "value"
    return "lookup", wanted


def _divides(folded: str) -> bool:
    return any(_RULES[name].search(folded) for name in ("change_percent", "share_percent", "average", "ratio"))


def _computes(folded: str) -> bool:
    return any(rule.search(folded) for name, rule in _RULES.items() if name != "sum")


def _extreme(folded: str) -> Operation | None:
    if phrases.BY_HOW_MUCH.search(folded):
        return None
    return "most" if phrases.MOST.search(folded) else "least" if phrases.LEAST.search(folded) else None


def _limit(folded: str) -> Limit | None:
    for word in phrases.BEYOND.finditer(folded):
        number = phrases.LIMIT.match(folded[word.end() :])
        if number and not phrases.YEAR.fullmatch(number["number"]):
            return Limit(float(number["number"].replace(",", "")), SCALES[number["scale"] or ""], bool(word["more"]))
    return None


def _without_limit(folded: str, limit: Limit | None) -> str:
    return folded if limit is None else re.sub(r"[$£€¥]\s?\d[\d,.]*", " ", folded)


def _without_kind(text: str) -> str:
    """Return a question without the noun that says what kind of row answers: "which branches have"."""
    return phrases.KIND.sub(" ", text, count=1)


def _content(text: str, terms: tuple[Term, ...]) -> frozenset[int]:
    """Return the places of the terms that are neither words of the operation nor empty."""
    kept = {term.text for term in terms_of(phrases.own_chinese().sub("，", text))}
    english = {term.text for term in terms_of(text)}
    own = _own_stems()
    return frozenset(
        place
        for place, term in enumerate(terms)
        if (term.text in english - own if term.text.isascii() else term.text in kept) and not term.text[0].isdigit()
    )


def _names(text: str) -> frozenset[str]:
    """Return the stems of words with a capital inside a question that is not written in title case."""
    words = re.findall(r"(?<=[a-z,] )[A-Z][a-z]+(?:'s)?\b", text)
    if len(words) > _MOST_NAMES:
        return frozenset()
    return frozenset(term.text for word in words if not _MONTH.match(word) for term in terms_of(word)) - _own_stems()


@cache
def _own_stems() -> frozenset[str]:
    words = phrases.own_english()
    return words | {term.text for word in words for term in terms_of(word)}
