"""What the sources of a sentence or a cell say, and whether a number is one of it in amount, unit and sign."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ..models import Place
from .moves import pattern
from .quantities import SCALES, Quantity, quantities, unit_of

_DASH: Final = re.compile(r"(?:^|\s)[-–—/]+\s*$|^\s*$")
_UP: Final = re.compile(
    r"(?:上升|增长|增加|提高|回升)了?$|\b(?:rose|grew|increased|up) by (?:[A-Z]{3} )?$", re.IGNORECASE
)
_DOWN: Final = re.compile(
    r"(?:下降|减少|降低|回落)了?$|\b(?:fell|declined|decreased|down) by (?:[A-Z]{3} )?$", re.IGNORECASE
)
_HEAD: Final = re.compile(
    r"(?P<scale>万亿|千万|百万|十万|[百千万亿])?(?:元|美元|港元|欧元)"
    r"|\b(?:CNY|RMB|USD|HKD|EUR)\b(?:\s+(?P<word>thousand|million|billion))?"
)
_ACCOUNTING: Final = re.compile(r"[(（]\s*(\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+\.\d{2})\s*[)）]")
_CHINESE_DAY: Final = re.compile(
    r"([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月(?:([一二三四五六七八九十]{1,3})日)?"
)
_COMPACT: Final = re.compile(r"(?<!\d)((?:19|20)\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
_APART: Final = re.compile(r"(?<!\d)((?:19|20)\d{2})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})(?!\d)")
_DIGITS: Final = {sign: str(at % 10) for at, sign in enumerate("零一二三四五六七八九")} | {"〇": "0", "○": "0"}
_DECIMALS: Final = re.compile(r"\.\d\d(?!\d)")


@dataclass(frozen=True)
class Said:
    """A number with the text that says it; `scale` is what a cell's head says that it is in, None in sentences."""

    number: Quantity
    text: str
    scale: float | None = None
    paid: bool = False
    """Whether its row tells the direction of a payment, so that the amount has no sign."""

    @property
    def falls(self) -> bool:
        """Whether the text speaks of a fall or a loss, so that a negative value is written without its sign."""
        return pattern("down").search(self.text) is not None


class Given:
    """What a text may say: numbers as they are written, and values as they were computed or printed."""

    def __init__(self, texts: Iterable[str], values: Iterable[float] = (), places: Iterable[Place] = ()) -> None:
        listed = list(texts)
        self._written = [one for text in listed for one in quantities(text)]
        self._values = list(values)
        held = list(places)
        self._printed = [(one, place.unit) for place in held for one in _printed(place.quote)]
        self._nothing = any(_DASH.search(place.quote) for place in held)  # how statements print a zero
        self._dates = {date for text in (*listed, *(place.quote for place in held)) for date in dates_of(text)}

    def has(self, said: Said) -> bool:
        """Tell whether a number is given."""
        one = said.number
        if one.date:
            return any(date[: len(one.date)] == one.date for date in self._dates)
        if one.value == 0.0 and self._nothing:
            return True
        if any(_same(said, written) for written in self._written):
            return True
        if said.scale is not None and any(_is_value(said, value) for value in self._values):
            return True
        if any(_is_printed(said, printed, unit) for printed, unit in self._printed):
            return True
        return one.step == 1.0 and not (one.unit or one.scaled) and (int(one.value),) in {d[:1] for d in self._dates}


def _same(said: Said, given: Quantity) -> bool:
    """Tell whether a number is one that is written elsewhere: the same amount in a unit that is none other."""
    one = said.number
    if given.date or (one.kind == "percent") != (given.kind == "percent") or not _units_agree(one.unit, given.unit):
        return False
    fell = given.negative or _DOWN.search(given.before) is not None
    if _DOWN.search(one.before) and not fell and one.value:
        return False
    return _equal(one.value, given.value, 0.0) and _signs_agree(said, fell)


def _is_value(said: Said, value: float) -> bool:
    """Tell whether a cell's number is a value rounded to its own decimals, in the unit of the table's head."""
    one = said.number
    scales = (1.0,) if one.kind == "percent" or one.scaled else tuple(dict.fromkeys((said.scale or 1.0, 1.0)))
    slack = one.step * 0.5 if one.step < 1.0 else 0.0
    return any(
        _equal(one.value * scale, abs(value), slack * scale) and _signs_agree(said, value < 0.0, round_to=one)
        for scale in scales
    )


def _is_printed(said: Said, printed: Quantity, unit: str) -> bool:
    """Tell whether a number is the amount that a source prints, rounded where it is written with two decimals.

    The unit is that beside the printed number, else that of its place; bare numbers are in the basic unit.
    """
    one = said.number
    if printed.date or not _units_agree(one.unit, printed.unit) or not _signs_agree(said, printed.negative):
        return False
    own = printed.kind == "percent" or printed.scaled or bool(printed.unit)
    if one.kind == "percent":
        scales = (1.0,) if printed.kind == "percent" else (0.01,) if unit == "%" and not own else ()
        return any(_equal(one.value, printed.value * scale, _slack(one)) for scale in scales)
    if printed.kind == "percent":
        return False
    scale, currency = _of_place(unit)
    if not own and one.unit.isupper() and not _units_agree(one.unit, currency):
        return False
    value = printed.value * (1.0 if own else scale)
    in_cell = (said.scale or 1.0) if not (one.scaled or one.unit) else 1.0
    return any(_equal(one.value * scale, value, _slack(one) * scale) for scale in dict.fromkeys((in_cell, 1.0)))


def _of_place(unit: str) -> tuple[float, str]:
    """Return what a place's amounts are multiples of, and their currency."""
    found = _HEAD.search(unit)
    return (SCALES[found["scale"] or ""], unit_of(unit[len(found["scale"] or "") :])) if found else (1.0, "")


def _slack(said: Quantity) -> float:
    return said.step * 0.5 if _DECIMALS.search(said.text) else 0.0


def _equal(left: float, right: float, slack: float) -> bool:
    return abs(left - right) <= slack + 1e-9 * max(1.0, abs(right))


def _units_agree(one: str, other: str) -> bool:
    return not one or not other or one == other


def _signs_agree(said: Said, negative: bool, round_to: Quantity | None = None) -> bool:
    """Tell whether a number has the sign of what is given, which only a sentence of a fall or a loss may leave out."""
    one = said.number
    if one.value == 0.0 or said.paid:
        return True
    if said.scale is not None and round_to is not None:
        return one.negative == negative
    if _UP.search(one.before) and negative:
        return False
    if _DOWN.search(one.before):
        return True
    return one.negative == negative or (negative and said.falls)


def dates_of(text: str) -> Iterator[tuple[int, ...]]:
    """Yield the days, months and years that a text has, those in Chinese numerals and without separators too."""
    yield from (one.date for one in quantities(text) if one.date)
    for match in (*_COMPACT.finditer(text), *_APART.finditer(text)):
        yield (int(match[1]), int(match[2]), int(match[3]))
    for match in _CHINESE_DAY.finditer(text):
        year = int("".join(_DIGITS[sign] for sign in match[1]))
        yield (year, *(_small(part) for part in match.groups()[1:] if part))


def _small(text: str) -> int:
    tens, ten, ones = text.rpartition("十")
    value = int(_DIGITS[ones]) if ones else 0
    return value + (10 * (int(_DIGITS[tens]) if tens else 1) if ten else 0)


def _printed(text: str) -> list[Quantity]:
    """Return the quantities of a quotation, blanks within numbers closed and numbers in parentheses negative."""
    closed = _ACCOUNTING.sub(r" -\1", re.sub(r"(?<=\d)[,，\s](?=\d{3}(?!\d))", "", text))
    return [*quantities(text), *(quantities(closed) if closed != text else ())]


def unit_scale(head: str) -> float | None:
    """Return what a head such as 收款（万元） or Received (CNY thousand) says its numbers are in; None: nothing."""
    found = _HEAD.search(head)
    if found is None:
        return None
    return SCALES[(found["scale"] or found["word"] or "").lower()]
