"""Answers that are computed: changes, sums, averages, ratios and shares."""

import re
from collections.abc import Sequence

from appliance.core.messages import Message, _
from appliance.knowledge.tables.arithmetic import (
    average,
    label_of,
    ratio,
    share_percent,
    total,
)
from appliance.knowledge.tables.changes import change, change_column, compared, figure_at, thing_of
from appliance.knowledge.tables.fits import Pick, is_total
from appliance.knowledge.tables.lookup import Finder
from appliance.knowledge.tables.model import Column, Row
from appliance.knowledge.tables.operands import operands, part_and_whole
from appliance.knowledge.tables.outcome import Outcome, computed, looked_up, period_name
from appliance.knowledge.tables.periods import Period
from appliance.knowledge.tables.words import match

_SAID = {
    "average": re.compile(r"average|\bmean\b|平均|均值", re.IGNORECASE),
    "ratio": re.compile(r"\bratio\b|proportion|比率|倍|比例", re.IGNORECASE),
    "share_percent": re.compile(r"%|percent|\bshare\b|占比|比重|比例", re.IGNORECASE),
    "change_percent": re.compile(r"growth|change|increase|增长率|增速|增幅|变动率|同比", re.IGNORECASE),
    "difference": re.compile(r"\bchange|increase|decrease|growth|decline|difference|增|变动|变化|差额|差异", re.I),
    "sum": re.compile(r"\btotal|\bsum\b|combined|合计|总|共计|小计", re.IGNORECASE),
}  # fmt: skip
_SURE = 0.6  # share of a row's name that makes the row the one that is meant
_EVERY = re.compile(r"\bto\b|through|three|four|five|\d-year|all|至|到|—|-|[三四五]年|各年")
_ALL_YEARS = re.compile(
    r"\b(?:across|over) (?:all|the)\b.*\byears"
    r"|\b(?:two|three|four|five|\d) years|[两三四五\d]年.{0,12}(?:合计|总|共|加)"
)


def compute(finder: Finder) -> Outcome | None:
    """Answer a question for a computed figure; a figure that the table prints itself goes first."""
    operation = finder.asked.operation
    ready = _printed(finder)
    if ready is not None:
        return looked_up([ready], finder.asked.language, finder.confidence([ready]))
    if operation in ("difference", "change_percent"):
        return change(finder)
    if operation == "average":
        return _average(finder)
    if operation == "sum":
        return _sum(finder)
    return _ratio(finder)


def _printed(finder: Finder) -> Pick | None:
    """Return the cell whose own row or column is called an average, a ratio, a share and so on, as asked."""
    operation = finder.asked.operation
    said = _SAID[operation]
    if operation in ("difference", "change_percent"):
        pair = compared(finder)
        row = finder.best_row
        found = change_column(finder, row, operation == "change_percent", pair) if row else None
        if found is not None:
            return found
    many = len(said.findall(finder.asked.folded)) > 1 or len(finder.periods) > 1
    pick = finder.pick(finder.periods[0] if finder.periods else None)
    if pick is None or pick.cell.figure is None or many:
        return None
    row_fit, column_fit = finder.row_fits[pick.row.index], finder.column_fits[pick.column.number]
    if said.search(pick.row.header) and row_fit.cover >= _SURE:
        return pick
    in_header = [
        cell
        for cell in finder.cells(pick.row, finder.periods[0] if finder.periods else None)
        if said.search(cell.column.header)
    ]
    if operation == "share_percent":
        in_header = [cell for cell in in_header if cell.cell.unit.percent and _is_share(cell)]
    elif operation in ("difference", "change_percent"):
        in_header = []
    if in_header and row_fit.cover >= _SURE and (operation == "share_percent" or column_fit.cover >= _SURE):
        return in_header[0]
    return None


def _is_share(pick: Pick) -> bool:
    return re.search(r"\bof\b|share|占|比重", pick.column.header, re.IGNORECASE) is not None


def _several(finder: Finder) -> list[Pick]:
    """Return the cells of one thing at all periods that are meant."""
    asked = sorted(finder.periods, reverse=True)
    pick = figure_at(finder, asked[0] if asked else None)
    if pick is None:
        return []
    known = finder.table.periods
    if len(asked) >= 2 and _EVERY.search(finder.asked.folded):
        asked = [period for period in known if asked[-1] <= period <= asked[0] and _same_length(period, asked[0])]
    if not asked:
        asked = list(known)
    found = [finder.alike(pick, period) for period in asked]
    return [other for other in found if other is not None and other.cell.figure is not None] or [pick]


def _same_length(one: Period, other: Period) -> bool:
    return bool(one.quarter) == bool(other.quarter) and bool(one.first) == bool(other.first)


def _is_named(finder: Finder) -> Row | None:
    row = finder.best_row
    return row if row is not None and finder.row_fits[row.index].cover >= 0.5 else None


def _average(finder: Finder) -> Outcome | None:
    asked = finder.asked
    if len(finder.periods) < 2:
        sides = operands(finder, finder.periods[0] if finder.periods else None)
        if sides is not None and re.search(r"\band\b|和|与|及|、", asked.folded):
            picks = [sides.first, sides.second]
            return _averaged(
                finder, picks, _("Average of {first} and {second}", first=label_of(picks[0]), second=label_of(picks[1]))
            )
    if _is_named(finder) is not None or any(row.periods for row in finder.table.rows):
        picks = _several(finder)
        if len(picks) == 1 and finder.periods:
            older = next((period for period in finder.table.periods if period < finder.periods[0]), None)
            before = finder.alike(picks[0], older) if older else None
            picks = [*picks, before] if before is not None and before.cell.figure is not None else picks
        if len(picks) > 1:
            names = ", ".join(period_name(pick) for pick in picks)
            return _averaged(finder, picks, _("Average of {what} ({names})", what=thing_of(picks[0]), names=names))
        return None
    column = finder.best_column(finder.periods[0] if finder.periods else None)
    picks = finder.over_rows(column) if column is not None and finder.column_fits[column.number].cover >= _SURE else []
    if len(picks) < 2:
        return None
    return _averaged(finder, picks, _("Average of {what}", what=picks[0].column.header), by_column=True)


def _averaged(finder: Finder, picks: Sequence[Pick], label: Message, *, by_column: bool = False) -> Outcome:
    return computed(average(picks, finder.asked.language), picks, label, finder.confidence(picks, by_column=by_column))


def _sum(finder: Finder) -> Outcome | None:
    """Add up what is named; a total that the table prints goes first."""
    language = finder.asked.language
    row = _is_named(finder)
    if (row is not None or any(one.periods for one in finder.table.rows)) and (
        len(finder.periods) > 1 or (not finder.periods and _ALL_YEARS.search(finder.asked.folded))
    ):
        picks = _several(finder)
        names = ", ".join(period_name(pick) for pick in picks)
        label = _("Sum of {what} ({names})", what=thing_of(picks[0]), names=names) if picks else None
        return (
            computed(total(picks, language), picks, label, finder.confidence(picks))
            if label and len(picks) > 1
            else None
        )
    period = finder.periods[0] if finder.periods else None
    sides = operands(finder, period) if re.search(r"\band\b|\bplus\b|和|与|及|、|加", finder.asked.folded) else None
    if sides is not None:
        picks = [sides.first, sides.second]
        label = _("Sum of {first} and {second}", first=label_of(picks[0]), second=label_of(picks[1]))
        return computed(total(picks, language), picks, label, finder.confidence(picks))
    section = [one for one in finder.table.rows if one.sections and _named_section(finder, one.sections[-1])]
    if row is not None and (not section or is_total(row) or finder.row_fits[row.index].whole):
        pick = finder.pick(period)
        return looked_up([pick], language, finder.confidence([pick])) if pick else None
    column = finder.best_column(period)
    if column is None or (not finder.column_fits[column.number].places and not section):
        return None
    totals = [one for one in (section or finder.table.rows) if is_total(one) and column.number in one.by_column]
    if totals:
        pick = Pick(totals[-1], column, totals[-1].by_column[column.number])
        return looked_up([pick], language, finder.confidence([pick], by_column=not section))
    only = None if section else _partly_named(finder, column)
    if only is not None:
        return looked_up([only], language, finder.confidence([only]))
    picks = finder.over_rows(column, section or None)
    if len(picks) < 2:
        return None
    label = _("Sum of {what}", what=section[0].sections[-1] if section else column.header)
    return computed(total(picks, language), picks, label, finder.confidence(picks, by_column=not section))


def _partly_named(finder: Finder, column: Column) -> Pick | None:
    """Return the cell of the one row that the question names by a part of its name, as people shorten names."""
    beside = finder.column_fits[column.number].places
    named = [
        row
        for row in finder.table.rows
        if not is_total(row) and column.number in row.by_column and finder.row_fits[row.index].places - beside
    ]
    return Pick(named[0], column, named[0].by_column[column.number]) if len(named) == 1 else None


def _named_section(finder: Finder, section: str) -> bool:
    return match(section, finder.asked.terms, {}).span is not None


def _ratio(finder: Finder) -> Outcome | None:
    asked = finder.asked
    period = finder.periods[0] if finder.periods else None
    sides = operands(finder, period)
    if asked.operation == "ratio":
        if sides is None:
            return None
        shared = "proportion" in asked.folded
        above, below = part_and_whole(sides) if shared else (sides.first, sides.second)
        made = ratio(above, below)
        if made is None:
            return None
        label = _("{first} divided by {second}", first=label_of(above), second=label_of(below))
        picks = [above, below]
        return computed(made, picks, label, finder.confidence(picks))
    if sides is not None:
        part, whole = part_and_whole(sides)
        wholes = [whole]
    else:
        found = figure_at(finder, period)
        if found is None:
            return None
        part, wholes = found, _across(finder, found) or ([] if is_total(found.row) else _whole_of(finder, found))
    made = share_percent(part, wholes) if wholes else None
    if made is None:
        return None
    of = label_of(wholes[0]) if len(wholes) == 1 else wholes[0].column.header
    return computed(
        made,
        [part, *wholes],
        _("{part} as a share of {whole}", part=label_of(part), whole=of),
        finder.confidence([part]),
    )


def _across(finder: Finder, part: Pick) -> list[Pick]:
    """Return the total at the row's end that a cell below a named header is part of."""
    if not finder.column_fits[part.column.number].places or part.column.periods:
        return []
    return [
        Pick(part.row, column, part.row.by_column[column.number])
        for column in finder.table.value_columns
        if _SAID["sum"].search(column.header) and column != part.column and column.number in part.row.by_column
    ][:1]


def _whole_of(finder: Finder, part: Pick) -> list[Pick]:
    """Return the total that a cell is part of: the first below it, or else all rows of its column."""
    number = part.column.number
    below = [
        row for row in finder.table.rows if is_total(row) and row.index > part.row.index and number in row.by_column
    ]
    if below:
        return [Pick(below[0], part.column, below[0].by_column[number])]
    above = [row for row in finder.table.rows if is_total(row) and number in row.by_column]
    if above:
        return [Pick(above[0], part.column, above[0].by_column[number])]
    return finder.over_rows(part.column)
