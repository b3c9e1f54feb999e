"""One tenant's data, read once and never changed: a new supply makes a new dataset."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy

from appliance.core.errors import NotFound
from appliance.core.messages import Message, _

from ..models import Client, Holding, Product, Series, Source, Transaction
from .calendar import TradingCalendar
from .faults import Fault, errors_in, refused
from .targets import HouseView, Targets


@dataclass(frozen=True)
class Dataset:
    """Everything that the assistant may compute from.

    What has errors in `faults` is not handed out: asking for it raises `InvalidRequest` with file, row and column.
    Unknown names are `NotFound`.
    """

    name: str
    clients: Mapping[str, Client]
    products: Mapping[str, Product]
    calendar: TradingCalendar
    last_day: date
    """The newest day for which most products have a value."""
    faults: tuple[Fault, ...]
    targets: Targets
    house_view: HouseView
    digests: Mapping[str, str]
    """Table to the SHA-256 of its file."""
    series: Mapping[str, Mapping[str, Series]] = field(repr=False)
    """Table to key to daily values, adjusted."""
    plain: Mapping[str, Series] = field(repr=False)
    """Product to its values as supplied."""
    kept_holdings: Mapping[str, tuple[Holding, ...]] = field(repr=False)
    kept_transactions: Mapping[str, tuple[Transaction, ...]] = field(repr=False)
    splits: Mapping[str, tuple[tuple[date, float], ...]] = field(default_factory=dict, repr=False)
    """Product to (day, new units for one old)."""
    factor_kinds: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Table to the name of its file."""
    made_up: bool = False
    """The sample bank: nobody and nothing in it exists."""
    memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What others have computed from the whole of it, by what they call it; it lives as long as the dataset."""

    def source(self, table: str, rows: str) -> Source:
        """Return the source that names rows of a table."""
        return Source(file=self.files.get(table, table), sha256=self.digests.get(table, ""), table=table, rows=rows)

    def client(self, client_id: str) -> Client:
        """Return a client."""
        if client_id not in self.clients:
            raise _unknown(
                _("There is no client {id} in the data.", id=repr(client_id[:40])), "client_not_found", "clients"
            )
        return self.clients[client_id]

    def product(self, product_id: str) -> Product:
        """Return a product."""
        if product_id not in self.products:
            raise _unknown(
                _("There is no product {id} in the data.", id=repr(product_id[:40])), "product_not_found", "products"
            )
        return self.products[product_id]

    def holdings(self, client_id: str, as_of: date | None = None) -> tuple[Holding, ...]:
        """Return what a client holds by the newest statement, or by the newest one up to `as_of`."""
        self.client(client_id)
        known = [one for one in self.kept_holdings.get(client_id, ()) if as_of is None or one.as_of <= as_of]
        newest = max((one.as_of for one in known), default=None)
        return tuple(one for one in known if one.as_of == newest)

    def statement_days(self, client_id: str) -> tuple[date, ...]:
        """Return the days for which a client's holdings are known, rising."""
        self.client(client_id)
        return tuple(sorted({one.as_of for one in self.kept_holdings.get(client_id, ())}))

    def transactions(self, client_id: str) -> tuple[Transaction, ...]:
        """Return a client's transactions, oldest first."""
        self.client(client_id)
        return self.kept_transactions.get(client_id, ())

    def nav(self, product_id: str) -> Series:
        """Return a product's daily values, adjusted for splits and payouts."""
        self.product(product_id)
        return self._series("nav", product_id)

    def raw_nav(self, product_id: str) -> Series:
        """Return a product's daily values as supplied: what a unit costs."""
        self.nav(product_id)
        return self.plain[product_id]

    def price(self, product_id: str, day: date) -> float:
        """Return what a unit cost on a day, or on the last day before it that has a value."""
        known = self.raw_nav(product_id).between(None, day)
        if not len(known):
            raise _unknown(_("The product {id} has no value up to {day}.", id=product_id, day=day), "value_not_found")
        return float(known.values[-1])

    def benchmark(self, name: str) -> Series:
        """Return a benchmark's daily values."""
        return self._series("benchmarks", name)

    def rate(self, name: str) -> Series:
        """Return a rate by day, as annual shares."""
        return self._series("rates", name)

    def fx(self, currency: str) -> Series | None:
        """Return CNY for one unit by day; None for CNY itself."""
        return None if currency == "CNY" else self._series("fx", currency)

    def cny_for(self, currency: str, day: date) -> float:
        """Return CNY for one unit of a currency on a day, or on the last day before it that has a rate."""
        series = self.fx(currency)
        if series is None:
            return 1.0
        known = int(numpy.searchsorted(series.days, numpy.datetime64(day), side="right"))
        if not known:
            raise NotFound(
                _("There are no values of {key} in {table}.", key=repr(currency), table="fx"),
                _("Supply a rate of this currency up to {day}.", day=day),
                code="value_not_found",
            )
        return float(series.values[known - 1])

    def factors(self, kind: str) -> dict[str, Series]:
        """Return the factor indices of a kind, `style` or `industry`."""
        return {name: self._series("factors", name) for name, of in self.factor_kinds.items() if of == kind}

    def _series(self, table: str, key: str) -> Series:
        wrong = [one for one in errors_in(self.faults) if one.table == table and one.key in (None, key)]
        if wrong:
            raise refused(wrong)
        known = self.series.get(table, {})
        if key not in known:
            raise _unknown(
                _("There are no values of {key} in {table}.", key=repr(key[:40]), table=table), "value_not_found"
            )
        return known[key]


def _unknown(what: Message, code: str, listed: str = "data") -> NotFound:
    """Return the error; `listed` is the last part of the path that lists what is known."""
    path = f"/v1/scenarios/advisor/{listed}"
    return NotFound(what, _("Check the id; what is known is listed at {path}.", path=path), code=code)
