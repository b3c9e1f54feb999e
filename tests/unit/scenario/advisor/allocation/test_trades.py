"""Trades: sums to the cent, fees, minimum amounts, terms; and what is too small is left out."""

from datetime import date, timedelta
from decimal import Decimal

import numpy
import pytest

from appliance.scenario.words import Words
from scenarios.advisor.allocation.trades import plan_trades
from scenarios.advisor.allocation.universe import Position
from scenarios.advisor.models import Product

DAY = date(2026, 10, 30)


def product(name, **more):
    return Product(id=name, name=Words(en=name, zh=name), kind="fund", asset_class="equity", issuer_level="R3",
                   seller_level="R3", **more)  # fmt: skip


def position(of, *lots, price=1.25, rate=1.0):
    return Position(of, tuple(lots), price, rate)


def quotes(*positions, more=()):
    found = {one.product.id: (one.product, one.price, one.rate) for one in positions}
    return found | {one.id: (one, 2.0, 1.0) for one in more}


def test_what_is_left_is_new_money_and_sales_less_purchases_to_the_cent():
    fund, other = product("F", back_fees=((365, 0.005),), front_fee=0.0015), product("G", front_fee=0.0015)
    held = position(fund, (8000.0, DAY - timedelta(days=100)))
    plan = plan_trades({"F": 4000.0, "G": 7000.0}, {"F": held}, quotes(held, more=[other]), 1000.0, 10.0, DAY)
    sale, buy = plan.trades
    assert (sale.kind, sale.units, sale.amount, sale.fee) == ("sell", 4800, 6000, 30)
    assert (buy.amount, buy.fee, buy.units) == (Decimal("6970.00"), Decimal("10.44"), Decimal("3479.78"))
    assert plan.cash == Decimal("1000.00") + sale.amount - sale.fee - buy.amount == 0
    assert plan.fees == Decimal("40.44")


def test_the_oldest_lots_are_sold_first_each_with_its_own_fee():
    fund = product("F", back_fees=((30, 0.01), (365, 0.005)))
    held = position(
        fund, (100.0, DAY - timedelta(days=400)), (100.0, DAY - timedelta(days=40)), (100.0, DAY), price=1.0
    )
    plan = plan_trades({"F": 50.0}, {"F": held}, quotes(held), 0.0, 1.0, DAY)
    assert plan.trades[0].fee == Decimal("1.00")  # 100 free, 100 at 0.5 %, 50 at 1 %
    assert plan.cash == Decimal("249.00")


def test_all_is_sold_to_the_last_unit_and_nothing_before_its_term():
    fund = product("F", term_days=180)
    held = position(fund, (10.333, DAY - timedelta(days=200)), (5.0, DAY - timedelta(days=10)))
    plan = plan_trades({"F": 0.0}, {"F": held}, quotes(held), 0.0, 100.0, DAY)
    assert plan.trades[0].units == Decimal("10.333")


def test_small_trades_and_purchases_below_the_minimum_are_left_out_and_named():
    dear = product("D", minimum=10_000.0)
    held = position(product("F"), (8000.0, DAY))
    plan = plan_trades({"F": 9950.0, "D": 5000.0}, {"F": held}, quotes(held, more=[dear]), 5050.0, 100.0, DAY)
    assert [(name, why) for name, why, _amount, _least in plan.skipped] == [("F", "small"), ("D", "minimum")]
    assert plan.trades == ()
    assert plan.cash == Decimal("5050.00")


def test_purchases_are_cut_to_the_money_that_is_there():
    plan = plan_trades({"A": 900.0, "B": 300.0}, {}, quotes(more=[product("A"), product("B")]), 1000.0, 1.0, DAY)
    assert [one.amount for one in plan.trades] == [Decimal("750.00"), Decimal("250.00")]
    assert plan.cash == 0


def test_what_is_paid_out_is_there_after_fees():
    held = position(product("F", back_fees=((365, 0.005),)), (8000.0, DAY - timedelta(days=5)))
    plan = plan_trades({"F": 7000.0}, {"F": held}, quotes(held), -3000.0, 100.0, DAY)
    assert Decimal(0) <= plan.cash < 5


@pytest.mark.parametrize("seed", range(20))
def test_random_plans_never_spend_more_than_there_is(seed):
    source = numpy.random.default_rng(seed)
    products = [
        product(f"P{at}", front_fee=float(source.choice([0.0, 0.0015])), minimum=float(source.choice([0.0, 1000.0])),
                back_fees=((365, 0.005),) if at % 2 else ())
        for at in range(8)
    ]  # fmt: skip
    held = {
        one.id: position(one, (round(float(source.uniform(10, 9999)), 2),
                               DAY - timedelta(days=int(source.integers(900)))),
                         price=round(float(source.uniform(0.5, 3)), 4), rate=float(source.choice([1.0, 7.0931])))
        for one in products[:5]
    }  # fmt: skip
    amount = round(float(source.uniform(0, 20000)), 2)
    wealth = sum(one.value for one in held.values()) + amount
    shares = source.dirichlet(numpy.ones(8)) * (source.random(8) > 0.3)
    wanted = {one.id: float(share) * wealth for one, share in zip(products, shares, strict=True)}
    plan = plan_trades(wanted, held, quotes(*held.values(), more=products[5:]), amount, 50.0, DAY)
    moved = sum((one.cny if one.kind == "sell" else -one.cny for one in plan.trades), Decimal(0))
    assert plan.cash == Decimal(repr(amount)) + moved
    assert plan.cash >= 0
    for one in plan.trades:
        if one.kind == "buy":
            assert one.amount >= Decimal(repr(one.product.minimum))
        else:
            assert one.units <= Decimal(repr(held[one.product.id].units))
