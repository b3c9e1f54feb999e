"""A few points of the efficient frontier within the limits, as the past estimates it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy

from .estimators import Settings, estimator_of, quiet
from .feasibility import Region
from .limits import Limit
from .optimising import arguments_of, broken, optimise
from .returns import PERIODS, Floats

_INSIDE = 0.999
"""The point of the greatest return alone often has no room around it: the last point lies just below."""


def frontier_of(
    returns: Floats, settings: Settings, limits: Sequence[Limit], region: Region, points: int
) -> list[tuple[float, float]]:
    """Return (return a year, volatility a year) of least-variance weights, returns rising; fewer where some fail.

    The limit on the number of assets is left out. The shares are of the planned part.
    """
    if points < 2 or region.count < 2:
        return []
    method = settings.method if settings.method == "black_litterman" else "mean_variance"
    calm = replace(settings, method=method, objective="minimum_risk", target_volatility=None, costs=None)
    within = [one for one in limits if one.kind != "count"]
    least = optimise(returns, calm, within, region)
    if not least.covariance.any():
        return []
    low = float(least.values @ least.means) / region.budget
    high = region.most(within, least.means) / region.budget
    if high - low < 1e-6:
        return [(low, _volatility(least.values / region.budget, least.covariance))]
    targets = numpy.linspace(low, low + (high - low) * _INSIDE, points)
    estimator = estimator_of(
        calm, region.count, min_return=targets / PERIODS, raise_on_failure=False, **arguments_of(calm, within, region)
    )
    with quiet():
        estimator.fit(returns)
    found = [
        (float(weights @ least.means), _volatility(weights, least.covariance))
        for weights in numpy.atleast_2d(estimator.weights_)
        if numpy.isfinite(weights).all() and broken(weights * region.budget, within, region) < 1e-5
    ]
    return sorted(found)


def _volatility(weights: Floats, covariance: Floats) -> float:
    return float(max(0.0, float(weights @ covariance @ weights)) ** 0.5)
