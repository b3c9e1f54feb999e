"""A series made ready for figures: returns, and those of the benchmark and the risk-free rate on the same days."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy
from numpy.typing import NDArray

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

from ..models import Series, Source
from .making import LEAST_VALUES, PERIODS, used

Floats: TypeAlias = NDArray[numpy.float64]
Days: TypeAlias = NDArray[numpy.datetime64]
RiskFree: TypeAlias = Series | float | None
LEAST_VOLATILITY = 1e-4
"""Annual; below it a series is flat: what moves there is the rounding of its values."""


@dataclass(frozen=True)
class Track:
    """Values v_0 to v_n of `days` and what follows from them; benchmark parts are of `common` days alone."""

    days: Days
    values: Floats
    returns: Floats
    rates: Floats
    """The risk-free rate for each return, of one period."""
    periods: int
    sources: tuple[Source, ...]
    common: "Common | None" = None

    @cached_property
    def excess(self) -> Floats:
        """Returns above the risk-free rate."""
        return self.returns - self.rates

    @cached_property
    def drawdowns(self) -> Floats:
        """Of each return's day: the value over the highest so far, less 1."""
        result: Floats = (self.values / numpy.maximum.accumulate(self.values) - 1.0)[1:]
        return result

    @cached_property
    def flat(self) -> bool:
        """Tell whether the values hardly move."""
        return is_flat(self.returns, self.periods)


@dataclass(frozen=True)
class Common:
    """Returns, benchmark returns and risk-free rates between the days that both series have."""

    days: Days
    returns: Floats
    benchmark: Floats
    rates: Floats
    name: str

    @cached_property
    def excess(self) -> Floats:
        """Returns above the risk-free rate."""
        return self.returns - self.rates

    @cached_property
    def benchmark_excess(self) -> Floats:
        """The benchmark's returns above the risk-free rate."""
        return self.benchmark - self.rates

    @cached_property
    def active(self) -> Floats:
        """Returns above the benchmark's."""
        return self.returns - self.benchmark


def track(series: Series, benchmark: Series | None, risk_free: RiskFree, periods: int = PERIODS) -> Track:
    """Make a series ready; the benchmark is taken on the days that both have.

    Raises `InvalidRequest` for values that are not positive numbers.
    """
    check_values(series)
    sources = [used(series)]
    if isinstance(risk_free, Series) and len(risk_free):
        sources.append(used(risk_free))
    common = None
    if benchmark is not None:
        check_values(benchmark)
        part = benchmark
        if len(series):
            part = benchmark.between(series.days[0].astype(object), series.days[-1].astype(object))
        sources.append(used(part))
        days, mine, its = numpy.intersect1d(series.days, part.days, assume_unique=True, return_indices=True)
        common = Common(
            days[1:], returns_of(series.values[mine]), returns_of(part.values[its]),
            period_rates(risk_free, days[1:], periods), benchmark.name,
        )  # fmt: skip
    return Track(
        series.days, series.values, returns_of(series.values), period_rates(risk_free, series.days[1:], periods),
        periods, tuple(sources), common,
    )  # fmt: skip


def returns_of(values: Floats) -> Floats:
    """Return v_t / v_(t-1) - 1, one less than there are values."""
    result: Floats = values[1:] / values[:-1] - 1.0
    return result


def check_values(series: Series) -> None:
    """Raise `InvalidRequest` where a value is zero, negative or no number: nothing is computed from it."""
    wrong = numpy.flatnonzero(~(numpy.isfinite(series.values) & (series.values > 0.0)))
    if len(wrong):
        day: Any = series.days[wrong[0]]
        raise InvalidRequest(
            _("The value of {key} on {day} is not positive: {value}.", key=series.name, day=str(day),
              value=float(series.values[wrong[0]])),
            _("Correct the value in the file and supply it again; nothing was computed from it."),
            code="value_not_positive",
        )  # fmt: skip


def period_rates(risk_free: RiskFree, days: Days, periods: int) -> Floats:
    """Return the rate of one period for each day, from the newest annual rate known on it (before all: the first)."""
    if risk_free is None or not len(days):
        return numpy.zeros(len(days))
    if isinstance(risk_free, Series):
        if not len(risk_free):
            return numpy.zeros(len(days))
        places = numpy.maximum(numpy.searchsorted(risk_free.days, days, side="right") - 1, 0)
        annual: Floats = risk_free.values[places]
    else:
        annual = numpy.full(len(days), float(risk_free))
    result: Floats = (1.0 + annual) ** (1.0 / periods) - 1.0
    return result


def is_flat(returns: Floats, periods: int) -> bool:
    """Tell whether returns fluctuate less than `LEAST_VOLATILITY` a year."""
    return len(returns) < 2 or float(returns.std(ddof=1)) * periods**0.5 < LEAST_VOLATILITY


def enough(values: int) -> bool:
    """Tell whether there are values enough for figures."""
    return values >= LEAST_VALUES
