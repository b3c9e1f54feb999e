"""From weights to trades: sales in units, purchases in amounts, fees, minimum amounts; the rest is cash."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from ..models import Product
from .universe import Position

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Trade:
    """One trade. `amount` and `fee` are in the product's currency; `cny` moves on the account, fee included."""

    product: Product
    kind: str
    units: Decimal
    amount: Decimal
    fee: Decimal
    cny: Decimal
    price: Decimal
    rate: Decimal


@dataclass(frozen=True)
class Plan:
    """Trades, what was left out and why, and the cash that is left in CNY: amount + sales - purchases, exactly."""

    trades: tuple[Trade, ...]
    skipped: tuple[tuple[str, str, Decimal, Decimal], ...]
    """(product, why: small or minimum, amount in its currency, the minimum)."""
    cash: Decimal
    fees: Decimal
    """In CNY."""
    after: Mapping[str, float]
    """Value in CNY by product after the trades."""


def plan_trades(
    wanted: Mapping[str, float],
    positions: Mapping[str, Position],
    quotes: Mapping[str, tuple[Product, float, float]],
    amount: float,
    smallest: float,
    day: date,
    reserve: float = 0.0,
) -> Plan:
    """Return the trades that lead from what is held to `wanted`, values in CNY by product.

    `quotes` give product, value of a unit and CNY for its currency. `amount` is new money, below 0 what is paid out;
    `reserve` stays as cash.
    Sales come first; where they and the new money do not pay for the purchases, these are cut in proportion.
    """
    for _attempt in range(6):
        plan = _planned(wanted, positions, quotes, amount, smallest, day, reserve)
        held = sum(max(0.0, value) for value in wanted.values())
        if plan.cash >= 0 or held <= 0.0:
            return plan
        # Fees eat into what is paid out: a little more has to be sold.
        share = max(0.0, 1.0 - float(-plan.cash) * 1.05 / held)
        wanted = {product_id: value * share for product_id, value in wanted.items()}
    return plan


def _planned(
    wanted: Mapping[str, float],
    positions: Mapping[str, Position],
    quotes: Mapping[str, tuple[Product, float, float]],
    amount: float,
    smallest: float,
    day: date,
    reserve: float,
) -> Plan:
    skipped: list[tuple[str, str, Decimal, Decimal]] = []
    sales: list[Trade] = []
    wishes: list[tuple[str, Decimal]] = []
    for product_id in sorted(wanted):
        rate = quotes[product_id][2]
        position = positions.get(product_id)
        gap = wanted[product_id] - (position.value if position else 0.0)
        whole = wanted[product_id] <= 0.0 and position is not None
        if abs(gap) < smallest and not (gap < 0.0 and (whole or amount < 0.0)):
            if abs(gap) >= 0.01:
                skipped.append((product_id, "small", _cents(abs(gap) / rate), _cents(smallest / rate)))
        elif gap < 0.0 and position is not None:
            sale = _sale(position, None if whole else -gap, day)
            if sale.units > 0:
                sales.append(sale)
        elif gap > 0.0:
            wishes.append((product_id, _money(gap)))
    cash = _money(amount) + sum((sale.cny for sale in sales), Decimal(0))
    purchases = _purchases(wishes, quotes, cash - _money(reserve), skipped)
    cash -= sum((one.cny for one in purchases), Decimal(0))
    trades = (*sales, *purchases)
    fees = sum((_money(one.fee * one.rate) for one in trades), Decimal(0))
    return Plan(trades, tuple(skipped), cash, fees, _after(positions, quotes, trades))


def back_fee(product: Product, days: int) -> float:
    """Return the redemption fee of what was held for some days, as a share."""
    return next((share for below, share in product.back_fees if days < below), 0.0)


def _sale(position: Position, cny: float | None, day: date) -> Trade:
    """Sell what is worth `cny`, rounded down to 0.01 units, the oldest lots first; None: all whose term has ended."""
    price, rate = Decimal(repr(position.price)), Decimal(repr(position.rate))
    free = Decimal(repr(position.units)) - Decimal(repr(position.locked_units(day)))
    units = free
    if cny is not None:
        units = min(free, (Decimal(repr(cny)) / price / rate).quantize(CENT, ROUND_DOWN))
    amount = _money(units * price)
    fee, left = Decimal(0), units
    for held, bought_on in position.lots:
        part = min(left, Decimal(repr(held)))
        fee += part * price * Decimal(repr(back_fee(position.product, (day - bought_on).days)))
        left -= part
    fee = _money(fee)
    return Trade(position.product, "sell", units, amount, fee, _down((amount - fee) * rate), price, rate)


def _purchases(
    wishes: Sequence[tuple[str, Decimal]],
    quotes: Mapping[str, tuple[Product, float, float]],
    cash: Decimal,
    skipped: list[tuple[str, str, Decimal, Decimal]],
) -> list[Trade]:
    total = sum((wish for _product, wish in wishes), Decimal(0))
    made = []
    for product_id, wish in wishes:
        part = wish if total <= cash else max(Decimal(0), cash) * wish / total
        product, price, rate = quotes[product_id]
        trade = _purchase(product, part, Decimal(repr(price)), Decimal(repr(rate)))
        if trade.amount < Decimal(repr(product.minimum)) or trade.amount <= 0:
            skipped.append((product_id, "minimum", trade.amount, Decimal(repr(product.minimum))))
        else:
            made.append(trade)
    return made


def _purchase(product: Product, cny: Decimal, price: Decimal, rate: Decimal) -> Trade:
    amount = _down(cny / rate)
    # The fee is on top of what is invested: invested = amount / (1 + fee).
    fee = _money(amount - amount / (1 + Decimal(repr(product.front_fee))))
    units = ((amount - fee) / price).quantize(CENT, ROUND_DOWN)
    # Rounded down twice, so that it never costs more than is there.
    return Trade(product, "buy", units, amount, fee, _down(amount * rate), price, rate)


def _after(
    positions: Mapping[str, Position], quotes: Mapping[str, tuple[Product, float, float]], trades: Sequence[Trade]
) -> dict[str, float]:
    values = {product_id: position.value for product_id, position in positions.items()}
    for trade in trades:
        moved = float((trade.amount - (trade.fee if trade.kind == "buy" else 0)) * trade.rate)
        values[trade.product.id] = values.get(trade.product.id, 0.0) + (moved if trade.kind == "buy" else -moved)
    return {product_id: max(0.0, value) for product_id, value in values.items() if product_id in quotes or value > 0.0}


def _money(value: float | Decimal) -> Decimal:
    return Decimal(repr(value) if isinstance(value, float) else value).quantize(CENT, ROUND_HALF_UP)


def _down(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_DOWN)


def _cents(value: float) -> Decimal:
    return _money(value)
