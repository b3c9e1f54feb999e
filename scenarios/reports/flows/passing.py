"""Money that only passes through an account: what came in is gone within days."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from .ledger import Entry
from .measured import Thresholds, sum_of

_OFTEN: Final = 3
"""Payments to one party that each take a few days' receipts: fewer are chance."""


def passed_on(entries: Sequence[Entry], limits: Thresholds) -> Iterator[list[Entry]]:
    """Yield receipts of one account that were passed on, the same maybe twice; `entries` are in the statement's order.

    `days` is how long they stayed at most, `left` the share of them that may remain, `at_least` their least sum.
    """
    closing = {entry.day: entry.payment.balance for entry in entries if entry.payment.balance is not None}
    incoming: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.amount > 0 and not entry.own:
            incoming[entry.day].append(entry)
    totals = {day: sum_of(received) for day, received in incoming.items()}
    for day, received in incoming.items():
        later = [closing[day + step] for step in range(int(limits["days"]) + 1) if day + step in closing]
        total = totals[day]
        if total >= limits["at_least"] and later and min(later) <= limits["left"] * total:
            yield received
    days = sorted(incoming)
    taken = [(entry.party, _taken_by(entry, totals, days, limits)) for entry in entries if _can_take(entry, limits)]
    often = Counter(party for party, of_days in taken if of_days)
    for party, of_days in taken:
        if of_days and party and often[party] >= _OFTEN:
            yield [entry for day in of_days for entry in incoming[day]]


def _can_take(entry: Entry, limits: Thresholds) -> bool:
    return -entry.amount >= limits["at_least"] * (1.0 - limits["left"]) and not entry.own and not entry.bank


def _taken_by(paid: Entry, totals: Mapping[int, float], days: Sequence[int], limits: Thresholds) -> Sequence[int]:
    """Return the days before a payment of whose receipts it takes almost all; none where there are none."""
    total = 0.0
    first, last = bisect_left(days, paid.day - limits["days"]), bisect_right(days, paid.day)
    for at in range(last - 1, first - 1, -1):
        total += totals[days[at]]
        if total * (1.0 - limits["left"]) > -paid.amount:
            return ()
        if total >= limits["at_least"] and -paid.amount <= total:
            return days[at:last]
    return ()
