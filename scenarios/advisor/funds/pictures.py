"""The charts of a fund's diagnosis."""

import math
from collections.abc import Callable, Collection
from typing import Final

import numpy

from .. import charts
from ..figures.measures import monthly
from ..figures.rolling import Rolling
from ..figures.track import returns_of
from ..models import Chart
from .shapes import Regression
from .subject import Subject

CHARTS: Final = ("growth", "drawdown", "rolling_volatility", "rolling_sharpe", "style", "industry", "months")
_MOST_PARTS: Final = 7
_LEAST: Final = 0.005


def pictures(
    subject: Subject,
    moving: dict[int, dict[str, Rolling]],
    style: Regression,
    industry: Regression,
    wanted: Collection[str],
) -> tuple[Chart, ...]:
    """Return the charts that are wanted and can be drawn: a single value has no lines, a deposit no styles."""
    made: dict[str, Callable[[], Chart | None]] = {
        "growth": lambda: _growth(subject),
        "drawdown": lambda: _drawdown(subject),
        "rolling_volatility": lambda: _rolling(subject, moving, "volatility", "share"),
        "rolling_sharpe": lambda: _rolling(subject, moving, "sharpe", "ratio"),
        "style": lambda: _style(subject, style),
        "industry": lambda: _industry(subject, industry),
        "months": lambda: _months(subject),
    }
    drawn = (made[name]() for name in CHARTS if name in wanted)
    return tuple(chart for chart in drawn if chart is not None)


def _title(subject: Subject, name: str, **more: object) -> str:
    return subject.texts.charts[name].within(subject.language).format(name=subject.name, **more)


def _axis(subject: Subject, name: str) -> str:
    return subject.texts.axes[name].within(subject.language)


def _growth(subject: Subject) -> Chart | None:
    series = subject.series
    if len(series) < 2:
        return None
    days, values = series.days, series.values
    lines = {}
    if subject.benchmark is not None:
        days, mine, its = numpy.intersect1d(days, subject.benchmark.days, assume_unique=True, return_indices=True)
        if len(days) < 2:
            days, its = series.days, its[:0]
        else:
            values, other = values[mine], subject.benchmark.values[its]
            its_name = subject.texts.index(subject.benchmark.name, subject.language)
            label = subject.texts.labels["benchmark"].within(subject.language).format(name=its_name)
            lines = {label: other / other[0] - 1.0}
    return charts.line(
        "growth", _title(subject, "growth"), days, {subject.name: values / values[0] - 1.0, **lines},
        unit="share", axis=_axis(subject, "growth"), language=subject.language,
    )  # fmt: skip


def _drawdown(subject: Subject) -> Chart | None:
    if len(subject.series) < 2:
        return None
    return charts.drawdown(
        "drawdown", _title(subject, "drawdown"), subject.series.days, subject.series.values,
        axis=_axis(subject, "drawdown"), language=subject.language,
    )  # fmt: skip


def _rolling(subject: Subject, moving: dict[int, dict[str, Rolling]], measure: str, unit: str) -> Chart | None:
    name = f"rolling_{measure}"
    known = {window: one[name] for window, one in moving.items() if name in one}
    known = {window: one for window, one in known.items() if numpy.isfinite(one.values).any()}
    if not known:
        return None
    days = known[min(known)].days
    lines = {}
    for window, one in known.items():
        label = subject.texts.labels["window"].within(subject.language).format(window=window)
        values = numpy.full(len(days), numpy.nan)
        values[len(days) - len(one.values) :] = one.values
        lines[label] = values
    return charts.line(
        name, _title(subject, name), days, lines, unit=unit, axis=_axis(subject, measure), language=subject.language
    )


def _style(subject: Subject, style: Regression) -> Chart | None:
    """Return one bar for each window, oldest first."""
    if not style.weights or style.r_squared is None:
        return None
    columns = [one.last_day.shown for one in reversed(style.earlier)] + [str(style.r_squared.inputs["t_T"])]
    if subject.language.startswith("zh"):
        columns[-1] = subject.maker().make("last_day", subject.series.days[-1].astype(object)).shown
    parts = {
        one.title: [
            *(period.weights[one.index].value or 0.0 for period in reversed(style.earlier)),
            one.regressed.value or 0.0,
        ]
        for one in style.weights
    }
    window = style.r_squared.inputs["n"]
    return charts.stacked(
        "style", _title(subject, "style", window=window), columns, parts, unit="share", axis=_axis(subject, "weight"),
        language=subject.language,
    )  # fmt: skip


def _industry(subject: Subject, industry: Regression) -> Chart | None:
    shown = [one for one in industry.weights if (one.regressed.value or 0.0) >= _LEAST or one.reported is not None][
        :_MOST_PARTS
    ]
    if not shown:
        return None
    labels = {name: subject.texts.labels[name].within(subject.language) for name in ("regressed", "reported")}
    groups = {labels["regressed"]: [one.regressed.value or 0.0 for one in shown]}
    if any(one.reported for one in shown):
        groups[labels["reported"]] = [(one.reported.value or 0.0) if one.reported else math.nan for one in shown]
    return charts.bars(
        "industry", _title(subject, "industry"), [one.title for one in shown], groups, unit="share",
        axis=_axis(subject, "weight"), language=subject.language,
    )  # fmt: skip


def _months(subject: Subject) -> Chart | None:
    """Return the months of the newest ten years as a table."""
    series = subject.series
    if len(series) < 2:
        return None
    months, values = monthly(series.days[1:], returns_of(series.values))
    numbers = months.astype("int64")
    years, places = 1970 + numbers // 12, numbers % 12
    first = max(int(years.min()), int(years.max()) - 9)
    rows = [str(year) for year in range(first, int(years.max()) + 1)]
    table = numpy.full((len(rows), 12), numpy.nan)
    keep = years >= first
    table[years[keep] - first, places[keep]] = values[keep]
    month = "{}月" if subject.language.startswith("zh") else "{}"
    return charts.heat(
        "months", _title(subject, "months"), rows, [month.format(number) for number in range(1, 13)], table,
        unit="share", language=subject.language,
    )  # fmt: skip
