"""A table of values as colours, such as returns by month or overlap of funds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy
from numpy.typing import NDArray

from appliance.scenario.charts import font, written

from ..models import Chart
from .drawing import draw
from .style import HEIGHT, INK, tick, tick_format
from .vega import specification

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def heat(
    name: str,
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: NDArray[numpy.float64],
    *,
    unit: str,
    language: str,
) -> Chart:
    """Return a table, (rows, columns); NaN stays empty. Values of both signs get blue above 0 and red below."""
    known = values[numpy.isfinite(values)]
    both = bool(len(known)) and float(known.min()) < 0.0
    most = float(numpy.abs(known).max()) if len(known) else 1.0
    limits = (-most or -1.0, most or 1.0) if both else (0.0, most or 1.0)
    height = max(HEIGHT * 3 // 5, 110 + 34 * len(rows))

    def paint(axes: "Axes") -> None:
        axes.imshow(values, cmap="RdBu" if both else "Blues", vmin=limits[0], vmax=limits[1], aspect="auto")
        for row, column in zip(*numpy.nonzero(numpy.isfinite(values)), strict=True):
            value = float(values[row, column])
            dark = abs(value) > 0.6 * most
            axes.text(
                column, row, tick(value, unit, whole=False), ha="center", va="center", fontproperties=font(8.5),
                color="white" if dark else INK, in_layout=False,
            )  # fmt: skip
        axes.set_xticks(range(len(columns)), [written(one) for one in columns])
        axes.set_yticks(range(len(rows)), [written(one) for one in rows])
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)

    vega = _specification(title, height, rows, columns, values, limits, unit)
    return Chart(name=name, title=title, png_base64=draw(title, paint, height), vega_lite=vega)


def _specification(
    title: str,
    height: int,
    rows: Sequence[str],
    columns: Sequence[str],
    values: NDArray[numpy.float64],
    limits: tuple[float, float],
    unit: str,
) -> dict[str, object]:
    """Return coloured cells with their values on them."""
    cells = [
        {"row": rows[row], "column": columns[column], "value": float(values[row, column])}
        for row, column in zip(*numpy.nonzero(numpy.isfinite(values)), strict=True)
    ]
    place: dict[str, Any] = {
        "x": {"field": "column", "type": "nominal", "sort": list(columns), "title": None, "axis": {"labelAngle": 0}},
        "y": {"field": "row", "type": "nominal", "sort": list(rows), "title": None},
    }
    written_as = {"field": "value", "type": "quantitative", "format": tick_format(unit)}
    coloured = {
        "field": "value", "type": "quantitative", "title": None, "legend": {"format": tick_format(unit)},
        "scale": {"scheme": "redblue" if limits[0] < 0.0 else "blues", "domain": list(limits)},
    }  # fmt: skip
    layers = [
        {"mark": {"type": "rect", "tooltip": True}, "encoding": {"color": coloured}},
        {"mark": {"type": "text", "fontSize": 11}, "encoding": {"text": written_as}},
    ]
    return specification(title, cells, height, encoding=place, layer=layers)
