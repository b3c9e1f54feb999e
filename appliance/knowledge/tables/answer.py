"""Answers to a question from one table, found or computed by code; no model."""

from dataclasses import dataclass

from appliance.knowledge.language.text import Language
from appliance.knowledge.models import CitedCell
from appliance.knowledge.tables.arithmetic import TableCalculation
from appliance.knowledge.tables.asked import ask
from appliance.knowledge.tables.compare import compare, list_parts, list_periods
from appliance.knowledge.tables.compute import compute
from appliance.knowledge.tables.fits import Pick
from appliance.knowledge.tables.lookup import Finder
from appliance.knowledge.tables.model import Table, short_name
from appliance.knowledge.tables.operands import operands
from appliance.knowledge.tables.outcome import Outcome, looked_up

_LEAST = 0.5  # less sure than this is no answer
_LOCALES: dict[Language, str] = {"zh": "zh_CN", "en": "en"}


@dataclass(frozen=True)
class TableAnswer:
    """An answer from a table: a sentence in the asker's language, and its words or figure with the unit.

    `cells` are what it rests on, each with the index of its row among those the table was made of; `confidence` is
    0..1 and not calibrated.
    """

    text: str
    short: str
    cells: tuple[tuple[int, CitedCell], ...]
    calculation: TableCalculation | None
    confidence: float


def answer_from_table(question: str, table: Table) -> TableAnswer | None:
    """Answer a question in Chinese or English from a table; None where the table does not tell."""
    finder = Finder(ask(question), table)
    if not table.rows or finder.asked.prose or finder.foreign:
        return None
    outcome = _outcome(finder)
    if outcome is None or outcome.confidence < _LEAST:
        return None
    return TableAnswer(
        outcome.sentence.render(_LOCALES[finder.asked.language]),
        outcome.short,
        tuple((pick.row.index, _cited(pick)) for pick in outcome.picks),
        outcome.calculation,
        outcome.confidence,
    )


def _outcome(finder: Finder) -> Outcome | None:
    operation = finder.asked.operation
    if operation == "lookup":
        return _look_up(finder)
    if operation == "periods":
        return list_periods(finder)
    if operation == "parts":
        return list_parts(finder)
    if operation in ("most", "least", "beyond"):
        return compare(finder)
    return compute(finder)


def _look_up(finder: Finder) -> Outcome | None:
    """Return the cell of the row and column that are named, or one for each period or row named."""
    asked = finder.asked
    periods = finder.periods
    first = finder.pick(periods[0] if periods else None)
    if first is None:
        return None
    picks = [first]
    if len(periods) > 1:
        others = [finder.alike(first, period) for period in periods[1:]]
        picks += [other for other in others if other is not None]
    elif asked.each:
        sides = operands(finder, periods[0] if periods else None)
        if sides is not None:
            picks = [sides.first, sides.second]
        elif not periods:
            picks = finder.over_periods(first)[::-1] or picks
    return looked_up(picks, asked.language, finder.confidence(picks))


def _cited(pick: Pick) -> CitedCell:
    cell = pick.cell
    return CitedCell(
        row=short_name(pick.row.header),
        column=pick.column.header,
        text=cell.text,
        unit=cell.unit.text,
        start=cell.start,
        end=cell.end,
    )
