"""The check that no text says of a refused product that it may be bought: a decision holds, whoever writes the text."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from appliance.guardrails.verdict import Finding, Ruling
from appliance.scenario.checks import OutputCheck
from appliance.scenario.suitability import RiskGrade, Suitability, suitability

from ..models import Product
from .clauses import Clause, Mention, clauses_of
from .decision import Decision
from .wording import Phrase, folded, wording

NAME: Final = "suitability_refusal"
VERSION: Final = "1"
_SERIES = re.compile(r"\s*[A-Z]$")
_NEAR = 60
_SHORT = 20
_NAMES = suitability()


@dataclass(frozen=True)
class Refusals:
    """What was refused in this conversation, by every name that it goes by, and the names of all other products."""

    refused: frozenset[str] = frozenset()
    others: frozenset[str] = field(default=frozenset(), repr=False)
    own_texts: frozenset[str] = field(default=frozenset(), repr=False)
    """What the decisions themselves say: word for word it passes."""

    @classmethod
    def of(cls, decisions: Iterable[Decision], products: Mapping[str, Product]) -> "Refusals":
        """Return the refusals among decisions; `products` are all that the bank offers, by id."""
        ids: dict[str, tuple[str, ...]] = {}
        texts: set[str] = set()
        for one in decisions:
            if one.allowed == "no":
                ids[one.product] = (one.product, one.product_names.en, one.product_names.zh)
                texts |= {one.summary, *one.reasons, *one.remedies, *one.disclosures}
        others = {
            name for key, one in products.items() if key not in ids for name in (one.id, one.name.en, one.name.zh)
        }
        refused = {name for names in ids.values() for name in names}
        # A fund is often named without the letter of its share class.
        short = {_SERIES.sub("", name) for name in refused} - refused
        refused |= {name for name in short if len(name) > 3 and not any(other.startswith(name) for other in others)}
        return cls(frozenset(refused), frozenset(others - refused), frozenset(texts))


def refused(action: Ruling = "block", *, strict: bool = False) -> OutputCheck[Refusals]:
    """Return the check; a text that recommends or allows a refused product is `suitability_refusal:KIND`.

    KIND is buy, recommend, suit or grant; word for another word of buying or suiting in a clause about the product;
    with `strict` also unclear, for a clause about it that neither denies nor states a fact. Sentences that deny, ask,
    report, or put it off until a new assessment are harmless.
    """

    def find(text: str, facts: Refusals) -> list[Finding]:
        places = _places(text, facts, strict)
        return [Finding(f"{NAME}:{kind}", VERSION, start, end, action) for start, end, kind in places]

    return OutputCheck(NAME, VERSION, find, reviews=action == "review")


def refusal_holds(
    text: str, decision: Decision, products: Mapping[str, Product] | None = None, *, strict: bool = True
) -> bool:
    """Tell whether a text leaves a refusal as it is; True for a decision that refuses nothing.

    `products` are all that the bank offers, by id. Where it is False, answer with `decision.summary` instead.
    """
    facts = Refusals.of([decision], products or {})
    return not facts.refused or not _places(text, facts, strict)


def _places(text: str, facts: Refusals, strict: bool) -> list[tuple[int, int, str]]:
    if not facts.refused:
        return []
    plain = folded(text)
    found: list[tuple[int, int, str]] = []
    for clause in clauses_of(plain, _mentions(text, plain, facts)):
        said = [
            (clause.start + hit.start(), clause.start + hit.end(), phrase)
            for phrase in wording().phrases
            for hit in phrase.pattern.finditer(clause.words)
        ]
        said = [one for one in said if not any(name.start <= one[0] and one[1] <= name.end for name in clause.here)]
        exact = [
            (start, end, phrase.kind)
            for start, end, phrase in said
            if _says_so(clause, start, end) and _aims(clause, phrase, start, end)
        ]
        found += exact or ([] if said else _loose(clause, strict))
    own = [(at.start(), at.end()) for one in facts.own_texts for at in re.finditer(re.escape(one), text)]
    return sorted({one for one in found if not any(start <= one[0] and one[1] <= end for start, end in own)})


def _mentions(text: str, plain: str, facts: Refusals) -> list[Mention]:
    """Return the products named, but those that are named as what is not meant."""
    found = [
        Mention(one.start, one.end, mine)
        for mine in (True, False)
        for one in _NAMES.find(text, _graded(facts, mine))
    ]  # fmt: skip
    return sorted(
        (one for one in found if not wording().instead.search(plain[max(0, one.start - 20) : one.start])),
        key=lambda one: one.start,
    )


def _graded(facts: Refusals, mine: bool) -> Suitability:
    """Return the names of interest as unsuitable and the rest as suitable, so that the longer name wins."""
    high: RiskGrade = "R5" if mine else "R1"
    low: RiskGrade = "R1" if mine else "R5"
    return Suitability("C1", dict.fromkeys(facts.refused, high) | dict.fromkeys(facts.others, low))


def _says_so(clause: Clause, start: int, end: int) -> bool:
    """Tell whether the words are said, not denied, asked, reported, or put off until an assessment."""
    if clause.open:
        return False
    before = clause.plain[max(clause.start, start - _NEAR) : start]
    words, rest = clause.plain[start:end], clause.plain[end : min(clause.end, end + _NEAR)]
    return wording().reported.search(before) is None and not _denied(before, words, rest)


def _denied(before: str, words: str, rest: str) -> bool:
    if wording().double.search(before + words):
        return False
    if wording().denied_after.match(rest):
        return True
    return wording().negation.search(wording().neutral.sub(" ", before + words)) is not None


def _aims(clause: Clause, phrase: Phrase, start: int, end: int) -> bool:
    """Tell whether the words are about a refused product."""
    if clause.here:
        return any(one.refused for one in _nearest(clause.plain, clause.here, phrase, start, end))
    if clause.of_other_things:
        return False
    earlier, later = clause.earlier, clause.later
    if later and not clause.plain[end : clause.end].strip():
        return any(one.refused for one in _nearest(clause.plain, later, phrase, start, end))
    named_before = earlier is not None and earlier.start >= clause.first
    if phrase.kind == "recommend" and not clause.pointing and not (named_before and clause.length <= _SHORT):
        return False
    if earlier is not None:
        return earlier.refused and (named_before or clause.pointing or clause.length <= 2 * _SHORT)
    if later and not clause.pointing:
        return later[0].refused
    return clause.pointing or clause.length <= _SHORT // 2


def _loose(clause: Clause, strict: bool) -> list[tuple[int, int, str]]:
    """Return the first word of buying or suiting in a clause that names refused products alone and denies nothing."""
    if not clause.here or not all(one.refused for one in clause.here):
        return []
    words = clause.words
    for one in clause.here:
        at = one.start - clause.start
        words = words[:at] + "\0" * (one.end - one.start) + words[at + one.end - one.start :]
    hit = wording().words.search(words)
    kind = "word"
    if hit is None and strict and not wording().facts.search(words):
        hit, kind = re.search("\0+", words), "unclear"
    if hit is None or wording().stated.search(words) or wording().negation.search(wording().neutral.sub(" ", words)):
        return []
    start, end = clause.start + hit.start(), clause.start + hit.end()
    return [(start, end, kind)] if _says_so(clause, start, end) else []


def _nearest(plain: str, here: Sequence[Mention], phrase: Phrase, start: int, end: int) -> list[Mention]:
    """Return what is meant: the nearest product where it is to be looked for, with those that are named beside it."""
    before = [one for one in here if one.end <= start]
    after = [one for one in here if one.start >= end]
    if after and (phrase.follows or not before):
        meant = [after[0]]
        for one in after[1:]:
            if wording().joined.search(plain[meant[-1].end : one.start]):
                meant.append(one)
        return meant
    meant = [before[-1] if before else here[0]]
    for one in reversed(before[:-1]):
        if wording().joined.search(plain[one.end : meant[-1].start]):
            meant.append(one)
    return meant
