"""Draws charts: `draw` turns a specification into a picture with a vector, pixels and a text for who cannot see it."""

from pathlib import Path
from typing import Final

from appliance.scenario.charts import DRAWING, font
from appliance.scenario.yaml_files import read_words

from ..models import Picture
from . import painting
from .canvas import ROW_EMS, Canvas, ems
from .spec import ChartSpec as ChartSpec
from .spec import Data
from .style import HEIGHT, INK, LABEL, Measure, measure

_WORDS: Final = Path(__file__).with_name("words.yaml")
_ROW: Final = 0.24
"""Inches of a horizontal bar."""
_AND: Final = {"zh": "、", "en": ", "}


def draw(spec: ChartSpec, language: str) -> Picture:
    """Return the picture of a chart, in `en` or `zh_CN`; the same for the same specification, to the byte.

    Values that are missing leave a gap and are named in `note`; without any value there is a note in place of axes.
    """
    with DRAWING:
        canvas, notes = painted(spec, language)
        svg, png = canvas.svg(spec.id), canvas.png()
    return Picture(
        id=spec.id,
        caption=spec.caption,
        svg=svg,
        png_base64=png,
        alt=_alt(spec, language),
        figures=tuple(
            dict.fromkeys(figure for _title, points in spec.series for _label, _value, figure in points if figure)
        ),
        places=spec.places,
        note=("" if language.startswith("zh") else " ").join(notes),
    )


def painted(spec: ChartSpec, language: str) -> tuple[Canvas, list[str]]:
    """Return the chart as it is drawn and its notes; the caller holds `DRAWING`."""
    data = Data(spec)
    if not data.values:
        return _nothing(language), [_say("nothing", language)]
    missing = data.missing()
    notes = [_say("left_out", language, what=_AND[language[:2]].join(missing))] if missing else []
    kept = data.without()
    canvas = Canvas(_height(spec, kept))
    if spec.kind == "waterfall":
        labels, steps, rest = _steps(spec, language)
        notes += [_say("not_additive", language)] if rest else []
        one = measure(steps, spec.unit, language)
        words = (_say("total", language), _say("decrease", language), _say("increase", language))
        _title(canvas, one, language)
        painting.waterfall(canvas, labels, steps, one, words)
    else:
        one = measure(kept.values, spec.unit, language)
        _title(canvas, one, language)
        _KINDS[spec.kind](canvas, kept, one)
    canvas.fit()
    return canvas, notes


_KINDS: Final = {
    "bar": painting.bars,
    "line": painting.lines,
    "stacked": painting.stacked,
    "share": painting.shares,
}


def _title(canvas: Canvas, one: Measure, language: str) -> None:
    if one.title:
        canvas.unit(_say("unit", language, unit=one.title))


def _steps(spec: ChartSpec, language: str) -> tuple[list[str], list[float], bool]:
    """Return labels and values of a waterfall, and whether a step had to be added so that it ends at its total."""
    if len(spec.series) == 1:
        points = [(label, value) for label, value, _id in spec.series[0][1] if value is not None]
    else:
        last = [(title, [value for _label, value, _id in points if value is not None]) for title, points in spec.series]
        points = [(title, values[-1]) for title, values in last if values]
    labels, values = [label for label, _value in points], [value for _label, value in points]
    if len(values) < 2:
        return labels, values, False
    rest = values[-1] - sum(values[:-1])
    if abs(rest) <= 0.005 * max(abs(value) for value in values):
        return labels, values, False
    labels.insert(-1, _say("other", language))
    values.insert(-1, rest)
    return labels, values, True


def _height(spec: ChartSpec, data: Data) -> float:
    if spec.kind != "share":
        return HEIGHT
    rows = len(data.labels) * (1.0 if len(data.rows) == 1 else 0.75 * len(data.rows))
    broken = max(ems(label) for label in data.labels) > ROW_EMS
    return max(1.3, 0.75 + rows * _ROW * (1.35 if broken else 1.0))


def _nothing(language: str) -> Canvas:
    canvas = Canvas(0.9)
    canvas.axes.set_axis_off()
    canvas.figure.text(
        0.5, 0.5, _say("nothing", language), fontproperties=font(LABEL + 1.0), color=INK, ha="center", va="center"
    )
    return canvas


def _alt(spec: ChartSpec, language: str) -> str:
    alt = _say(f"alt_{spec.kind}", language, caption=spec.caption)
    named = [title for title, _points in spec.series if title and not any(character.isdigit() for character in title)]
    if len(named) < 2:
        return _say("alone", language, alt=alt)
    return _say("of_series", language, alt=alt, series=_AND[language[:2]].join(named))


def _say(name: str, language: str, **values: str) -> str:
    return read_words(_WORDS)[name].within(language).format(**values)
