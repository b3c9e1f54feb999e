"""What a fund moves like: weights of indices, none below 0 and 1 together, found by regression of returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy
from numpy.typing import NDArray

from ..models import Series
from .making import PERIODS
from .track import Days, Floats, is_flat, returns_of

WINDOW: Final = 252
_PENALTY: Final = 1e4
_CALM: Final = 0.25


@dataclass(frozen=True)
class Exposure:
    """Weights by index over the returns from the day after `first` to `last`."""

    first: numpy.datetime64
    last: numpy.datetime64
    count: int
    weights: Mapping[str, float]
    r_squared: float
    inflation: float
    """The largest variance inflation of an index; above 10 single weights are uncertain, sums of like ones are not."""


def exposures(
    series: Series, factors: Mapping[str, Series], window: int = WINDOW, most: int = 6, periods: int = PERIODS
) -> tuple[Exposure, ...]:
    """Return the exposure over the last `window` returns and over windows before it, newest first, none overlapping.

    Only days that the series and all indices have count. Empty where there are too few, or where the series hardly
    moves: nothing can be told from its returns.
    """
    if not factors:
        return ()
    days, values, indices = _common(series, list(factors.values()))
    found: list[Exposure] = []
    end = len(days) - 1
    while end >= window and len(found) < most:
        part = slice(end - window, end + 1)
        mine, its = returns_of(values[part]), indices[part][1:] / indices[part][:-1] - 1.0
        if is_flat(mine, periods):
            break
        weights, r_squared = fit(mine, its)
        found.append(
            Exposure(
                days[end - window], days[end], window, dict(zip(factors, weights.tolist(), strict=True)), r_squared,
                inflation(its),
            )
        )  # fmt: skip
        end -= window
    return tuple(found)


def fit(returns: Floats, indices: Floats) -> tuple[Floats, float]:
    """Return weights and R² for returns (n,) and index returns (n, k).

    The variance of what is left is made smallest: a constant difference, as fees make, changes nothing. The sum of 1
    is one more row of great weight; what is left of its error is taken out.
    """
    from scipy.optimize import nnls

    mine, its = returns - returns.mean(), indices - indices.mean(axis=0)
    scale = float(numpy.sqrt((its**2).sum(axis=0)).max()) or 1.0
    heavy = _PENALTY * scale
    rows = numpy.vstack([its, numpy.full(its.shape[1], heavy)])
    weights, _rest = nnls(rows, numpy.r_[mine, heavy])
    weights = weights / weights.sum()
    left = mine - its @ weights
    return weights, 1.0 - float((left**2).sum() / (mine**2).sum())


def inflation(indices: Floats) -> float:
    """Return the largest variance inflation of columns that move (n, k); infinite where one is made of the others."""
    moving = indices[:, indices.std(axis=0) > 1e-9]
    if moving.shape[1] < 2:
        return 1.0
    correlations = numpy.corrcoef(moving, rowvar=False)
    if numpy.linalg.cond(correlations) > 1e12:
        return float("inf")
    return float(numpy.diag(numpy.linalg.inv(correlations)).max())


def with_calm(industries: Mapping[str, Series], styles: Mapping[str, Series]) -> dict[str, Series]:
    """Return the industries and those style indices that fluctuate far less: they stand for what is not in shares."""
    spreads = [_spread(one) for one in industries.values()]
    if not spreads:
        return {}
    limit = _CALM * float(numpy.median(spreads))
    return {**{name: one for name, one in styles.items() if _spread(one) < limit}, **industries}


def _spread(series: Series) -> float:
    returns = returns_of(series.values)
    return float(returns.std()) if len(returns) else 0.0


def _common(series: Series, factors: Sequence[Series]) -> tuple[Days, Floats, NDArray[numpy.float64]]:
    """Return the days that all have, the values on them (n,) and those of the factors (n, k)."""
    days = series.days
    for factor in factors:
        if len(factor.days) != len(days) or (factor.days != days).any():
            days = numpy.intersect1d(days, factor.days, assume_unique=True)
    columns = [one.values[numpy.searchsorted(one.days, days)] for one in (series, *factors)]
    return days, columns[0], numpy.column_stack(columns[1:])
