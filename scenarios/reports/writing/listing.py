"""Tables that list: fields, entries of a group, payments, findings, and figures with their formulas."""

from typing import Final

from .. import showing
from ..models import Cell, Finding, Place, Table
from ..outlines.models import TablePart
from .naming import capital, place_title, places_title
from .sources import Sources
from .symbols import input_title
from .worded_table import worded_table

MISSING: Final = "—"
_INPUTS: Final = 8
"""Inputs that a table names of a figure; the evidence file has all."""


def facts_table(part: TablePart, block_id: str, caption: str, sources: Sources) -> Table:
    """Return fields with what they say and where."""
    rows = []
    for name in part.facts:
        fact = sources.fact(name)
        if fact is None:
            continue
        place = sources.place(fact.place, fact.value)
        texts = (capital(fact.title, sources), fact.shown, place_title(fact.place, sources))
        rows.append(tuple(Cell(text=text, place=place) for text in texts))
    return worded_table(block_id, caption, {"item": 0.2, "content": 0.5, "source": 0.3}, rows, sources)


def group_table(part: TablePart, block_id: str, caption: str, sources: Sources) -> Table:
    """Return the entries of a group, one a row."""
    rows = []
    numeric = [True] * len(part.columns)
    for group in sources.groups(part.group or ""):
        cells = []
        for at, name in enumerate(part.columns):
            fact = sources.fact(name, group)
            fact = fact if fact is not None and fact.group == group else None
            numeric[at] = numeric[at] and (fact is None or fact.number is not None)
            place = sources.place(fact.place, fact.value) if fact is not None else None
            cells.append(Cell(text=fact.shown if fact is not None else MISSING, place=place))
        rows.append(tuple(cells))
    return Table(
        id=block_id,
        caption=caption,
        columns=tuple(capital(sources.title("fact", name), sources) for name in part.columns),
        numeric=tuple(numeric),
        rows=tuple(rows),
    )


def payments_table(part: TablePart, block_id: str, caption: str, sources: Sources) -> Table:
    """Return lines of bank statements by day, or the largest of them first."""
    payments = sorted(sources.dossier.payments, key=lambda one: (one.day, one.place.line or 0))
    if part.payments == "largest":
        payments = sorted(payments, key=lambda one: -abs(one.amount))[: part.most]
    currency = payments[0].currency if payments else "CNY"
    rows = []
    for one in payments[: part.most]:
        place = sources.place(one.place, f"{one.day} {one.amount:.2f} {one.counterparty} {one.purpose}")
        way = sources.say("received" if one.amount >= 0.0 else "paid")
        amount = showing.rounded(abs(one.amount), 2)
        texts = (showing.day_title(one.day, sources.language), one.counterparty, one.purpose, way, amount)
        rows.append(
            tuple(Cell(text=text or MISSING, place=place) for text in (*texts, place_title(one.place, sources)))
        )
    unit = "元" if sources.language.startswith("zh") and currency == "CNY" else currency
    columns = {
        "day": 0.14, "counterparty": 0.23, "purpose": 0.16, "direction": 0.08, "amount": 0.16, "source": 0.23,
    }  # fmt: skip
    return worded_table(block_id, caption, columns, rows, sources, numeric=("amount",), unit=unit)


def findings_table(part: TablePart, block_id: str, caption: str, sources: Sources) -> Table:
    """Return what rules found, the most serious first."""
    rows = [_finding_row(one, sources) for one in sources.findings(part.findings or "all")]
    columns = {"severity": 0.1, "finding": 0.22, "content": 0.43, "source": 0.25}
    return worded_table(block_id, caption, columns, rows, sources)


def _finding_row(finding: Finding, sources: Sources) -> tuple[Cell, ...]:
    places = sources.places_of(finding)
    place: Place | None = places[0] if places else None
    figure = finding.figures[0] if finding.figures else None
    serious = finding.severity == "serious"
    return (
        Cell(text=sources.say(finding.severity), strong=serious),
        Cell(text=capital(finding.title, sources), figure=figure, place=place, strong=serious),
        Cell(text=finding.text, figure=figure, figures=finding.figures, place=place, places=places),
        Cell(text=places_title(places[:3], sources) or MISSING, place=place, places=places[:3]),
    )


def formulas_table(part: TablePart, block_id: str, caption: str, sources: Sources) -> Table:
    """Return every figure of the years with its formula and what went into it."""
    of = sources.analysis.figures
    days = sources.last_years(part.periods)
    chosen = [one for one in of if part.formulas == "all" or one.id.partition("@")[0] in part.formulas]
    gap = "；" if sources.language.startswith("zh") else "; "
    rows = []
    for one in chosen:
        family = one.id.partition(".")[0]
        if (
            (part.formulas == "all" and one.period not in days)
            or not one.inputs
            or family in ("count", "check", *part.without)
        ):
            continue
        inputs = gap.join(f"{input_title(each, sources)} = {each.shown}" for each in one.inputs[:_INPUTS])
        inputs = f"{inputs}{gap}…" if len(one.inputs) > _INPUTS else inputs
        place = next(sources.figure_places(one), None)
        texts = (
            one.title,
            sources.period_title(one.period) if one.period in sources.years else one.period,
            one.shown if one.value is not None or one.unit == "text" else one.note or MISSING,
        )
        rows.append(tuple(Cell(text=text, figure=one.id, place=place) for text in (*texts, one.formula, inputs)))
    columns = {"figure": 0.17, "period": 0.09, "value": 0.16, "formula": 0.26, "inputs": 0.32}
    return worded_table(block_id, caption, columns, rows, sources, numeric=("value",))
