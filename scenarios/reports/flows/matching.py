"""Pairs of payments of about the same amount in opposite directions within days."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Final

from .ledger import Entry

Pair = tuple[Entry, Entry]
_MOST_LOOKED_AT: Final = 400
"""Payments of a like amount that are compared with one."""


def pairs(
    entries: Sequence[Entry], days: float, tolerance: float, belong: Callable[[Entry, Entry], bool]
) -> list[Pair]:
    """Return pairs of a payment and a later one against it, each payment in one pair; `entries` are by day."""
    others = sorted(range(len(entries)), key=lambda at: abs(entries[at].amount))
    amounts = [abs(entries[at].amount) for at in others]
    taken: set[int] = set()
    found = []
    for at, first in enumerate(entries):
        if at in taken:
            continue
        size = abs(first.amount)
        low = bisect_left(amounts, size * (1.0 - tolerance) - 1e-9)
        high = bisect_right(amounts, size * (1.0 + tolerance) + 1e-9)
        best: int | None = None
        for other in others[low : min(high, low + _MOST_LOOKED_AT)]:
            second = entries[other]
            if other <= at or other in taken or not 0 <= second.day - first.day <= days:
                continue
            if (first.amount > 0) == (second.amount > 0) or not belong(first, second):
                continue
            if best is None or second.day < entries[best].day:
                best = other
        if best is not None:
            taken.update((at, best))
            found.append((first, entries[best]))
    return found
