"""Twelve months of two bank accounts of a made-up company, with the patterns that a reader of flows must find."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from .story import Story

_SEASONS: Final = (0.055, 0.05, 0.075, 0.075, 0.08, 0.085, 0.08, 0.085, 0.095, 0.09, 0.105, 0.125)
"""Share of the year's receipts by month."""
_SHARES: Final = (0.17, 0.11, 0.09, 0.06, 0.05, 0.04)
"""Of the largest partners in the year's receipts and payments."""
YEAR: Final = 2025


@dataclass
class Entry:
    """One line of an account; the amount in fen, positive: received."""

    day: date
    time: str
    amount: int
    counterparty: str
    purpose: str
    balance: int = 0


@dataclass
class Patterns:
    """What was planted; amounts in yuan."""

    round_trips: list[tuple[str, str, float, str]] = field(default_factory=list)
    """Received on, paid back on, amount, counterparty."""
    cash_withdrawals: list[tuple[str, float]] = field(default_factory=list)
    related: list[tuple[str, float, str]] = field(default_factory=list)
    nightly: list[str] = field(default_factory=list)
    missing_month: str = ""


class Accounts:
    """Makes the lines of both accounts."""

    def __init__(self, story: Story, lines: int = 3600) -> None:
        self.story, self.lines = story, lines
        self.random = random.Random(story.company.number + 99)  # noqa: S311 - made-up numbers, the same each time
        self.patterns = Patterns()
        self.books = story.company.of(YEAR)
        self.before = story.company.of(YEAR - 1)

    def basic(self) -> list[Entry]:
        """Return the basic account: most of the business, wages, taxes, and the planted patterns."""
        entries = self._business(0.62, round(self.lines * 0.62))
        entries += self._planted()
        return self._balanced(entries, 0.55)

    def general(self) -> list[Entry]:
        """Return the second account; one month of it is missing in the papers."""
        entries = self._balanced(self._business(0.3, round(self.lines * 0.38)), 0.3)
        self.patterns.missing_month = f"{YEAR}-08"
        return [entry for entry in entries if entry.day.month != 8]

    def _business(self, share: float, count: int) -> list[Entry]:
        """Return receipts and payments for `share` of the year's business in about `count` lines."""
        story, books = self.story, self.books
        received = books["cash_received_from_sales"] * share * 100
        entries = self._spread(
            received, round(count * 0.42), story.names["customers"], story.word("零星客户", "Sundry customer"),
            [story.word("货款", "payment for goods"), story.word("销售回款", "sales receipt")],
        )  # fmt: skip
        entries += self._spread(
            -books["cash_paid_for_goods"] * share * 100, round(count * 0.38), story.names["suppliers"],
            story.word("零星供应商", "Sundry supplier"),
            [story.word("材料款", "materials"), story.word("采购款", "purchase")],
        )  # fmt: skip
        return entries + self._regular(share) + self._loans(share)

    def _spread(self, total: float, count: int, large: tuple[str, ...], small: str, texts: list[str]) -> list[Entry]:
        weights = [self.random.lognormvariate(0, 0.7) for _ in range(count)]
        whole = sum(weights)
        entries = []
        for weight in weights:
            name = self.random.choices([*large, ""], [*_SHARES[: len(large)], 1 - sum(_SHARES[: len(large)])])[0]
            name = name or f"{small}{self.random.randint(1, 36):02d}"
            amount = round(total * weight / whole)
            entries.append(Entry(self._workday(self._month()), self._time(), amount, name, self.random.choice(texts)))
        return entries

    def _regular(self, share: float) -> list[Entry]:
        """Return wages, taxes, power and the like, month by month."""
        story, books, entries = self.story, self.books, []
        kinds: list[tuple[float, int, str, str]] = [
            (books["cash_paid_to_employees"], 10, story.word("代发工资", "Payroll"), story.word("工资", "wages")),
            (books["taxes_paid"], 15, story.word("岚川市税务局", "Tax office"), story.word("税款", "taxes")),
            (books["other_operating_payments"] * 0.5, 20, story.word("岚川供电公司", "Power company"),
             story.word("电费", "electricity")),
            (books["other_operating_payments"] * 0.5, 24, story.word("岚川物流服务有限公司", "Lanchuan Logistics Ltd."),
             story.word("运费", "freight")),
        ]  # fmt: skip
        for yearly, day, name, purpose in kinds:
            for month in range(1, 13):
                amount = -round(yearly * share * 100 / 12 * self.random.uniform(0.93, 1.07))
                entries.append(Entry(_on_workday(date(YEAR, month, day)), self._time(), amount, name, purpose))
        return entries

    def _loans(self, share: float) -> list[Entry]:
        story, books, entries = self.story, self.books, []
        bank = story.names["banks"][0 if share > 0.5 else 1]
        steps: tuple[tuple[str, int, str], ...] = (
            ("borrowings_received", 1, story.word("贷款发放", "loan drawn")),
            ("debt_repaid", -1, story.word("归还贷款本金", "loan repaid")),
            ("dividends_and_interest_paid", -1, story.word("贷款利息及分红", "interest and dividends")),
            ("capital_expenditure", -1, story.word("设备款", "equipment")),
        )
        for name, sign, purpose in steps:
            for month in (3, 6, 9, 12):
                party = (
                    bank if name != "capital_expenditure" else story.word("澜江数控设备有限公司", "Lanjiang CNC Ltd.")
                )
                day = _on_workday(date(YEAR, month, 18 if sign > 0 else 21))
                entries.append(Entry(day, self._time(), sign * round(books[name] * share * 25), party, purpose))
        return entries

    def _planted(self) -> list[Entry]:
        """Return round trips, payments to the owner's firm, large cash, and payments at night."""
        story, found = self.story, self.patterns
        size = max(2e6, round(self.books["revenue"] * 0.006, -5))
        trader, related = story.names["round_trip"][0], story.related
        entries = []
        for day, back, factor in (
            (date(YEAR, 3, 28), 3, 1.0),
            (date(YEAR, 6, 27), 4, 1.5),
            (date(YEAR, 12, 29), 2, 2.0),
        ):
            amount, later = size * factor, day + timedelta(days=back)
            entries.append(Entry(day, "10:12:05", round(amount * 100), trader, story.word("货款", "payment for goods")))
            entries.append(
                Entry(later, "15:40:31", -round(amount * 100), trader, story.word("往来款", "current account"))
            )
            found.round_trips.append((day.isoformat(), later.isoformat(), amount, trader))
        for month, factor in ((2, 0.6), (5, 0.8), (8, 1.0), (11, 1.4)):
            day, amount = _on_workday(date(YEAR, month, 12)), size * factor
            entries.append(
                Entry(day, "11:05:44", -round(amount * 100), related, story.word("借款", "loan to related party"))
            )
            found.related.append((day.isoformat(), amount, related))
        for month, amount in ((1, 480000.0), (4, 490000.0), (7, 500000.0), (9, 495000.0), (12, 800000.0)):
            day = _on_workday(date(YEAR, month, 26))
            entries.append(
                Entry(day, "14:22:10", -round(amount * 100), "", story.word("现金支取 备用金", "cash withdrawal"))
            )
            found.cash_withdrawals.append((day.isoformat(), amount))
        for month in (5, 10):
            day = date(YEAR, month, 17)
            amount = round(size * 0.3, -4)
            entries.append(
                Entry(
                    day, "02:37:18", -round(amount * 100), story.word("顾某", "Mr Gu"), story.word("转账", "transfer")
                )
            )
            found.nightly.append(day.isoformat())
        return entries

    def _balanced(self, entries: list[Entry], share: float) -> list[Entry]:
        """Sort the lines and carry the balance; what would be missing or too much goes to and from deposits."""
        entries.sort(key=lambda entry: (entry.day, entry.time, entry.amount))
        opening = round(self.before["cash"] * share * 100)
        low, high = opening // 8, opening * 2
        result: list[Entry] = []
        balance = opening
        bank, note = self.story.names["banks"][0], self.story.word("理财及定期存款划转", "transfer of deposits")
        unit = max(int(round(opening * 0.5, -6)), 100_000_00)
        for entry in entries:
            move = self._move(balance + entry.amount, low, high, unit)
            if move:
                balance += move
                result.append(Entry(entry.day, entry.time, move, bank, note, balance))
            balance += entry.amount
            entry.balance = balance
            result.append(entry)
        return result

    @staticmethod
    def _move(after: int, low: int, high: int, unit: int) -> int:
        if after < low:
            return unit * ((low - after) // unit + 1)
        return -unit * ((after - high) // unit + 1) if after > high else 0

    def _month(self) -> int:
        return self.random.choices(range(1, 13), _SEASONS)[0]

    def _workday(self, month: int) -> date:
        return _on_workday(date(YEAR, month, self.random.randint(1, 28)))

    def _time(self) -> str:
        pick: Callable[[int, int], int] = self.random.randint
        return f"{pick(8, 17):02d}:{pick(0, 59):02d}:{pick(0, 59):02d}"


def _on_workday(day: date) -> date:
    """Return the day, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))
