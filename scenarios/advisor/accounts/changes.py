"""What changed since the statement before: bought, sold, what the market did, payouts, and what was not told."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy

from appliance.core.errors import InvalidRequest, RequestError
from appliance.core.messages import _

from ..data.dataset import Dataset
from ..models import Transaction
from .answer import ChangeLine
from .book import Book
from .ledger import path_of
from .positions import Account, account_of

_NAMES: Final = ("before", "bought", "sold", "paid_out", "market", "other", "after")


@dataclass(frozen=True)
class Change:
    """after = before + bought - sold - paid_out + market + other, in CNY."""

    product: str
    before: float
    bought: float
    sold: float
    paid_out: float
    market: float
    after: float

    @property
    def other(self) -> float:
        """What transactions and values do not explain: fees to buy, rounding, what was not told."""
        return self.after - self.before - self.bought + self.sold + self.paid_out - self.market


def previous_of(dataset: Dataset, account: Account, wanted: date | None) -> date | None:
    """Return the day of the statement to compare with: the one before, or the newest up to `wanted`.

    Raises `InvalidRequest` where no statement reaches back to `wanted`.
    """
    limit = account.statement
    earlier = [day for day in dataset.statement_days(account.client.id) if limit is not None and day < limit]
    if wanted is None:
        return earlier[-1] if earlier else None
    found = [day for day in earlier if day <= wanted]
    if not found:
        raise InvalidRequest(
            _("The client {id} has no statement up to {day} before the newest one.", id=account.client.id, day=wanted),
            _("Statements are of: {days}.", days=", ".join(map(str, earlier)) or "-"),
            param="previous",
            code="statement_not_found",
        )
    return found[-1]


def changes_of(dataset: Dataset, account: Account, previous: date) -> tuple[Change, ...]:
    """Return the change of each product since a statement, largest value first."""
    before = {one.product.id: one for one in account_of(dataset, account.client.id, previous).positions}
    after = {one.product.id: one for one in account.positions}
    told = _told(dataset, account, previous)
    days = dataset.calendar.between(numpy.datetime64(previous), numpy.datetime64(account.as_of))
    if not len(days) or days[0] != numpy.datetime64(previous):
        days = numpy.concatenate([[numpy.datetime64(previous)], days])
    changes = []
    for product in sorted({*before, *after, *(one.product for one in told if one.product)}):
        old, new = before.get(product), after.get(product)
        valued = all(one is None or one.basis == "value" for one in (old, new))
        path = path_of(dataset, product, days, old.units if old else 0.0, told) if valued else None
        bought, sold, paid_out = (_sum(dataset, told, product, kind) for kind in ("buy", "sell", "dividend"))
        market = float(path.gains.sum()) if path else 0.0
        change = Change(product, old.value if old else 0.0, bought, sold, paid_out, market, new.value if new else 0.0)
        changes.append(change)
    return tuple(sorted(changes, key=lambda one: (-one.after, -one.before, one.product)))


def add_changes(book: Book, dataset: Dataset, account: Account, previous: date) -> tuple[ChangeLine, ...]:
    """Add the change of the account and of each product; the account's is the sum of the products'."""
    changes = changes_of(dataset, account, previous)
    book.add("previous_day", previous)
    told = [
        one
        for one in _told(dataset, account, previous)
        if not one.product or one.kind in ("deposit", "withdrawal", "fee")
    ]
    signs = {"deposit": 1.0, "withdrawal": -1.0, "fee": -1.0}
    paid_in = math.fsum(signs.get(one.kind, 0.0) * (_cny(dataset, one) or 0.0) for one in told)
    whole = {name: math.fsum(getattr(one, name) for one in changes) for name in _NAMES}
    whole["other"] = (
        whole["after"] - whole["before"] - whole["bought"] + whole["sold"] + whole["paid_out"] - whole["market"]
    )
    lines = [ChangeLine(product="", name="", figures=_figures(book, whole, "", ""))]
    book.add("change_paid_in", paid_in, {"payments": len(told)})
    for one in changes:
        name = dataset.product(one.product).name.within(book.language)
        values = {part: float(getattr(one, part)) for part in _NAMES}
        lines.append(ChangeLine(product=one.product, name=name, figures=_figures(book, values, one.product, name)))
    return tuple(lines)


def _figures(book: Book, values: dict[str, float], key: str, about: str) -> dict[str, str]:
    made = [book.add(f"change_{name}", values[name], key=key, about=about) for name in _NAMES]
    return {figure.name: figure.id for figure in made}


def _told(dataset: Dataset, account: Account, previous: date) -> list[Transaction]:
    """Return the transactions after one statement and up to the other."""
    last = account.statement or account.as_of
    return [one for one in dataset.transactions(account.client.id) if previous < one.day <= last]


def _sum(dataset: Dataset, told: Sequence[Transaction], product: str, kind: str) -> float:
    amounts = (_cny(dataset, one) for one in told if one.product == product and one.kind == kind)
    return math.fsum(amount for amount in amounts if amount is not None)


def _cny(dataset: Dataset, one: Transaction) -> float | None:
    try:
        return one.amount * dataset.cny_for(one.currency, one.day)
    except RequestError:
        return None
