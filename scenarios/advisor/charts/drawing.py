"""The picture: a matplotlib figure of its own, no state that threads would share, and the one font that has Chinese."""

import base64
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from appliance.scenario.charts import DRAWING, font, written

from .style import DPI, GRID, HEIGHT, INK, WIDTH, tick

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FIRST: Final = (0.1, 0.15, 0.8, 0.75)
_PAD: Final = 8


def draw(title: str, paint: Callable[["Axes"], None], height: int = HEIGHT) -> str:
    """Return a PNG in base64, 800 pixels wide: `paint` draws into the axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with DRAWING:
        figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI)
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_axes(_FIRST)
        # A place of its own keeps matplotlib from looking for one above all ticks, each time that it measures.
        axes.set_title(written(title), fontproperties=font(13), color=INK, loc="left", y=1.0)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_color(INK)
        axes.tick_params(colors=INK)
        paint(axes)
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(font(10))
        _fit(axes, canvas.get_renderer(), height)
        out = io.BytesIO()
        # Small pictures of few colours: more effort makes them little smaller and takes thrice as long.
        figure.savefig(out, format="png", metadata={"Software": None}, pil_kwargs={"compress_level": 1})
    return base64.b64encode(out.getvalue()).decode("ascii")


def _fit(axes: "Axes", renderer: Any, height: int) -> None:  # noqa: ANN401
    """Give the axes the room that titles, labels and legend leave: matplotlib's own layout measures them thrice."""
    inner: Any = axes.get_window_extent(renderer)
    outer: Any = axes.get_tightbbox(renderer, for_layout_only=True)
    left, bottom = inner.x0 - outer.x0 + _PAD, inner.y0 - outer.y0 + _PAD
    right, top = WIDTH - (outer.x1 - inner.x1) - _PAD, height - (outer.y1 - inner.y1) - _PAD
    axes.set_position((left / WIDTH, bottom / height, max(right - left, 50) / WIDTH, max(top - bottom, 50) / height))


def label_axes(axes: "Axes", x_title: str, y_title: str) -> None:
    """Write the titles of both axes."""
    axes.set_xlabel(written(x_title), fontproperties=font(10), color=INK)
    axes.set_ylabel(written(y_title), fontproperties=font(10), color=INK)


def number_axis(axis: Any, unit: str) -> None:  # noqa: ANN401 - matplotlib has no types here
    """Write the numbers of an axis by their unit and draw its grid."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(7))
    axis.set_major_formatter(FuncFormatter(lambda value, _place: tick(value, unit)))
    axis.grid(visible=True, color=GRID, linewidth=0.8)


def legend(axes: "Axes", handles: Any = None, *, outside: bool = False) -> None:  # noqa: ANN401
    """Draw the legend: above the axes, or to the right of them."""
    pixels = axes.get_figure(root=True).bbox.height  # type: ignore[union-attr]
    place: dict[str, Any] = (
        {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
        if outside
        else {"loc": "upper left", "ncols": 4, "bbox_to_anchor": (0.0, -0.14 * HEIGHT / pixels)}
    )
    found = {} if handles is None else {"handles": handles}
    axes.legend(prop=font(10), frameon=False, labelcolor=INK, **place, **found)
