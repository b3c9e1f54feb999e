"""A table as questions see it: rows under their headings, columns with periods, cells as figures with units."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from appliance.knowledge.search.stored import StoredPassage, StoredSentence
from appliance.knowledge.tables.figures import Figure, Unit, figure_of, is_counted, joined, unit_in
from appliance.knowledge.tables.periods import Period, header_periods, periods_in

_MOST_ROWS = 500
_LABELS = 3  # at most so many columns at the front name a row
_PERIOD_LENGTH = 30  # characters of a header that names a period
_MOST_PERCENT = 300  # a column with larger figures is not in per cent throughout
_FILLED = 0.5  # share of a column's cells that must be figures to make it a column of values


@dataclass(frozen=True)
class Cell:
    """One filled cell; `start` and `end` are offsets in the document's text."""

    column: int
    header: str
    text: str
    start: int = 0
    end: int = 0
    figure: Figure | None = None
    unit: Unit = field(default_factory=Unit)


@dataclass(frozen=True)
class Column:
    """One column: its number from 1, its header as printed, and the periods named there."""

    number: int
    header: str
    periods: tuple[Period, ...] = ()


@dataclass(frozen=True)
class Row:
    """One row of figures: `index` counts the rows that were given; `sections` are the headings above it."""

    index: int
    header: str
    sections: tuple[str, ...]
    cells: tuple[Cell, ...]
    periods: tuple[Period, ...] = ()
    name: str = ""
    """The last of the cells that name the row, where several do."""

    @cached_property
    def by_column(self) -> dict[int, Cell]:
        """The cells by their column."""
        return {cell.column: cell for cell in self.cells}


@dataclass(frozen=True)
class Table:
    """One table; `label_columns` are the columns at the front that name its rows."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    label_columns: tuple[int, ...]
    context: str = ""
    """Headings and words that lead to the table."""

    @classmethod
    def build(cls, caption: str, headers: Sequence[str], rows: Iterable[Sequence[str]], context: str = "") -> "Table":
        """Make a table from texts; the levels of a header are joined by ` / `."""
        placed = [
            [
                Cell(number, headers[number - 1] if number <= len(headers) else "", text)
                for number, text in enumerate(texts, start=1)
                if text.strip()
            ]
            for texts in rows
        ]
        return _make(caption, dict(enumerate(headers, start=1)), placed, context)

    @property
    def value_columns(self) -> tuple[Column, ...]:
        """The columns that do not name rows."""
        return tuple(column for column in self.columns if column.number not in self.label_columns)

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """All periods of columns, or else of rows, the newest first."""
        found = {period for column in self.value_columns for period in column.periods}
        found = found or {period for row in self.rows for period in row.periods}
        return tuple(sorted(found, reverse=True))


def table_of(rows: Sequence[tuple[StoredPassage, StoredSentence]]) -> Table:
    """Return the table that the rows of an index make; `Row.index` counts `rows`.

    A list of more than 500 rows is data to search in, not a table to compute from: it gives a table without rows.
    """
    if not 0 < len(rows) <= _MOST_ROWS:
        return _make("", {}, [])
    headers: dict[int, str] = {}
    placed = []
    for passage, sentence in rows:
        cells = []
        for cell in sentence.cells:
            text = passage.text[cell.start - passage.start : cell.end - passage.start]
            cells.append(Cell(cell.column, cell.header, text, cell.start, cell.end))
            headers.setdefault(cell.column, cell.header)
            headers[cell.column] = headers[cell.column] or cell.header
        placed.append(cells)
    passage, sentence = rows[0]
    return _make(sentence.caption, headers, placed, " ".join([passage.title, *passage.headings]))


def _make(caption: str, headers: dict[int, str], rows: list[list[Cell]], context: str = "") -> Table:
    width = max([*headers, *(cell.column for row in rows for cell in row)], default=0)
    names = [headers.get(number, "") for number in range(1, width + 1)]
    names, rows, first, front = _heads_completed(names, rows)
    labels = _label_columns(names, rows)
    units = [unit_in(name) for name in names]
    inside = [cells[0].text for cells in rows if len(cells) == 1 and _is_unit_note(cells[0].text)]
    notes = " ".join(filter(None, [caption, names[0] if names else "", front, *inside]))
    shared = unit_in(notes, caption=True)
    made: list[Row] = []
    sections: list[str] = []
    carried = ""
    for index, cells in enumerate(rows, start=first):
        label = [cell for cell in cells if cell.column in labels]
        values = [cell for cell in cells if cell.column not in labels]
        if not values or (not label and len(names) > 2 and all(figure_of(cell.text) is None for cell in values)):
            if cells and not _is_unit_note(cells[0].text) and (values or label) and len(cells) <= len(labels) + 1:
                sections = _sections(sections, " ".join(cell.text for cell in cells), made, index)
            continue
        if labels and len(labels) > 1:
            if any(cell.column == labels[0] for cell in label):
                carried = label[0].text
            elif label and carried:
                label = [Cell(labels[0], "", carried), *label]
        header = " ".join(dict.fromkeys(cell.text for cell in label))
        about = " ".join([*sections, header])
        own = unit_in(header)
        read = tuple(
            _read(cell, own, units[cell.column - 1], shared, f"{about} {names[cell.column - 1]}") for cell in values
        )
        made.append(
            Row(index, header, tuple(sections), read, periods_in(about), label[-1].text if len(label) > 1 else "")
        )
    columns = tuple(Column(number, name, header_periods(name)) for number, name in enumerate(names, start=1))
    return Table(notes, columns, _marked_alike(made), labels, context)


def _read(cell: Cell, row: Unit, column: Unit, caption: Unit, labels: str) -> Cell:
    figure = figure_of(cell.text)
    unit = joined(figure.unit, row, column, caption, labels) if figure and figure.exact else Unit()
    return Cell(cell.column, cell.header, cell.text, cell.start, cell.end, figure, unit)


def _marked_alike(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Give all figures the `$` or `%` that reports print in the first rows only, where no other sign is printed."""
    shown = [cell for row in rows for cell in row.cells if cell.figure is not None and cell.figure.exact]
    signs = {cell.figure.unit.measure for cell in shown if cell.figure} - {"", "%"}
    sign = signs.pop() if len(signs) == 1 else ""
    if sign and not Unit("", sign).measure_is_sign:
        sign = ""
    percent = set()
    for number in {cell.column for cell in shown}:
        column = [cell for cell in shown if cell.column == number and cell.figure]
        known = {cell.unit.measure for cell in column} | {cell.unit.scale for cell in column}
        if known == {"", "%"} and all(abs(cell.figure.value) <= _MOST_PERCENT for cell in column if cell.figure):
            percent.add(number)
    return tuple(replace(row, cells=tuple(_marked(row, cell, sign, percent) for cell in row.cells)) for row in rows)


def _marked(row: Row, cell: Cell, sign: str, percent: set[int]) -> Cell:
    bare = cell.figure is not None and cell.figure.exact and not cell.unit.measure
    labels = " ".join([*row.sections, row.header, cell.header])
    if not bare or is_counted(labels):
        return cell
    if cell.column in percent:
        return replace(cell, unit=Unit("", "%"))
    return replace(cell, unit=Unit(cell.unit.scale, sign)) if sign else cell


def _heads_completed(names: list[str], rows: list[list[Cell]]) -> tuple[list[str], list[list[Cell]], int, str]:
    """Add rows at the top that hold units or periods only to the headers; also return what stood at their front."""
    first = 0
    names = list(names)
    front = ""
    while first < len(rows) - 1 and rows[first]:
        cells = [cell for cell in rows[first] if cell.column > 1]
        named = len(cells) < len(rows[first])
        if not cells or any(_is_amount(cell.text) for cell in cells):
            break
        if named and not _names_columns(rows[first][0].text, cells):
            break
        if named:
            front = rows[first][0].text
        elif len(cells) == 1 and not _says_unit(cells[0].text):
            break
        alone = len(cells) == 1 and len(names) > 2
        for number in range(2, len(names) + 1) if alone else [cell.column for cell in cells]:
            text = cells[0].text if alone else next(cell.text for cell in cells if cell.column == number)
            names[number - 1] = f"{names[number - 1]} / {text}".removeprefix(" / ")
        first += 1
    return names, rows[first:], first, front


def _names_columns(label: str, cells: Sequence[Cell]) -> bool:
    """Tell a header row that has words at its front, such as a unit, from a row of the table."""
    if any(len(cell.text) > _PERIOD_LENGTH for cell in cells):
        return False
    if all(periods_in(cell.text) for cell in cells) or all(unit_in(cell.text) != Unit() for cell in cells):
        return True
    return (label.startswith("(") or unit_in(label).scale != "") and any(periods_in(cell.text) for cell in cells)


def _says_unit(text: str) -> bool:
    return unit_in(text) != Unit() or bool(periods_in(text))


def _is_unit_note(text: str) -> bool:
    return text.startswith(("(", "（")) and unit_in(text) != Unit()


def _is_amount(text: str) -> bool:
    figure = figure_of(text)
    return figure is not None and figure.exact and not periods_in(text)


def _label_columns(names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> tuple[int, ...]:
    """Return the columns at the front that name rows: the first, and words before the first column of figures."""
    texts: dict[int, list[str]] = {number: [] for number in range(1, len(names) + 1)}
    for row in rows:
        for cell in row:
            if len(row) > 1:
                texts[cell.column].append(cell.text)
    first_of_figures = next((number for number, found in texts.items() if number > 1 and _holds_figures(found)), None)
    if first_of_figures is None:
        return (1,) if names else ()
    labels = [number for number in range(1, min(first_of_figures, _LABELS + 1)) if texts[number] or number == 1]
    return tuple(labels)


def _holds_figures(texts: Sequence[str]) -> bool:
    return bool(texts) and sum(figure_of(text) is not None for text in texts) >= _FILLED * len(texts)


def _sections(open_sections: list[str], text: str, made: Sequence[Row], index: int) -> list[str]:
    """Return the headings above the rows that follow: a heading right below another stands under it."""
    text = text.strip().rstrip(":：")
    follows = bool(open_sections) and (not made or made[-1].index < index - 1) and len(open_sections) < 2
    last_was_heading = follows and (index == 0 or all(row.index != index - 1 for row in made[-1:]))
    return [*open_sections, text] if last_was_heading else [text]


def short_name(text: str) -> str:
    """Return a header without what stands in brackets and without marks of footnotes."""
    return re.sub(r"\s*(?:\([^)]*\)|（[^）]*）|\*+)", "", text).strip(" :：") or text
