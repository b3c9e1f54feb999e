"""Weights from returns, within the limits: skfolio's estimator, then a check of what it gives."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Final

import numpy

from appliance.core.errors import Unavailable
from appliance.core.messages import _

from .estimators import SOLVER, SOLVER_PARAMS, Settings, estimator_of, prior_of, quiet
from .feasibility import Region
from .limits import Limit
from .returns import PERIODS, Floats

TOLERANCE: Final = 1e-6
"""By which a limit may be missed."""
_FLAT: Final = 1e-8
"""Daily standard deviation below which no asset moves."""


@dataclass(frozen=True)
class Weights:
    """Weights in shares of the wealth; expected returns and covariance of a year; `notes` say what was done."""

    values: Floats
    means: Floats
    covariance: Floats
    notes: tuple[str, ...] = ()


def optimise(returns: Floats, settings: Settings, limits: Sequence[Limit], region: Region) -> Weights:
    """Return the method's weights for returns of shape (days, assets), with what it estimates.

    The limits can all hold: check before. Raises `Unavailable` where the solver finds nothing.
    """
    weights, notes = weigh(returns, settings, limits, region)
    means, covariance = moments_of(returns, settings)
    return Weights(weights, means * PERIODS, covariance * PERIODS, notes)


def weigh(
    returns: Floats, settings: Settings, limits: Sequence[Limit], region: Region
) -> tuple[Floats, tuple[str, ...]]:
    """Return the weights as `optimise` does, and the names of notes."""
    with quiet():
        counts = [one for one in limits if one.kind == "count"]
        others = [one for one in limits if one.kind != "count"]
        weights, notes = _within(returns, settings, others, region)
        if counts and int((weights > TOLERANCE).sum()) > min(one.value for one in counts):
            # Cardinality needs a mixed-integer conic solver: so the strongest are chosen first, then weighed anew.
            weights, found = _fewer(returns, settings, limits, region, weights)
            notes = ["count", *found]
    return weights, tuple(dict.fromkeys(notes))


def moments_of(returns: Floats, settings: Settings) -> tuple[Floats, Floats]:
    """Return the expected returns and the covariance of a day, as the method estimates them."""
    if _flat(returns):
        return returns.mean(axis=0), numpy.zeros((returns.shape[1],) * 2)
    with quiet():
        prior = prior_of(settings, returns.shape[1])
        prior.fit(returns)
    found = prior.return_distribution_
    return numpy.asarray(found.mu, dtype=float), numpy.asarray(found.covariance, dtype=float)


def broken(weights: Floats, limits: Sequence[Limit], region: Region) -> float:
    """Return by how much the worst limit is missed."""
    worst = [abs(float(weights.sum()) - region.budget), float(-weights.min())]
    for limit in limits:
        if limit.kind == "turnover":
            worst.append(float(numpy.maximum(weights - region.now, 0.0).sum()) - limit.value)
        elif limit.kind == "count":
            worst.append(float((weights > TOLERANCE).sum()) - limit.value)
        elif len(limit.rows):
            worst.append(float((limit.rows @ weights - limit.bounds).max()))
    return max(worst)


def _fewer(
    returns: Floats, settings: Settings, limits: Sequence[Limit], region: Region, wanted: Floats
) -> tuple[Floats, list[str]]:
    """Return weights of as few assets as the limits allow: chosen by their `wanted` weights."""
    others = [one for one in limits if one.kind != "count"]
    try:
        return _within(returns, settings, others, region, region.choice(limits, wanted))
    except Unavailable:
        if settings.objective != "target_volatility":
            raise
        # Among those chosen the volatility cannot be so low; among the calmest it can.
        calm, _notes = weigh(returns, replace(settings, objective="minimum_risk"), limits, region)
        return _within(returns, settings, others, region, numpy.flatnonzero(calm > TOLERANCE).tolist())


def _within(
    returns: Floats, settings: Settings, limits: Sequence[Limit], region: Region, chosen: Sequence[int] | None = None
) -> tuple[Floats, list[str]]:
    """Return weights of all assets, 0 outside `chosen`, and notes."""
    places = list(range(region.count)) if chosen is None else list(chosen)
    if settings.method in ("risk_parity", "hierarchical_risk_parity"):
        reachable = _narrowed(region, places).reachable([_part(one, places) for one in limits])
        places = [place for place, can in zip(places, reachable, strict=True) if can]
    narrow = _narrowed(region, places)
    rows = [_part(one, places) for one in limits]
    part = replace(
        settings,
        classes=tuple(settings.classes[at] for at in places) if settings.classes else (),
        reference=None if settings.reference is None else _unit(settings.reference[places]),
        costs=None if settings.costs is None else (settings.costs[0][places], settings.costs[1][places]),
    )
    found, notes = _solved(returns[:, places], part, rows, narrow)
    weights = numpy.zeros(region.count)
    weights[places] = found
    return weights, notes


def _solved(returns: Floats, settings: Settings, limits: Sequence[Limit], region: Region) -> tuple[Floats, list[str]]:
    count = returns.shape[1]
    equal = numpy.full(count, region.budget / count)
    if count == 1:
        return equal, ["one"]
    if _flat(returns):
        return _nearest(equal, limits, region), ["flat"]
    if settings.method == "hierarchical_risk_parity":
        wanted = _clean(_fitted(estimator_of(settings, count), returns), region.budget)
        if broken(wanted, limits, region) <= TOLERANCE:
            return wanted, []
        return _nearest(wanted, limits, region), ["nearest"]
    try:
        found = _clean(_fitted(estimator_of(settings, count, **arguments_of(settings, limits, region)), returns),
                       region.budget)  # fmt: skip
    except _failure():
        found = None
    if found is not None and broken(found, limits, region) <= TOLERANCE:
        return found, []
    if settings.objective == "target_volatility":
        raise _unsolved(settings)
    if found is None:
        # The limits leave the solver no room between them: the method without limits, then the nearest weights within.
        found = _clean(_fitted(estimator_of(settings, count), returns), region.budget)
    return _nearest(found, limits, region), ["nearest"]


def arguments_of(settings: Settings, limits: Sequence[Limit], region: Region) -> dict[str, Any]:
    """Return the limits in skfolio's terms, for weights that sum to 1."""
    cvxpy: Any = import_module("cvxpy")  # its functions are not in its type information

    budget, now = region.budget, region.now / region.budget
    rows = [one.rows for one in limits if len(one.rows)]
    given: dict[str, Any] = {}
    if rows:
        given["left_inequality"] = numpy.vstack(rows)
        given["right_inequality"] = numpy.concatenate([one.bounds for one in limits if len(one.rows)]) / budget
    if settings.method == "risk_parity":
        return given
    turnovers = [one.value / budget for one in limits if one.kind == "turnover"]
    if turnovers:
        given["add_constraints"] = lambda w: [cvxpy.sum(cvxpy.pos(w - now)) <= min(turnovers)]
    if settings.costs is not None and settings.objective in ("utility", "target_volatility"):
        buying, selling = (one / PERIODS for one in settings.costs)
        given["add_objective"] = lambda w: -(buying @ cvxpy.pos(w - now) + selling @ cvxpy.pos(now - w))
    return given


def _fitted(estimator: Any, returns: Floats) -> Floats:  # noqa: ANN401 - an estimator of skfolio
    estimator.fit(returns)
    return numpy.asarray(estimator.weights_, dtype=float)


def _nearest(wanted: Floats, limits: Sequence[Limit], region: Region) -> Floats:
    """Return the weights within the limits that are nearest to `wanted` by squares."""
    cvxpy: Any = import_module("cvxpy")  # its functions are not in its type information

    w = cvxpy.Variable(region.count)
    constraints = [w >= 0.0, cvxpy.sum(w) == region.budget]
    for limit in limits:
        if limit.kind == "turnover":
            constraints.append(cvxpy.sum(cvxpy.pos(w - region.now)) <= limit.value)
        elif len(limit.rows):
            constraints.append(limit.rows @ w <= limit.bounds)
    problem = cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(w - wanted)), constraints)
    problem.solve(solver=SOLVER, **SOLVER_PARAMS)
    found = None if w.value is None else _clean(numpy.asarray(w.value) / region.budget, region.budget)
    if found is None or broken(found, limits, region) > TOLERANCE:
        raise _unsolved(None)
    return found


def _narrowed(region: Region, places: Sequence[int]) -> Region:
    # What is sold in full still counts as turnover through what is bought for it.
    return Region(len(places), region.budget, region.now[list(places)])


def _part(limit: Limit, places: Sequence[int]) -> Limit:
    return replace(limit, rows=limit.rows[:, list(places)]) if len(limit.rows) else limit


def _clean(weights: Floats, budget: float) -> Floats:
    """Return weights without the solver's dust, that sum to `budget`."""
    kept = numpy.where(weights < 1e-7, 0.0, weights)
    cleaned: Floats = kept / kept.sum() * budget
    return cleaned


def _unit(weights: Floats) -> Floats | None:
    total = float(weights.sum())
    return weights / total if total > 0.0 else None


def _flat(returns: Floats) -> bool:
    return bool((returns.std(axis=0) < _FLAT).all())


def _failure() -> type[Exception]:
    from skfolio.exceptions import OptimizationError

    return OptimizationError  # type: ignore[no-any-return]


def _unsolved(settings: Settings | None) -> Unavailable:
    method = settings.method if settings is not None else "nearest"
    return Unavailable(
        _("The solver found no weights ({method}).", method=method),
        _("Loosen the tightest limit a little, or take another method."),
        code="allocation_not_solved",
    )
