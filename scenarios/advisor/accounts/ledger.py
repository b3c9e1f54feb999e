"""How the units of each product came about, day by day, from transactions and splits; all money in CNY."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy

from appliance.core.errors import RequestError

from ..data.dataset import Dataset
from ..figures.track import Days, Floats
from ..models import Transaction
from .market import on_days

_SLACK = 0.001  # of the units: what rounding at purchases and splits leaves


@dataclass(frozen=True)
class Path:
    """One product from `days[0]` on: units, value and flows of each day; flows on `days[0]` are not counted."""

    units: Floats
    values: Floats
    bought: Floats
    sold: Floats
    paid_out: Floats
    gains: Floats
    """What the market gave on each day, payouts included: u_(t-1) (split p x + payout x - p_(t-1) x_(t-1))."""

    def leads_to(self, units: float) -> bool:
        """Tell whether the path ends at a number of units."""
        return abs(float(self.units[-1]) - units) <= max(0.05, _SLACK * abs(units))


def path_of(
    dataset: Dataset, product_id: str, days: Days, units: float, transactions: Iterable[Transaction]
) -> Path | None:
    """Return the path of a product that begins with some units; None where its values or rates cannot be used.

    Transactions on days without trading count on the next trading day.
    """
    try:
        adjusted, raw = dataset.nav(product_id), dataset.raw_nav(product_id)
        fx = dataset.fx(dataset.product(product_id).currency)
        bought, sold, paid_out = (numpy.zeros(len(days)) for _number in range(3))
        moved: dict[int, float] = {}
        for one in transactions:
            at = int(numpy.searchsorted(days, numpy.datetime64(one.day)))
            if one.product != product_id or not 0 < at < len(days):
                continue
            amount = one.amount * dataset.cny_for(one.currency, one.day)
            if one.kind == "buy":
                bought[at] += amount
                moved[at] = moved.get(at, 0.0) + one.units
            elif one.kind == "sell":
                sold[at] += amount
                moved[at] = moved.get(at, 0.0) - one.units
            elif one.kind == "dividend":
                paid_out[at] += amount
    except RequestError:
        return None
    rates = numpy.ones(len(days)) if fx is None else on_days(days, fx.days, fx.values)
    held = _units(days, units, moved, dataset.splits.get(product_id, ()))
    growth = on_days(days, adjusted.days, adjusted.values)
    price = on_days(days, raw.days, raw.values)
    total = price[:-1] * (growth[1:] / growth[:-1] * rates[1:] - rates[:-1])
    gains = numpy.zeros(len(days))
    gains[1:] = numpy.where(held[:-1] != 0.0, held[:-1] * total, 0.0)
    values = numpy.where(held != 0.0, held * price * rates, 0.0)
    if not (numpy.isfinite(values).all() and numpy.isfinite(gains).all()):
        return None
    return Path(held, values, bought, sold, paid_out, gains)


def _units(days: Days, units: float, moved: Mapping[int, float], splits: Iterable[tuple[date, float]]) -> Floats:
    """Return the units at the end of each day: splits first, then what was bought and sold."""
    factors = {int(numpy.searchsorted(days, numpy.datetime64(day))): factor for day, factor in splits if day > days[0]}
    held = numpy.empty(len(days))
    begin = 0
    for at in sorted({*moved, *factors, len(days)}):
        held[begin:at] = units
        if at < len(days):
            units = units * factors.get(at, 1.0) + moved.get(at, 0.0)
            begin = at
    return held
