"""What rules measure in payments. Each measure gives values by name and the payments that they rest on."""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Final

from .directions import CENT
from .ledger import Entry, Ledger
from .matching import pairs
from .measured import Measure, Measured, Thresholds, of_entries, of_pairs, sum_of
from .passing import passed_on
from .periods import period_end_share, period_ends, recent_change, season


def balance_breaks(ledger: Ledger, _with: Thresholds, _words: Sequence[str]) -> Measured:
    """Count balances that do not follow from the one before."""
    broken, largest = [], 0.0
    for payments in ledger.accounts.values():
        for before, after in pairwise(payments):
            if before.balance is None or after.balance is None:
                continue
            off = abs(before.balance + after.amount - after.balance)
            if off > CENT:
                broken.append(after)
                largest = max(largest, off)
    return Measured({"count": float(len(broken)), "largest": round(largest, 2)}, tuple(broken))


def duplicates(ledger: Ledger, _with: Thresholds, _words: Sequence[str]) -> Measured:
    """Count rows that repeat an earlier one of the same account in everything."""
    seen: set[tuple[object, ...]] = set()
    again = []
    for payment in ledger.all:
        key = (
            payment.account,
            payment.day,
            payment.time,
            payment.amount,
            payment.balance,
            payment.counterparty,
            payment.purpose,
        )
        if key in seen:
            again.append(payment)
        seen.add(key)
    total = round(sum(abs(payment.amount) for payment in again), 2)
    return Measured({"count": float(len(again)), "total": total}, tuple(again))


def future_days(ledger: Ledger, _with: Thresholds, _words: Sequence[str]) -> Measured:
    """Count payments after the day of the report."""
    total = round(sum(abs(payment.amount) for payment in ledger.future), 2)
    return Measured({"count": float(len(ledger.future)), "total": total}, ledger.future)


def gap_days(ledger: Ledger, _with: Thresholds, _words: Sequence[str]) -> Measured:
    """Find the longest time between two payments of one account."""
    gaps = [
        (date.fromisoformat(after.day).toordinal() - date.fromisoformat(before.day).toordinal(), before, after)
        for payments in ledger.accounts.values()
        for before, after in pairwise(payments)
        if after.day <= ledger.last_day
    ]
    if not gaps:
        return Measured({"longest": None})
    longest, before, after = max(gaps, key=lambda gap: gap[0])
    return Measured({"longest": float(longest)}, (before, after))


def round_trips(ledger: Ledger, limits: Thresholds, _words: Sequence[str]) -> Measured:
    """Find money that goes out and comes back, or the other way, with one party or through related ones.

    `banks` 1 looks only at lenders, whose loans are rolled over; 0 only at all others.
    """
    found = pairs(
        [
            entry
            for entry in ledger.by_day
            if abs(entry.amount) >= limits["at_least"] and entry.party and entry.bank == bool(limits["banks"])
        ],
        limits["days"],
        limits["tolerance"],
        lambda one, other: one.party == other.party or (one.related and other.related),
    )
    return of_pairs(found)


def related_parties(ledger: Ledger, _with: Thresholds, _words: Sequence[str]) -> Measured:
    """Sum all flows with shareholders, managers and other related parties."""
    rows = [entry for entry in ledger.counted if entry.related]
    whole, total = sum_of(ledger.counted), sum_of(rows)
    return of_entries(rows, count=float(len(rows)), total=total, share=total / whole if whole else None)


def cash(ledger: Ledger, limits: Thresholds, _words: Sequence[str]) -> Measured:
    """Sum withdrawals of cash, those of `at_least` where a rule gives one."""
    rows = [entry for entry in ledger.paid if entry.cash and -entry.amount >= limits.get("at_least", 0.0)]
    whole, total = sum_of(ledger.paid), sum_of(rows)
    return of_entries(rows, count=float(len(rows)), total=total, share=total / whole if whole else None)


def cash_deposits(ledger: Ledger, limits: Thresholds, _words: Sequence[str]) -> Measured:
    """Sum cash that was paid in, payments of `at_least` where a rule gives one; the share is that of all receipts."""
    rows = [entry for entry in ledger.received if entry.paid_in and entry.amount >= limits.get("at_least", 0.0)]
    whole, total = sum_of(ledger.received), sum_of(rows)
    largest = max((entry.amount for entry in rows), default=None)
    share = total / whole if whole else None
    return of_entries(rows, count=float(len(rows)), total=total, share=share, largest_deposit=largest)


def round_amounts(ledger: Ledger, limits: Thresholds, _words: Sequence[str]) -> Measured:
    """Count the multiples of a round amount among larger payments."""
    large = [entry for entry in ledger.counted if abs(entry.amount) >= limits["at_least"]]
    step = round(limits["multiple"] * 100)
    rows = [entry for entry in large if step and round(abs(entry.amount) * 100) % step == 0]
    return of_entries(rows, count=float(len(rows)), share=len(rows) / len(large) if large else None)


def night(ledger: Ledger, limits: Thresholds, _words: Sequence[str]) -> Measured:
    """Count larger payments between two hours of the night, where the statement gives times."""
    timed = [entry for entry in ledger.counted if entry.payment.time and abs(entry.amount) >= limits["at_least"]]
    if not timed:
        return Measured({"count": None, "share": None})
    rows = []
    for entry in timed:
        hour = int(entry.payment.time[:2])
        if hour >= limits["from_hour"] or hour < limits["to_hour"]:
            rows.append(entry)
    return of_entries(rows, count=float(len(rows)), share=len(rows) / len(timed))


def weekend(ledger: Ledger, _with: Thresholds, _words: Sequence[str]) -> Measured:
    """Count payments on Saturdays and Sundays."""
    rows = [entry for entry in ledger.counted if date.fromordinal(entry.day).weekday() >= 5]
    count = len(ledger.counted)
    return of_entries(rows, count=float(len(rows)), share=len(rows) / count if count else None)


def structuring(ledger: Ledger, limits: Thresholds, _words: Sequence[str]) -> Measured:
    """Find several amounts just below a limit with one party, or in cash, within a few days."""
    lowest = limits["limit"] * (1.0 - limits["below"])
    groups: dict[tuple[str, bool], list[Entry]] = defaultdict(list)
    for entry in ledger.by_day:
        if lowest <= abs(entry.amount) < limits["limit"]:
            groups["cash" if entry.cash else entry.party, entry.amount > 0].append(entry)
    rows: list[Entry] = []
    for entries in groups.values():
        days = [entry.day for entry in entries]
        chosen: set[int] = set()
        for at, day in enumerate(days):
            end = bisect_right(days, day + limits["days"] - 1)
            if end - at >= limits["times"]:
                chosen.update(range(at, end))
        rows += [entries[at] for at in sorted(chosen)]
    return of_entries(rows, count=float(len(rows)), total=sum_of(rows))


def dormant_burst(ledger: Ledger, limits: Thresholds, _words: Sequence[str]) -> Measured:
    """Find an account that is quiet for long and then moves much within days."""
    rows = ledger.by_day
    days = [entry.day for entry in rows]
    found: list[Entry] = []
    count = 0
    for at in range(1, len(rows)):
        if days[at] - days[at - 1] < limits["dormant"]:
            continue
        burst = rows[at : bisect_left(days, days[at] + limits["days"])]
        if sum_of(burst) >= limits["at_least"]:
            count += 1
            found += burst
    return of_entries(found, count=float(count), total=sum_of(found))


def top_share(ledger: Ledger, limits: Thresholds, _words: Sequence[str]) -> Measured:
    """Return what part of the inflow, or outflow, the largest parties have; lenders are left out."""
    rows = ledger.receipts if limits["inflow"] else tuple(entry for entry in ledger.paid if not entry.bank)
    sums: dict[str, float] = defaultdict(float)
    for entry in rows:
        if entry.party:
            sums[entry.party] += abs(entry.amount)
    top = sorted(sums, key=lambda party: -sums[party])[: int(limits["top"])]
    whole = sum_of(rows)
    chosen = [entry for entry in rows if entry.party in top]
    names = {entry.party: entry.payment.counterparty for entry in reversed(chosen)}
    total = sum_of(chosen)
    values = {"share": total / whole if whole and top else None, "total": total}
    return Measured(values, tuple(entry.payment for entry in chosen), tuple(names[party] for party in top[:5]))


def pass_through(ledger: Ledger, limits: Thresholds, _words: Sequence[str]) -> Measured:
    """Find receipts of which hardly anything is left days later: by the balances, or since one payment passed them on.

    The share is that of all receipts; None where no statement gives balances.
    """
    if all(entry.payment.balance is None for entry in ledger.entries):
        return Measured({"count": 0.0, "total": 0.0, "share": None})
    by_account: dict[str, list[Entry]] = defaultdict(list)
    for entry in ledger.entries:
        by_account[entry.payment.account or entry.payment.place.file].append(entry)
    found: dict[int, Entry] = {}
    for entries in by_account.values():
        for received in passed_on(entries, limits):
            found |= {id(entry): entry for entry in received}
    rows = list(found.values())
    whole, total = sum_of(ledger.received), sum_of(rows)
    days_found = len({entry.day for entry in rows})
    return of_entries(rows, count=float(days_found), total=total, share=total / whole if whole else None)


def overdrawn(ledger: Ledger, _with: Thresholds, _words: Sequence[str]) -> Measured:
    """Count balances below zero."""
    rows = [entry for entry in ledger.entries if (entry.payment.balance or 0.0) < 0.0]
    worst = min((entry.payment.balance or 0.0 for entry in rows), default=None)
    return of_entries(rows, count=float(len(rows)), worst=worst)


def wording(ledger: Ledger, limits: Thresholds, words: Sequence[str]) -> Measured:
    """Find payments whose counterparty or purpose has one of the rule's words."""
    wanted = re.compile("|".join(re.escape(word) for word in words) or r"(?!)", re.IGNORECASE)
    rows = [
        entry
        for entry in ledger.counted
        if abs(entry.amount) >= limits["at_least"]
        and wanted.search(f"{entry.payment.counterparty} {entry.payment.purpose}")
    ]
    return of_entries(rows, count=float(len(rows)), total=sum_of(rows))


MEASURES: Final[dict[str, Measure]] = {
    measure.__name__: measure
    for measure in (
        balance_breaks,
        duplicates,
        future_days,
        gap_days,
        round_trips,
        related_parties,
        cash,
        cash_deposits,
        round_amounts,
        night,
        weekend,
        structuring,
        period_ends,
        period_end_share,
        dormant_burst,
        top_share,
        season,
        recent_change,
        pass_through,
        overdrawn,
        wording,
    )
}
