"""How values and periods are written: the one place where numbers become text."""

from datetime import date
from typing import Final

MISSING: Final = {"zh": "无", "en": "n/a"}
_MONEY_ZH: Final = {"CNY": "元", "USD": "美元", "HKD": "港元", "EUR": "欧元"}
_TEN_THOUSAND: Final = 1e4
_MILLION: Final = 1e6


def shown(value: float | None, unit: str, language: str) -> str:
    """Write a value by its unit: 1,234.50万元 or CNY 12.35 million, 12.34%, 1.85, 45天. None is `n/a`.

    Money below 10,000 (English: a million) is written whole. A text that rounds to zero has no sign.
    """
    chinese = language.startswith("zh")
    if value is None:
        return MISSING["zh" if chinese else "en"]
    if unit == "share":
        return f"{rounded(value * 100.0, 2)}%"
    if unit == "ratio":
        return rounded(value, 2)
    if unit in _MONEY_ZH:
        return _money(value, unit, chinese=chinese)
    count = rounded(value, 0)
    if unit == "days":
        return f"{count}天" if chinese else f"{count} {'day' if count == '1' else 'days'}"
    return count


def in_table(value: float | None, unit: str, language: str) -> str:
    """Write a value for a table whose caption or header names the unit: money in 万元, in English in thousands."""
    if value is None:
        return "—"
    if unit in _MONEY_ZH:
        return rounded(value / (_TEN_THOUSAND if language.startswith("zh") else 1e3), 2)
    return shown(value, unit, language)


def table_unit(currency: str, language: str) -> str:
    """Return what a table's money is in: 万元, or CNY thousand."""
    if language.startswith("zh"):
        return f"万{_MONEY_ZH.get(currency, currency)}"
    return f"{currency} thousand"


def period_title(period: str, months: int, language: str) -> str:
    """Return what a period is called: 2025年末 / end of 2025 (0 months), 2025年 / 2025, 2025年1-9月 / Jan-Sep 2025."""
    day = date.fromisoformat(period)
    chinese = language.startswith("zh")
    whole_year = (day.month, day.day) == (12, 31)
    if months == 0:
        if whole_year:
            return f"{day.year}年末" if chinese else f"end of {day.year}"
        return f"{day.year}年{day.month}月末" if chinese else day.isoformat()
    if whole_year and months == 12:
        return f"{day.year}年" if chinese else str(day.year)
    first = max(1, day.month - months + 1)
    if chinese:
        return f"{day.year}年{first}-{day.month}月"
    return f"{date(day.year, first, 1):%b}-{day:%b %Y}"


def day_title(day: str, language: str) -> str:
    """Return an ISO day as texts write it: 2025年12月31日 / 2025-12-31."""
    at = date.fromisoformat(day)
    return f"{at.year}年{at.month}月{at.day}日" if language.startswith("zh") else day


def _money(value: float, currency: str, *, chinese: bool) -> str:
    if chinese:
        name = _MONEY_ZH[currency]
        if abs(value) >= _TEN_THOUSAND:
            return f"{rounded(value / _TEN_THOUSAND, 2)}万{name}"
        return f"{rounded(value, 2)}{name}"
    if abs(value) >= _MILLION:
        return f"{currency} {rounded(value / _MILLION, 2)} million"
    return f"{currency} {rounded(value, 2)}"


def rounded(value: float, decimals: int) -> str:
    """Write with thousands; what rounds to nothing has no sign."""
    text = f"{value:,.{decimals}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text
