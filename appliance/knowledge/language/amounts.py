"""Amounts in a question against the ranges of a rule: 5万元 falls in 1万元至10万元, not in 1万元以下."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

_UNITS = {
    "元": "money", "yuan": "money", "rmb": "money", "美元": "dollar", "dollar": "dollar", "usd": "dollar",
    "人": "people", "枚": "coin", "年": "year", "year": "year", "周岁": "age", "岁": "age", "个月": "month",
    "month": "month", "天": "day", "日": "day", "day": "day", "小时": "hour", "hour": "hour", "分钟": "minute",
    "minute": "minute",
}  # fmt: skip
_SCALES = {"": 1.0, "万": 1e4, "亿": 1e8, "thousand": 1e3, "million": 1e6}
_UNIT = "|".join(sorted(_UNITS, key=lambda unit: -len(unit)))
_AMOUNT = re.compile(
    rf"(?:us )?(?P<number>\d+(?:\.\d+)?)\s*(?P<scale>万|亿|thousand|million)?\s*(?:us |个工作)?(?P<unit>{_UNIT})?s?"
)
_ABOVE_BEHIND = re.compile(r"^\s*(?:以上|or more|and above|or above)")
_BELOW_BEHIND = re.compile(r"^\s*(?:以下|以内|之内|or less|and below)")
_ABOVE_BEFORE = re.compile(
    r"(?<!不)(?:满|超过|大于|高于|above|over|more than|exceed\w*)\s*$"
    r"|(?:不少于|不低于|至少|at least|from)\s*$"
)
_BELOW_BEFORE = re.compile(
    r"(?:不满|不超过|不足|低于|至多|up to|at most|below|under|less than)\s*(?:the equivalent of )?$"
)
_BETWEEN = re.compile(r"^\s*(?:以上)?(?:\(含\))?\s*(?:至|到|-|~|to|and|不满)\s*$")


@dataclass(frozen=True)
class Amount:
    """An amount in a folded text; `unit` is empty where none is known."""

    value: float
    unit: str
    start: int
    end: int


def amounts(folded: str) -> list[Amount]:
    """Return the amounts of a folded text in order."""
    found: list[Amount] = []
    for match in _AMOUNT.finditer(folded):
        unit = _UNITS.get(match.group("unit") or "", "money" if match.group("scale") in ("万", "亿") else "")
        found.append(
            Amount(float(match.group("number")) * _SCALES[match.group("scale") or ""], unit, match.start(), match.end())
        )
    return found


def _ranges(folded: str) -> list[tuple[float, float, str]]:
    """Return (least, most, unit) for each range that a text states."""
    stated = amounts(folded)
    found = []
    for number, amount in enumerate(stated):
        before, behind = folded[: amount.start], folded[amount.end :]
        following = stated[number + 1] if number + 1 < len(stated) else None
        if following and _BETWEEN.match(folded[amount.end : following.start]) and following.unit:
            found.append((amount.value, following.value, following.unit))
        elif number and _BETWEEN.match(folded[stated[number - 1].end : amount.start]):
            continue
        elif _ABOVE_BEHIND.match(behind) or _ABOVE_BEFORE.search(before):
            found.append((amount.value, inf, amount.unit))
        elif _BELOW_BEHIND.match(behind) or _BELOW_BEFORE.search(before):
            found.append((-inf, amount.value, amount.unit))
    return [entry for entry in found if entry[2]]


def fits_ranges(asked: Sequence[Amount], folded: str) -> int:
    """Return 1 where a range of a folded text holds an amount that is asked about, -1 where none does, else 0."""
    known = [amount for amount in asked if amount.unit]
    if not known:
        return 0
    ranges = _ranges(folded)
    limits = {limit for least, most, _unit in ranges for limit in (least, most)}  # named there: a match as it is
    judged = [
        any(least <= amount.value <= most for least, most, unit in ranges if unit == amount.unit)
        for amount in known
        if any(unit == amount.unit for _least, _most, unit in ranges) and amount.value not in limits
    ]
    if not judged:
        return 0
    return 1 if all(judged) else -1
