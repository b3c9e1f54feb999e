"""The measures themselves, on arrays of returns: no dates, no texts. None where a measure does not exist."""

from statistics import NormalDist
from typing import Final

import numpy

from .track import Common, Days, Floats, Track, is_flat

TAIL: Final = 1.0 - 0.95
_NORMAL: Final = NormalDist()


def total_return(track: Track) -> float:
    """v_T / v_0 - 1."""
    return float(track.values[-1] / track.values[0] - 1.0)


def annualised_return(track: Track) -> float:
    """(v_T / v_0)^(N / n) - 1."""
    return float((track.values[-1] / track.values[0]) ** (track.periods / len(track.returns)) - 1.0)


def volatility(track: Track) -> float:
    """Of the returns, a year."""
    return deviation(track.returns, track.periods)


def downside_deviation(track: Track) -> float:
    """Of the returns below the risk-free rate, a year."""
    return float(_downside(track.excess) * track.periods**0.5)


def max_drawdown(track: Track) -> float:
    """The lowest drawdown; 0 where the values never fell."""
    return min(0.0, float(track.drawdowns.min()))


def sharpe(track: Track) -> float | None:
    """None for values that hardly move."""
    return None if track.flat else ratio(track.excess, track.periods)


def sortino(track: Track) -> float | None:
    """None without a loss."""
    below = _downside(track.excess)
    return None if track.flat or below == 0.0 else float(track.excess.mean() / below) * track.periods**0.5


def calmar(track: Track) -> float | None:
    """None without a drawdown."""
    deepest = max_drawdown(track)
    return None if track.flat or deepest == 0.0 else annualised_return(track) / -deepest


def ulcer_index(track: Track) -> float:
    """The root of the mean squared drawdown."""
    return float(numpy.sqrt(numpy.mean(track.drawdowns**2)))


def omega(track: Track) -> float | None:
    """None without a loss."""
    losses = float(numpy.maximum(-track.excess, 0.0).sum())
    return None if track.flat or losses == 0.0 else float(numpy.maximum(track.excess, 0.0).sum()) / losses


def skew(track: Track) -> float | None:
    """With the correction for small samples."""
    if track.flat:
        return None
    count = len(track.returns)
    about = track.returns - track.returns.mean()
    return float((count * (count - 1)) ** 0.5 / (count - 2) * numpy.mean(about**3) / numpy.mean(about**2) ** 1.5)


def kurtosis(track: Track) -> float | None:
    """Above that of the normal distribution, with the correction for small samples."""
    if track.flat:
        return None
    count = len(track.returns)
    about = track.returns - track.returns.mean()
    plain = float(numpy.mean(about**4) / numpy.mean(about**2) ** 2)
    return (count - 1) / ((count - 2) * (count - 3)) * ((count + 1) * plain - 3.0 * (count - 1))


def var_historical(track: Track) -> float:
    """A loss is positive."""
    # The small addition keeps 0.05 x 20 at 1, which floating point puts just beside it.
    rank = int(TAIL * len(track.returns) + 1e-9)
    return -float(numpy.partition(track.returns, rank)[rank])


def cvar_historical(track: Track) -> float:
    """A loss is positive; the last return within the tail counts in part."""
    tail = TAIL * len(track.returns)
    whole = max(0, int(numpy.ceil(tail)) - 1)
    worst = numpy.partition(track.returns, whole)[: whole + 1]
    return -float(worst[:whole].sum() + worst[whole] * (tail - whole)) / tail


def var_parametric(track: Track) -> float:
    """A loss is positive."""
    return -float(track.returns.mean() + _NORMAL.inv_cdf(TAIL) * track.returns.std(ddof=1))


def cvar_parametric(track: Track) -> float:
    """A loss is positive."""
    density = _NORMAL.pdf(_NORMAL.inv_cdf(TAIL))
    return -float(track.returns.mean() - track.returns.std(ddof=1) * density / TAIL)


def win_rate(track: Track) -> float | None:
    """None where no return differs from 0."""
    moved = int(numpy.count_nonzero(track.returns))
    return None if moved == 0 else int(numpy.count_nonzero(track.returns > 0.0)) / moved


def monthly(days: Days, returns: Floats) -> tuple[Days, Floats]:
    """Return the months (datetime64[M]) and the compounded return of each."""
    months = days.astype("datetime64[M]")
    begins = numpy.flatnonzero(numpy.r_[True, months[1:] != months[:-1]])
    return months[begins], numpy.multiply.reduceat(1.0 + returns, begins) - 1.0


def excess_return(track: Track, common: Common) -> float:
    """Over the common days."""
    return float(numpy.prod(1.0 + common.returns) - numpy.prod(1.0 + common.benchmark))


def tracking_error(track: Track, common: Common) -> float:
    """Of the active returns, a year."""
    return deviation(common.active, track.periods)


def information_ratio(track: Track, common: Common) -> float | None:
    """None where the active returns hardly move."""
    return None if is_flat(common.active, track.periods) else ratio(common.active, track.periods)


def beta(track: Track, common: Common) -> float | None:
    """None where the benchmark hardly moves."""
    if is_flat(common.benchmark, track.periods):
        return None
    moments = numpy.cov(common.excess, common.benchmark_excess)
    return float(moments[0, 1] / moments[1, 1])


def alpha(track: Track, common: Common) -> float | None:
    """A year, not compounded."""
    slope = beta(track, common)
    if slope is None:
        return None
    return float(common.excess.mean() - slope * common.benchmark_excess.mean()) * track.periods


def correlation(track: Track, common: Common) -> float | None:
    """None where one of the two hardly moves."""
    if is_flat(common.benchmark, track.periods) or is_flat(common.returns, track.periods):
        return None
    return float(numpy.corrcoef(common.excess, common.benchmark_excess)[0, 1])


def r_squared(track: Track, common: Common) -> float | None:
    """The square of the correlation."""
    found = correlation(track, common)
    return None if found is None else found**2


def treynor(track: Track, common: Common) -> float | None:
    """None where beta is 0 or does not exist."""
    slope = beta(track, common)
    return float(common.excess.mean()) * track.periods / slope if slope else None


def capture_up(track: Track, common: Common) -> float | None:
    """None where the benchmark never rose."""
    return _capture(common, common.benchmark > 0.0)


def capture_down(track: Track, common: Common) -> float | None:
    """None where the benchmark never fell."""
    return _capture(common, common.benchmark < 0.0)


def deviation(returns: Floats, periods: int) -> float:
    """The standard deviation (n - 1), a year."""
    return float(returns.std(ddof=1) * periods**0.5)


def ratio(returns: Floats, periods: int) -> float:
    """The mean over the standard deviation, a year."""
    return float(returns.mean() / returns.std(ddof=1) * periods**0.5)


def _downside(excess: Floats) -> float:
    return float(numpy.sqrt(numpy.mean(numpy.minimum(excess, 0.0) ** 2)))


def _capture(common: Common, chosen: numpy.typing.NDArray[numpy.bool_]) -> float | None:
    if not chosen.any():
        return None
    return float(common.returns[chosen].mean() / common.benchmark[chosen].mean())
