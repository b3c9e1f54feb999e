"""Values by day: lines, and the drawdown as an area below zero."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy
from numpy.typing import NDArray

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.scenario.charts import written

from ..models import Chart
from .drawing import draw, label_axes, legend, number_axis
from .style import COLOURS, DASHES, INK, MOST_LINES, VEGA_DASHES, axis_title, colour, date_title, tick_format
from .vega import colours, specification

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_POINTS: Final = 400

Days = NDArray[numpy.datetime64]
Values = NDArray[numpy.float64]


def line(
    name: str, title: str, days: Days, lines: Mapping[str, Values], *, unit: str, axis: str, language: str
) -> Chart:
    """Return lines by label, all of the same days; at most 8. `axis` titles the values, NaN leaves a gap.

    Of many days some 400 are drawn, with the first, the last and each line's highest and lowest among them.
    """
    if not lines or len(lines) > MOST_LINES or any(len(values) != len(days) for values in lines.values()):
        raise InvalidRequest(
            _("A chart takes 1 to {most} lines, each with a value for each day.", most=MOST_LINES),
            _("Draw fewer lines, or lines of one length."),
        )
    keep = _kept(days, lines)
    days, lines = days[keep], {label: values[keep] for label, values in lines.items()}
    titles = date_title(language), axis_title(axis, unit, language)

    def paint(axes: "Axes") -> None:
        for number, (label, values) in enumerate(lines.items()):
            axes.plot(days, values, DASHES[number % 4], color=colour(number), linewidth=1.6, label=written(label))
        _finish(axes, unit, titles)
        if len(lines) > 1:
            legend(axes)

    rows = [
        {"day": str(day), "line": label, "value": float(value)}
        for label, values in lines.items()
        for day, value in zip(days, values, strict=True)
        if numpy.isfinite(value)
    ]
    labels = list(lines)
    dashes = {
        "field": "line", "type": "nominal", "title": None, "sort": labels,
        "scale": {"domain": labels, "range": [VEGA_DASHES[at % 4] for at in range(len(labels))]},
    }  # fmt: skip
    encoding = {**_axes(unit, titles), "color": colours(labels, "line"), "strokeDash": dashes}
    vega = specification(title, rows, mark={"type": "line", "tooltip": True}, encoding=encoding)
    return Chart(name=name, title=title, png_base64=draw(title, paint), vega_lite=vega)


def drawdown(name: str, title: str, days: Days, values: Values, *, axis: str, language: str) -> Chart:
    """Return how far values (positive, by day) lie below their highest so far."""
    fall = values / numpy.maximum.accumulate(values) - 1.0
    keep = _kept(days, {"": fall})
    days, fall = days[keep], fall[keep]
    titles = date_title(language), axis_title(axis, "share", language)

    def paint(axes: "Axes") -> None:
        axes.fill_between(days, fall, 0.0, color=COLOURS[1], alpha=0.3, linewidth=0.0)
        axes.plot(days, fall, color=COLOURS[1], linewidth=1.3)
        axes.set_ylim(top=0.0)
        _finish(axes, "share", titles)

    rows = [{"day": str(day), "value": float(value)} for day, value in zip(days, fall, strict=True)]
    mark = {"type": "area", "color": COLOURS[1], "opacity": 0.3, "line": {"color": COLOURS[1]}, "tooltip": True}
    vega = specification(title, rows, mark=mark, encoding=_axes("share", titles))
    return Chart(name=name, title=title, png_base64=draw(title, paint), vega_lite=vega)


def _finish(axes: "Axes", unit: str, titles: tuple[str, str]) -> None:
    from matplotlib.dates import AutoDateLocator, DateFormatter

    locator = AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(DateFormatter("%Y-%m"))
    axes.margins(x=0.01)
    number_axis(axes.yaxis, unit)
    low, high = axes.get_ylim()
    if low < 0.0 < high:
        axes.axhline(0.0, color=INK, linewidth=0.8)
    label_axes(axes, *titles)


def _axes(unit: str, titles: tuple[str, str]) -> dict[str, Any]:
    return {
        "x": {"field": "day", "type": "temporal", "title": titles[0], "axis": {"format": "%Y-%m", "grid": False}},
        "y": {
            "field": "value", "type": "quantitative", "title": titles[1], "scale": {"zero": False},
            "axis": {"format": tick_format(unit)},
        },
    }  # fmt: skip


def _kept(days: Days, lines: Mapping[str, Values]) -> NDArray[numpy.int64]:
    """Return which days are drawn."""
    count = len(days)
    if count <= MOST_POINTS:
        return numpy.arange(count)
    chosen = numpy.linspace(0, count - 1, MOST_POINTS).round().astype(numpy.int64)
    ends = [
        place(values) for values in lines.values() if numpy.isfinite(values).any()
        for place in (numpy.nanargmin, numpy.nanargmax)
    ]  # fmt: skip
    return numpy.union1d(chosen, numpy.array(ends, dtype=numpy.int64))
