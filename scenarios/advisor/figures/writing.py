"""How a value is written: the one place where figures become text."""

from datetime import date
from typing import Final

MISSING: Final = {"zh": "无", "en": "n/a"}
_MONEY: Final = {"CNY": "元", "USD": "美元", "HKD": "港元", "EUR": "欧元"}


def shown(value: float | None, unit: str, language: str) -> str:
    """Write a value by its unit: percent with 2 decimals, amounts with thousands, ISO dates in English.

    A date is the number YYYYMMDD, a level 1 to 5. None is `n/a`.
    """
    chinese = language.startswith("zh")
    if value is None:
        return MISSING["zh" if chinese else "en"]
    if unit == "share":
        return f"{_rounded(value * 100.0, 2)}%"
    if unit == "ratio":
        return _rounded(value, 2)
    if unit in _MONEY:
        amount = _rounded(value, 2)
        return f"{amount}{_MONEY[unit]}" if chinese else f"{amount} {unit}"
    if unit == "date":
        day = day_of(value)
        return f"{day.year}年{day.month}月{day.day}日" if chinese else day.isoformat()
    if unit == "level":
        return f"R{value:.0f}"
    count = _rounded(value, 0)
    if unit == "days":
        return f"{count}天" if chinese else f"{count} {'day' if count == '1' else 'days'}"
    return count


def day_of(value: float) -> date:
    """Return the day of a figure with the unit date."""
    number = int(value)
    return date(number // 10000, number // 100 % 100, number % 100)


def number_of(day: date) -> float:
    """Return a day as the value of a figure: 2026-10-30 is 20261030."""
    return float(day.year * 10000 + day.month * 100 + day.day)


def _rounded(value: float, decimals: int) -> str:
    """Write with thousands; what rounds to nothing has no sign."""
    text = f"{value:,.{decimals}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text
