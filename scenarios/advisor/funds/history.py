"""Figures by stretch of time, drawdowns and rolling figures of a fund."""

from datetime import date
from typing import Final

import numpy

from ..figures.drawdowns import drawdowns
from ..figures.performance import performance
from ..figures.rolling import WINDOWS, Rolling, rolling
from ..models import Figure, Series
from .shapes import Fall, RollingPart, Window
from .subject import Subject, last_of, since, years_before

SPANS: Final = ("all", "1y", "3y", "5y", "ytd")
FALLS: Final = 5


def windows(subject: Subject) -> tuple[Window, ...]:
    """Return the figures of each stretch of time that the values reach back to; a note stands for the others."""
    found = []
    for name in SPANS:
        title = subject.texts.spans[name].within(subject.language)
        part = _part(subject.series, name)
        if part is None:
            found.append(Window(name=name, title=title, figures={}, note=subject.note("short_span")))
            continue
        figures = performance(
            part, subject.benchmark, subject.risk_free, subject.periods, subject.language,
            f"{subject.prefix}.{name}", title,
        )  # fmt: skip
        found.append(Window(name=name, title=title, figures=figures))
    return tuple(found)


def falls(subject: Subject) -> tuple[Fall, ...]:
    """Return the deepest drawdowns, deepest first."""
    found = []
    for number, fall in enumerate(drawdowns(subject.series, FALLS), start=1):
        maker = subject.maker(f"fall.{number}")
        inputs = {"rank": number}
        note = None if fall.recovery else maker.note("not_recovered")
        found.append(
            Fall(
                depth=maker.make("drawdown_depth", fall.depth, inputs),
                peak=maker.make("max_drawdown_peak", fall.peak, inputs),
                trough=maker.make("max_drawdown_trough", fall.trough, inputs),
                recovery=maker.make("max_drawdown_recovery", fall.recovery, inputs, note=note),
                days=maker.make("max_drawdown_days", fall.days, inputs),
            )
        )
    return tuple(found)


def drawdown_now(subject: Subject) -> Figure:
    """Return how far the last value lies below the highest."""
    values = subject.series.values
    inputs: dict[str, float | int | str] = {"v_T": float(values[-1]), "v_max": float(values.max())}
    return subject.maker().make("drawdown_now", float(values[-1] / values.max() - 1.0), inputs)


def moving(subject: Subject) -> dict[int, dict[str, Rolling]]:
    """Return the rolling measures by window."""
    return {
        window: rolling(subject.series, subject.benchmark, subject.risk_free, window, subject.periods)
        for window in WINDOWS
    }


def rolling_parts(subject: Subject, by_window: dict[int, dict[str, Rolling]]) -> tuple[RollingPart, ...]:
    """Return newest, lowest and highest of each rolling measure that exists."""
    found = []
    for window, measures in by_window.items():
        span = subject.texts.labels["window"].within(subject.language).format(window=window)
        for name, one in measures.items():
            known = numpy.flatnonzero(numpy.isfinite(one.values))
            if not len(known):
                continue
            values = one.values[known]
            maker = subject.maker(f"rolling.{window}")
            title = maker.catalogue.formulas[name].title.within(subject.language)
            places = {"now": len(values) - 1, "lowest": int(values.argmin()), "highest": int(values.argmax())}
            figures = {
                key: maker.make(
                    name, float(values[at]), {"w": window, "N": subject.periods, "day": str(one.days[known[at]])},
                    key=key, about=span,
                )
                for key, at in places.items()
            }  # fmt: skip
            found.append(RollingPart(name=name, title=title, window=window, **figures))
    return tuple(found)


def _part(series: Series, name: str) -> Series | None:
    last = last_of(series)
    if name == "all":
        return series
    if name == "ytd":
        return since(series, date(last.year - 1, 12, 31))
    return since(series, years_before(last, int(name[0])))
