"""What charts look like: colours that print in grey, hatches, dashes, and how numbers are written."""

from dataclasses import dataclass
from typing import Final

INK: Final = "#222222"
GRID: Final = "#D5D5D5"
WIDTH: Final = 6.3
"""Inches: the width of a text on A4."""
HEIGHT: Final = 3.1
LABEL: Final = 8.0
"""Points."""
VALUE: Final = 7.0


@dataclass(frozen=True)
class Look:
    """How a series is told from the others, in colour and in grey."""

    colour: str
    hatch: str
    line: str
    """Of its hatch: pale on dark, dark on pale."""


# Told apart by people who see colours differently, with greys that lie apart as well.
LOOKS: Final = (
    Look("#1F4E79", "", "#FFFFFF"),
    Look("#F2B35A", "///", "#7A4B00"),
    Look("#4F9D8B", "---", "#FFFFFF"),
    Look("#D6E2EF", "\\\\\\", "#1F4E79"),
    Look("#8C3B3B", "xx", "#E7C9C9"),
    Look("#9A9A9A", "||", "#FFFFFF"),
    Look("#7FB2DC", "++", "#1F4E79"),
    Look("#E9E2C8", "//", "#6B5E2E"),
)
DASHES: Final = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 2)), (0, (1, 2)))
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")
_MONEY: Final = {"CNY": "元", "USD": "美元", "HKD": "港元", "EUR": "欧元"}
_SCALES: Final = {
    "zh": ((1e8, "亿"), (1e4, "万"), (1.0, "")),
    "en": ((1e9, " billion"), (1e6, " million"), (1e3, " thousand"), (1.0, "")),
}


def look(number: int) -> Look:
    """Return how a series looks by its number."""
    return LOOKS[number % len(LOOKS)]


@dataclass(frozen=True)
class Measure:
    """How the values of one chart are written."""

    factor: float
    title: str
    """Of the axis, such as 万元; empty: none."""
    decimals: int
    suffix: str = ""

    def written(self, value: float, *, signed: bool = False) -> str:
        """Return a value as it stands beside its bar."""
        text = f"{value * self.factor:,.{self.decimals}f}{self.suffix}"
        if text.startswith("-") and not text.strip("-0.,%"):
            text = text[1:]
        return f"+{text}" if signed and value > 0.0 and text.strip("0.,%") else text


def measure(values: list[float], unit: str, language: str) -> Measure:
    """Return how values of a unit are written: money in 万元 or 亿元 by the size of the largest."""
    chinese = language.startswith("zh")
    most = max((abs(value) for value in values), default=0.0)
    if unit == "share":
        return Measure(100.0, "", 1 if most < 10.0 else 0, "%")
    if unit == "days":
        return Measure(1.0, "天" if chinese else "days", 0)
    if unit in _MONEY or (len(unit) == 3 and unit.isupper()):
        base, word = next(one for one in _SCALES["zh" if chinese else "en"] if most >= one[0] or one[0] == 1.0)
        title = f"{word}{_MONEY.get(unit, unit)}" if chinese else f"{unit}{word}"
        return Measure(1.0 / base, title, _decimals(most / base))
    if unit == "count":
        return Measure(1.0, "", 0)
    return Measure(1.0, "", _decimals(most))


def _decimals(most: float) -> int:
    return 0 if most >= 1000.0 else 1 if most >= 100.0 else 2


def tick(value: float, one: Measure) -> str:
    """Return a value beside the axis: without zeros that say nothing."""
    text = f"{value * one.factor:,.2f}"
    text = text.rstrip("0").rstrip(".")
    return ("0" if text in ("-0", "") else text) + one.suffix
