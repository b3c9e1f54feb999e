"""A fund over a quarter: return, benchmark, volatility and drawdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import stdev
from typing import Final

from ..models import Figure
from .making import Maker, of_cell, of_figure
from .tables import Entry, Row

_DAYS_A_YEAR: Final = 250
_LEAST_RETURNS: Final = 20
"""Fewer daily returns make no volatility."""
_SHARE_DECIMALS: Final = 4
"""Of a share as it is shown: per cent with two decimals."""


@dataclass(frozen=True)
class _Point:
    """One day's value of a fund."""

    day: str
    nav: Entry
    benchmark: Entry | None

    @property
    def value(self) -> float:
        """The value itself."""
        return self.nav.number or 0.0


def quarter_of(day: str) -> tuple[str, str]:
    """Return the first and last day of the quarter that a day is in."""
    at = date.fromisoformat(day)
    month = (at.month - 1) // 3 * 3 + 1
    first = date(at.year, month, 1)
    behind = date(at.year + (month == 10), (month + 2) % 12 + 1, 1)
    return first.isoformat(), (behind - timedelta(days=1)).isoformat()


def points_of(rows: Sequence[Row]) -> list[_Point]:
    """Return the days in order, each once (the last row counts); values that are not above zero are left out."""
    points = {
        row["day"].text: _Point(row["day"].text, row["nav"], row.get("benchmark"))
        for row in rows
        if (row["nav"].number or 0.0) > 0.0
    }
    return [points[day] for day in sorted(points)]


def value_figures(rows: Sequence[Row], maker: Maker) -> list[Figure]:
    """Return the figures of the quarter that `maker.period` is in; none without values before and within it."""
    points = [point for point in points_of(rows) if point.day <= maker.period]
    first_day, _last_day = quarter_of(maker.period)
    before = [point for point in points if point.day < first_day]
    within = [point for point in points if point.day >= first_day]
    if not within:
        return []
    used = [*before[-1:], *within]
    start, end = used[0], used[-1]
    ends = [of_cell("first", start.nav), of_cell("last", end.nav)]
    figures = [
        maker.make("nav_first", start.value, ends[:1]),
        maker.make("nav_last", end.value, ends[1:]),
        maker.make("fund_return", end.value / start.value - 1.0 if len(used) > 1 else None, ends),
    ]
    figures += _against_benchmark(start, end, figures[2], maker)
    figures += _since_year_began(points, end, maker)
    figures += _daily(used, maker)
    figures += _drawdown(used, maker)
    return figures + _index(used, maker)


def _against_benchmark(start: _Point, end: _Point, own: Figure, maker: Maker) -> list[Figure]:
    benchmark = _benchmark_return("benchmark_return", start, end, maker)
    if benchmark is None or benchmark.value is None or own.value is None:
        return [benchmark] if benchmark is not None else []
    both = [of_figure("return", own), of_figure("benchmark", benchmark)]
    # As readers compute it from the two returns that they see.
    excess = round(own.value, _SHARE_DECIMALS) - round(benchmark.value, _SHARE_DECIMALS)
    return [benchmark, maker.make("excess_return", excess, both)]


def _benchmark_return(name: str, start: _Point, end: _Point, maker: Maker) -> Figure | None:
    if start.benchmark is None or end.benchmark is None or not start.benchmark.number or end.benchmark.number is None:
        return None
    value = end.benchmark.number / start.benchmark.number - 1.0
    return maker.make(name, value, [of_cell("first", start.benchmark), of_cell("last", end.benchmark)])


def _since_year_began(points: Sequence[_Point], end: _Point, maker: Maker) -> list[Figure]:
    before = [point for point in points if point.day < f"{end.day[:4]}-01-01"]
    if not before:
        return []
    inputs = [of_cell("first", before[-1].nav), of_cell("last", end.nav)]
    own = maker.make("fund_return_year", end.value / before[-1].value - 1.0, inputs)
    benchmark = _benchmark_return("benchmark_return_year", before[-1], end, maker)
    return [own, *([benchmark] if benchmark is not None else [])]


def _daily(used: Sequence[_Point], maker: Maker) -> list[Figure]:
    returns = [(later.value / earlier.value - 1.0, earlier, later) for earlier, later in pairwise(used)]
    if len(returns) < _LEAST_RETURNS:
        return []
    ends = [of_cell("first", used[0].nav), of_cell("last", used[-1].nav)]
    figures = [
        maker.make("volatility", _annual([one for one, _from, _to in returns]), ends),
        maker.make("rising_days", sum(one > 0.0 for one, _from, _to in returns) / len(returns), ends),
        *_benchmark_volatility(used, maker),
    ]
    for name, (change, earlier, later) in (
        ("best_day", max(returns, key=lambda one: one[0])),
        ("worst_day", min(returns, key=lambda one: one[0])),
    ):
        inputs = [of_cell("before", earlier.nav), of_cell("day", later.nav)]
        figures += [maker.make(name, change, inputs), maker.day(f"{name}_on", later.day, inputs[1:])]
    return figures


def _annual(returns: Sequence[float]) -> float:
    return float(stdev(returns) * _DAYS_A_YEAR**0.5)


def _benchmark_volatility(used: Sequence[_Point], maker: Maker) -> list[Figure]:
    cells = [point.benchmark for point in used if point.benchmark is not None and point.benchmark.number]
    if len(cells) < len(used):
        return []
    values = [cell.number or 0.0 for cell in cells]
    returns = [later / earlier - 1.0 for earlier, later in pairwise(values)]
    ends = [of_cell("first", cells[0]), of_cell("last", cells[-1])]
    return [maker.make("benchmark_volatility", _annual(returns), ends)]


def _drawdown(used: Sequence[_Point], maker: Maker) -> list[Figure]:
    peak, worst = used[0], (0.0, used[0], used[0])
    for point in used:
        if point.value >= peak.value:
            peak = point
        fall = 1.0 - point.value / peak.value
        if fall > worst[0]:
            worst = (fall, peak, point)
    fall, top, bottom = worst
    ends = [of_cell("peak", top.nav), of_cell("trough", bottom.nav)]
    days = [maker.day("drawdown_from", top.day, ends[:1]), maker.day("drawdown_to", bottom.day, ends[1:])]
    return [maker.make("max_drawdown", fall, ends), *(days if fall > 0.0 else [])]


def _index(used: Sequence[_Point], maker: Maker) -> list[Figure]:
    """Return the value of the last day of each week, for a chart, with the benchmark's."""
    weekly = {date.fromisoformat(point.day).isocalendar()[:2]: point for point in used}
    figures = []
    start = used[0]
    for point in [start, *(one for one in weekly.values() if one is not start)]:
        inputs = [of_cell("first", start.nav), of_cell("day", point.nav)]
        figures.append(
            maker.make(
                "nav_index", point.value / start.value * 100.0, inputs, key=point.day, about=point.day, decimals=2
            )
        )
        if start.benchmark and start.benchmark.number and point.benchmark and point.benchmark.number:
            inputs = [of_cell("first", start.benchmark), of_cell("day", point.benchmark)]
            value = point.benchmark.number / start.benchmark.number * 100.0
            figures.append(maker.make("benchmark_index", value, inputs, key=point.day, about=point.day, decimals=2))
    return figures
