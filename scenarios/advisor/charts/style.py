"""What all charts look like: colours, dashes, sizes, and how the numbers on axes are written."""

from typing import Final

# Okabe and Ito: told apart by people who see colours differently. Yellow is left out: it is too pale on white.
COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999999")
DASHES: Final = ("-", "--", "-.", ":")
VEGA_DASHES: Final = ([1, 0], [6, 3], [6, 3, 1, 3], [2, 2])
HATCHES: Final = ("", "//", "..", "\\\\", "xx", "--", "oo", "++")
GRID: Final = "#D9D9D9"
INK: Final = "#222222"
WIDTH: Final = 800
"""Pixels."""
HEIGHT: Final = 450
"""Pixels."""
DPI: Final = 100
MOST_LINES: Final = 8

_MONEY: Final = {"CNY": "元", "USD": "美元", "HKD": "港元", "EUR": "欧元"}


def colour(number: int) -> str:
    """Return the colour of a series by its number."""
    return COLOURS[number % len(COLOURS)]


def axis_title(title: str, unit: str, language: str) -> str:
    """Return the title of an axis with its unit: `Return (%)`."""
    chinese = language.startswith("zh")
    written = {"share": "%", "days": "天" if chinese else "days"}.get(unit, _MONEY.get(unit, "") if chinese else "")
    if not written and unit in _MONEY:
        written = unit
    if not written:
        return title
    if not title:
        return written
    return f"{title}（{written}）" if chinese else f"{title} ({written})"


def date_title(language: str) -> str:
    """Return the title of an axis of days."""
    return "日期" if language.startswith("zh") else "Date"


def tick(value: float, unit: str, *, whole: bool = True) -> str:
    """Write a number beside an axis or a bar; with `whole` 30.0 % is 30 %."""
    if unit == "share":
        text = _plain(f"{value * 100.0:.1f}")
        return f"{text.removesuffix('.0') if whole else text}%"
    if unit in _MONEY:
        return _plain(f"{value:,.0f}")
    return _plain(f"{value:,.2f}")


def tick_format(unit: str) -> str:
    """Return the same as a format of Vega-Lite."""
    return {"share": ".1~%"}.get(unit, ",.0f" if unit in _MONEY or unit in ("days", "count") else ",.2f")


def _plain(text: str) -> str:
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text
