"""Measures of quarters, months and seasons."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from .ledger import Entry, Ledger
from .matching import Pair, pairs
from .measured import Measured, Thresholds, of_entries, of_pairs, sum_of


def period_ends(ledger: Ledger, limits: Thresholds, _words: Sequence[str]) -> Measured:
    """Find large amounts that come in right before the end of a quarter and leave right after it.

    They come from and go to one party or related ones, or are round amounts.
    """
    found: list[Pair] = []
    quarters = set()
    large = [entry for entry in ledger.by_day if abs(entry.amount) >= limits["at_least"] and not entry.bank]
    for end in _quarter_ends(ledger):
        into = [entry for entry in large if entry.amount > 0 and end - limits["days"] < entry.day <= end]
        out = [entry for entry in large if entry.amount < 0 and end < entry.day <= end + limits["after"]]
        matched = pairs(
            sorted((*into, *out), key=lambda entry: entry.day),
            limits["days"] + limits["after"],
            limits["tolerance"],
            lambda one, other: one.amount > 0 and _belong(one, other),
        )
        if matched:
            quarters.add(end)
            found += matched
    measured = of_pairs(found)
    return Measured({**measured.values, "count": float(len(quarters))}, measured.payments, measured.names)


def _belong(one: Entry, other: Entry) -> bool:
    """Say whether a large receipt and a payment after it may be one piece of money: one party, or round amounts."""
    if one.party == other.party or (one.related and other.related):
        return True
    return all(round(abs(entry.amount) * 100) % 1_000_000 == 0 for entry in (one, other))


def period_end_share(ledger: Ledger, limits: Thresholds, _words: Sequence[str]) -> Measured:
    """Find the quarter of which the largest part came in within its last days."""
    best: tuple[float, list[Entry]] = (0.0, [])
    ends = _quarter_ends(ledger)
    for begin, end in zip([0, *ends], ends, strict=False):
        quarter = [entry for entry in ledger.received if max(begin, end - 92) < entry.day <= end]
        late = [entry for entry in quarter if entry.day > end - limits["days"]]
        whole = sum_of(quarter)
        if whole and sum_of(late) >= limits["at_least"] and sum_of(late) / whole > best[0]:
            best = (sum_of(late) / whole, late)
    return of_entries(best[1], share=best[0] if best[1] else None, total=sum_of(best[1]) if best[1] else None)


def _quarter_ends(ledger: Ledger) -> list[int]:
    ends = []
    for month in ledger.months:
        year, number = int(month[:4]), int(month[5:])
        if number % 3 == 0:
            first = date(year, number, 28) + timedelta(days=4)
            ends.append((first - timedelta(days=first.day)).toordinal())
    return ends


def season(ledger: Ledger, _with: Thresholds, _words: Sequence[str]) -> Measured:
    """Return what part of the inflow the strongest month has, and how many average months that is."""
    sums = _by_month(ledger.receipts)
    whole = sum(sums.values())
    if not whole or len(ledger.months) < 2:
        return Measured({"share": None, "times_average": None})
    strongest = max(sums, key=lambda month: sums[month])
    rows = [entry for entry in ledger.receipts if entry.payment.day.startswith(strongest)]
    share = sums[strongest] / whole
    return of_entries(rows, share=share, times_average=share * len(ledger.months))


def recent_change(ledger: Ledger, limits: Thresholds, _words: Sequence[str]) -> Measured:
    """Compare the inflow of the last months with that of as many before."""
    count = int(limits["months"])
    if count < 1 or len(ledger.months) < 2 * count:
        return Measured({"recent": None, "before": None, "change": None})
    sums = _by_month(ledger.receipts)
    last, earlier = ledger.months[-count:], ledger.months[-2 * count : -count]
    recent = round(sum(sums.get(month, 0.0) for month in last), 2)
    before = round(sum(sums.get(month, 0.0) for month in earlier), 2)
    rows = [entry for entry in ledger.receipts if entry.payment.day[:7] in (*last, *earlier)]
    return of_entries(rows, recent=recent, before=before, change=(recent - before) / before if before else None)


def _by_month(entries: Iterable[Entry]) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    for entry in entries:
        sums[entry.payment.day[:7]] += abs(entry.amount)
    return sums
