"""Drawdowns with their days."""

from dataclasses import dataclass
from datetime import date

import numpy

from ..models import Series


@dataclass(frozen=True)
class Drawdown:
    """A fall from a high: `depth` is negative; `recovery` is the first day back at the high, None until then."""

    depth: float
    peak: date
    trough: date
    recovery: date | None
    days: int
    """Calendar days from the high to the recovery, or to the last day."""


def drawdowns(series: Series, count: int = 5) -> tuple[Drawdown, ...]:
    """Return the deepest falls, deepest first, those of one depth in the order of their days.

    A high is the last day with the highest value before the fall; a fall ends when that value is reached again.
    """
    if len(series) < 2:
        return ()
    values = series.values
    highest = numpy.maximum.accumulate(values)
    below = values < highest
    edges = numpy.diff(numpy.r_[False, below, False].astype(numpy.int8))
    found = [
        _drawdown(series, int(begin), int(end))
        for begin, end in zip(numpy.flatnonzero(edges == 1), numpy.flatnonzero(edges == -1), strict=True)
    ]
    return tuple(sorted(found, key=lambda one: (one.depth, one.peak))[:count])


def _drawdown(series: Series, begin: int, end: int) -> Drawdown:
    """Return the fall whose values from `begin` up to `end` (not included) lie below the high just before."""
    lowest = begin + int(numpy.argmin(series.values[begin:end]))
    recovered = end < len(series)
    peak, last = _day(series, begin - 1), _day(series, end if recovered else end - 1)
    return Drawdown(
        depth=float(series.values[lowest] / series.values[begin - 1] - 1.0),
        peak=peak,
        trough=_day(series, lowest),
        recovery=last if recovered else None,
        days=(last - peak).days,
    )


def _day(series: Series, at: int) -> date:
    day: date = series.days[at].astype("datetime64[D]").astype(object)
    return day
