"""Answers that compare: one thing at two periods, or two things with each other."""

import re

from appliance.core.messages import Message, _
from appliance.knowledge.tables.arithmetic import change_percent, difference, label_of
from appliance.knowledge.tables.fits import CHANGES, LEAST_COVER, Pick
from appliance.knowledge.tables.lookup import Finder
from appliance.knowledge.tables.model import Row, short_name
from appliance.knowledge.tables.operands import operands
from appliance.knowledge.tables.outcome import Outcome, computed, period_name
from appliance.knowledge.tables.periods import Period
from appliance.knowledge.tables.words import match

_CHANGE_WORDS = re.compile(
    r"[(（]?[%$][)）]?|percent(?:age)?|per cent|change|growth|increase|decrease|over|versus|vs|year|yoy"
    r"|同比|增减|增幅|增速|增长率?|变动|变化|幅度|率|比上年|较上年",
    re.IGNORECASE,
)
_MINUS = re.compile(r"\bminus\b|\bchange\b|减|比")


def change(finder: Finder) -> Outcome | None:
    """Compare two things that the question sets against each other, or one thing at two periods."""
    asked = finder.asked
    percent = asked.operation == "change_percent"
    if len(finder.periods) < 2:
        sides = operands(finder, finder.periods[0] if finder.periods else None)
        if sides is not None:
            first, second = sides.first, sides.second
            if not percent and first.value < second.value and not _MINUS.search(asked.folded):
                first, second = second, first
            made = change_percent(first, second) if percent else difference(first, second, asked.language)
            label = _("{first} less {second}", first=label_of(first), second=label_of(second))
            sure = finder.confidence([first, second])
            return computed(made, [first, second], label, sure) if made else None
    if len(asked.periods) > len(finder.periods) and len(asked.periods) > 1:
        return None
    pair = compared(finder)
    known = finder.table.periods
    if pair is None and not finder.periods and len(known) >= 2:
        pair = known[0], known[1]
    if pair is None:
        return None
    last = figure_at(finder, pair[0])
    before = finder.alike(last, pair[1]) if last else None
    if last is None or before is None or before.cell.figure is None or last.cell == before.cell:
        return None
    made = change_percent(last, before) if percent else difference(last, before, asked.language)
    if made is None:
        return None
    template = _change_label(percent, thing_of(last), period_name(before), period_name(last))
    return computed(made, [last, before], template, finder.confidence([last, before]))


def _change_label(percent: bool, what: str, first: str, last: str) -> Message:
    if percent:
        return _("{what}, change in per cent from {first} to {last}", what=what, first=first, last=last)
    return _("{what}, change from {first} to {last}", what=what, first=first, last=last)


def compared(finder: Finder) -> tuple[Period, Period] | None:
    """Return the later and the earlier period that are compared; None where the question names none."""
    known = finder.table.periods
    asked = sorted(finder.periods, reverse=True)
    if len(asked) >= 2:
        return asked[0], asked[-1]
    if len(asked) == 1 and known:
        at = known.index(asked[0])
        if "last" in finder.asked.relative and not finder.asked.periods:
            at = 0
        older = next((period for period in known[at + 1 :] if period.quarter == asked[0].quarter), None)
        older = older or (known[at + 1] if at + 1 < len(known) else None)
        return (known[at], older) if older else None
    return None


def change_column(finder: Finder, row: Row, percent: bool, pair: tuple[Period, Period] | None) -> Pick | None:
    """Return the printed change of a row between two periods, where the table has such a column."""
    newest = finder.table.periods[:2]
    for cell in row.cells:
        column = finder.table.columns[cell.column - 1]
        if cell.figure is None or cell.unit.percent != percent or not CHANGES.search(column.header):
            continue
        spans = set(column.periods) if len(column.periods) == 2 else set(newest)
        about = match(_CHANGE_WORDS.sub(" ", column.header), finder.asked.terms, {})
        if (about.cover >= LEAST_COVER or not about.found + about.missing) and (pair is None or set(pair) == spans):
            return Pick(row, column, cell, 1.0)
    return None


def thing_of(pick: Pick) -> str:
    """Return what a cell tells of, without its period."""
    return (
        pick.column.header
        if pick.row.periods and not pick.column.periods
        else short_name(pick.row.header) or label_of(pick)
    )


def figure_at(finder: Finder, period: Period | None) -> Pick | None:
    """Return the figure of a period that the question means, a cell of words passed over."""
    pick = finder.pick(period)
    if pick is None:
        return None
    if pick.cell.figure is not None:
        return pick
    return next((other for other in finder.cells(pick.row, period) if other.cell.figure is not None), None)
