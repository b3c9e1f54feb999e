"""Measures over a window that moves by one day."""

from dataclasses import dataclass
from typing import Final

import numpy

from ..models import Series
from .making import PERIODS
from .track import LEAST_VOLATILITY, Days, Floats, RiskFree, track

WINDOWS: Final = (126, 252)


@dataclass(frozen=True)
class Rolling:
    """One measure by day: each value is of the `window` returns up to its day; NaN where it does not exist."""

    name: str
    window: int
    days: Days
    values: Floats


def rolling(
    series: Series, benchmark: Series | None, risk_free: RiskFree, window: int, periods: int = PERIODS
) -> dict[str, Rolling]:
    """Return rolling return, volatility, Sharpe and, with a benchmark, beta; empty where there are too few values."""
    whole = track(series, benchmark, risk_free, periods)
    found: dict[str, Rolling] = {}
    if len(whole.returns) >= window:
        days = whole.days[window:]
        growth = (whole.values[window:] / whole.values[:-window]) ** (periods / window) - 1.0
        spread = numpy.sqrt(_variance(whole.returns, whole.returns, window) * periods)
        means, deviations = _means(whole.excess, window), numpy.sqrt(_variance(whole.excess, whole.excess, window))
        sharpe = _divided(means * periods**0.5, deviations, LEAST_VOLATILITY / periods**0.5)
        for name, values in (("rolling_return", growth), ("rolling_volatility", spread), ("rolling_sharpe", sharpe)):
            found[name] = Rolling(name, window, days, values)
    common = whole.common
    if common is not None and len(common.returns) >= window:
        shared = _variance(common.excess, common.benchmark_excess, window)
        its = _variance(common.benchmark_excess, common.benchmark_excess, window)
        beta = _divided(shared, its, LEAST_VOLATILITY**2 / periods)
        found["rolling_beta"] = Rolling("rolling_beta", window, common.days[window - 1 :], beta)
    return found


def _windows(values: Floats, window: int) -> Floats:
    view: Floats = numpy.lib.stride_tricks.sliding_window_view(values, window)
    return view


def _means(values: Floats, window: int) -> Floats:
    result: Floats = _windows(values, window).mean(axis=1)
    return result


def _variance(first: Floats, second: Floats, window: int) -> Floats:
    """Return covariances (n - 1) by window; each about its own mean, since differences of sums would lose digits."""
    mine = _windows(first, window)
    about = mine - mine.mean(axis=1, keepdims=True)
    result: Floats = numpy.einsum("ij,ij->i", about, _windows(second, window)) / (window - 1)
    return result


def _divided(above: Floats, below: Floats, least: float) -> Floats:
    result = numpy.full(len(above), numpy.nan)
    numpy.divide(above, below, out=result, where=below > least)
    return result
