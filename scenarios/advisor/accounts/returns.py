"""What the client earned: weighted by money (the rate of the payments) and by time (the product of daily returns)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy

from ..data.dataset import Dataset
from ..figures.making import PERIODS
from ..figures.track import Floats
from ..models import Source
from .book import Book
from .ledger import path_of
from .positions import Account

_LEAST_DAYS: Final = 30
_HIGHEST: Final = 1000.0
_LOWEST: Final = -0.9999
_GRID: Final = numpy.concatenate([numpy.linspace(_LOWEST, 1.0, 200), numpy.geomspace(1.01, _HIGHEST, 60)])


@dataclass(frozen=True)
class Payment:
    """Money between the client and the holdings: below 0 is paid by the client."""

    day: date
    amount: float


def money_weighted(payments: Sequence[Payment]) -> float | None:
    """Return the yearly rate at which the payments are worth nothing together; None where there is none.

    Of several such rates the one nearest to 0 is returned. It looks between -99.99 % and 100,000 %.
    """
    from scipy.optimize import brentq

    if not payments:
        return None
    first = min(one.day for one in payments)
    years = numpy.array([(one.day - first).days / 365.0 for one in payments])
    amounts = numpy.array([one.amount for one in payments])
    if years.max() == 0.0 or not (amounts > 0.0).any() or not (amounts < 0.0).any():
        return None

    def worth(rate: float) -> float:
        return float(_scaled(numpy.array([rate]), years)[0] @ amounts)

    values = _scaled(_GRID, years) @ amounts
    found = _GRID[values == 0.0].tolist()
    for at in numpy.flatnonzero(numpy.sign(values[1:]) * numpy.sign(values[:-1]) < 0.0):
        low, high = float(_GRID[at]), float(_GRID[at + 1])
        below, above = worth(low), worth(high)
        if below * above < 0.0:
            found.append(float(brentq(worth, low, high, xtol=1e-12, rtol=1e-12)))
        else:  # the rate is at the end of the step, where rounding decides the sign
            found.append(low if abs(below) < abs(above) else high)
    return min(found, key=abs) if found else None


def _scaled(rates: Floats, years: Floats) -> Floats:
    """Return (1 + rate)^-years (rates, years), each row divided by its largest: near -100 % they grow without bound."""
    powers = numpy.log1p(rates)[:, None] * -years[None, :]
    result: Floats = numpy.exp(powers - powers.max(axis=1, keepdims=True))
    return result


def time_weighted(values: Floats, bought: Floats, sold: Floats, paid_out: Floats) -> tuple[float | None, int]:
    """Return the yearly return of daily values with their flows at the end of the day, and the number of days in it."""
    held = values[:-1] > 0.0
    count = int(held.sum())
    if not count:
        return None, 0
    growth = (values[1:] - bought[1:] + sold[1:] + paid_out[1:])[held] / values[:-1][held]
    if (growth <= 0.0).any():
        return None, count
    return float(numpy.exp(numpy.log(growth).sum() * PERIODS / count)) - 1.0, count


def add_returns(book: Book, dataset: Dataset, account: Account) -> None:
    """Add both returns since the first transaction, where the transactions lead to what is held."""
    names = ("money_weighted_return", "time_weighted_return")
    end = account.statement or account.as_of
    told = [one for one in dataset.transactions(account.client.id) if one.day <= end and one.product]
    if not told:
        for name in names:
            book.add(name, None, note=book.note("no_transactions"))
        return
    sources = (dataset.source("transactions", f"client={account.client.id}, {told[0].day} to {told[-1].day}"),)
    days = dataset.calendar.between(numpy.datetime64(told[0].day), numpy.datetime64(account.as_of))
    # One day more at the beginning, so that the first purchase is a flow within the path.
    days = numpy.concatenate([days[:1] - numpy.timedelta64(1, "D"), days])
    held = {one.product.id: one for one in account.positions}
    flows = numpy.zeros((4, len(days)))
    for product in sorted({*held, *(one.product for one in told)}):
        path = path_of(dataset, product, days, 0.0, told)
        if path is None or not path.leads_to(held[product].units if product in held else 0.0):
            for name in names:
                book.add(name, None, note=book.note("not_reconciled", product=product), sources=sources)
            return
        flows += numpy.stack([path.values, path.bought, path.sold, path.paid_out])
    _add(book, account, days.astype(object).tolist(), flows, sources)


def _add(book: Book, account: Account, days: Sequence[date], flows: Floats, sources: Sequence[Source]) -> None:
    values, bought, sold, paid_out = flows
    net = sold + paid_out - bought
    payments = [Payment(days[at], float(net[at])) for at in numpy.flatnonzero(net)]
    span = (account.as_of - payments[0].day).days if payments else 0
    recent = book.note("too_recent") if span < _LEAST_DAYS else None
    rate = None if recent else money_weighted([*payments, Payment(account.as_of, account.total)])
    first = str(payments[0].day if payments else "")
    inputs: dict[str, float | int | str] = {"payments": len(payments), "first": first, "V": account.total}
    note = recent or (book.note("no_root") if rate is None else None)
    book.add("money_weighted_return", rate, inputs, note=note, sources=sources)
    by_time, count = time_weighted(values, bought, sold, paid_out)
    book.add(
        "time_weighted_return", None if recent else by_time, {"n": count, "N": PERIODS}, note=recent, sources=sources
    )
