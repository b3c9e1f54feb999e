"""The computations of an account on their own: sums that hold for any numbers."""

from datetime import date, timedelta

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skfolio import Portfolio, RiskMeasure

from appliance.scenario.words import Words
from scenarios.advisor.accounts.holdings import overlap_of
from scenarios.advisor.accounts.ledger import _units
from scenarios.advisor.accounts.returns import Payment, money_weighted, time_weighted
from scenarios.advisor.accounts.risk import contributions
from scenarios.advisor.models import Product

FIRST = date(2024, 1, 1)
RATES = st.floats(-0.95, 5.0)


def product(name, **fields):
    return Product(
        id=name, name=Words(en=name, zh=name), kind="fund", asset_class="equity", issuer_level="R3", seller_level="R3",
        **fields,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(30, 400))
def test_contributions_sum_to_the_volatility(seed, count, days):
    generator = numpy.random.default_rng(seed)
    returns = generator.normal(0.0, generator.uniform(1e-5, 0.03, count), (days, count)) + generator.normal(
        0, 0.01, (days, 1)
    )
    weights = generator.dirichlet(numpy.ones(count))
    volatility = (returns @ weights).std(ddof=1) * 252**0.5
    parts = contributions(returns, weights)
    assert parts.sum() == pytest.approx(volatility, rel=1e-10)
    step = 1e-6
    for at in range(min(count, 3)):
        more = weights.copy()
        more[at] += step
        slope = ((returns @ more).std(ddof=1) * 252**0.5 - volatility) / step
        assert parts[at] == pytest.approx(weights[at] * slope, rel=1e-3, abs=1e-6)


def test_contributions_are_those_of_skfolio():
    generator = numpy.random.default_rng(5)
    returns = generator.normal(0.0, [0.01, 0.02, 0.005], (500, 3))
    weights = numpy.array([0.5, 0.2, 0.3])
    portfolio = Portfolio(X=returns, weights=weights)
    theirs = portfolio.contribution(RiskMeasure.STANDARD_DEVIATION) * 252**0.5
    assert contributions(returns, weights) == pytest.approx(theirs, rel=1e-5)


def test_contributions_of_what_does_not_move_are_nothing():
    assert contributions(numpy.zeros((50, 2)), numpy.array([0.5, 0.5])).tolist() == [0.0, 0.0]


@settings(max_examples=100, deadline=None)
@given(
    RATES,
    st.lists(st.tuples(st.integers(0, 2000), st.floats(1.0, 1e6)), min_size=1, max_size=12),
    st.integers(2001, 4000),
)
def test_the_rate_that_money_grew_at_is_found(rate, paid, last):
    value = sum(amount * (1.0 + rate) ** ((last - at) / 365.0) for at, amount in paid)
    payments = [Payment(FIRST + timedelta(days=at), -amount) for at, amount in paid]
    found = money_weighted([*payments, Payment(FIRST + timedelta(days=last), value)])
    assert found == pytest.approx(rate, rel=1e-6, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3000), st.floats(-1e9, 1e9, allow_subnormal=False)), max_size=10))
def test_any_payments_give_a_rate_that_solves_them_or_none(told):
    payments = [Payment(FIRST + timedelta(days=at), amount) for at, amount in told]
    found = money_weighted(payments)
    if found is None:
        return
    first = min(one.day for one in payments)
    terms = [one.amount * (1.0 + found) ** -((one.day - first).days / 365.0) for one in payments]
    assert sum(terms) == pytest.approx(0.0, abs=1e-6 * max(1.0, *(abs(term) for term in terms)))


@pytest.mark.parametrize("amounts", [[], [-1.0], [1.0, 2.0], [-1.0, -2.0], [0.0, 0.0]])
def test_payments_without_a_rate(amounts):
    payments = [Payment(FIRST + timedelta(days=100 * at), amount) for at, amount in enumerate(amounts)]
    assert money_weighted(payments) is None


def test_a_total_loss_has_no_rate_and_the_nearest_of_several_is_taken():
    assert money_weighted([Payment(FIRST, -100.0), Payment(FIRST + timedelta(days=365), 0.0)]) is None
    # -1 + 2.3 / (1 + i) - 1.32 / (1 + i)^2 is nothing at 10 % and at 20 %.
    payments = [
        Payment(FIRST, -1.0),
        Payment(FIRST + timedelta(days=365), 2.3),
        Payment(FIRST + timedelta(days=730), -1.32),
    ]
    assert money_weighted(payments) == pytest.approx(0.1)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(40, 300))
def test_flows_do_not_change_the_time_weighted_return(seed, days):
    generator = numpy.random.default_rng(seed)
    growth = 1.0 + generator.normal(0.0005, 0.01, days)
    bought, sold, paid_out = (
        numpy.where(generator.random(days) < 0.1, generator.random(days) * 50, 0.0) for _ in range(3)
    )
    values = numpy.zeros(days)
    values[0] = 1000.0
    for at in range(1, days):
        taken = min(sold[at] + paid_out[at], 0.5 * values[at - 1])
        sold[at], paid_out[at] = taken / 2, taken / 2
        values[at] = values[at - 1] * growth[at] + bought[at] - taken
    found, count = time_weighted(values, bought, sold, paid_out)
    assert count == days - 1
    assert found == pytest.approx(numpy.prod(growth[1:]) ** (252 / (days - 1)) - 1.0, rel=1e-9)


def test_days_without_holdings_are_no_part_of_the_time_weighted_return():
    values = numpy.array([0.0, 100.0, 110.0, 0.0, 0.0, 50.0, 55.0])
    bought = numpy.array([0.0, 100.0, 0.0, 0.0, 0.0, 50.0, 0.0])
    sold = numpy.array([0.0, 0.0, 0.0, 110.0, 0.0, 0.0, 0.0])
    found, count = time_weighted(values, bought, sold, numpy.zeros(7))
    assert count == 3
    assert found == pytest.approx((1.1 * 1.1) ** (252 / 3) - 1.0)
    assert time_weighted(numpy.zeros(5), numpy.zeros(5), numpy.zeros(5), numpy.zeros(5)) == (None, 0)


def test_units_are_split_before_what_is_traded_on_the_day():
    days = numpy.arange("2026-01-05", "2026-01-10", dtype="datetime64[D]")
    held = _units(days, 100.0, {1: 50.0, 3: -20.0}, [(date(2026, 1, 8), 2.0), (date(2026, 1, 5), 9.0)])
    assert held.tolist() == [100.0, 150.0, 150.0, 280.0, 280.0]


weights = st.dictionaries(st.sampled_from("ABCDEFGH"), st.floats(0.0, 0.125), max_size=8)


@given(weights, weights)
def test_overlap_is_symmetric_and_no_more_than_either_reports(first, second):
    one, other = product("P1", constituents=first), product("P2", constituents=second)
    found = overlap_of(one, other)
    assert found == pytest.approx(overlap_of(other, one))
    assert 0.0 <= found <= min(sum(first.values()), sum(second.values())) + 1e-9
    assert overlap_of(one, one) == pytest.approx(sum(first.values()))
