"""What a client holds on a day, valued in CNY; at cost where a product's values cannot be used, and said so."""

import math
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy

from appliance.core.errors import InvalidRequest, RequestError
from appliance.core.messages import Message, _

from ..data.dataset import Dataset
from ..data.series import LONGEST_GAP
from ..models import Client, Holding, Product, Source
from .answer import Basis


@dataclass(frozen=True)
class Position:
    """All lots of one product. `value` and `cost` are in CNY, `price` in the product's currency."""

    product: Product
    lots: tuple[Holding, ...]
    units: float
    cost: float
    value: float
    price: float | None
    rate: float
    basis: Basis
    note: Message | None = None


@dataclass(frozen=True)
class Account:
    """A client's positions, largest first."""

    client: Client
    as_of: date
    statement: date | None
    positions: tuple[Position, ...]
    sources: tuple[Source, ...]

    @cached_property
    def total(self) -> float:
        """The value in CNY."""
        return math.fsum(one.value for one in self.positions)

    def share(self, position: Position) -> float | None:
        """Return a position's share of the value; None for an empty account."""
        return position.value / self.total if self.total > 0.0 else None


def account_of(dataset: Dataset, client_id: str, as_of: date | None = None, statement: date | None = None) -> Account:
    """Return an account by the newest statement up to `statement` (none: up to `as_of`), valued on `as_of`.

    Raises `NotFound` for an unknown client and `InvalidRequest` for a day after the newest values.
    """
    client = dataset.client(client_id)
    day = as_of or dataset.last_day
    if day > dataset.last_day:
        raise InvalidRequest(
            _("There are no values of {day} yet: the newest are of {last}.", day=day, last=dataset.last_day),
            _("Leave `as_of` out, or give a day up to {last}.", last=dataset.last_day),
            param="as_of",
            code="as_of_ahead",
        )
    lots: dict[str, list[Holding]] = {}
    holdings = dataset.holdings(client_id, statement or day)
    for one in holdings:
        if one.units > 0.0:
            lots.setdefault(one.product, []).append(one)
    positions = [_position(dataset, name, tuple(of), day) for name, of in lots.items()]
    positions.sort(key=lambda one: (-one.value, one.product.id))
    known = holdings[0].as_of if holdings else None
    rows = f"client={client_id}, as_of={known}"
    return Account(client, day, known, tuple(positions), (dataset.source("holdings", rows),))


def _position(dataset: Dataset, name: str, lots: tuple[Holding, ...], day: date) -> Position:
    product = dataset.product(name)
    units, paid = math.fsum(one.units for one in lots), math.fsum(one.cost for one in lots)
    try:
        rate = dataset.cny_for(product.currency, day)
    except RequestError as error:
        what = _("{product} is left out of all figures: {reason}", product=name, reason=error.message)
        return Position(product, lots, units, 0.0, 0.0, None, 0.0, "none", what)
    cost = paid * rate
    try:
        series = dataset.raw_nav(name)
    except RequestError as error:
        what = _(
            "{product} is shown at cost and left out of the risk figures: {reason}", product=name, reason=error.message
        )
        return Position(product, lots, units, cost, cost, None, rate, "cost", what)
    place = int(numpy.searchsorted(series.days, numpy.datetime64(day), side="right")) - 1
    if place < 0:
        what = _("{product} is shown at cost: it has no value up to {day}.", product=name, day=day)
        return Position(product, lots, units, cost, cost, None, rate, "cost", what)
    price, note = float(series.values[place]), None
    if len(dataset.calendar.between(series.days[place], numpy.datetime64(day))) - 1 > LONGEST_GAP:
        note = _("The newest value of {product} is of {day}.", product=name, day=str(series.days[place]))
    return Position(product, lots, units, cost, units * price * rate, price, rate, "value", note)
