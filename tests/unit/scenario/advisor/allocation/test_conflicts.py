"""Limits that cannot all hold: which, in words with numbers, and how little must give way."""

from dataclasses import replace

import numpy
import pytest

from scenarios.advisor.allocation.conflicts import conflict_of, sentences_of
from scenarios.advisor.allocation.feasibility import Region
from scenarios.advisor.allocation.words import Speaker, formulas
from scenarios.advisor.figures.making import Maker
from tests.unit.scenario.advisor.allocation import made


def clash_of(universe, asked, **more):
    limits = made.limits(universe, asked, **more)
    region = Region(len(universe.assets), universe.budget, universe.now)
    return region, limits, region.clash(limits)


def loosened(limits, changes):
    """Return the limits with the changed values in place."""
    values = {one.limit.id: one.value for one in changes}
    found = []
    for one in limits:
        if one.id in values:
            step = values[one.id] - one.value
            one = replace(one, value=values[one.id], bounds=one.bounds + (-step if one.minimum else step))
        found.append(one)
    return found


def test_two_limits_that_conflict_are_the_ones_named():
    universe = made.universe(8)
    asked = {"classes": {"equity": {"minimum": 0.4}}, "above_levels": {"R3": 0.2}, "each_product": 0.9}
    region, limits, clash = clash_of(universe, asked)
    assert [[one.id for one in core] for core in clash.cores] == [
        ["request.class_minimum.equity", "request.level_maximum.R3"]
    ]
    conflict = conflict_of(clash, Maker("allocation", "en", catalogue=formulas()))
    told = sentences_of(clash, conflict, universe, Speaker("en"))
    assert "equities at least 40.00%" in told[0]
    assert "products above R3 at most 20.00%" in told[0]
    assert {one.limit: one.value.shown for one in conflict.changes} == {
        "request.class_minimum.equity": "20.00%", "request.level_maximum.R3": "40.00%",
    }  # fmt: skip
    assert all(one.enough for one in conflict.changes)
    for one in clash.alone:
        assert region.possible(loosened(limits, [one]))


def test_three_limits_of_which_any_two_can_hold():
    universe = made.universe(6)
    asked = {"classes": {"bond": {"maximum": 0.3}, "equity": {"maximum": 0.3}}, "each_issuer": 1.0,
             "liquidity": [{"within_days": 3, "minimum": 0.95}], "products": {"A00": {"maximum": 0.2}}}  # fmt: skip
    # Free within 3 days: A00 cash, A01 bond, A02 equity, A04 alternative, A05 commodity.
    asked["products"] |= {"A04": {"maximum": 0.0}, "A05": {"maximum": 0.0}}
    region, _limits, clash = clash_of(universe, asked)
    assert len(clash.cores) == 1
    core = clash.cores[0]
    assert len(core) >= 4
    assert not region.possible(core)
    for one in core:
        assert region.possible([other for other in core if other is not one])


def test_exactly_three():
    universe = made.universe(3, classes=("cash", "bond", "equity"))
    asked = {"classes": {"cash": {"maximum": 0.3}, "bond": {"maximum": 0.3}, "equity": {"maximum": 0.3}}}
    region, limits, clash = clash_of(universe, asked)
    assert [len(core) for core in clash.cores] == [3]
    assert sum(one.value - 0.3 for one in clash.together) == pytest.approx(0.1, abs=2e-4)
    assert region.possible(loosened(limits, clash.together))


def test_two_conflicts_that_have_nothing_in_common_are_both_told():
    universe = made.universe(4, classes=("cash", "bond", "bond", "cash"))
    asked = {"classes": {"equity": {"minimum": 0.4}}, "above_levels": {},
             "products": {"A01": {"minimum": 0.5}, "A02": {"minimum": 0.6}}}  # fmt: skip
    region, limits, clash = clash_of(universe, asked)
    assert len(clash.cores) == 2
    assert region.possible(loosened(limits, clash.together))


def test_one_product_under_a_limit_per_product():
    universe = made.universe(1)
    _region, _limits, clash = clash_of(universe, {}, bank={"each_product": 0.35})
    assert [[one.id for one in core] for core in clash.cores] == [["bank.each_product"]]
    assert clash.alone[0].value == 1.0


def test_too_few_products_under_a_limit_per_product():
    universe = made.universe(12)
    _region, _limits, clash = clash_of(universe, {"each_product": 0.2, "products_at_most": 3})
    assert {one.id for one in clash.cores[0]} == {"request.each_product", "request.count"}
    values = {one.limit.id: one.value for one in clash.alone}
    assert values["request.count"] == 5
    assert values["request.each_product"] == pytest.approx(0.3334)


def test_turnover_and_a_class_far_from_what_is_held():
    universe = made.universe(6, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    asked = {"turnover": 0.1, "classes": {"equity": {"minimum": 0.5}}}
    _region, _limits, clash = clash_of(universe, asked)
    assert {one.id for one in clash.cores[0]} == {"request.turnover", "request.class_minimum.equity"}
    assert {one.limit.id: one.value for one in clash.alone} == {
        "request.turnover": 0.5, "request.class_minimum.equity": 0.1,
    }  # fmt: skip


def test_a_return_that_no_product_had():
    universe = made.universe(6)
    _region, _limits, clash = clash_of(universe, {"return_at_least": 0.5}, means=numpy.linspace(0.0, 0.08, 6))
    assert [[one.id for one in core] for core in clash.cores] == [["request.return"]]
    assert clash.alone[0].value == pytest.approx(0.08)


def test_what_is_kept_counts():
    universe = made.universe(6, kept=[(made.assets(3)[2], 0.5)])
    _region, _limits, clash = clash_of(universe, {"classes": {"equity": {"maximum": 0.4}}})
    assert clash.alone[0].value == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(25))
def test_random_conflicts_are_minimal_and_their_ways_out_work(seed):
    source = numpy.random.default_rng(seed)
    universe = made.universe(10, source.dirichlet(numpy.ones(10)).tolist())
    draw = lambda low, high: float(source.uniform(low, high))  # noqa: E731
    asked = {
        "each_product": draw(0.05, 0.3), "each_issuer": draw(0.15, 0.5), "turnover": draw(0.0, 0.4),
        "classes": {"equity": {"minimum": draw(0.2, 0.8)}, "cash": {"minimum": draw(0.1, 0.5)}},
        "above_levels": {"R3": draw(0.0, 0.4)}, "liquidity": [{"within_days": 2, "minimum": draw(0.3, 0.9)}],
    }  # fmt: skip
    region, limits, clash = clash_of(universe, asked)
    if clash is None:
        assert region.possible(limits)
        return
    for core in clash.cores:
        assert not region.possible(core)
        for one in core:
            assert region.possible([other for other in core if other is not one])
    assert region.possible(loosened(limits, clash.together))
    for one in clash.alone:
        if one.enough:
            assert region.possible(loosened(limits, [one]))
