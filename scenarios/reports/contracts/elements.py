"""The values that a clause must give: found behind their words, read, and held against what the standard allows."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from ..models import Place
from .blanks import BLANK
from .book import Element, ElementType
from .text import ContractText, Line
from .values import Value, days, money, rates, terms

State = Literal["found", "unfilled", "unread", "missing"]
_BEHIND: Final = 60
_BEFORE: Final = 30
_SAME: Final = 16
_LEAST_ASCII: Final = 5
_LEAST_CHINESE: Final = 3
_READERS: Final[Mapping[str, Callable[[str], Iterator[Value]]]] = {"money": money, "rate": rates, "term": terms}
_CUT: Final = re.compile(r"[。；;\n]|(?<=[a-z)])\.\s")


@dataclass(frozen=True)
class ElementReading:
    """What a contract says of one element. `number` is as in the standard (yuan, share, months), `day` of dates."""

    element: Element
    state: State
    printed: str = ""
    number: Decimal | None = None
    day: date | None = None
    unit: str = ""
    place: Place | None = None
    allowed: bool = True
    others: tuple[tuple[str, Place], ...] = ()
    """Other values that it has elsewhere."""


def read_element(element: Element, clause: Sequence[Line], text: ContractText) -> ElementReading:
    """Read one element, in its own clause before the rest of the contract."""
    first: ElementReading | None = None
    for everywhere, lines in ((False, clause), (True, text.lines)):
        if first is not None and element.type == "date":
            break  # from 至 and the like anywhere else some other day would be read
        for line in lines:
            for at in _mentions(element, line.text, everywhere=everywhere):
                reading = _read(element, line, at)
                if reading.state == "found":
                    return _with_others(reading, text)
                if reading.state == "unfilled":
                    return reading
                first = first or reading
    return first or ElementReading(element, "missing")


def _mentions(element: Element, text: str, *, everywhere: bool = False) -> Iterator[tuple[int, int]]:
    """Yield where the element's words stand, the longest first; short words before days only within the clause."""
    lowered = text.lower()
    for word in sorted(element.near, key=len, reverse=True):
        if everywhere and element.type == "date" and len(word) < (_LEAST_ASCII if word.isascii() else _LEAST_CHINESE):
            continue
        at = lowered.find(word.lower())
        while at >= 0:
            yield at, at + len(word)
            at = lowered.find(word.lower(), at + 1)


def _read(element: Element, line: Line, at: tuple[int, int]) -> ElementReading:
    start, end = at
    if element.type == "place":
        return ElementReading(element, "found", line.text[start:end], place=line.place())
    if element.type in ("choice", "text"):
        return _worded(element, line)
    behind = _CUT.split(line.text[end : end + _BEHIND], maxsplit=1)[0]
    value = _first(element.type, behind)
    blank = BLANK.search(behind)
    if blank is not None and (value is None or blank.start() < value.start):
        return ElementReading(element, "unfilled", blank.group(), place=line.place())
    if value is None and element.type != "date":
        value = _last(element.type, line.text[max(0, start - _BEFORE) : start])
    if value is None:
        return ElementReading(element, "unread", line.text[start:end], place=line.place())
    return _found(element, value, line)


def _last(kind: ElementType, piece: str) -> Value | None:
    """Return the last value of the sentence that ends with `piece`."""
    values = list(_READERS[kind](_CUT.split(piece)[-1]))
    return values[-1] if values else None


def _first(kind: ElementType, piece: str) -> Value | None:
    if kind == "date":
        for printed, start, end, day in days(piece):
            return None if day is None else Value(Decimal(day.toordinal()), printed, start, end, "day")
        return None
    return next(iter(_READERS[kind](piece)), None)


def _found(element: Element, value: Value, line: Line) -> ElementReading:
    number = value.number
    if element.type == "date":
        day = date.fromordinal(int(number))
        return ElementReading(element, "found", value.printed, day=day, unit="day", place=line.place())
    if value.unit == "days":
        number = number / 30
    low = element.least is not None and number < Decimal(str(element.least))
    high = element.most is not None and number > Decimal(str(element.most))
    return ElementReading(
        element, "found", value.printed, number, unit=value.unit, place=line.place(), allowed=not (low or high)
    )


def _worded(element: Element, line: Line) -> ElementReading:
    for pattern in element.allowed:
        found = re.search(pattern, line.text, re.IGNORECASE)
        if found is not None and found.group():
            return ElementReading(element, "found", found.group(), place=line.place())
    blank = BLANK.search(line.text)
    if blank is not None:
        return ElementReading(element, "unfilled", blank.group(), place=line.place())
    return ElementReading(element, "unread", line.text, place=line.place(), allowed=False)


def _with_others(reading: ElementReading, text: ContractText) -> ElementReading:
    """Add the values that stand right behind the same words elsewhere, where one value is required throughout."""
    if not reading.element.same:
        return reading
    others: dict[str, Place] = {}
    for line in text.lines:
        for _start, end in _mentions(reading.element, line.text):
            value = _first(reading.element.type, _CUT.split(line.text[end : end + _BEHIND], maxsplit=1)[0])
            if value is None or value.start > _SAME or (value.unit != reading.unit and reading.day is None):
                continue
            wanted = Decimal(reading.day.toordinal()) if reading.day is not None else reading.number
            if value.number != wanted:
                others.setdefault(value.printed, line.place())
    return ElementReading(**{**reading.__dict__, "others": tuple(others.items())})
