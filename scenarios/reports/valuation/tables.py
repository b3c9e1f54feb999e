"""Valuation tables as rows of products: the header found by its words, units and days taken from where they stand."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

from ..composing import shortened
from ..models import Grid, Place, Reading, SourceFile
from .book import MatchingBook
from .cells import (
    Amount,
    CellFault,
    currency_of,
    nothing,
    plain_code,
    plain_name,
    plain_words,
    read_amount,
    read_day,
    scale_of,
)
from .headers import headers

_VALUES: Final = ("money", "units", "price", "item", "rate")
_DAY_NEAR: Final = re.compile(r"(?:日期|估值日|净值日|基准日|date|as of|as at)\s*[:：]?\s*(.{6,24})", re.IGNORECASE)


@dataclass(frozen=True)
class RowFault:
    """What is wrong with a row or one of its cells; `kind` names its text."""

    kind: CellFault | str
    column: str
    place: Place


@dataclass(frozen=True)
class ValuationRow:
    """One product on one day. `product` is its code, else its plain name; `key` tells it apart within the table."""

    code: str
    name: str
    plain_name: str
    day: str
    day_printed: str
    values: Mapping[str, Amount]
    currency: str
    place: Place

    @property
    def label(self) -> str:
        """What it is called."""
        return " ".join(filter(None, (self.code, self.name)))


@dataclass(frozen=True)
class ValuationTable:
    """The products of one side."""

    file: SourceFile
    grid: Grid
    columns: Mapping[str, int]
    rows: tuple[ValuationRow, ...]
    totals: tuple[ValuationRow, ...]
    faults: tuple[RowFault, ...]


def valuation_grids(reading: Reading, book: MatchingBook) -> tuple[Grid, ...]:
    """Return the tables of a file that have the columns of a valuation table; a sheet with two headers is two."""
    found: list[Grid] = []
    for grid in reading.grids:
        found_headers = headers(grid, book)
        bounds = [*(header.first for header in found_headers[1:]), len(grid.rows)]
        start = 0
        for end in bounds if found_headers else []:
            found.append(
                grid.model_copy(
                    update={
                        "rows": grid.rows[start:end],
                        "row_numbers": grid.row_numbers[start:end],
                        "pages": grid.pages[start:end],
                    }
                )
            )
            start = end
    return tuple(found)


def read_table(reading: Reading, book: MatchingBook) -> ValuationTable:
    """Read the one valuation table of a file.

    Raises `InvalidRequest` with file, sheet, row and column where there is none, more than one, or none with rows.
    """
    if reading.file.fault is not None:
        raise InvalidRequest(_("{name} cannot be read: {reason}", name=reading.file.name, reason=reading.file.fault))
    grids = valuation_grids(reading, book)
    if not grids:
        raise _no_columns(reading, book)
    if len(grids) > 1:
        raise InvalidRequest(
            _(
                "{name} has {count} valuation tables: {tables}.",
                name=reading.file.name,
                count=len(grids),
                tables="; ".join(_where(grid) for grid in grids),
            ),
            _("Say which one is meant, such as {example}.", example=f"{reading.file.id}#1"),
            param="options",
        )
    table = _Reader(reading, grids[0], book).read()
    if not table.rows and not table.faults:
        raise InvalidRequest(
            _("The valuation table of {name} ({where}) has no rows.", name=reading.file.name, where=_where(grids[0]))
        )
    return table


def _where(grid: Grid) -> str:
    first = grid.row_numbers[0] if grid.row_numbers else 1
    return f"{grid.sheet or grid.number} R{first}"


def _no_columns(reading: Reading, book: MatchingBook) -> InvalidRequest:
    heads = [
        f"{grid.sheet or grid.number}: {' | '.join(filter(None, row))}"
        for grid in reading.grids
        for row in grid.rows[:1]
    ]
    return InvalidRequest(
        _(
            "{name} has no table with a product and a value: its first rows are {rows}.",
            name=reading.file.name,
            rows=shortened("; ".join(heads), 300) or "—",
        ),
        _("Add what its columns are called to the synonyms in {file}.", file="matching.yaml"),
    )


def _precise(rows: Sequence[ValuationRow]) -> Iterator[ValuationRow]:
    """Yield rows whose values have the decimals of their column: a workbook does not keep the zeros at the end."""
    decimals: dict[str, int] = {}
    for row in rows:
        for column, amount in row.values.items():
            decimals[column] = max(decimals.get(column, amount.decimals), amount.decimals)
    for row in rows:
        values = {column: replace(amount, decimals=decimals[column]) for column, amount in row.values.items()}
        yield replace(row, values=values)


class _Reader:
    """Reads the rows below a header."""

    def __init__(self, reading: Reading, grid: Grid, book: MatchingBook) -> None:
        self._file = reading.file
        self._grid = grid
        self._book = book
        self._header = headers(grid, book)[0]
        self._faults: list[RowFault] = []
        self._totals = frozenset(map(plain_words, book.totals))
        before = [" ".join(dict.fromkeys(filter(None, row))) for row in grid.rows[: self._header.first]]
        texts = [*grid.above, *before]
        # Of a mail or a web page with one table, the words around it are about it.
        self._around = [*texts, *(one.text for one in reading.passages if len(reading.grids) == 1)]
        self._scale = next(
            (scale for text in texts if "单位" in text or "unit" in text.lower() if (scale := scale_of(text))), 1
        )
        self._currency = next((code for text in texts if (code := currency_of(text))), "")
        self._day = self._day_around()

    def read(self) -> ValuationTable:
        self._refuse_twice()
        rows: list[ValuationRow] = []
        totals: list[ValuationRow] = []
        for at in range(self._header.row + 1, len(self._grid.rows)):
            cells = self._grid.rows[at]
            if all(nothing(cell) for cell in cells) or cells == self._header.titles:
                continue
            if any(plain_words(cell) in self._totals for cell in cells[:3]):
                totals.append(self._row(at, total=True))
            elif not self._product(at):
                if sum(not nothing(cell) for cell in cells) > 1:
                    self._faults.append(RowFault("no_product", "name", self._place(at, "name")))
            else:
                rows.append(self._row(at))
        columns = self._header.columns
        return ValuationTable(
            self._file, self._grid, columns, tuple(_precise(rows)), tuple(totals), tuple(self._faults)
        )

    def _refuse_twice(self) -> None:
        for name, columns in self._header.twice.items():
            if name in self._book.compared or name in ("code", "day"):
                raise InvalidRequest(
                    _(
                        "Two columns of {name} ({where}) are both {column}: {columns}.",
                        name=self._file.name,
                        where=_where(self._grid),
                        column=name,
                        columns=", ".join(self._letter(index) for index in columns),
                    ),
                    _("Leave one out, or name the right one in the synonyms in {file}.", file="matching.yaml"),
                )

    def _day_around(self) -> str:
        for text in self._around:
            found = _DAY_NEAR.search(text)
            day = read_day(found.group(1)) if found is not None else "day_unread"
            if re.match(r"\d{4}-", day):
                return day
        return ""

    def _cell(self, at: int, column: str) -> str:
        index = self._header.columns.get(column)
        return "" if index is None else self._grid.rows[at][index].strip()

    def _product(self, at: int) -> bool:
        return any(not nothing(self._cell(at, column)) for column in ("code", "name"))

    def _row(self, at: int, *, total: bool = False) -> ValuationRow:
        day_printed = self._cell(at, "day")
        day = self._day
        if not nothing(day_printed):
            read = read_day(day_printed)
            if re.match(r"\d{4}-", read):
                day = read
            else:
                day = "?"
                if not total:
                    self._faults.append(RowFault(read, "day", self._place(at, "day")))
        name = self._cell(at, "name")
        return ValuationRow(
            code=plain_code(self._cell(at, "code")) if not nothing(self._cell(at, "code")) else "",
            name=name,
            plain_name=plain_name(name, self._book.drop),
            day=day,
            day_printed=day_printed or day,
            values=dict(self._values(at, total=total)),
            currency=currency_of(self._cell(at, "currency")) or self._currency,
            place=self._place(at, None),
        )

    def _values(self, at: int, *, total: bool) -> Iterator[tuple[str, Amount]]:
        for column, index in self._header.columns.items():
            kind = self._book.columns[column].type
            if kind not in _VALUES:
                continue
            place = self._place(at, column)
            text = self._grid.rows[at][index]
            if nothing(text):
                unsaved = place.cell is not None and place.cell in self._grid.unsaved
                if not total and (unsaved or column in self._book.compared):
                    self._faults.append(RowFault("formula" if unsaved else "empty", column, place))
                continue
            own = scale_of(self._header.titles[index]) if kind in ("money", "units", "item") else 1
            amount = read_amount(text, own or (self._scale if kind in ("money", "item") else 1), place)
            if isinstance(amount, Amount) and kind == "units" and amount.value < 0:
                amount = "negative"
            if isinstance(amount, Amount):
                yield column, amount
            else:
                self._faults.append(RowFault(amount, column, place))

    def _letter(self, index: int) -> str:
        if self._grid.sheet is None:
            return f"C{index + 1}"
        letters = ""
        index += 1
        while index:
            index, rest = divmod(index - 1, 26)
            letters = chr(65 + rest) + letters
        return letters

    def _place(self, at: int, column: str | None) -> Place:
        number = self._grid.row_numbers[at]
        index = self._header.columns.get(column) if column is not None else None
        in_sheet = self._grid.sheet is not None
        cell = (
            f"{self._letter(index or 0)}{number}" if in_sheet else None if index is None else f"R{number}C{index + 1}"
        )
        cells = self._grid.rows[at]
        quote = cells[index] if index is not None else " | ".join(part for part in cells if part)
        return Place(
            file=self._file.id,
            name=self._file.name,
            page=self._grid.pages[at],
            sheet=self._grid.sheet,
            cell=cell,
            line=None if in_sheet else number,
            quote=shortened(quote),
        )
