"""The rebalancing list of a proposal: trades that suitability allows, as figures."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy

from ..figures.making import Maker
from .limits import Limit
from .plan import Task
from .result import Rebalancing, TradeRow
from .returns import Floats
from .trades import Plan, Trade, plan_trades


def plan_of(task: Task, weights: Floats) -> Plan | None:
    """Return the trades that lead to the weights; None where there is no client or nothing is known of the wealth."""
    universe = task.universe
    if universe.wealth is None or task.request.indices or task.request.client is None:
        return None
    wealth, day = universe.wealth, task.dataset.last_day
    wanted = {one.id: float(share) * wealth for one, share in zip(universe.assets, weights, strict=True)}
    if task.request.sell_others:
        kept = {one.id: share for one, share in universe.kept}
        wanted |= {name: kept.get(name, 0.0) * wealth for name in universe.positions if name not in wanted}
    products = {name: task.dataset.product(name) for name in wanted}
    quotes = {
        name: (product, task.dataset.price(name, day), task.dataset.cny_for(product.currency, day))
        for name, product in products.items()
    }
    smallest = max(task.book.smallest_trade.amount, task.book.smallest_trade.share * wealth)
    return plan_trades(
        wanted, universe.positions, quotes, task.request.amount, smallest, day, task.request.reserve * wealth
    )


def refused_in(task: Task, plan: Plan) -> dict[str, Sequence[str]]:
    """Return the purchases that suitability does not allow for their amount, with the reasons."""
    if task.suits is None:
        return {}
    found = {}
    for trade in plan.trades:
        if trade.kind == "buy":
            allowed, reasons = task.suits.judge(trade.product, float(trade.amount))
            if allowed == "no":
                found[trade.product.id] = reasons
    return found


def caps_of(task: Task, plan: Plan, refused: Mapping[str, Sequence[str]]) -> list[Limit]:
    """Return limits for what suitability or a minimum does not let be bought: products at what may be had of them."""
    wealth = task.universe.wealth or 1.0
    caps: dict[str, tuple[str, float]] = {
        name: ("minimum", 0.0) for name, why, _a, _m in plan.skipped if why == "minimum"
    }
    for trade in plan.trades:
        if trade.kind == "buy" and trade.product.id in refused and task.suits is not None:
            most = task.suits.most(trade.product, float(trade.amount))
            caps[trade.product.id] = ("suitability", most * float(trade.rate) / wealth)
    made = []
    for at, asset in enumerate(task.universe.assets):
        if asset.id in caps:
            why, more = caps[asset.id]
            row = numpy.zeros((1, len(task.universe.assets)))
            row[0, at] = 1.0
            most = task.universe.now[at] + more
            words = task.speaker.say(f"limit_{why}", name=asset.name, value=task.speaker.shown(most, "share"))
            made.append(
                Limit(
                    f"{why}.{asset.id}",
                    words,
                    most,
                    "fixed",
                    standing=False,
                    rows=row,
                    bounds=numpy.array([most]),
                    numbers=(("limit", most, "share"),),
                )
            )
    return made


def without(plan: Plan, refused: Sequence[str]) -> Plan:
    """Return the plan without the purchases of some products: their money stays as cash."""
    dropped = [one for one in plan.trades if one.kind == "buy" and one.product.id in refused]
    cents = Decimal("0.01")
    return replace(
        plan,
        trades=tuple(one for one in plan.trades if one not in dropped),
        cash=plan.cash + sum((one.cny for one in dropped), Decimal(0)),
        fees=plan.fees - sum(((one.fee * one.rate).quantize(cents) for one in dropped), Decimal(0)),
    )


def rebalancing_of(task: Task, plan: Plan, refused: dict[str, Sequence[str]], maker: Maker) -> Rebalancing:
    """Return the list as figures and sentences."""
    speaker = task.speaker
    names = {name: task.dataset.product(name).name.within(speaker.language) for name in
             {*(one.product.id for one in plan.trades), *(one[0] for one in plan.skipped), *refused}}  # fmt: skip
    skipped = []
    for product_id, why, amount, least in plan.skipped:
        unit = task.dataset.product(product_id).currency
        told = {"amount": speaker.shown(float(amount), unit), "minimum": speaker.shown(float(least), unit)}
        skipped.append(speaker.say(f"trade_{why}", name=names[product_id], **told))
    return Rebalancing(
        trades=tuple(_row(task, one, names[one.product.id], maker) for one in plan.trades),
        skipped=tuple(skipped),
        refused=tuple(
            speaker.say("trade_refused", name=names[name], why=speaker.sentences(reasons))
            for name, reasons in refused.items()
        ),
        fees=maker.make("fees_in_all", float(plan.fees), {"trades": len(plan.trades)}, key="trades", unit="CNY"),
        cash=maker.make("cash_left", float(plan.cash), {"amount": task.request.amount}, key="trades", unit="CNY"),
    )


def _row(task: Task, trade: Trade, name: str, maker: Maker) -> TradeRow:
    allowed, confirmations = "sale", ()
    if trade.kind == "buy" and task.suits is not None:
        judged, reasons = task.suits.judge(trade.product, float(trade.amount))
        allowed, confirmations = judged, tuple(reasons)  # type: ignore[assignment]
    inputs: dict[str, float | int | str] = {
        "value": float(trade.price), "units": float(trade.units), "cny": float(trade.rate),
        "front_fee": trade.product.front_fee,
    }  # fmt: skip
    unit = trade.product.currency
    key = f"trade.{trade.product.id}"
    return TradeRow(
        product=trade.product.id, name=name, kind=trade.kind,  # type: ignore[arg-type]
        amount=maker.make("trade_amount", float(trade.amount), inputs, key=key, about=name, unit=unit),
        units=maker.make("trade_units", float(trade.units), inputs, key=key, about=name),
        fee=maker.make("trade_fee", float(trade.fee), inputs, key=key, about=name, unit=unit),
        allowed=allowed, confirmations=confirmations,  # type: ignore[arg-type]
    )  # fmt: skip
