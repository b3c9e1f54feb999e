"""The daily values of all products in CNY on the trading days, computed once for a dataset."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy

from appliance.core.errors import InvalidRequest, NotFound

from ..data.dataset import Dataset
from ..data.series import LONGEST_GAP
from ..figures.track import Days, Floats

YEAR: Final = 252
"""Returns that a product needs to be part of the risk figures: a shorter history would cut all others to it."""
_MEMO: Final = "accounts.market"


@dataclass(frozen=True)
class Market:
    """Returns in CNY of the products whose values can be used.

    `returns[t]` are those from `days[t]` to `days[t + 1]`, one column a product; NaN before its first value, and more
    than `LONGEST_GAP` trading days after its last.
    """

    days: Days
    returns: Floats
    columns: dict[str, int]
    first: dict[str, int]
    last: dict[str, int]
    """The rows of a product's first and last return."""

    def end(self, as_of: date) -> int:
        """Return how many rows of `returns` lie up to a day."""
        return max(0, int(numpy.searchsorted(self.days, numpy.datetime64(as_of), side="right")) - 1)

    def usable(self, product: str, end: int) -> bool:
        """Tell whether a product has a year of returns up to row `end`."""
        return product in self.columns and self.last[product] >= end - 1 and end - self.first[product] >= YEAR


def market_of(dataset: Dataset) -> Market:
    """Return the market of a dataset, computed at the first call and kept with it."""
    known = dataset.memo.get(_MEMO)
    if known is None:
        known = dataset.memo.setdefault(_MEMO, _compute(dataset))
    found: Market = known
    return found


def on_days(days: Days, known: Days, values: Floats) -> Floats:
    """Return the newest value up to each day; NaN before the first."""
    places = numpy.searchsorted(known, days, side="right") - 1
    result: Floats = numpy.where(places >= 0, values[numpy.maximum(places, 0)], numpy.nan)
    return result


def _compute(dataset: Dataset) -> Market:
    days = dataset.calendar.days[dataset.calendar.days <= numpy.datetime64(dataset.last_day)]
    columns: dict[str, int] = {}
    values: list[Floats] = []
    for name, product in dataset.products.items():
        try:
            series, rate = dataset.nav(name), dataset.fx(product.currency)
        except (InvalidRequest, NotFound):  # where it is held, its position says why
            continue
        column = on_days(days, series.days, series.values)
        stale = numpy.searchsorted(days, series.days[-1], side="right") + LONGEST_GAP
        column[stale:] = numpy.nan
        if rate is not None:
            column = column * on_days(days, rate.days, rate.values)
        columns[name] = len(values)
        values.append(column)
    table = numpy.column_stack(values) if values else numpy.empty((len(days), 0))
    returns = table[1:] / table[:-1] - 1.0
    there = ~numpy.isnan(returns)
    rows = numpy.arange(len(returns))
    first = {name: int(rows[there[:, at]][0]) for name, at in columns.items() if there[:, at].any()}
    last = {name: int(rows[there[:, at]][-1]) for name, at in columns.items() if there[:, at].any()}
    return Market(days, returns, {name: at for name, at in columns.items() if name in first}, first, last)
