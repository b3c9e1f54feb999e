"""The check that an answer names no product whose risk is too high for the customer: R1 to R5 against C1 to C5."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal, get_args

from appliance.guardrails.lexicon import Entry, Lexicon
from appliance.guardrails.verdict import Finding, Ruling
from appliance.scenario.checks import OutputCheck

RiskGrade = Literal["R1", "R2", "R3", "R4", "R5"]
"""Risk of a product, low to high."""
RiskClass = Literal["C1", "C2", "C3", "C4", "C5"]
"""Risk that a customer can bear, low to high: C3 may be offered R1 to R3."""

_NAME, _VERSION = "suitability", "1"
_SUITABLE = "suitable"


@dataclass(frozen=True)
class Suitability:
    """What an action knows: the customer's class, and the grade of each product by every name that it goes by."""

    customer: RiskClass
    products: Mapping[str, RiskGrade]


def suitability(action: Ruling = "block") -> OutputCheck[Suitability]:
    """Return the check; a product named that the customer may not be offered is `suitability:GRADE/CLASS`.

    Names are found however they are spelled: blanks, width, traditional characters. A name inside a longer one that
    suits does not count. A product that the facts do not name cannot be found, so give all that the bank offers. An
    unknown grade or class blocks.
    """
    return OutputCheck(_NAME, _VERSION, partial(_find, action=action), reviews=action == "review")


def _find(text: str, facts: Suitability, *, action: Ruling) -> list[Finding]:
    names = _names(facts.customer, frozenset(facts.products.items()))
    found = []
    for hit in names.find(text):
        grade = hit.rule.partition(":")[2].partition("/")[0]
        if grade != _SUITABLE:
            rule = f"{_NAME}:{grade.upper()}/{facts.customer}"
            found.append(Finding(rule, _VERSION, hit.start, hit.end, action))
    return found


@lru_cache(maxsize=32)
def _names(customer: RiskClass, products: frozenset[tuple[str, RiskGrade]]) -> Lexicon:
    """Return the products' names, each in the category of its grade where it does not suit. Raises `ValueError`."""
    most = get_args(RiskClass).index(customer)
    return Lexicon(
        Entry(name, _SUITABLE if get_args(RiskGrade).index(grade) <= most else grade.lower(), "block",
              pinyin=False, leet=False)
        for name, grade in sorted(products)
    )  # fmt: skip
