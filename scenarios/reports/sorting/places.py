"""Places of passages and cells, written in one way."""

from typing import Final

from ..models import Grid, Passage, Place, Reading

QUOTE: Final = 600


def passage_place(reading: Reading, passage: Passage, quote: str | None = None) -> Place:
    """Return the place of a passage; its quote is the passage unless another part of it is given."""
    text = " ".join((passage.text if quote is None else quote).split())
    return Place(file=reading.file.id, name=reading.file.name, page=passage.page, line=passage.line, quote=_short(text))


def cell_place(reading: Reading, grid: Grid, row: int, column: int | None, quote: str) -> Place:
    """Return the place of a cell, or of a whole row where `column` is None; both count from 0 within the grid."""
    number = grid.row_numbers[row]
    page = grid.pages[row]
    tabular = reading.file.name.lower().endswith((".csv", ".tsv", ".txt"))
    cell = None
    if column is not None:
        cell = f"R{number}C{column + 1}" if page is not None and grid.sheet is None else f"{letters(column)}{number}"
    return Place(
        file=reading.file.id,
        name=reading.file.name,
        page=page,
        sheet=grid.sheet,
        cell=cell,
        line=number if tabular or column is None else None,
        quote=_short(" ".join(quote.split())),
    )


def letters(column: int) -> str:
    """Return the letters of a column that counts from 0: A, Z, AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _short(text: str) -> str:
    return text if len(text) <= QUOTE else text[: QUOTE - 1] + "…"
