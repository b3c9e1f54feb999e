"""How far a label of a table and a question speak of the same: stems, Chinese character pairs, glossary terms."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from appliance.knowledge.asking.values import spelled_out
from appliance.knowledge.language.glossary import chinese_terms_in, english_terms_in
from appliance.knowledge.language.terms import fold, pairs, stem
from appliance.knowledge.tables.periods import without_periods
from appliance.knowledge.tables.phrases import empty_words

_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z]+(?:['’]s)?|\d+(?:\.\d+)?%?")
_FOOTNOTES = re.compile(r"(?<=[^\s\d])\s?\(\d{1,2}\)|\*+|(?<=[a-z)])\d(?!\d)")
_UNIT_NOTES = re.compile(
    r"\((?:[^()]*\b(?:in|\$)\s?)?(?:millions?|thousands?|usd|cny|rmb|%|cents|[\W\d]*|(?:人民币)?[百千万亿]{0,2}元|%)\)"
    r"|单位:\S+"
)
_POSSESSIVE = re.compile(r"['’]s\b")
_PERIODS_OF_TIME = {"年": "year", "年期": "year", "个月": "month", "个月期": "month", "天": "day"}
_PREFIX = 6  # letters that two English words share to be forms of one
_FORM = 0.8
_CHINESE_WEIGHT = 0.6  # of one character pair against one English word
_SYNONYM = 0.85


@dataclass(frozen=True)
class Term:
    """A stem, a number or a pair of Chinese characters; `meanings` are the glossary entries it belongs to."""

    text: str
    weight: float
    meanings: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Match:
    """How a label fits a question: weights of its terms found and not found, and the question's terms found."""

    found: float = 0.0
    missing: float = 0.0
    places: frozenset[int] = frozenset()
    span: tuple[int, int] | None = None
    """Where the whole label stands in the question, as places of its first term and behind its last."""

    @property
    def cover(self) -> float:
        """Share of the label that the question names, 0..1."""
        return self.found / (self.found + self.missing) if self.found else 0.0


NO_MATCH = Match()


@lru_cache(maxsize=4096)
def terms_of(text: str) -> tuple[Term, ...]:
    """Return the terms of a label or question in order, without periods, notes and empty words."""
    words = without_periods(_UNIT_NOTES.sub(" ", _FOOTNOTES.sub(" ", unicodedata.normalize("NFKC", text).lower())))
    words = spelled_out(fold(_POSSESSIVE.sub("", words)))
    found: list[Term] = []
    english: list[str] = []

    def flush() -> None:
        marked: dict[int, set[int]] = {}
        for start, end, entries in english_terms_in(english):
            for place in range(start, end):
                marked.setdefault(place, set()).update(id(entry) for entry in entries)
        found.extend(
            Term(word, 1.0, frozenset(marked.get(place, ())))
            for place, word in enumerate(english)
            if word not in empty_words()
        )
        english.clear()

    for match in _RUN.finditer(words):
        run = match.group()
        if run[0] < "\u3400":
            english.append(stem(run))
            continue
        if run in _PERIODS_OF_TIME:
            english.append(_PERIODS_OF_TIME[run])
            continue
        flush()
        found.extend(_chinese(run))
    flush()
    return tuple(found)


def _chinese(run: str) -> list[Term]:
    marked: dict[int, set[int]] = {}
    for start, end, entries in chinese_terms_in(run):
        for place in range(start, end - 1):
            marked.setdefault(place, set()).update(id(entry) for entry in entries)
    return [
        Term(pair, _CHINESE_WEIGHT, frozenset(marked.get(place, ())))
        for place, pair in enumerate(pairs(run))
        if pair not in empty_words()
    ]


def match(label: str, asked: tuple[Term, ...], rarity: dict[str, float]) -> Match:
    """Compare a label with the terms of a question; `rarity` weighs the terms by how few labels have them."""
    terms = terms_of(label)
    if not terms or not asked:
        return NO_MATCH
    where: dict[str, list[int]] = {}
    for place, term in enumerate(asked):
        where.setdefault(term.text, []).append(place)
    found = missing = 0.0
    places: set[int] = set()
    for term in terms:
        weight = term.weight * rarity.get(term.text, 1.0)
        if term.text in where:
            found += weight
            places.update(where[term.text])
            continue
        alike = [place for place, other in enumerate(asked) if term.meanings & other.meanings]
        forms = [place for place, other in enumerate(asked) if _is_form(term.text, other.text)]
        if alike or forms:
            found += weight * (_SYNONYM if alike else _FORM)
            alike = alike or forms
            places.update(alike)
        else:
            missing += weight
    return Match(found, missing, frozenset(places), _stands_in(terms, asked))


def _is_form(one: str, other: str) -> bool:
    """Tell whether two stems are forms of one word, as `requir` and `requirement`."""
    short, long = sorted((one, other), key=len)
    return len(short) >= _PREFIX and long.startswith(short)


def _stands_in(terms: tuple[Term, ...], asked: tuple[Term, ...]) -> tuple[int, int] | None:
    """Return where the label stands in the question as it is."""
    label, words = [term.text for term in terms], [term.text for term in asked]
    for at in range(len(words) - len(label) + 1):
        if words[at : at + len(label)] == label:
            return at, at + len(label)
    return None
