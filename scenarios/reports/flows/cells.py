"""Cells of a statement's row: amounts, days and times, quickly, for tables of a hundred thousand rows."""

import re
from datetime import date
from functools import lru_cache
from typing import Final

from ..fields.values import folded, read_value

_AMOUNT: Final = re.compile(
    r"[¥￥$]?\s*(?P<open>\()?(?P<sign>[+\-−])?\s*[¥￥$]?(?P<number>\d[\d,]*(?:\.\d+)?)\)?\s*(?P<mark>dr|cr|元)?",
    re.IGNORECASE,
)
_ISO: Final = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})")
_CLOCK: Final = re.compile(r"(?<!\d)([01]\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?!\d)")
_PACKED: Final = re.compile(r"(?:(?<=\d{8})|^)\s*([01]\d|2[0-3])([0-5]\d)([0-5]\d)$")
_DASHES: Final = frozenset({"", "-", "—", "--", "/", "nil"})
_LONGEST: Final = 60


def amount(cell: str) -> float | None:
    """Return a printed amount; None for an empty cell. Raises `ValueError` for what is no amount."""
    text = cell.strip()
    if text.lower() in _DASHES:
        return None
    if len(text) > _LONGEST:
        raise ValueError(text[:_LONGEST])
    found = _AMOUNT.fullmatch(text if text.isascii() else folded(text))
    if found is None:
        raise ValueError(text)
    value = float(found["number"].replace(",", ""))
    negative = bool(found["open"]) or (found["sign"] or "+") != "+" or (found["mark"] or "").lower() == "dr"
    return -value if negative else value


@lru_cache(maxsize=20000)
def day(cell: str) -> str | None:
    """Return the ISO day of a cell; None for what is no day."""
    text = cell.strip()[:40]
    found = _ISO.match(text)
    if found is not None:
        try:
            return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
        except ValueError:
            return None
    value = read_value("day", text)
    return value.text if value is not None and value.sure == 1.0 else None


def clock(cell: str) -> str:
    """Return the time of a cell such as 23:14; empty where it has none. Midnight to the second is no time."""
    text = cell.strip()[:40]
    found = _CLOCK.search(text) or _PACKED.search(text)
    if found is None or re.search(r"00:?00:?00$", text):
        return ""
    return f"{found[1]}:{found[2]}"
