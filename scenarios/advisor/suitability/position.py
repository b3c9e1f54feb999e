"""What a client holds on a day, in CNY: as the newest statement says and with what was booked since."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from appliance.core.errors import InvalidRequest, NotFound

from ..data.dataset import Dataset
from ..models import Product, Source


@dataclass(frozen=True)
class Held:
    """One position: its value in CNY, and the day on which its money can be there."""

    product: Product
    value: float
    free_on: date


@dataclass(frozen=True)
class Position:
    """A client's positions and the cash paid in since the statement. `unknown` names what has no value that day."""

    held: tuple[Held, ...]
    cash: float
    as_of: date | None
    unknown: tuple[str, ...]
    sources: tuple[Source, ...]

    @property
    def total(self) -> float:
        """All assets in CNY."""
        return math.fsum(one.value for one in self.held) + self.cash

    def value_of(self, products: Iterable[str]) -> float:
        """Return the value in CNY of the positions in some products."""
        wanted = set(products)
        return math.fsum(one.value for one in self.held if one.product.id in wanted)


def position_of(dataset: Dataset, client_id: str, today: date) -> Position:
    """Return a client's position on a day. Raises `NotFound` for an unknown client.

    Purchases booked after the statement count as held already, so that a large purchase cannot be cut into small ones.
    """
    holdings = dataset.holdings(client_id, today)
    as_of = holdings[0].as_of if holdings else None
    held: list[Held] = []
    unknown: list[str] = []
    for one in holdings:
        product = dataset.product(one.product)
        try:
            value = one.units * dataset.price(one.product, today) * dataset.cny_for(product.currency, today)
        except (InvalidRequest, NotFound):
            unknown.append(one.product)
            continue
        held.append(Held(product, value, free_on(product, one.bought_on, today)))
    cash = 0.0
    for booked in dataset.transactions(client_id):
        if booked.day > today or (as_of is not None and booked.day <= as_of):
            continue
        try:
            amount = booked.amount * dataset.cny_for(booked.currency, today)
        except (InvalidRequest, NotFound):
            unknown.append(booked.currency)
            continue
        if booked.kind == "deposit":
            cash += amount
        elif booked.kind in ("withdrawal", "fee"):
            cash -= amount
        elif booked.kind == "buy":
            product = dataset.product(booked.product)
            held.append(Held(product, amount, free_on(product, booked.day, today)))
            cash -= amount
    rows = f"client={client_id}, as_of={as_of}"
    tables = ("holdings", "nav", "transactions") if "transactions" in dataset.digests else ("holdings", "nav")
    sources = tuple(dataset.source(table, rows) for table in tables)
    return Position(tuple(held), cash, as_of, tuple(sorted(set(unknown))), sources)


def free_on(product: Product, bought_on: date, today: date) -> date:
    """Return the day on which the money of a purchase can be there."""
    earliest = max(today, bought_on + timedelta(days=product.term_days))
    return earliest + timedelta(days=product.redeem_days)
