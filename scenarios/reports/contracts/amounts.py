"""Amounts in words against the digits beside them, days that do not exist, and spans that end before they start."""

import itertools
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ..models import Figure, Input
from ..showing import shown
from .issues import Issue
from .text import ContractText, Line
from .values import Value, capitals, days, money

_NEAR: Final = 40
_UNTIL: Final = re.compile(r"^[\s起始（(含)）当日,，]*(?:至|到|止于|to|until|through|[-—–~])", re.IGNORECASE)


def amount_issues(text: ContractText, language: str, period: str) -> Iterator[Issue]:
    """Yield amounts in words that differ from the digits beside them, and those that cannot be read."""
    number = 0
    for line in text.lines:
        digits = list(money(line.text))
        for printed, start, end, value in capitals(line.text):
            near = [one for one in digits if _gap(one, start, end) <= _NEAR]
            if value is None:
                yield Issue("capitals_unread", "warning", {"words": printed}, (line.place(),))
            elif near:
                beside = min(near, key=lambda one: _gap(one, start, end))
                if beside.number != value:
                    number += 1
                    figure = _difference(line, printed, value, beside, f"{number}@{period}", language)
                    yield Issue(
                        "amounts_differ",
                        "serious",
                        {"words": printed, "digits": beside.printed, "difference": figure.shown},
                        (line.place(),),
                        (figure,),
                    )


def _gap(value: Value, start: int, end: int) -> int:
    return max(start - value.end, value.start - end, 0)


def _difference(line: Line, printed: str, words: Decimal, digits: Value, key: str, language: str) -> Figure:
    difference = float(abs(words - digits.number))
    return Figure(
        id=f"amount_difference.{key}",
        name="amount_difference",
        title=printed,
        period=key.partition("@")[2],
        value=difference,
        unit="CNY",
        shown=shown(difference, "CNY", language),
        formula="|words - digits|",
        inputs=(
            Input(symbol="words", value=float(words), shown=printed, place=line.place()),
            Input(symbol="digits", value=float(digits.number), shown=digits.printed, place=line.place()),
        ),
    )


def day_issues(text: ContractText) -> Iterator[Issue]:
    """Yield days that no calendar has, and spans whose end is before their start."""
    for line in text.lines:
        found = list(days(line.text))
        for printed, _start, _end, day in found:
            if day is None:
                yield Issue("day_impossible", "serious", {"day": printed}, (line.place(),))
        for (first, _s, end, start_day), (then, start, _e, end_day) in itertools.pairwise(found):
            between = line.text[end:start]
            if start_day and end_day and end_day < start_day and len(between) < 12 and _UNTIL.match(between):
                yield Issue("span_reversed", "serious", {"first": first, "then": then}, (line.place(),))
