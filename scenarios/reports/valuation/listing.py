"""The lists of a reconciliation: what is unmatched, what comes twice, what could not be used."""

from collections.abc import Sequence
from typing import Final

from ..composing import SectionDraft, Texts, shortened
from ..models import Cell, Place
from .book import MatchingBook
from .cells import written
from .pairing import Pairing
from .tables import RowFault, ValuationRow

_LONGEST: Final = 120


def titled(columns: Sequence[tuple[str, bool, float]], say: Texts) -> list[tuple[str, bool, float]]:
    """Return columns with their titles in the report's language."""
    return [(say(f"column.{name}"), numeric, width) for name, numeric, width in columns]


def product_cells(row: ValuationRow) -> tuple[Cell, Cell]:
    """Return the cells of product and day."""
    day = row.place.model_copy(update={"quote": row.day_printed})
    return Cell(text=row.label, place=row.place), Cell(text=row.day or "—", place=day)


def add_unmatched(draft: SectionDraft, pairing: Pairing, book: MatchingBook, say: Texts) -> None:
    """Add a table for each side that has rows which the other has not."""
    for side, rows in (("left", pairing.left), ("right", pairing.right)):
        columns = [name for name in book.compared if any(name in row.values for row in rows)]
        titles = [(book.title(name, say.language), True, 0.6 / len(columns)) for name in columns]
        if rows:
            draft.table(
                side,
                say(f"caption.{side}"),
                [*titled([("product", False, 0.28), ("day", False, 0.12)], say), *titles],
                [[*product_cells(row), *(_value(row, name) for name in columns)] for row in rows],
            )


def add_duplicates(draft: SectionDraft, pairing: Pairing, say: Texts) -> None:
    """Add the rows of one side with one product and day."""
    rows = [
        [
            Cell(text=say(f"side.{one.side}")),
            *product_cells(row),
            Cell(text=_where(row.place), place=row.place),
            Cell(text=shortened(row.place.quote, _LONGEST), place=row.place),
            Cell(text=say("duplicate.same" if one.same else "duplicate.other"), strong=not one.same),
        ]
        for one in pairing.duplicates
        for row in one.rows
    ]
    columns = [
        ("side", False, 0.08),
        ("product", False, 0.2),
        ("day", False, 0.12),
        ("where", False, 0.12),
        ("value", False, 0.32),
        ("treated", False, 0.16),
    ]
    if rows:
        draft.table("duplicates", say("caption.duplicates"), titled(columns, say), rows)


def add_faults(draft: SectionDraft, faults: Sequence[RowFault], book: MatchingBook, say: Texts) -> None:
    """Add what could not be used, with file, row and column."""
    rows = [
        [
            Cell(text=fault.place.name, place=fault.place),
            Cell(text=_where(fault.place), place=fault.place),
            Cell(text=book.title(fault.column, say.language)),
            Cell(text=shortened(fault.place.quote, _LONGEST) or "—", place=fault.place),
            Cell(text=say(f"fault.{fault.kind}"), strong=True),
        ]
        for fault in faults
    ]
    columns = [
        ("file", False, 0.26),
        ("where", False, 0.16),
        ("item", False, 0.16),
        ("value", False, 0.2),
        ("reason", False, 0.22),
    ]
    if rows:
        draft.table("faults", say("caption.faults"), titled(columns, say), rows)


def _value(row: ValuationRow, column: str) -> Cell:
    amount = row.values.get(column)
    return Cell(text="—") if amount is None else Cell(text=written(amount.value, amount.decimals), place=amount.place)


def _where(place: Place) -> str:
    """Return sheet and cell, or the row."""
    return " ".join(filter(None, (place.sheet, place.cell or (f"R{place.line}" if place.line else ""))))
