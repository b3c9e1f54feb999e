"""The rows of one table: titles open blocks, headers name columns, the rest are amounts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ..models import Grid, Place, Reading, Statement
from .amounts import amount_of, has_digits
from .chart import Chart, Match
from .columns import columns_of, distinct, is_header, is_meta
from .headers import is_supplement, statement_in
from .models import Block, Column, Draft, Near
from .telling import SENTENCE, TITLE_CHARACTERS, Told, titled

_HELD: Final = 3
"""Rows over which a name may go."""


@dataclass
class Found:
    """What the tables of a folder hold."""

    blocks: list[Block] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    near: list[Near] = field(default_factory=list)
    unsaved: list[Place] = field(default_factory=list)
    unlisted: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _OpenRow:
    """A row with amounts whose name is none yet: it may go on in the next row."""

    at: int
    names: tuple[str, ...]
    """Its own, and with those of the rows above."""
    shown: dict[Column, str]


class Rows:
    """The rows of one table."""

    def __init__(
        self, chart: Chart, into: Found, reading: Reading, grid: Grid, told: Told, goes_on: Block | None, audited: bool
    ) -> None:
        self._chart, self._into, self._reading, self._grid = chart, into, reading, grid
        self._told, self._audited = told, audited
        self._header: list[Sequence[str]] = []
        self._data = False
        self._columns: tuple[Column, ...] = goes_on.columns if goes_on is not None else ()
        self._goes_on = goes_on
        self._block: Block | None = None
        self._held: dict[int, list[str]] = {}
        self._open: dict[int, _OpenRow] = {}
        self._unsaved = frozenset(grid.unsaved)
        self._sheetlike = reading.file.name.lower().endswith((".xlsx", ".xls", ".eml")) and grid.sheet is not None

    def read(self) -> None:
        """Add blocks and amounts of all rows."""
        for at, cells in enumerate(self._grid.rows):
            if is_header(cells, self._chart):
                self._add_header(cells)
            elif self._is_title(cells):
                pass
            elif not any(self._amounts(cells)) and is_meta(cells, marked=bool(self._header)) and not self._names(cells):
                self._hear(cells)
            else:
                self._add_data(at, cells)
        self._close()

    def _close(self) -> None:
        kind = self._told.statement
        if kind is not None:
            for row in self._open.values():
                self._unmatched(row, kind)
        self._open, self._held = {}, {}

    def _is_title(self, cells: Sequence[str]) -> bool:
        texts = distinct(cells)
        for text in texts:
            if len(text) > TITLE_CHARACTERS or SENTENCE.search(text) or amount_of(text) is not None:
                continue
            kind = statement_in(text)
            if kind is None and not is_supplement(text):
                continue
            if len(texts) > 3:
                return False
            before = self._told.statement
            told = self._told
            for line in texts:
                told = told.heard(line)
            self._told = titled(told, text)
            if self._told.statement != before or kind is not None:
                self._open, self._held = {}, {}
                self._block = None
                self._goes_on = None if self._told.statement != before else self._goes_on
                self._header = []
                self._data = False
            return True
        return False

    def _hear(self, cells: Sequence[str]) -> None:
        for text in distinct(cells):
            if len(text) <= 2 * TITLE_CHARACTERS and not SENTENCE.search(text):
                self._told = self._told.heard(text)

    def _add_header(self, cells: Sequence[str]) -> None:
        if self._data:
            self._header, self._data = [], False
        self._header.append(cells)
        columns = columns_of(self._header)
        if columns and columns != self._columns:
            self._columns, self._block = columns, None

    def _amounts(self, cells: Sequence[str]) -> list[bool]:
        return [(amount := amount_of(cell)) is not None and not amount.nil for cell in cells]

    def _names(self, cells: Sequence[str]) -> bool:
        kind = self._told.statement
        return kind is not None and any(self._chart.match(cell, kind) for cell in distinct(cells))

    def _add_data(self, at: int, cells: Sequence[str]) -> None:
        kind = self._told.statement
        if kind is None or self._told.other:
            return
        if not self._columns:
            self._header = [*self._header, cells][-3:] if not any(self._amounts(cells)) else self._header
            self._columns = columns_of(self._header) if self._header else ()
            if not self._columns:
                return
        self._data = True
        for label_column in dict.fromkeys(column.label for column in self._columns):
            columns = [column for column in self._columns if column.label == label_column]
            self._side(at, cells, kind, label_column, columns)

    def _current(self, kind: Statement) -> Block:
        if self._block is not None:
            return self._block
        told, on = self._told, self._goes_on
        if on is not None and on.statement == kind:
            told = replace(
                told, scope=told.scope if told.scope != "unknown" else on.scope, day=on.day or told.day,
                day_from=on.day_from or told.day_from,
                unit=told.unit if told.unit_from == "table" else on.unit or told.unit,
                unit_from=told.unit_from if told.unit_from == "table" else on.unit_from or told.unit_from,
            )  # fmt: skip
        days = [column.day for column in self._columns if column.day]
        years = [column.year for column in self._columns if column.year]
        day = max(days) if days else told.day
        if not days and years:
            latest = max(years)
            day = told.day if told.day and int(told.day[:4]) == latest else f"{latest}-12-31"
        day_from = "table" if days or years else told.day_from
        number = sum(1 for block in self._into.blocks if block.file == self._reading.file.id) + 1
        self._block = Block(
            id=f"{self._reading.file.id}:{self._grid.number}:{number}", file=self._reading.file.id,
            name=self._reading.file.name, sheet=self._grid.sheet, statement=kind, title=told.title, scope=told.scope,
            unit=told.unit, unit_from=told.unit_from, currency=told.currency or "CNY", day=day, day_from=day_from,
            months=told.months, audited=self._audited, columns=self._columns,
        )  # fmt: skip
        self._into.blocks.append(self._block)
        return self._block

    def _side(
        self, at: int, cells: Sequence[str], kind: Statement, label_column: int, columns: Sequence[Column]
    ) -> None:
        label = self._label(cells, label_column, columns)
        shown = {column: cells[column.number] if column.number < len(cells) else "" for column in columns}
        filled = any(has_digits(text) or amount_of(text) for text in shown.values())
        held, before = self._held.pop(label_column, []), self._open.pop(label_column, None)
        match = self._chart.match(label, kind) if label else None
        if before is not None and match is None and label and not filled:
            name, whole = self._joined([one + label for one in before.names], kind)  # it went on below its amounts
            if whole is not None:
                self._account(before.at, kind, whole.account, whole.strength, name, before.shown)
                return
        if before is not None:
            self._unmatched(before, kind)
        names = [label, *("".join(held[-count:]) + label for count in range(1, len(held) + 1))]
        if filled and match is None:
            label, match = self._joined(names, kind)
        if match is not None and (filled or self._unsaved):
            self._account(at, kind, match.account, match.strength, label, shown)
        elif filled:
            self._open[label_column] = _OpenRow(at, tuple(names), shown)
        elif label:
            self._held[label_column] = [*held, label][-_HELD:]

    def _joined(self, names: Sequence[str], kind: Statement) -> tuple[str, Match | None]:
        """Return the first of some names that stands for an account, else the first."""
        for name in names:
            match = self._chart.match(name, kind) if name else None
            if match is not None:
                return name, match
        return names[0], None

    def _account(
        self, at: int, kind: Statement, account: str, strength: float, label: str, shown: dict[Column, str]
    ) -> None:
        block = self._current(kind) if any(shown.values()) else None
        less = label.replace(" ", "").lower().startswith(("减", "less"))
        for column, text in shown.items():
            place = self._place(at, column.number, label, text)
            if not text:
                if place.cell in self._unsaved:
                    self._into.unsaved.append(place)
                continue
            amount = amount_of(text)
            if block is None or (amount is None and not has_digits(text) and not text.startswith("#")):
                continue
            self._into.drafts.append(
                Draft(
                    block=block.id, column=column.number, account=account, label=label[:200], printed=text[:60],
                    number=None if amount is None else amount.value, decimals=0 if amount is None else amount.decimals,
                    strength=strength, less=less, place=place,
                )
            )  # fmt: skip

    def _unmatched(self, row: "_OpenRow", kind: Statement) -> None:
        at, label, shown = row.at, next(filter(None, row.names), ""), row.shown
        if not label or self._chart.ignores(label):
            return
        amounts = {column: amount for column, text in shown.items() if (amount := amount_of(text)) and amount.value}
        if not amounts:
            return
        if self._block is None:
            return
        block = self._block
        self._into.unlisted.add(block.id)
        near = self._chart.near(label, kind)
        if near is not None:
            self._into.near.extend(
                Near(
                    block=block.id,
                    column=column.number,
                    account=near,
                    label=label[:200],
                    printed=shown[column][:60],
                    number=amount.value,
                    place=self._place(at, column.number, label, shown[column]),
                )
                for column, amount in amounts.items()
            )

    def _label(self, cells: Sequence[str], label_column: int, columns: Sequence[Column]) -> str:
        """Return the name beside the amounts, which may stand in a column further left when it is indented."""
        taken = {column.number for column in self._columns}
        for column in range(label_column, -1, -1):
            if column in taken:
                return ""
            if column < len(cells) and cells[column]:
                return cells[column] if amount_of(cells[column]) is None else ""
        return ""

    def _place(self, at: int, column: int, label: str, text: str) -> Place:
        grid = self._grid
        row = grid.row_numbers[at]
        is_csv = self._reading.file.name.lower().endswith((".csv", ".tsv"))
        cell = f"{_letters(column)}{row}" if self._sheetlike else f"R{row}C{column + 1}"
        return Place(
            file=self._reading.file.id, name=self._reading.file.name, page=grid.pages[at], sheet=grid.sheet, cell=cell,
            line=row if is_csv else None, quote=f"{label} {text}".strip()[:600],
        )  # fmt: skip


def _letters(column: int) -> str:
    """Return the letters of a column, A for 0."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
