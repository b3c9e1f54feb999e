"""Bars: values of several things side by side, and parts of a whole by period."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.scenario.charts import font, written

from ..models import Chart
from .drawing import draw, label_axes, legend, number_axis
from .style import HATCHES, HEIGHT, INK, axis_title, colour, tick, tick_format
from .vega import colours, specification

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEAST_WRITTEN: Final = 0.08
"""Of a bar: smaller parts have no room for their value."""


def bars(
    name: str,
    title: str,
    labels: Sequence[str],
    groups: Mapping[str, Sequence[float]],
    *,
    unit: str,
    axis: str,
    language: str,
) -> Chart:
    """Return horizontal bars: for each label one of each group, with its value beside it; first label on top.

    NaN has no bar.
    """
    _check(labels, groups)
    height = max(HEIGHT, 120 + 22 * len(labels) * len(groups))
    axis_name = axis_title(axis, unit, language)

    def paint(axes: "Axes") -> None:
        thick = 0.8 / len(groups)
        for number, (group, values) in enumerate(groups.items()):
            places = numpy.arange(len(labels)) + (number - (len(groups) - 1) / 2) * thick
            lengths = [0.0 if _is_zero(value, unit) else value for value in values]
            drawn = axes.barh(
                places, lengths, thick * 0.92, color=colour(number), label=written(group),
                hatch=HATCHES[number % len(HATCHES)], edgecolor="white", linewidth=0.0,
            )  # fmt: skip
            axes.bar_label(
                drawn,
                [tick(value, unit) if numpy.isfinite(value) else "" for value in values],
                padding=3,
                fontproperties=font(9),
                color=INK,
            )
        axes.set_yticks(range(len(labels)), [written(label) for label in labels])
        axes.invert_yaxis()
        axes.margins(x=0.12)
        number_axis(axes.xaxis, unit)
        axes.set_axisbelow(True)
        axes.axvline(0.0, color=INK, linewidth=0.8)
        label_axes(axes, axis_name, "")
        if len(groups) > 1:
            legend(axes)

    vega = _bars_specification(title, height, labels, groups, axis_name, unit)
    return Chart(name=name, title=title, png_base64=draw(title, paint, height), vega_lite=vega)


def _is_zero(value: float, unit: str) -> bool:
    """Tell whether a value is written as 0: the label of one a little below 0 would stand on the bar's name."""
    return bool(numpy.isfinite(value)) and tick(value, unit) == tick(0.0, unit)


def stacked(
    name: str,
    title: str,
    columns: Sequence[str],
    parts: Mapping[str, Sequence[float]],
    *,
    unit: str,
    axis: str,
    language: str,
) -> Chart:
    """Return one bar for each column, made of parts that are 0 or more; large parts have their value on them."""
    _check(columns, parts)
    axis_name = axis_title(axis, unit, language)
    whole = numpy.sum([numpy.asarray(values, dtype=float) for values in parts.values()], axis=0)

    def paint(axes: "Axes") -> None:
        base = numpy.zeros(len(columns))
        for number, (part, values) in enumerate(parts.items()):
            heights = numpy.asarray(values, dtype=float)
            drawn = axes.bar(
                range(len(columns)), heights, 0.62, base, color=colour(number), label=written(part),
                hatch=HATCHES[number // 8 % len(HATCHES)], edgecolor="white", linewidth=0.8,
            )  # fmt: skip
            texts = [
                tick(value, unit) if total and value / total >= _LEAST_WRITTEN else ""
                for value, total in zip(heights, whole, strict=True)
            ]
            ink = "black" if number % 8 in (3, 4, 5, 7) else "white"
            axes.bar_label(drawn, texts, label_type="center", fontproperties=font(9), color=ink, in_layout=False)
            base += heights
        axes.set_xticks(range(len(columns)), [written(column) for column in columns])
        number_axis(axes.yaxis, unit)
        if unit == "share" and whole.max() <= 1.0 + 1e-6:
            axes.set_ylim(0.0, 1.0)
            axes.set_yticks(numpy.linspace(0.0, 1.0, 6))
        axes.set_axisbelow(True)
        label_axes(axes, "", axis_name)
        legend(axes, outside=True)

    vega = _stacked_specification(title, columns, parts, axis_name, unit)
    return Chart(name=name, title=title, png_base64=draw(title, paint), vega_lite=vega)


def _bars_specification(
    title: str, height: int, labels: Sequence[str], groups: Mapping[str, Sequence[float]], axis_name: str, unit: str
) -> dict[str, object]:
    rows = [
        {"label": label, "group": group, "value": float(value)}
        for group, values in groups.items()
        for label, value in zip(labels, values, strict=True)
        if numpy.isfinite(value)
    ]
    encoding = {
        "y": {"field": "label", "type": "nominal", "sort": list(labels), "title": None},
        "yOffset": {"field": "group", "type": "nominal", "sort": list(groups)},
        "x": {
            "field": "value", "type": "quantitative", "title": axis_name, "axis": {"format": tick_format(unit)},
        },
        "color": colours(list(groups), "group"),
    }  # fmt: skip
    return specification(title, rows, height, mark={"type": "bar", "tooltip": True}, encoding=encoding)


def _stacked_specification(
    title: str, columns: Sequence[str], parts: Mapping[str, Sequence[float]], axis_name: str, unit: str
) -> dict[str, object]:
    rows = [
        {"column": column, "part": part, "order": number, "value": float(value)}
        for number, (part, values) in enumerate(parts.items())
        for column, value in zip(columns, values, strict=True)
    ]
    encoding = {
        "x": {"field": "column", "type": "nominal", "sort": list(columns), "title": None, "axis": {"labelAngle": 0}},
        "y": {
            "field": "value", "type": "quantitative", "title": axis_name, "axis": {"format": tick_format(unit)},
            "stack": "zero",
        },
        "color": colours(list(parts), "part"),
        "order": {"field": "order", "type": "quantitative"},
    }  # fmt: skip
    return specification(title, rows, mark={"type": "bar", "tooltip": True}, encoding=encoding)


def _check(labels: Sequence[str], groups: Mapping[str, Sequence[float]]) -> None:
    """Raise `InvalidRequest` where there is nothing to draw, or not one value for each label."""
    if not labels or not groups or any(len(values) != len(labels) for values in groups.values()):
        raise InvalidRequest(
            _("A chart of bars needs labels, and one value of each group for each of them."),
            _("Draw no chart where there is nothing to draw."),
        )
