"""Rows of tables that are known by their columns: what each cell says, and where it stands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from openpyxl.utils import get_column_letter
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from appliance.core.messages import _
from appliance.knowledge.tables.figures import figure_of
from appliance.scenario.yaml_files import read_yaml, refuse

from ..fields.values import folded, read_value
from ..models import Grid, Place, Reading, SourceFile

_SHIPPED: Final = Path(__file__).with_name("datasets.yaml")
_OWN: Final = "datasets.yaml"
_HEADER_ROWS: Final = 12
"""Rows at the top of a table among which the header is looked for."""
MOST_ROWS: Final = 50_000


class ColumnSpec(BaseModel):
    """One column of a table: what it holds and what it may be called."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["day", "number", "share", "money", "text"]
    words: tuple[str, ...]
    required: bool = False
    above: bool = Field(default=False, description="Else a line above the table, or the file's name, says it.")


class TableSpec(BaseModel):
    """A table that is known by its columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: tuple[str, ...]
    columns: dict[str, ColumnSpec]


@dataclass(frozen=True)
class Entry:
    """A cell: its text, its number where it has one, and its place."""

    text: str
    number: float | None
    place: Place


Row = Mapping[str, Entry]


@dataclass(frozen=True)
class Unread:
    """A cell that should hold a value and does not."""

    column: str
    place: Place


@dataclass(frozen=True)
class Rows:
    """What was read of one kind of table, in the order of files and rows."""

    rows: tuple[Row, ...]
    unread: tuple[Unread, ...] = ()


def table_specs(own: Path | None) -> dict[str, TableSpec]:
    """Return the tables by name; words of the bank's own file are added. Raises `ConfigError`."""
    read = TypeAdapter(dict[str, TableSpec])
    specs = read.validate_python(read_yaml(_SHIPPED))
    file = own / _OWN if own is not None else None
    if file is None or not file.is_file():
        return specs
    for name, columns in read_yaml(file).items():
        if name not in specs or not isinstance(columns, dict):
            refuse(file, name, _("there is no such table; there are {names}", names=", ".join(specs)))
        specs[name] = _with_words(file, name, specs[name], columns)
    return specs


def _with_words(file: Path, name: str, spec: TableSpec, columns: Mapping[str, object]) -> TableSpec:
    known = dict(spec.columns)
    for column, words in columns.items():
        if column not in known or not isinstance(words, list) or not all(isinstance(one, str) for one in words):
            refuse(file, f"{name}.{column}", _("it must be a list of words for one of {names}", names=", ".join(known)))
        known[column] = known[column].model_copy(update={"words": (*known[column].words, *words)})
    return spec.model_copy(update={"columns": known})


def read_rows(readings: Sequence[Reading], spec: TableSpec) -> Rows:
    """Return the rows of all tables of that kind; rows without a required value are left out and named."""
    rows: list[Row] = []
    unread: list[Unread] = []
    for reading in readings:
        if reading.file.kind not in spec.kinds:
            continue
        for grid in reading.grids:
            for row in _rows_of(reading.file, grid, spec):
                if isinstance(row, Unread):
                    unread.append(row)
                elif len(rows) < MOST_ROWS:
                    rows.append(row)
    return Rows(tuple(rows), tuple(unread))


def _rows_of(file: SourceFile, grid: Grid, spec: TableSpec) -> Iterator[Row | Unread]:
    header = next(
        (
            (number, columns)
            for number, row in enumerate(grid.rows[:_HEADER_ROWS])
            if (columns := _columns(row, spec)) is not None
        ),
        None,
    )
    if header is None:
        return
    first, columns = header
    titles = grid.rows[first]
    said = _said(file, grid, first, spec)
    for number, cells in enumerate(grid.rows[first + 1 :], start=first + 1):
        if not any(cell.strip() for cell in cells) or _columns(cells, spec) is not None:
            continue
        row: dict[str, Entry] = dict(said)
        for name, column in columns.items():
            place = _place(file, grid, number, column)
            entry = _entry(cells[column], spec.columns[name], titles[column], place)
            if entry is not None:
                row[name] = entry
        missing = [name for name, one in spec.columns.items() if one.required and name not in row]
        if not missing:
            yield row
        elif len(missing) < sum(one.required for one in spec.columns.values()):
            yield Unread(missing[0], _place(file, grid, number, columns[missing[0]]))


def _said(file: SourceFile, grid: Grid, header: int, spec: TableSpec) -> dict[str, Entry]:
    """Return what lines above the header, or the name of the file, say of all rows."""
    found: dict[str, Entry] = {}
    cells = [(row, column, text) for row in range(header) for column, text in enumerate(grid.rows[row]) if text.strip()]
    for name, column_spec in spec.columns.items():
        if not column_spec.above:
            continue
        for row, column, text in cells:
            label, _colon, value = folded(text).lower().partition(":")
            if label.strip() in [word.lower() for word in column_spec.words]:
                beside = grid.rows[row][column + 1] if column + 1 < len(grid.rows[row]) else ""
                entry = _entry(value or beside, column_spec, "", _place(file, grid, row, column))
                if entry is not None:
                    found.setdefault(name, entry)
        for text in (*grid.above, file.name):
            entry = _entry(text, column_spec, "", Place(file=file.id, name=file.name, quote=text.strip()[:600]))
            if entry is not None:
                found.setdefault(name, entry)
    return found


def _columns(row: Sequence[str], spec: TableSpec) -> dict[str, int] | None:
    """Return the columns of a header row; None for a row that is none."""
    titles = [folded(cell).lower() for cell in row]
    found: dict[str, int] = {}
    for name, column in spec.columns.items():
        words = [word.lower() for word in column.words]
        fits = [at for at, title in enumerate(titles) if _bare(title) in words and at not in found.values()]
        if fits:
            found[name] = fits[0]
    return found if all(name in found for name, one in spec.columns.items() if one.required) else None


def _bare(title: str) -> str:
    """Return a title without the unit in brackets behind it."""
    return title.split("(")[0].strip(" *:：")


def _entry(text: str, column: ColumnSpec, title: str, place: Place) -> Entry | None:
    printed = text.strip()
    if not printed:
        return None
    if column.type == "text":
        return Entry(folded(printed), None, place)
    if column.type == "number":
        figure = figure_of(printed)
        return None if figure is None or not figure.exact else Entry(printed, figure.value, place)
    value = read_value(column.type, printed, title)
    return None if value is None or value.sure < 0.5 else Entry(value.text, value.number, place)


def _place(file: SourceFile, grid: Grid, row: int, column: int) -> Place:
    number = grid.row_numbers[row]
    cell = f"{get_column_letter(column + 1)}{number}" if grid.sheet is not None else f"R{number}C{column + 1}"
    return Place(
        file=file.id, name=file.name, page=grid.pages[row], sheet=grid.sheet, cell=cell,
        quote=grid.rows[row][column].strip()[:600],
    )  # fmt: skip
