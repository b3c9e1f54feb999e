"""Holdings of a fund at the end of a period, and what they were at the end of the one before."""

from collections.abc import Mapping, Sequence
from typing import Final

from ..models import Figure
from .making import Maker, of_cell, of_figure
from .tables import Entry, Row

_TOP: Final = 10
_MOST_INDUSTRIES: Final = 15
_LEAST_CHANGE: Final = 0.00005
"""What is shown as 0.00 is no change."""


def holding_figures(rows: Sequence[Row], maker: Maker) -> list[Figure]:
    """Return weights by holding (`holding_weight.1` is the largest), of the ten largest, and by industry.

    Of tables of several days the newest up to `maker.period` counts, and the one before it is what was before.
    """
    held, before = _latest_two(rows, maker.period)
    if not held:
        return []
    old = {row["name"].text: row["weight"] for row in before}
    figures = []
    for rank, row in enumerate(held[:_TOP], start=1):
        name = row["name"].text
        inputs = [of_cell("weight", row["weight"])]
        figures.append(maker.make("holding_weight", row["weight"].number, inputs, key=str(rank), called=name))
        if name in old:
            inputs = [of_cell("weight", old[name])]
            figures.append(
                maker.make("holding_weight_before", old[name].number, inputs, key=str(rank), called=name)
            )  # fmt: skip
    for name, of in (("top_weight", held), ("top_weight_before", before)):
        if of:
            inputs = [of_cell(f"w{rank}", row["weight"]) for rank, row in enumerate(of[:_TOP], start=1)]
            figures.append(maker.make(name, sum(one.value for one in inputs), inputs))
    inputs = [of_cell(f"w{rank}", row["weight"]) for rank, row in enumerate(held, start=1)]
    figures.append(maker.make("holding_count", float(len(held)), inputs))
    return [*figures, *_industries(held, before, maker)]


def _latest_two(rows: Sequence[Row], until: str) -> tuple[list[Row], list[Row]]:
    """Return the rows of the newest day and of the one before, the largest weight first."""
    numbered = [row for row in rows if row["weight"].number is not None]
    by_day: dict[str, list[Row]] = {}
    for row in numbered:
        by_day.setdefault(row["day"].text if "day" in row else "", []).append(row)
    days = sorted(day for day in by_day if day and day <= until) or ([""] if "" in by_day else [])
    chosen = [by_day[day] for day in days[-2:]]
    ordered = [sorted(one, key=lambda row: -(row["weight"].number or 0.0)) for one in chosen]
    if not ordered:
        return [], []
    return ordered[-1], ordered[0] if len(ordered) > 1 else []


def _industries(held: Sequence[Row], before: Sequence[Row], maker: Maker) -> list[Figure]:
    now, old = _members(held), _members(before)
    ranked = sorted(now, key=lambda name: -_total(now[name]))[:_MOST_INDUSTRIES]
    figures: list[Figure] = []
    changes: list[tuple[float, str, Figure, Figure]] = []
    for rank, name in enumerate(ranked, start=1):
        figure = _industry("industry_weight", name, now[name], rank, maker)
        figures.append(figure)
        if name in old:
            was = _industry("industry_weight_before", name, old[name], rank, maker)
            figures.append(was)
            changes.append(((figure.value or 0.0) - (was.value or 0.0), name, figure, was))
    for formula, sign in (("industry_rise", 1.0), ("industry_fall", -1.0)):
        for change, name, figure, was in sorted(changes, key=lambda one: -sign * one[0])[:1]:
            if sign * change <= _LEAST_CHANGE:
                continue
            inputs = [of_figure("now", figure), of_figure("end_before", was)]
            figures.append(maker.make(formula, change, inputs, called=name))
    return figures


def _members(rows: Sequence[Row]) -> dict[str, list[Mapping[str, Entry]]]:
    members: dict[str, list[Mapping[str, Entry]]] = {}
    for row in rows:
        if "industry" in row:
            members.setdefault(row["industry"].text, []).append(row)
    return members


def _total(rows: Sequence[Row]) -> float:
    return sum(row["weight"].number or 0.0 for row in rows)


def _industry(formula: str, name: str, rows: Sequence[Row], rank: int, maker: Maker) -> Figure:
    inputs = [of_cell(f"w{number}", row["weight"]) for number, row in enumerate(rows, start=1)]
    return maker.make(formula, _total(rows), inputs, key=str(rank), called=name)
