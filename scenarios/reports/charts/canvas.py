"""One picture of matplotlib's: measured, laid out so that nothing overlaps, written as vector and as pixels."""

import base64
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from appliance.scenario.charts import font, written

from .style import GRID, INK, LABEL, VALUE, WIDTH, Measure, tick

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI: Final = 96
_PAD: Final = 6.0
"""Points around everything."""
_FIRST: Final = (0.12, 0.2, 0.85, 0.68)
ROW_EMS: Final = 17.0
"""Of a label beside a horizontal bar: longer ones are broken once."""
_LONGEST: Final = 13.0
"""Ems of a label on one line; longer ones are broken once."""
_TURNED: Final = 11.5
"""Of a turned label, where there is room for two lines."""
_TWO_TURNED: Final = 32.0
"""Points that a turned label of two lines needs beside the next."""
_OPENING: Final = "（《“(["
_CLOSING: Final = "）》”，。、：；)]%"
_NUMBER: Final = re.compile(r"-?\d+\.\d{3,}")
_PATHS: Final = re.compile(r' d="[^"]*"')


class Canvas:
    """A figure with one pair of axes. Made and used under the lock of `appliance.scenario.charts`."""

    def __init__(self, height: float) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.height = height
        self.figure = Figure(figsize=(WIDTH, height), dpi=DPI)
        self._agg = FigureCanvasAgg(self.figure)
        self.renderer: Any = self._agg.get_renderer()
        self.axes: Axes = self.figure.add_axes(_FIRST)
        for side in ("top", "right"):
            self.axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            self.axes.spines[side].set_color(INK)
            self.axes.spines[side].set_linewidth(0.8)
        self.axes.tick_params(colors=INK, width=0.6, length=2.5)
        self.axes.set_axisbelow(True)
        self._legend: Any = None

    def width_of(self, text: str, size: float) -> float:
        """Return how wide a text is (points)."""
        wide: float = self.renderer.get_text_width_height_descent(written(text), font(size), ismath=False)[0]
        return wide * 72.0 / DPI

    @property
    def inner(self) -> tuple[float, float]:
        """Width and height of the axes as they are now (points)."""
        place = self.axes.get_position()
        return place.width * WIDTH * 72.0, place.height * self.height * 72.0

    def number_axis(self, axis: Any, one: Measure) -> None:  # noqa: ANN401 - matplotlib has no types here
        """Write the numbers of an axis by the measure, and its grid."""
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _place: tick(value, one)))
        axis.grid(visible=True, color=GRID, linewidth=0.6)
        for label in axis.get_ticklabels():
            label.set_fontproperties(font(LABEL))

    def unit(self, text: str) -> None:
        """Write the unit above the axes, at the left."""
        if text:
            self.axes.set_title(written(text), fontproperties=font(LABEL), color=INK, loc="left", pad=5.0, y=1.0)

    def label_columns(self, labels: Sequence[str], count: int) -> None:
        """Write the labels below: level, broken in two, or turned, whichever fits first; of very many some."""
        slot = (self.inner[0] - 2.0) / max(count, 1)
        step = 1 if len(labels) <= 24 else -(-len(labels) // 12)
        shown = list(range(0, len(labels), step))
        level = [labels[at] for at in shown]
        room, turned = slot * step - 3.0, 0.0
        chosen = [one if self.width_of(one, LABEL) <= room else _broken(one, 2) for one in level]
        if max(self.width_of(line, LABEL) for text in chosen for line in text.split("\n")) > room:
            two = slot * step >= _TWO_TURNED
            most = _TURNED if two else _LONGEST
            chosen = [_broken(one, 2 if two and ems(one) > most else 1, most) for one in level]
            turned = 40.0 if slot * step >= 15.0 else 90.0
        self.axes.set_xticks(shown, [written(text) for text in chosen])
        for label in self.axes.get_xticklabels():
            label.set_fontproperties(font(LABEL))
            if turned:
                label.set_rotation(turned)
                label.set_rotation_mode("anchor")
                label.set_horizontalalignment("right")
                label.set_verticalalignment("center" if turned > 80.0 else "top")
                label.set_linespacing(1.0)

    def label_rows(self, labels: Sequence[str]) -> None:
        """Write labels to the left of horizontal bars; long ones in two lines."""
        texts = [_broken(label, 2, ROW_EMS) if ems(label) > ROW_EMS else label for label in labels]
        self.axes.set_yticks(range(len(labels)), [written(text) for text in texts])
        for label in self.axes.get_yticklabels():
            label.set_fontproperties(font(LABEL))

    def value(self, x: float, y: float, text: str, *, dx: float = 0.0, dy: float = 0.0, **place: Any) -> None:  # noqa: ANN401
        """Write a value at a place, moved by points."""
        self.axes.annotate(
            written(text), (x, y), (dx, dy), textcoords="offset points", fontproperties=font(VALUE),
            annotation_clip=False, **{"color": INK, "ha": "center", "va": "bottom", **place},
        )  # fmt: skip

    def legend(self, handles: Sequence[Any], titles: Sequence[str]) -> None:
        """Draw the legend below everything, in as many columns as fit."""
        widest = max(self.width_of(title, LABEL) for title in titles) + 34.0
        columns = max(1, min(len(titles), int((WIDTH * 72.0 - 2 * _PAD) // widest)))
        self._legend = self.figure.legend(
            list(handles), [written(title) for title in titles], prop=font(LABEL), frameon=False, ncols=columns,
            loc="lower center", bbox_to_anchor=(0.5, 0.0), labelcolor=INK, handlelength=2.2, columnspacing=1.4,
            borderaxespad=0.3,
        )  # fmt: skip

    def fit(self) -> None:
        """Give the axes all the room that labels, unit and legend leave."""
        inner: Any = self.axes.get_window_extent(self.renderer)
        outer: Any = self.axes.get_tightbbox(self.renderer, for_layout_only=False)
        pixels = self.figure.bbox
        pad = _PAD * DPI / 72.0
        below = 0.0 if self._legend is None else float(self._legend.get_window_extent(self.renderer).height)
        left, bottom = inner.x0 - outer.x0 + pad, inner.y0 - outer.y0 + pad + below
        right = pixels.width - max(outer.x1 - inner.x1, 0.0) - pad
        top = pixels.height - max(outer.y1 - inner.y1, 0.0) - pad
        width, height = max(right - left, 60.0), max(top - bottom, 40.0)
        self.axes.set_position(
            (left / pixels.width, bottom / pixels.height, width / pixels.width, height / pixels.height)
        )

    def svg(self, salt: str) -> str:
        """Return the vector: letters as paths, ids that depend on `salt` only, nothing of the day."""
        import matplotlib

        out = io.StringIO()
        with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": salt, "hatch.linewidth": 0.7}):
            self.figure.savefig(
                out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
            )
        return _small(out.getvalue())

    def png(self) -> str:
        """Return the pixels, two for each of the screen's, in base64."""
        import matplotlib

        out = io.BytesIO()
        with matplotlib.rc_context({"hatch.linewidth": 0.7}):
            self.figure.savefig(
                out, format="png", dpi=2 * DPI, metadata={"Software": None}, pil_kwargs={"compress_level": 3}
            )
        return base64.b64encode(out.getvalue()).decode("ascii")


def _small(svg: str) -> str:
    """Drop comments, metadata and document type, and decimals of paths that nobody sees."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<!--.*?-->\s*|<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    return _PATHS.sub(lambda path: _NUMBER.sub(lambda one: f"{float(one[0]):.2f}", path[0]), body)


def _broken(text: str, lines: int, most: float = _LONGEST) -> str:
    """Return a label in at most so many lines, each about as long; of `most` ems, the end left out."""
    parts: list[str] = []
    rest = text
    while rest and len(parts) < lines:
        at = _cut(rest, min(most, ems(rest) / (lines - len(parts)) + 0.6))
        if 0 < at < len(rest):
            at = _better(rest, at)
        parts.append(rest[:at].strip())
        rest = rest[at:]
    if ems(parts[-1]) > most or rest:
        parts[-1] = parts[-1][: max(_cut(parts[-1], most) - 1, 1)].rstrip() + "…"
    return "\n".join(parts)


def _better(text: str, at: int) -> int:
    """Return the nearest place for a line's end: words and numbers stay whole, marks stay with what they belong to."""
    return min((place for place in range(1, len(text) + 1) if _may_end(text, place)), key=lambda one: abs(one - at))


def _may_end(text: str, at: int) -> bool:
    if at == len(text):
        return True
    before, after = text[at - 1], text[at]
    if before in _OPENING or after in _CLOSING or after == " ":
        return False
    return before == " " or _is_wide(before) or _is_wide(after)


def _is_wide(character: str) -> bool:
    return ord(character) > 0x2E7F


def _cut(text: str, most: float) -> int:
    wide = 0.0
    for at, character in enumerate(text):
        wide += ems(character)
        if wide > most:
            return max(at, 1)
    return len(text)


def ems(text: str) -> float:
    """Return how wide a text is about: 1 for each Chinese character."""
    return sum(1.0 if _is_wide(character) else 0.56 for character in text)
