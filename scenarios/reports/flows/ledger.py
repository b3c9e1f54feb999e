"""Payments made ready for measuring: those of the main currency up to today, with their parties told apart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache

from ..models import Payment
from ..sorting.companies import stem


@dataclass(frozen=True)
class PartyWords:
    """Words in small letters that tell cash that is taken out, cash that is paid in, and lenders."""

    cash: tuple[str, ...]
    deposits: tuple[str, ...]
    lenders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One payment with what is compared of it."""

    payment: Payment
    day: int
    """Ordinal of its day."""
    party: str
    """Counterparty without legal form and spaces; empty where none is given."""
    related: bool
    own: bool
    """Between accounts of the subject."""
    cash: bool
    """Cash that was taken out."""
    paid_in: bool
    """Cash that was paid in."""
    bank: bool
    """With a lender, whose loans are drawn and repaid."""

    @property
    def amount(self) -> float:
        """Return the signed amount: positive is received."""
        return self.payment.amount


class Ledger:
    """All payments of a folder; `entries` are those that count, in the order of the statements."""

    def __init__(
        self,
        payments: Sequence[Payment],
        subject: str,
        related: Sequence[str],
        words: PartyWords,
        today: date,
    ) -> None:
        """Take all payments; `related` are names of shareholders, managers and others that are not independent."""
        counts = Counter(payment.currency for payment in payments)
        self.currency = counts.most_common(1)[0][0] if counts else "CNY"
        self.all = tuple(payments)
        self.today = today
        self.future = tuple(payment for payment in payments if payment.day > today.isoformat())
        mine, others = _stem(subject) if subject else "", {_stem(name) for name in related if name.strip()}
        others.discard(mine)
        self.entries = tuple(
            _entry(payment, mine, others, words)
            for payment in payments
            if payment.currency == self.currency and payment.day <= today.isoformat()
        )

    @cached_property
    def counted(self) -> tuple[Entry, ...]:
        """Return the entries without transfers between own accounts."""
        return tuple(entry for entry in self.entries if not entry.own)

    @cached_property
    def received(self) -> tuple[Entry, ...]:
        """Return what came in from others."""
        return tuple(entry for entry in self.counted if entry.amount > 0)

    @cached_property
    def receipts(self) -> tuple[Entry, ...]:
        """Return what came in from others than lenders."""
        return tuple(entry for entry in self.received if not entry.bank)

    @cached_property
    def paid(self) -> tuple[Entry, ...]:
        """Return what went out to others."""
        return tuple(entry for entry in self.counted if entry.amount < 0)

    @cached_property
    def by_day(self) -> tuple[Entry, ...]:
        """Return the counted entries in the order of their days."""
        return tuple(sorted(self.counted, key=lambda entry: entry.day))

    @cached_property
    def last_day(self) -> str:
        """Return the last day that has a payment; empty where there is none."""
        return max((entry.payment.day for entry in self.entries), default="")

    @cached_property
    def months(self) -> tuple[str, ...]:
        """Return all months from the first payment to the last, those without payments too."""
        if not self.entries:
            return ()
        first = date.fromisoformat(min(entry.payment.day for entry in self.entries)).replace(day=1)
        last = self.last_day[:7]
        months: list[str] = []
        while f"{first:%Y-%m}" <= last and len(months) < 600:
            months.append(f"{first:%Y-%m}")
            first = (first + timedelta(days=32)).replace(day=1)
        return tuple(months)

    @cached_property
    def accounts(self) -> dict[str, list[Payment]]:
        """Return the payments of each account in their order; without an account's number those of each file."""
        found: dict[str, list[Payment]] = {}
        for payment in self.all:
            found.setdefault(payment.account or payment.place.file, []).append(payment)
        return found


@lru_cache(maxsize=50000)
def _stem(name: str) -> str:
    return stem(name)


@lru_cache(maxsize=50000)
def _is_bank(name: str, bank_words: tuple[str, ...]) -> bool:
    return any(word in name.lower() for word in bank_words)


def _entry(payment: Payment, mine: str, related: set[str], words: PartyWords) -> Entry:
    party = _stem(payment.counterparty) if payment.counterparty else ""
    text = f"{payment.purpose} {payment.counterparty if len(payment.counterparty) <= 8 else ''}".lower()
    cash = payment.amount < 0 and any(word in text for word in words.cash)
    paid_in = payment.amount > 0 and any(word in text for word in words.deposits)
    return Entry(
        payment=payment,
        day=date.fromisoformat(payment.day).toordinal(),
        party=party,
        related=bool(party) and party in related,
        own=bool(party) and party == mine,
        cash=cash,
        paid_in=paid_in,
        bank=bool(party) and _is_bank(payment.counterparty, words.lenders),
    )
