"""The kinds of charts: each draws its data into a canvas so that no two texts stand on each other."""

from typing import Any, Final

from .canvas import Canvas
from .spec import Data
from .style import DASHES, INK, MARKERS, VALUE, Measure, look

_NARROW: Final = 9.5
"""Points: what a turned value needs."""
_MOST_WRITTEN: Final = 12
_ROOM: Final = 1.6
"""Points between a bar and its value."""


def bars(canvas: Canvas, data: Data, one: Measure) -> None:
    """Draw vertical bars, those of one label side by side."""
    count, groups = len(data.labels), len(data.rows)
    thick = min(0.8 / groups, 0.4)
    handles = []
    for number, row in enumerate(data.rows):
        places = [at + (number - (groups - 1) / 2) * thick for at in range(count)]
        handles.append(_bars(canvas, places, row, thick * 0.94, number))
    _finish(canvas, data, one, handles)
    slot = canvas.inner[0] / count * thick
    placed = [(at + (number - (groups - 1) / 2) * thick, value)
              for number, row in enumerate(data.rows) for at, value in enumerate(row)]  # fmt: skip
    if groups == 1:
        slot = canvas.inner[0] / count
    _values(canvas, placed, one, slot * 0.94 if groups == 1 else slot * 0.9, slot)


def lines(canvas: Canvas, data: Data, one: Measure) -> None:
    """Draw a line for each series; a missing value leaves a gap."""
    handles: list[Any] = []
    many = len(data.labels) > 40
    for number, row in enumerate(data.rows):
        ys = [float("nan") if value is None else value for value in row]
        handles += canvas.axes.plot(
            range(len(ys)), ys, color=_dark(number), linestyle=DASHES[number % len(DASHES)], linewidth=1.5,
            marker=None if many else MARKERS[number % len(MARKERS)], markersize=4.0,
        )  # fmt: skip
    canvas.axes.margins(x=0.03, y=0.12)
    _finish(canvas, data, one, handles)
    if len(data.rows) == 1 and len(data.labels) <= _MOST_WRITTEN:
        _line_values(canvas, data.rows[0], one)


def stacked(canvas: Canvas, data: Data, one: Measure) -> None:
    """Draw one bar for each label: what is above zero upwards, what is below downwards."""
    up, down = [0.0] * len(data.labels), [0.0] * len(data.labels)
    handles, texts = [], []
    for number, row in enumerate(data.rows):
        bases = [(up if (value or 0.0) >= 0.0 else down)[at] for at, value in enumerate(row)]
        handles.append(_bars(canvas, list(range(len(row))), row, 0.6, number, bases))
        for at, value in enumerate(row):
            if value is not None:
                texts.append((at, bases[at], value, number))
                (up if value >= 0.0 else down)[at] += value
    _finish(canvas, data, one, handles)
    low, high = canvas.axes.get_ylim()
    point = (high - low) / canvas.inner[1]
    for at, base, value, number in texts:
        text = one.written(value)
        fits = canvas.width_of(text, VALUE) < canvas.inner[0] / len(data.labels) * 0.58
        if fits and abs(value) > 10.0 * point:
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
            canvas.value(at, base + value / 2, text, va="center", bbox=None if look(number).hatch == "" else box,
                         color="white" if look(number).hatch == "" and number == 0 else INK)  # fmt: skip


def waterfall(canvas: Canvas, labels: list[str], steps: list[float], one: Measure, words: tuple[str, str, str]) -> None:
    """Draw the first and the last value from zero, those between as steps from one to the other."""
    places = list(range(len(steps)))
    level, spans = 0.0, []
    for at, value in enumerate(steps):
        whole = at in (0, len(steps) - 1)
        spans.append((0.0, value, 0) if whole else (level, value, 2 if value >= 0.0 else 1))
        level = value if whole else level + value
    handles: dict[int, Any] = {}
    for at, (base, value, number) in zip(places, spans, strict=True):
        handles[number] = _bars(canvas, [at], [value], 0.62, number, [base])
        if at + 1 < len(steps):
            canvas.axes.plot((at + 0.31, at + 0.69), (base + value,) * 2, color=INK, linewidth=0.7)
    data = _row(labels, steps)
    _finish(canvas, data, one, [])
    canvas.legend([handles[at] for at in sorted(handles)], [words[at] for at in sorted(handles)])
    tops = [
        (at, max(base, base + value), value, number) for at, (base, value, number) in zip(places, spans, strict=True)
    ]
    slot = canvas.inner[0] / len(steps)
    texts = [one.written(value, signed=number != 0) for _at, _top, value, number in tops]
    turned = max(canvas.width_of(text, VALUE) for text in texts) > slot * 0.96
    if turned and slot < _NARROW:
        return
    _headroom(canvas, texts, turned=turned, below=min(base + value for base, value, _number in spans) < 0.0)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.8}
    for (at, top, _value, number), text in zip(tops, texts, strict=True):
        canvas.value(at, max(top, 0.0) if number == 0 else top, text, dy=_ROOM, rotation=90 if turned else 0, bbox=box)


def shares(canvas: Canvas, data: Data, one: Measure) -> None:
    """Draw horizontal bars, the first label on top, each with its value."""
    count, groups = len(data.labels), len(data.rows)
    thick = 0.76 / groups
    handles = []
    for number, row in enumerate(data.rows):
        style = look(number)
        places = [at + (number - (groups - 1) / 2) * thick for at in range(count)]
        handles.append(
            canvas.axes.barh(
                places, [value or 0.0 for value in row], thick * 0.9, color=style.colour, hatch=style.hatch,
                edgecolor=style.line, linewidth=0.0,
            )
        )  # fmt: skip
        for place, value in zip(places, row, strict=True):
            below = value is not None and value < 0.0
            text = "—" if value is None else one.written(value)
            canvas.value(
                value or 0.0, place, text, dx=-2.5 if below else 2.5, ha="right" if below else "left", va="center"
            )
    canvas.number_axis(canvas.axes.xaxis, one)
    canvas.label_rows(data.labels)
    canvas.axes.invert_yaxis()
    canvas.axes.axvline(0.0, color=INK, linewidth=0.8)
    canvas.axes.margins(x=0.0, y=0.01)
    _side_room(canvas, data, one)
    if groups > 1:
        canvas.legend(handles, data.titles)


def _side_room(canvas: Canvas, data: Data, one: Measure) -> None:
    """Widen the axis so that values beside bars stand neither outside nor on the labels."""
    needed = max(canvas.width_of(one.written(value), VALUE) for value in data.values) + 9.0
    share = min(needed / canvas.inner[0], 0.3)
    low, high = min(0.0, *data.values), max(0.0, *data.values)
    span = ((high - low) or 1.0) / (1.0 - share * (2 if low < 0.0 else 1))
    canvas.axes.set_xlim(low - (span * share if low < 0.0 else 0.0), high + span * share)


def _bars(
    canvas: Canvas,
    places: list[Any],
    row: list[float | None],
    thick: float,
    number: int,
    base: list[float] | None = None,
) -> Any:  # noqa: ANN401 - matplotlib has no types here
    style = look(number)
    heights = [value or 0.0 for value in row]
    return canvas.axes.bar(
        places, heights, thick, base or 0.0, color=style.colour, hatch=style.hatch, edgecolor=style.line, linewidth=0.0
    )


def _dark(number: int) -> str:
    """Return the colour of a line: what is pale as a bar is drawn in the colour of its hatch."""
    style = look(number)
    return style.line if style.colour in ("#D6E2EF", "#E9E2C8", "#F2B35A") else style.colour


def _finish(canvas: Canvas, data: Data, one: Measure, handles: list[Any]) -> None:
    axes = canvas.axes
    canvas.number_axis(axes.yaxis, one)
    axes.xaxis.grid(visible=False)
    low, high = axes.get_ylim()
    if low < 0.0 < high:
        axes.axhline(0.0, color=INK, linewidth=0.8)
    axes.set_xlim(-0.5, len(data.labels) - 0.5)
    canvas.label_columns(data.labels, len(data.labels))
    if len(handles) > 1:
        canvas.legend(handles, data.titles)
    canvas.fit()  # values are placed by the room that there really is


def _values(canvas: Canvas, placed: list[tuple[float, float | None]], one: Measure, room: float, slot: float) -> None:
    """Write the values of bars: level where all fit, turned where bars are wide enough for that, else not at all."""
    texts = ["—" if value is None else one.written(value) for _place, value in placed]
    turned = max(canvas.width_of(text, VALUE) for text in texts) > room
    if turned and slot < _NARROW:
        return
    _headroom(canvas, texts, turned=turned, below=any((value or 0.0) < 0.0 for _place, value in placed))
    for (place, value), text in zip(placed, texts, strict=True):
        below = value is not None and value < 0.0
        canvas.value(place, value or 0.0, text, dy=-_ROOM if below else _ROOM, va="top" if below else "bottom",
                     rotation=90 if turned else 0)  # fmt: skip


def _headroom(canvas: Canvas, texts: list[str], *, turned: bool, below: bool) -> None:
    """Widen the axis so that values above and below bars stay within it."""
    needed = max(canvas.width_of(text, VALUE) for text in texts) if turned else VALUE * 1.3
    low, high = canvas.axes.get_ylim()
    tall = canvas.inner[1]
    share = min((needed + 2 * _ROOM) / tall, 0.4)
    span = (high - low) / (1.0 - share * (2 if below else 1))
    canvas.axes.set_ylim(low - (span * share if below else 0.0), high + span * share)


def _line_values(canvas: Canvas, row: list[float | None], one: Measure) -> None:
    texts = [(at, value, one.written(value)) for at, value in enumerate(row) if value is not None]
    slot = canvas.inner[0] / len(row)
    if max(canvas.width_of(text, VALUE) for _at, _value, text in texts) > slot * 0.96:
        return
    _headroom(canvas, [text for _at, _value, text in texts], turned=False, below=True)
    for at, value, text in texts:
        beside = [row[other] for other in (at - 1, at + 1) if 0 <= other < len(row)]
        near = [other for other in beside if other is not None]
        under = bool(near) and value < sum(near) / len(near)
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8}
        canvas.value(at, value, text, dy=-4.5 if under else 4.5, va="top" if under else "bottom", bbox=box)


def _row(labels: list[str], values: list[float]) -> Data:
    data = Data.__new__(Data)
    data.titles, data.labels, data.rows = [""], labels, [list(values)]
    return data
