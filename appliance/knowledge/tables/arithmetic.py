"""Figures computed from cells, each with its formula and inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from appliance.knowledge.language.text import Language
from appliance.knowledge.tables.figures import SCALES, Unit
from appliance.knowledge.tables.fits import Pick
from appliance.knowledge.tables.model import short_name

Computation = Literal["difference", "change_percent", "sum", "average", "ratio", "share_percent", "count"]
_DECIMALS = 2
_POINTS: dict[Language, str] = {"zh": "个百分点", "en": "percentage points"}


@dataclass(frozen=True)
class CalculationPart:
    """A figure that a calculation uses; `row` is the index of its row among those the table was made of."""

    label: str
    text: str
    value: float
    row: int


@dataclass(frozen=True)
class TableCalculation:
    """A computed figure; fields as those of `models.Calculation`, rounded to two decimals."""

    operation: Computation
    formula: str
    value: float
    unit: str | None
    text: str
    inputs: tuple[CalculationPart, ...]


def label_of(pick: Pick) -> str:
    """Return a cell's row and column in words."""
    return " · ".join(filter(None, (short_name(pick.row.header), pick.column.header)))


def shown(value: float) -> str:
    """Return a figure with thousands commas and at most two decimals."""
    return f"{value:,.{_DECIMALS}f}".rstrip("0").rstrip(".") if value else "0"


def with_unit(figure: str, unit: Unit, language: Language) -> str:
    """Return a figure with its unit: `12.5%`, `1,200万元`, `$1,200 thousand`, `CNY 1,200 million`, `15 days`."""
    if unit.percent:
        return f"{figure}%"
    if unit.measure_is_sign or (unit.measure.isascii() and unit.measure.isupper()):
        front, blank = unit.measure, "" if unit.measure_is_sign else " "
        signed = f"-{front}{blank}{figure[1:]}" if figure.startswith("-") else f"{front}{blank}{figure}"
        return f"{signed} {unit.scale}".strip() if unit.scale.isascii() else f"{signed}{unit.scale}"
    behind = unit.text or ""
    return f"{figure}{' ' if behind[:1].isascii() and behind else ''}{behind}"


def difference(last: Pick, first: Pick, language: Language) -> TableCalculation:
    """Return `last` - `first`; of two percentages in percentage points."""
    values, unit = _aligned([last, first])
    value = _round(values[0] - values[1])
    name = _POINTS[language] if unit.percent else unit.text
    text = (
        f"{shown(value)}{'' if language == 'zh' else ' '}{name}"
        if unit.percent
        else with_unit(shown(value), unit, language)
    )
    formula = f"{_term(values[0])} - {_term(values[1])}"
    return TableCalculation("difference", formula, value, name, text, _parts([last, first]))


def change_percent(last: Pick, first: Pick) -> TableCalculation | None:
    """Return the change from `first` to `last` in per cent of `first`; None where that is zero."""
    (new, old), _unit = _aligned([last, first])
    if not old:
        return None
    base = abs(old) if old < 0 < new else old  # from a loss to a profit is a rise
    value = _round((new - old) / base * 100)
    formula = f"({_term(new)} - {_term(old)}) / {_term(base)} × 100"
    return TableCalculation("change_percent", formula, value, "%", f"{_fixed(value)}%", _parts([last, first]))


def total(picks: Sequence[Pick], language: Language) -> TableCalculation:
    """Return the sum of cells."""
    values, unit = _aligned(picks)
    value = _round(sum(values))
    formula = " + ".join(map(_term, values))
    return TableCalculation("sum", formula, value, unit.text, with_unit(shown(value), unit, language), _parts(picks))


def average(picks: Sequence[Pick], language: Language) -> TableCalculation:
    """Return the mean of cells."""
    values, unit = _aligned(picks)
    value = _round(sum(values) / len(values))
    formula = f"({' + '.join(map(_term, values))}) / {len(values)}"
    return TableCalculation(
        "average", formula, value, unit.text, with_unit(shown(value), unit, language), _parts(picks)
    )


def share_percent(part: Pick, whole: Sequence[Pick]) -> TableCalculation | None:
    """Return a cell in per cent of a cell, or of the sum of several; None where that is zero."""
    values, _unit = _aligned([part, *whole])
    base = sum(values[1:])
    if not base:
        return None
    value = _round(values[0] / base * 100)
    below = _term(values[1]) if len(whole) == 1 else f"({' + '.join(map(_term, values[1:]))})"
    formula = f"{_term(values[0])} / {below} × 100"
    return TableCalculation("share_percent", formula, value, "%", f"{_fixed(value)}%", _parts([part, *whole]))


def ratio(above: Pick, below: Pick) -> TableCalculation | None:
    """Return one cell divided by another; None where that is zero."""
    values, _unit = _aligned([above, below])
    if not values[1]:
        return None
    value = _round(values[0] / values[1])
    formula = f"{_term(values[0])} / {_term(values[1])}"
    return TableCalculation("ratio", formula, value, None, _fixed(value), _parts([above, below]))


def count(picks: Sequence[Pick], formula: str) -> TableCalculation:
    """Return how many cells there are; `formula` says which."""
    return TableCalculation("count", formula, float(len(picks)), None, str(len(picks)), _parts(picks))


def _aligned(picks: Sequence[Pick]) -> tuple[list[float], Unit]:
    """Return figures in the scale of the first, where all scales are stated, and their unit."""
    unit = picks[0].cell.unit
    values = []
    for pick in picks:
        scale = pick.cell.unit.scale
        differs = scale != unit.scale and scale and unit.scale
        values.append(pick.value * SCALES[scale] / SCALES[unit.scale] if differs else pick.value)
    return values, unit


def _parts(picks: Sequence[Pick]) -> tuple[CalculationPart, ...]:
    return tuple(CalculationPart(label_of(pick), pick.cell.text, pick.value, pick.row.index) for pick in picks)


def _round(value: float) -> float:
    """Round half away from zero, as people do on paper."""
    power = 10.0**_DECIMALS
    rounded = int(abs(value) * power + 0.5 + 1e-9) / power
    return rounded if value >= 0 or not rounded else -rounded


def _fixed(value: float) -> str:
    return f"{value:,.{_DECIMALS}f}"


def _term(value: float) -> str:
    text = f"{value:.10g}"
    return f"({text})" if value < 0 else text
