"""What a measure gives: values by name and the payments that they rest on."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..models import Payment
from .ledger import Entry, Ledger
from .matching import Pair

Thresholds = Mapping[str, float]


@dataclass(frozen=True)
class Measured:
    """What a measure gives; a value is None where nothing can be measured, such as nights without times."""

    values: dict[str, float | None]
    payments: tuple[Payment, ...] = ()
    names: tuple[str, ...] = ()
    """Counterparties, the most frequent first."""


Measure = Callable[[Ledger, Thresholds, Sequence[str]], Measured]


def of_entries(entries: Iterable[Entry], **values: float | None) -> Measured:
    """Return values with the payments and names of their entries."""
    rows = tuple(entries)
    return Measured(dict(values), tuple(entry.payment for entry in rows), names_of(rows))


def names_of(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return the three most frequent counterparties."""
    counts = Counter(entry.payment.counterparty for entry in entries if entry.payment.counterparty)
    return tuple(name for name, _count in counts.most_common(3))


def sum_of(entries: Iterable[Entry]) -> float:
    """Return the sum of all amounts without their signs."""
    return round(sum(abs(entry.amount) for entry in entries), 2)


def of_pairs(found: Sequence[Pair]) -> Measured:
    """Return how many pairs there are and what their first payments add up to."""
    rows = [entry for pair in found for entry in pair]
    total = round(sum(abs(first.amount) for first, _second in found), 2)
    return of_entries(rows, count=float(len(found)), total=total)
