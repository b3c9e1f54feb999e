"""Figures of payments: totals, months, counterparties; each with the payments that it was summed from."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ..models import Figure, Input, Payment
from ..showing import shown
from .ledger import Entry, Ledger
from .wording import say


class Maker:
    """Makes figures of one ledger in one language, all of one period."""

    def __init__(self, ledger: Ledger, language: str, listed: int) -> None:
        """Take the ledger; a figure lists at most `listed` payments one by one."""
        self.ledger = ledger
        self.language = language
        self._listed = listed

    def figure(
        self, name: str, title: str, value: float | None, unit: str, formula: str, inputs: Sequence[Input] = ()
    ) -> Figure:
        """Return a figure at the ledger's last day; `unit` money is the ledger's currency."""
        currency = self.ledger.currency if unit == "money" else unit
        return Figure(
            id=f"{name}@{self.ledger.last_day}",
            name=name.split(".")[0],
            title=title,
            period=self.ledger.last_day,
            value=value,
            unit=currency,
            shown=shown(value, currency, self.language),
            formula=formula,
            inputs=tuple(inputs),
            note=None if value is not None else self.say("not_measured"),
        )

    def say(self, name: str, **values: str) -> str:
        """Return a text of this part."""
        return say(name, self.language, **values)

    def month(self, month: str) -> str:
        """Return 2025-03 as texts write it."""
        return f"{month[:4]}年{int(month[5:])}月" if self.language.startswith("zh") else month

    def inputs(self, payments: Iterable[Payment]) -> list[Input]:
        """Return payments as inputs: the largest one by one, the others as one sum."""
        rows = sorted(payments, key=lambda payment: -abs(payment.amount))
        currency = self.ledger.currency
        made = [
            Input(
                symbol=f"p{number}",
                value=payment.amount,
                shown=shown(payment.amount, payment.currency, self.language),
                place=payment.place,
            )
            for number, payment in enumerate(rows[: self._listed], start=1)
        ]
        rest = rows[self._listed :]
        if rest:
            total = round(sum(payment.amount for payment in rest), 2)
            title = f"{self.say('rest')} ({len(rest)})"
            place = rest[0].place
            made.append(Input(symbol=title, value=total, shown=shown(total, currency, self.language), place=place))
        return made

    def from_figures(self, figures: Sequence[Figure]) -> list[Input]:
        """Return figures as inputs."""
        return [
            Input(symbol=figure.id.split("@")[0], value=figure.value or 0.0, shown=figure.shown, figure=figure.id)
            for figure in figures
        ]


def _total(entries: Iterable[Entry]) -> float:
    return round(sum(abs(entry.amount) for entry in entries), 2)


def totals(maker: Maker, ranks: int) -> Iterator[Figure]:
    """Yield totals, months and the largest counterparties."""
    ledger = maker.ledger
    for name, month_name, rows, formula in (
        ("inflow_total", "monthly_inflow", ledger.received, "formula.sum_in"),
        ("outflow_total", "monthly_outflow", ledger.paid, "formula.sum_out"),
    ):
        months = list(_months(maker, month_name, rows))
        yield from months
        inputs = maker.from_figures(months)
        yield maker.figure(name, maker.say(name), _total(rows), "money", maker.say(formula), inputs)
    count = float(len(ledger.entries))
    yield maker.figure("payment_count", maker.say("payment_count"), count, "count", maker.say("formula.count"))
    loans = tuple(entry for entry in ledger.received if entry.bank)
    for name, rows, formula in (
        ("business_inflow_total", ledger.receipts, "formula.business"),
        ("loan_inflow_total", loans, "formula.loans"),
    ):
        inputs = maker.inputs(entry.payment for entry in rows)
        yield maker.figure(name, maker.say(name), _total(rows), "money", maker.say(formula), inputs)
    own = [entry.payment for entry in ledger.entries if entry.own and entry.amount > 0]
    if own:
        total = round(sum(payment.amount for payment in own), 2)
        inputs = maker.inputs(own)
        title = maker.say("own_transfer_total")
        yield maker.figure("own_transfer_total", title, total, "money", maker.say("formula.sum"), inputs)
    yield from _parties(maker, ranks)


def _months(maker: Maker, name: str, rows: Sequence[Entry]) -> Iterator[Figure]:
    by_month: dict[str, list[Entry]] = defaultdict(list)
    for entry in rows:
        by_month[entry.payment.day[:7]].append(entry)
    for month in maker.ledger.months:
        entries = by_month.get(month, [])
        inputs = maker.inputs(entry.payment for entry in entries)
        title = maker.say(name, key=maker.month(month))
        yield maker.figure(f"{name}.{month}", title, _total(entries), "money", maker.say("formula.month"), inputs)


def _parties(maker: Maker, ranks: int) -> Iterator[Figure]:
    for name, share_name, rows in (
        ("counterparty_inflow", "counterparty_share", maker.ledger.received),
        ("counterparty_outflow", "counterparty_out_share", maker.ledger.paid),
    ):
        whole = _total(rows)
        groups: dict[str, list[Entry]] = defaultdict(list)
        for entry in rows:
            if entry.party:
                groups[entry.party].append(entry)
        sums = {party: _total(entries) for party, entries in groups.items()}
        for rank, party in enumerate(sorted(sums, key=lambda one: -sums[one])[:ranks], start=1):
            key = groups[party][0].payment.counterparty
            inputs = maker.inputs(entry.payment for entry in groups[party])
            title = maker.say(name, key=key)
            part = maker.figure(f"{name}.{rank}", title, sums[party], "money", maker.say("formula.party"), inputs)
            yield part
            title = maker.say(share_name, key=key)
            share = sums[party] / whole if whole else None
            inputs = maker.from_figures([part])
            yield maker.figure(f"{share_name}.{rank}", title, share, "share", maker.say("formula.share"), inputs)
