"""The charts of a proposal: weights now and proposed, the frontier, the test on the past."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy

from appliance.scenario.charts import written

from ..charts import bars, line
from ..charts.drawing import draw, label_axes, legend, number_axis
from ..charts.style import axis_title, colour
from ..charts.vega import colours, specification
from ..models import Chart
from .backtest import Tried
from .result import FrontierPoint, WeightRow
from .words import Speaker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_BARS = 20


def weights_chart(rows: Sequence[WeightRow], speaker: Speaker) -> Chart:
    """Return bars of the weights, the largest first, at most 20."""
    largest = sorted(rows, key=lambda row: -max(row.now.value or 0.0, row.proposed.value or 0.0))[:_MOST_BARS]
    title = (
        speaker.say("chart_weights_largest", count=len(largest), of=len(rows)) if len(rows) > len(largest)
        else speaker.say("chart_weights")
    )  # fmt: skip
    return bars(
        "allocation_weights", title, [row.name for row in largest],
        {
            speaker.say("line_now"): [row.now.value or 0.0 for row in largest],
            speaker.say("line_proposed"): [row.proposed.value or 0.0 for row in largest],
        },
        unit="share", axis="", language=speaker.language,
    )  # fmt: skip


def backtest_chart(tried: Tried, titles: Mapping[str, str], speaker: Speaker) -> Chart:
    """Return lines of the values from 1."""
    paths = {"method": tried.method, "equal": tried.equal, "target": tried.target}
    lines = {titles[name]: path.values for name, path in paths.items() if path is not None}
    return line(
        "allocation_backtest", speaker.say("chart_backtest"), tried.days, lines, unit="ratio", axis="",
        language=speaker.language,
    )  # fmt: skip


def frontier_chart(
    points: Sequence[FrontierPoint], marks: Mapping[str, tuple[float, float]], speaker: Speaker
) -> Chart:
    """Return the frontier as a line over volatility, with `marks` (volatility, return) by label."""
    title = speaker.say("chart_frontier")
    xs = numpy.array([point.volatility.value or 0.0 for point in points])
    ys = numpy.array([point.estimated_return.value or 0.0 for point in points])
    names = [title, *marks]
    x_title, y_title = (
        axis_title(speaker.say(name), "share", speaker.language) for name in ("axis_volatility", "axis_return")
    )

    def paint(axes: "Axes") -> None:
        axes.plot(xs, ys, "-o", color=colour(0), label=written(title), markersize=4)
        for number, (label, (x, y)) in enumerate(marks.items(), 1):
            axes.plot([x], [y], "sD^"[(number - 1) % 3], color=colour(number), label=written(label), markersize=8)
        number_axis(axes.xaxis, "share")
        number_axis(axes.yaxis, "share")
        label_axes(axes, x_title, y_title)
        legend(axes)

    rows = [
        {"line": title, "order": at, "volatility": float(x), "return": float(y)}
        for at, (x, y) in enumerate(zip(xs, ys, strict=True))
    ]
    rows += [{"line": label, "order": 0, "volatility": float(x), "return": float(y)} for label, (x, y) in marks.items()]
    axis = {"format": ".1%"}
    encoding = {
        "x": {"field": "volatility", "type": "quantitative", "title": x_title, "axis": axis},
        "y": {"field": "return", "type": "quantitative", "title": y_title, "axis": axis},
        "color": colours(names, "line"),
        "order": {"field": "order", "type": "quantitative"},
    }
    vega = specification(title, rows, mark={"type": "line", "point": True, "tooltip": True}, encoding=encoding)
    return Chart(name="allocation_frontier", title=title, png_base64=draw(title, paint), vega_lite=vega)
