"""Weights: those of skfolio's own estimators, within the limits, and sound where returns are poor."""

import numpy
import pytest
from scipy.optimize import minimize
from skfolio import RiskMeasure, moments, optimization, prior
from skfolio.distance import CovarianceDistance

from appliance.core.errors import Unavailable
from appliance.scenario.words import Words
from scenarios.advisor.allocation.estimators import MARKET_AVERSION, SCALE_OBJECTIVE, SOLVER_PARAMS, Settings
from scenarios.advisor.allocation.feasibility import Region
from scenarios.advisor.allocation.limits import Limit
from scenarios.advisor.allocation.optimising import broken, optimise
from scenarios.advisor.allocation.reporting import cvar
from scenarios.advisor.data.targets import View
from tests.unit.scenario.advisor.allocation import made

METHODS = ("mean_variance", "risk_parity", "hierarchical_risk_parity", "cvar", "black_litterman")
WHY = Words(en="a view", zh="观点")
VIEWS = (
    View(asset="equity", against="bond", expected=0.04, confidence=0.5, reason=WHY),
    View(asset="commodity", expected=0.02, confidence=0.3, reason=WHY),
)
SOLVER = {"solver_params": dict(SOLVER_PARAMS)}
SCALED = {**SOLVER, "scale_objective": SCALE_OBJECTIVE}


def settings(method, count, **more):
    aim = "utility" if method in ("mean_variance", "black_litterman") else "minimum_risk"
    classes = tuple(one.asset_class for one in made.assets(count))
    return Settings(method, aim, **{"classes": classes, "views": VIEWS, "risk_free": 0.018, **more})


def empirical():
    return prior.EmpiricalPrior(mu_estimator=moments.EmpiricalMu(), covariance_estimator=moments.LedoitWolf())


def own(method, count):
    """Return skfolio's estimator as a user of skfolio would write it."""
    if method == "risk_parity":
        return optimization.RiskBudgeting(risk_measure=RiskMeasure.VARIANCE, prior_estimator=empirical(), **SCALED)
    if method == "hierarchical_risk_parity":
        return optimization.HierarchicalRiskParity(
            prior_estimator=empirical(), distance_estimator=CovarianceDistance(moments.LedoitWolf())
        )
    if method == "cvar":
        return optimization.MeanRisk(risk_measure=RiskMeasure.CVAR, prior_estimator=empirical(), **SOLVER)
    if method == "mean_variance":
        shrunk = moments.ShrunkMu(
            moments.LedoitWolf(), vol_weighted_target=True, method=moments.ShrunkMuMethods.BAYES_STEIN
        )
        beliefs = prior.EmpiricalPrior(mu_estimator=shrunk, covariance_estimator=moments.LedoitWolf())
    else:
        equilibrium = moments.EquilibriumMu(MARKET_AVERSION, covariance_estimator=moments.LedoitWolf())
        beliefs = prior.BlackLitterman(
            views=[f"equity - bond == {0.04 / 252}", f"commodity == {(0.02 - 0.018) / 252}"],
            groups=[[one.asset_class for one in made.assets(count)]],
            view_confidences=[0.5, 0.3],
            prior_estimator=prior.EmpiricalPrior(mu_estimator=equilibrium, covariance_estimator=moments.LedoitWolf()),
            risk_free_rate=0.018 / 252,
        )
    return optimization.MeanRisk(
        objective_function=optimization.ObjectiveFunction.MAXIMIZE_UTILITY, risk_aversion=5.0,
        prior_estimator=beliefs, **SCALED,
    )  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_without_limits_the_weights_are_those_of_skfolio(method):
    returns = made.returns(12)
    found = optimise(returns, settings(method, 12), [], Region(12, 1.0, [0.0] * 12))
    expected = own(method, 12).fit(returns).weights_
    assert numpy.abs(found.values - expected).max() < 1e-6
    assert found.notes == ()


def test_limits_that_skfolio_takes_give_the_weights_that_it_gives_for_them():
    returns, universe = made.returns(12), made.universe(12)
    limits = made.limits(universe, {"each_product": 0.2, "classes": {"equity": {"minimum": 0.4}}})
    found = optimise(returns, settings("mean_variance", 12), limits, Region(12, 1.0, universe.now))
    estimator = own("mean_variance", 12)
    equity = [float(one.asset_class == "equity") for one in universe.assets]
    estimator.set_params(max_weights=0.2, left_inequality=[[-x for x in equity]], right_inequality=[-0.4])
    assert numpy.abs(found.values - estimator.fit(returns).weights_).max() < 1e-6


def test_least_variance_is_that_of_a_general_solver():
    returns = made.returns(6)
    found = optimise(returns, settings("mean_variance", 6, covariance="empirical").__class__(
        "mean_variance", "minimum_risk", covariance="empirical"), [], Region(6, 1.0, [0.0] * 6))  # fmt: skip
    covariance = numpy.cov(returns, rowvar=False) * 1e6
    best = minimize(
        lambda w: w @ covariance @ w, numpy.full(6, 1 / 6), bounds=[(0, 1)] * 6, tol=1e-14,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0}, method="SLSQP", options={"maxiter": 1000},
    )  # fmt: skip
    assert found.values @ covariance @ found.values <= best.fun * (1 + 1e-4)


def test_risk_parity_gives_each_asset_the_same_share_of_the_risk():
    found = optimise(made.returns(8), settings("risk_parity", 8), [], Region(8, 1.0, [0.0] * 8))
    shares = found.values * (found.covariance @ found.values)
    assert numpy.abs(shares / shares.sum() - 1 / 8).max() < 1e-5


def test_a_target_volatility_is_reached():
    wanted = settings("mean_variance", 10, target_volatility=0.05)
    wanted = Settings("mean_variance", "target_volatility", target_volatility=0.05, classes=wanted.classes)
    found = optimise(made.returns(10), wanted, [], Region(10, 1.0, [0.0] * 10))
    assert float(found.values @ found.covariance @ found.values) ** 0.5 == pytest.approx(0.05, abs=1e-5)


def test_costs_keep_what_is_held_where_little_is_won():
    returns = made.returns(8)
    now = numpy.full(8, 1 / 8)
    region = Region(8, 1.0, now)
    free = optimise(returns, settings("mean_variance", 8), [], region).values
    dear = (numpy.full(8, 0.5), numpy.full(8, 0.5))
    kept = optimise(returns, settings("mean_variance", 8, costs=dear), [], region).values
    assert numpy.abs(kept - now).sum() < 0.2 * numpy.abs(free - now).sum()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["one constant", "all constant", "two alike", "one asset", "two assets"])
def test_poor_returns_give_sound_weights(method, kind):
    count = {"one asset": 1, "two assets": 2}.get(kind, 6)
    returns = made.returns(count)
    if kind == "one constant":
        returns[:, 0] = 0.00008
    elif kind == "all constant":
        returns[:] = 0.00008
    elif kind == "two alike":
        returns[:, 1] = returns[:, 2]
    found = optimise(returns, settings(method, count), [], Region(count, 1.0, [0.0] * count))
    assert numpy.isfinite(found.values).all()
    assert numpy.isfinite(found.means).all()
    assert found.values.sum() == pytest.approx(1.0)
    assert found.values.min() >= 0.0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(6))
def test_random_limits_hold_or_cannot_hold(method, seed):
    source = numpy.random.default_rng(seed)
    count = 12
    now = source.dirichlet(numpy.ones(count))
    universe = made.universe(count, now.tolist())
    low = float(source.uniform(0.0, 0.5))
    asked = {
        "each_product": float(source.uniform(0.08, 0.5)),
        "each_issuer": float(source.uniform(0.25, 0.7)),
        "classes": {"equity": {"minimum": low, "maximum": low + 0.3}, "bond": {"maximum": 0.4}},
        "above_levels": {"R3": float(source.uniform(0.1, 0.6))},
        "liquidity": [{"within_days": 7, "minimum": float(source.uniform(0.2, 0.9))}],
        "turnover": float(source.uniform(0.05, 1.0)),
        "products_at_most": int(source.integers(4, 13)),
    }
    limits = made.limits(universe, asked)
    region = Region(count, 1.0, now)
    clash = region.clash(limits)
    if clash is not None:
        assert not region.possible(limits)
        return
    found = optimise(made.returns(count, seed=seed), settings(method, count), limits, region)
    assert broken(found.values, limits, region) <= 1e-6
    assert "count" not in found.notes or int((found.values > 1e-6).sum()) <= asked["products_at_most"]


def test_what_stays_as_it_is_leaves_the_rest_of_the_budget():
    kept = (made.assets(3)[2], 0.3)
    universe = made.universe(6, kept=[kept])
    limits = made.limits(universe, {"classes": {"equity": {"maximum": 0.4}}})
    region = Region(6, universe.budget, universe.now)
    found = optimise(made.returns(6), settings("cvar", 6), limits, region)
    assert found.values.sum() == pytest.approx(0.7)
    assert found.values[[2, 3]].sum() <= 0.1 + 1e-6


def test_a_number_of_products_is_met_in_two_steps():
    universe = made.universe(20)
    limits = made.limits(universe, {"products_at_most": 4, "classes": {"equity": {"minimum": 0.3}}})
    region = Region(20, 1.0, universe.now)
    found = optimise(made.returns(20), settings("risk_parity", 20), limits, region)
    assert int((found.values > 1e-6).sum()) <= 4
    assert found.notes[0] == "count"


def test_the_same_input_gives_the_same_weights():
    universe = made.universe(12)
    limits = made.limits(universe, {"each_product": 0.2, "products_at_most": 8})
    region = Region(12, 1.0, universe.now)
    first, second = (optimise(made.returns(12), settings("cvar", 12), limits, region).values for _ in range(2))
    assert (first == second).all()


def test_a_volatility_out_of_reach_is_an_error_not_a_weight():
    wanted = Settings("mean_variance", "target_volatility", target_volatility=1e-5)
    limit = Limit("x", "x", 0.1, rows=-numpy.eye(6), bounds=-numpy.full(6, 0.1))
    with pytest.raises(Unavailable):
        optimise(made.returns(6), wanted, [limit], Region(6, 1.0, [0.0] * 6))


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_expected_shortfall_is_that_of_skfolio(confidence):
    from skfolio.measures import cvar as theirs

    mix = made.returns(5).mean(axis=1)
    assert cvar(mix, confidence) == pytest.approx(theirs(mix, beta=confidence), abs=1e-10)
