"""The walk-forward test: only the past decides, costs are deducted, and the figures are those of the path."""

import numpy
import pytest
from skfolio.model_selection import WalkForward

from scenarios.advisor.allocation.backtest import path_of, walk_forward
from scenarios.advisor.allocation.estimators import Settings
from scenarios.advisor.allocation.feasibility import Region
from scenarios.advisor.allocation.request import Backtest
from scenarios.advisor.allocation.returns import Returns
from tests.unit.scenario.advisor.allocation import made

FREE = (numpy.zeros(4), numpy.zeros(4))
CALM = Settings("mean_variance", "minimum_risk")


def history(values):
    days = numpy.datetime64("2020-01-01") + numpy.arange(len(values))
    return Returns(days, values, ())


def tried(values, costs=FREE, how=None, settings=CALM, target=None):
    region = Region(4, 1.0, [0.0] * 4)
    return walk_forward(history(values), settings, [], region, how or Backtest(), 250, costs, target)


def test_without_costs_equal_weights_earn_what_their_holdings_earn():
    values = made.returns(4, 500)
    found = tried(values)
    first = len(values) - len(found.days)
    worth = 1.0
    for begin in range(first, len(values), 63):
        worth *= numpy.prod(1.0 + values[begin : begin + 63], axis=0).mean()
    assert found.equal.values[-1] == pytest.approx(worth, rel=1e-12)
    assert found.rebalanced == -(-len(found.days) // 63)


def test_the_days_after_a_decision_do_not_change_it():
    values = made.returns(4, 500)
    later = values.copy()
    later[251 + 63 :] *= -1.0
    assert tried(values).method.values[:63] == pytest.approx(tried(later).method.values[:63], abs=1e-12)


def test_decisions_are_made_from_the_days_before_with_the_delay():
    values = made.returns(4, 400)
    seen = []

    def decide(past, _held):
        seen.append(past)
        return numpy.full(4, 0.25)

    splits = list(WalkForward(test_size=50, train_size=250, purged_size=3, reduce_test=True).split(values))
    path_of(values, splits, decide, FREE)
    assert (seen[0] == values[:250]).all()
    assert splits[0][1][0] == 253


def test_costs_come_off_the_value_at_each_rebalancing():
    values = made.returns(4, 500)
    free, dear = tried(values).equal, tried(values, (numpy.full(4, 0.01), numpy.full(4, 0.005))).equal
    assert dear.fees[0] == pytest.approx(0.01)
    assert dear.values[0] == pytest.approx(free.values[0] * 0.99)
    assert dear.annual < free.annual
    assert dear.values[-1] == pytest.approx(free.values[-1] * numpy.prod(1.0 - dear.fees))


def test_figures_of_a_path_are_those_of_its_values():
    path = tried(made.returns(4, 500)).method
    values = numpy.concatenate([[1.0], path.values])
    returns = numpy.diff(values) / values[:-1]
    assert path.volatility == pytest.approx(returns.std(ddof=1) * 252**0.5)
    assert path.annual == pytest.approx(values[-1] ** (252 / len(returns)) - 1)
    assert path.max_drawdown == pytest.approx((values / numpy.maximum.accumulate(values) - 1).min())


def test_too_short_a_past_is_not_tried():
    assert tried(made.returns(4, 300)) is None


def test_the_target_is_one_of_the_lines():
    target = numpy.array([1.0, 0.0, 0.0, 0.0])
    values = made.returns(4, 500)
    found = tried(values, target=target)
    first = len(values) - len(found.days)
    assert found.target.values[-1] == pytest.approx(numpy.prod(1.0 + values[first:, 0]))
    assert found.target.turnover_a_year == pytest.approx(252 / len(found.days))
