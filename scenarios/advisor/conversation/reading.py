"""What one turn says, before anything is decided: whom and what it names, and the values in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from appliance.knowledge.language.terms import fold
from appliance.knowledge.language.text import clean

from ..data.dataset import Dataset
from .names import Mention, names_of, plain
from .spans import amount_in, cut, day_in, levels_in, limits_in, term_in, window_in
from .vocabulary import Words, any_in, first_of

_EDGES: Final = re.compile("(?<=[\u3400-\u9fff])(?=[a-z])|(?<=[a-z])(?=[\u3400-\u9fff])")
LONGEST: Final = 2000
"""Characters of one turn."""


@dataclass(frozen=True)
class Reading:
    """The parts of a turn. `folded` has what was named blanked out; `whole` is the folded turn as it was said."""

    text: str
    whole: str
    folded: str
    clients: tuple[Mention, ...] = ()
    products: tuple[Mention, ...] = ()
    securities: tuple[Mention, ...] = ()
    corrected: bool = False
    amount: float | None = None
    currency: str | None = None
    window: str | None = None
    day: date | None = None
    limits: dict[str, Any] = field(default_factory=dict)
    method: str | None = None
    scenario: str | None = None
    asset_class: str | None = None
    min_level: str | None = None
    max_level: str | None = None
    term_days: int | None = None
    measure: str | None = None
    of_client: bool = False
    of_product: bool = False
    follows: bool = False
    pressing: bool = False

    @property
    def unknown(self) -> Mention | None:
        """The first id that the data does not know."""
        return next((one for one in (*self.clients, *self.products, *self.securities) if not one.ids), None)

    @property
    def named(self) -> bool:
        """Tell whether it names or asks for anything at all."""
        values = (self.amount, self.window, self.day, self.method, self.scenario, self.measure, self.asset_class,
                  self.min_level, self.max_level, self.currency, self.term_days)  # fmt: skip
        return bool(self.clients or self.products or self.securities or self.limits) or any(
            value is not None for value in values
        )


def readable(text: str) -> str:
    """Return a turn without control and invisible characters, on one line."""
    return " ".join(clean(text).split())


def read(text: str, dataset: Dataset, words: Words, *, today: date, bare_amount: bool = False) -> Reading:
    """Return what a turn says. `bare_amount`: a number without a unit is a sum of money, however small."""
    said = readable(text)[:LONGEST]
    low = plain(said)
    mentions, corrected = _meant(names_of(dataset).find(low), low, words)
    left = low
    for one in mentions.all:
        left = cut(left, one.start, one.end)
    whole, folded = fold(low), _apart(fold(left))
    window, rest = window_in(folded, words)
    limits, rest = limits_in(rest, words)
    scenario = first_of(words.scenarios, rest)
    if scenario is None:
        day, rest = day_in(rest, today)
    else:
        day = None
        for pattern in words.scenarios[scenario]:
            rest = pattern.sub(" ", rest)
    term = term_in(rest) if window is None or "以内" in folded or "within" in folded else None
    amount, currency = amount_in(rest, bare=bare_amount)
    lowest, highest = (None, None) if limits.get("above_levels") else levels_in(rest, words)
    return Reading(
        text=said, whole=whole, folded=folded, clients=mentions.clients, products=mentions.products,
        securities=mentions.securities, corrected=corrected, amount=amount,
        currency=currency if amount is not None else first_of(words.currencies, rest), window=window, day=day,
        limits=limits, method=first_of(words.methods, folded), scenario=scenario,
        asset_class=first_of(words.asset_classes, rest), min_level=lowest, max_level=highest, term_days=term,
        measure=first_of(words.measures, folded), of_client=any_in(words.client_pronouns, folded),
        of_product=any_in(words.product_pronouns, folded), follows=any_in(words.follows, folded.strip()),
        pressing=any_in(words.pressing, folded),
    )  # fmt: skip


def _apart(folded: str) -> str:
    """Return a text with a blank between Chinese and Latin letters, so that words have edges."""
    return _EDGES.sub(" ", folded)


@dataclass(frozen=True)
class _Mentions:
    clients: tuple[Mention, ...]
    products: tuple[Mention, ...]
    securities: tuple[Mention, ...]
    all: tuple[Mention, ...]


def _meant(found: Sequence[Mention], text: str, words: Words) -> tuple[_Mentions, bool]:
    """Sort mentions by kind, without those that stand behind a "not" while another of their kind does not."""
    denied = [one for one in found if any_in(words.corrections, text[: one.start])]
    kept = [one for one in found if one not in denied or all(other in denied for other in found
                                                              if other.kind == one.kind)]  # fmt: skip
    first: dict[tuple[str, tuple[str, ...]], Mention] = {}
    for one in kept:
        first.setdefault((one.kind, one.ids), one)
    own = list(first.values())
    return _Mentions(
        tuple(one for one in own if one.kind == "client"), tuple(one for one in own if one.kind == "product"),
        tuple(one for one in own if one.kind == "security"), tuple(found),
    ), len(kept) < len(found)  # fmt: skip
