"""Answers that compare cells: the highest and lowest, those beyond a limit, how many, and what a table consists of."""

from collections.abc import Sequence
from itertools import takewhile

from appliance.core.messages import _
from appliance.knowledge.tables.arithmetic import count, label_of
from appliance.knowledge.tables.asked import Limit
from appliance.knowledge.tables.figures import SCALES
from appliance.knowledge.tables.fits import Pick, is_total
from appliance.knowledge.tables.lookup import Finder
from appliance.knowledge.tables.model import Row, short_name
from appliance.knowledge.tables.outcome import Outcome, computed, looked_up, named, period_name
from appliance.knowledge.tables.words import match, terms_of

_SURE = 0.6


def compare(finder: Finder) -> Outcome | None:
    """Answer which or how many rows or periods are highest, lowest or beyond a limit."""
    asked = finder.asked
    picks, by_column = _candidates(finder)
    if asked.limit is not None and asked.operation == "beyond":
        return _beyond(finder, picks, asked.limit, by_column)
    wanted = asked.wanted
    row = finder.best_row
    if row is not None and finder.row_fits[row.index].whole and wanted == "item" and asked.folded.startswith("what"):
        wanted = "value"
        pick = finder.pick()
        picks, by_column = (finder.over_periods(pick), False) if pick else ([], False)
    if (
        wanted == "value"
        and row is not None
        and finder.row_fits[row.index].cover >= 0.5
        and len(finder.table.periods) < 2
    ):
        pick = finder.pick()  # "at most" asks for a limit
        return looked_up([pick], asked.language, finder.confidence([pick])) if pick else None
    if len(picks) < 2:
        return None
    ordered = sorted(picks, key=lambda pick: pick.value, reverse=asked.operation == "most")
    chosen = ordered[1] if asked.second else ordered[0]
    confidence = finder.confidence([chosen], by_column=by_column)
    if wanted == "value":
        return looked_up([chosen], asked.language, confidence)
    equal = [pick for pick in picks if pick.value == chosen.value]
    return named([_name(finder, pick) for pick in equal], equal, asked.language, confidence)


def _name(finder: Finder, pick: Pick) -> str:
    if finder.asked.wanted == "period":
        return period_name(pick)
    return short_name(pick.row.header) if not _is_only_period(pick.row) else pick.column.header


def _is_only_period(row: Row) -> bool:
    """Tell whether a row's name is a period or empty."""
    return not terms_of(row.header)


def _candidates(finder: Finder) -> tuple[list[Pick], bool]:
    """Return the cells that are compared, and whether they stand below one header."""
    asked = finder.asked
    period = finder.periods[0] if len(finder.periods) == 1 else None
    row = finder.best_row
    row_named = row is not None and finder.row_fits[row.index].cover >= _SURE
    if asked.wanted == "period" or (asked.wanted == "value" and row_named and period is None):
        pick = finder.pick(
            period if period and not period.quarter and asked.wanted == "period" and _has_parts(finder) else None
        )
        return (finder.over_periods(pick), False) if pick is not None else ([], False)
    section = _section(finder)
    column = finder.best_column(period)
    if column is None:
        return [], True
    if section is None and row is not None and row_named and asked.wanted == "value":
        return [pick for pick in finder.cells(row, period) if pick.cell.figure is not None], False
    return finder.over_rows(column, section), True


def _has_parts(finder: Finder) -> bool:
    return any(period.quarter for period in finder.table.periods)


def _section(finder: Finder) -> list[Row] | None:
    """Return the rows below the heading that the question names, if it names one."""
    rows = [row for row in finder.table.rows if row.sections and match(row.sections[-1], finder.asked.terms, {}).span]
    return rows or None


def _beyond(finder: Finder, picks: Sequence[Pick], limit: Limit, by_column: bool) -> Outcome | None:
    asked = finder.asked
    if not picks:
        return None
    chosen = [pick for pick in picks if _is_beyond(pick, limit)]
    confidence = finder.confidence(chosen[:1] or picks[:1], by_column=by_column)
    if asked.counts:
        sign = ">" if limit.more else "<"
        shown = ", ".join(
            f"{pick.cell.text} {sign} {limit.value * limit.scale / _scale(pick, limit):.10g}" for pick in chosen
        )
        made = count(chosen, shown or "0")
        label = _("Number of {what}", what=label_of(picks[0]) if not by_column else picks[0].column.header)
        return computed(made, chosen, label, confidence)
    if not chosen:
        return None
    return named([_name(finder, pick) for pick in chosen], chosen, asked.language, confidence)


def _scale(pick: Pick, limit: Limit) -> float:
    """Return how many times a cell's figure counts; a limit written without a scale is in the table's."""
    stated = SCALES[pick.cell.unit.scale]
    return limit.scale if stated == 1 else 1.0 if limit.scale == 1 else stated


def _is_beyond(pick: Pick, limit: Limit) -> bool:
    figure, bound = pick.value * _scale(pick, limit), limit.value * limit.scale
    return figure > bound if limit.more else figure < bound


def list_periods(finder: Finder) -> Outcome | None:
    """Answer which years a table tells of."""
    known = [period.name for period in finder.table.periods if period.year > 0]
    content = finder.asked.content
    named_places = {place for fit in finder.row_fits.values() for place in fit.places} | set(
        match(f"{finder.table.caption} {finder.table.context}", finder.asked.terms, {}).places
    )
    share = len(content & named_places) / len(content) if content else 0.0
    known_well = share > 0 or "table" in finder.asked.folded or "表" in finder.asked.folded
    return (
        named(known, [], finder.asked.language, round((0.5 if known_well else 0.4) + 0.4 * share, 4)) if known else None
    )


def list_parts(finder: Finder) -> Outcome | None:
    """Answer what rows stand below a heading, or add up to a total."""
    rows = _section(finder) or _added_up(finder)
    parts = list({row.header: row for row in takewhile(lambda row: not is_total(row), rows or [])}.values())
    if len(parts) < 2:
        return None
    language = finder.asked.language
    picks = [Pick(row, finder.table.columns[row.cells[0].column - 1], row.cells[0]) for row in parts if row.cells]
    content = finder.asked.content
    places = {
        place
        for row in (rows or [])
        for place in match(" ".join([*row.sections, row.header]), finder.asked.terms, {}).places
    }
    confidence = round(0.35 + 0.5 * (len(content & places) / len(content) if content else 0.0), 4)
    if finder.asked.counts:
        return computed(count(picks, ", ".join(row.header for row in parts)), picks, _("Number of rows"), confidence)
    names = [row.header for row in parts]
    short = named(names, [], language, confidence)
    return Outcome(tuple(picks), short.sentence, short.short, confidence)


def _added_up(finder: Finder) -> list[Row] | None:
    """Return the rows between the named total and the total or heading above it."""
    row = finder.best_row
    if row is None or finder.row_fits[row.index].cover < _SURE:
        return None
    found: list[Row] = []
    for other in reversed([one for one in finder.table.rows if one.index < row.index]):
        if is_total(other) or other.sections != row.sections:
            break
        found.insert(0, other)
    return found
