"""Tests of the items that must tie; what fails is reported, never repaired."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_as

from ..models import Check, Item, Place, Scope
from .chart import Chart
from .headers import UNITS

SHIPPED: Final = Path(__file__).with_name("checks.yaml")
_LEAST: Final = 0.01
"""Currency units that any sum may miss."""

_Book = Mapping[str, Item]


class Test(BaseModel):
    """One entry of checks.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: Words
    left: dict[str, int]
    right: dict[str, int] = Field(default_factory=dict)
    parts: str | None = None
    optional: tuple[str, ...] = ()
    between: bool = False
    complete: bool = Field(default=False, description="Made only where every printed line has an account.")
    information: bool = False


class Tests(BaseModel):
    """The whole of checks.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checks: tuple[Test, ...]


@cache
def shipped_tests() -> tuple[Test, ...]:
    """Return the tests that ship with us."""
    return read_as(SHIPPED, Tests).checks


def check_items(items: Sequence[Item], chart: Chart, unlisted: Sequence[str], language: str) -> tuple[Check, ...]:
    """Return every test that can be made, by period and scope; `unlisted` are files whose lines are not all known."""
    books: dict[tuple[str, int, Scope], dict[str, Item]] = defaultdict(dict)
    for item in items:
        books[item.period, item.months, item.scope][item.account] = item
    decimals = _decimals(items)
    made = []
    for (period, months, scope), book in _joined(books).items():
        before = _before(books, period, months, scope)
        for test in shipped_tests():
            check = _check(test, book, before, chart, unlisted, decimals)
            if check is not None:
                left, right, tolerance, places = check
                difference = round(left - right, 4)
                holds = difference >= -tolerance if test.between else abs(difference) <= tolerance
                made.append(
                    Check(
                        name=test.name, title=test.title.within(language), period=period, scope=scope, holds=holds,
                        left=left, right=right, difference=difference, tolerance=tolerance, places=places,
                        information=test.information,
                    )
                )  # fmt: skip
    return tuple(made)


def _joined(books: Mapping[tuple[str, int, Scope], _Book]) -> dict[tuple[str, int, Scope], dict[str, Item]]:
    """Return for each closing day the balance with the longest span's flows: some tests tie them."""
    joined: dict[tuple[str, int, Scope], dict[str, Item]] = {}
    for (period, months, scope), book in sorted(books.items(), key=lambda one: (one[0][0], one[0][1])):
        kept = next((key for key in joined if key[0] == period and key[2] == scope), None)
        if kept is None:
            joined[period, months, scope] = dict(book)
        else:
            joined[period, months, scope] = {**joined.pop(kept), **book}
    return joined


def _before(books: Mapping[tuple[str, int, Scope], _Book], period: str, months: int, scope: Scope) -> dict[str, Item]:
    """Return the accounts a year before; only for whole years, whose movements are theirs."""
    if months not in (0, 12):
        return {}
    day = f"{int(period[:4]) - 1}{period[4:]}"
    return {**books.get((day, 12, scope), {}), **books.get((day, 0, scope), {})}


def _check(
    test: Test, book: _Book, before: _Book, chart: Chart, unlisted: Sequence[str], decimals: Mapping[object, int]
) -> tuple[float, float, float, tuple[Place, ...]] | None:
    parts = chart.parts(test.parts) if test.parts else {}
    right = {**test.right, **parts}
    optional = {*test.optional, *parts}
    used: list[tuple[int, Item]] = []
    sums = []
    for side in (test.left, right):
        total = 0.0
        for name, sign in side.items():
            account, _at, year = name.partition("@")
            item = (before if year == "prior" else book).get(account)
            if item is None:
                if name not in optional:
                    return None
                continue
            total += sign * item.value
            used.append((sign, item))
        sums.append(total)
    if len(used) <= len(test.left):
        return None
    if (test.parts or test.complete) and any(item.place.file in unlisted for _sign, item in used):
        return None
    tolerance = _LEAST * len(used) + sum(_half(item, decimals) for _sign, item in used)
    shown = sorted(used, key=lambda one: -abs(one[1].value))[:12]
    return round(sums[0], 4), round(sums[1], 4), round(tolerance, 4), tuple(item.place for _sign, item in shown)


def _source(item: Item) -> object:
    return item.place.file, item.place.sheet, item.statement, item.unit


def _decimals(items: Sequence[Item]) -> dict[object, int]:
    """Return how many decimals each source prints."""
    decimals: dict[object, int] = {}
    for item in items:
        count = len(item.printed.strip("()（） ").partition(".")[2])
        decimals[_source(item)] = max(decimals.get(_source(item), 0), min(count, 4))
    return decimals


def _half(item: Item, decimals: Mapping[object, int]) -> float:
    """Return half of the last printed digit, in currency units; nothing for what a person gave."""
    if item.place.file == "officer":
        return 0.0
    return 0.5 * 10.0 ** -decimals.get(_source(item), 0) * UNITS.get(item.unit, 1.0)
