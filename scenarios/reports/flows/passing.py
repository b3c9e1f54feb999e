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
    for day, received in incoming.items():
        later = [closing[day + step] for step in range(int(limits["days"]) + 1) if day + step in closing]
        total = sum_of(received)
        if total >= limits["at_least"] and later and min(later) <= limits["left"] * total:
            yield received
    days = sorted(incoming)
    taken = [(entry.party, _taken_by(entry, incoming, days, limits)) for entry in entries if _can_take(entry, limits)]
    often = Counter(party for party, received in taken if received)
    yield from (received for party, received in taken if received and party and often[party] >= _OFTEN)


def _can_take(entry: Entry, limits: Thresholds) -> bool:
    return -entry.amount >= limits["at_least"] * (1.0 - limits["left"]) and not entry.own and not entry.bank


def _taken_by(paid: Entry, incoming: Mapping[int, list[Entry]], days: Sequence[int], limits: Thresholds) -> list[Entry]:
    """Return the receipts of the days before a payment that takes almost all of them; none where there are none."""
    received: list[Entry] = []
    first, last = bisect_left(days, paid.day - limits["days"]), bisect_right(days, paid.day)
    for day in reversed(days[first:last]):
        received = [*received, *incoming[day]]
        total = sum_of(received)
        if total * (1.0 - limits["left"]) > -paid.amount:
            return []
        if total >= limits["at_least"] and -paid.amount <= total:
            return received
    return []
