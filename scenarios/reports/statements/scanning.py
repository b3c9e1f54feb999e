"""Goes through the tables of a file: which of them are statements, and what is known before their first row."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ..models import Grid, Reading, Statement
from .amounts import has_digits
from .chart import Chart
from .headers import currency_in, folded, time_in, unit_in
from .models import Block
from .rows import Found, Rows
from .telling import SENTENCE, TITLE_CHARACTERS, Told, titled

KINDS: Final[tuple[Statement, ...]] = ("balance", "income", "cash_flow")
_FEWEST_ACCOUNTS: Final = 5
_MOST_ROWS: Final = 3000
"""No statement is longer; ledgers and lists of payments are."""
_LOOKED_AT: Final = 80
"""Passages at the front of a file that may name its day, its unit and its auditor."""
_AUDITED = re.compile(r"审计报告|会计师事务所|独立核数师|auditor'?s'? report|certified public accountants")
_UNAUDITED = re.compile(r"未经审计|unaudited")
_RETURN = re.compile(r"纳税申报|申报表|汇算清缴|tax return")


def scan(reading: Reading, chart: Chart, into: Found) -> None:
    """Add the statements of one file."""
    titles = folded(" ".join([reading.file.name, *(passage.text[:60] for passage in reading.passages[:6])]))
    if reading.file.kind in ("other", "") and _RETURN.search(titles):
        return  # a tax return names accounts too, by other rules
    scanner = _Scanner(reading, chart, into)
    for grid in reading.grids:
        if len(grid.rows) <= _MOST_ROWS:
            scanner.grid(grid)


class _Scanner:
    def __init__(self, reading: Reading, chart: Chart, into: Found) -> None:
        self._reading = reading
        self._chart = chart
        self._into = into
        front = [passage.text for passage in reading.passages[:_LOOKED_AT]]
        text = folded(" ".join(front)[:6000])
        audited = _AUDITED.search(text) is not None and _UNAUDITED.search(text) is None
        self._audited = audited or reading.file.kind == "audit_report"
        self._file = self._of_file(front)
        self._last: Block | None = None
        self._last_page: int | None = None
        self._last_width = 0

    def _of_file(self, front: Sequence[str]) -> Told:
        """Return what the file says for all its tables: its unit, and its day by title or name."""
        told = Told()
        for line in front:
            if unit := unit_in(line):
                told = replace(told, unit=unit, unit_from="file", currency=currency_in(line) or told.currency)
                break
        for line in (*front[:12], self._reading.file.name):
            day, year, months = time_in(folded(line)) if len(line) <= 120 else (None, None, None)
            if day or year:
                return replace(told, day=day or f"{year}-12-31", day_from="file", months=months)
        return told

    def grid(self, grid: Grid) -> None:
        """Read one table."""
        told = self._before(grid)
        goes_on = self._open_block(grid, told)
        if goes_on is not None and told.statement is None:
            told = replace(told, statement=goes_on.statement)
        Rows(self._chart, self._into, self._reading, grid, told, goes_on, self._audited).read()
        own = [block for block in self._into.blocks if block.id.startswith(f"{self._reading.file.id}:{grid.number}:")]
        if own:
            self._last, self._last_page, self._last_width = own[-1], grid.pages[-1], len(grid.rows[0])

    def _before(self, grid: Grid) -> Told:
        """Return what sheet name and the lines above say, the statement by the accounts where they do not."""
        told = self._file
        lines = [*([grid.sheet] if grid.sheet else []), *grid.above]
        for line in lines:
            if len(line) <= 2 * TITLE_CHARACTERS and not SENTENCE.search(line):
                told = told.heard(line)
                told = titled(told, line)
        by_names = self._by_names(grid)
        if told.other:
            return told if by_names is None else replace(told, statement=None)
        if told.statement is None or (by_names is not None and self._count(grid, told.statement) < 2):
            told = replace(told, statement=by_names)
        return told

    def _by_names(self, grid: Grid) -> Statement | None:
        counts = Counter({kind: self._count(grid, kind) for kind in KINDS})
        (kind, count), (_other, second) = counts.most_common(2)
        return kind if count >= _FEWEST_ACCOUNTS and count > 1.5 * second else None

    def _count(self, grid: Grid, kind: Statement) -> int:
        names = {cell for row in grid.rows for cell in row if cell and not has_digits(cell[:1])}
        return len({match.account for name in names if (match := self._chart.match(name, kind))})

    def _open_block(self, grid: Grid, told: Told) -> Block | None:
        """Return the block of an earlier page that this table goes on with."""
        last = self._last
        if last is None or told.other or self._last_width != len(grid.rows[0]):
            return None
        page = grid.pages[0]
        near = page is not None and self._last_page is not None and page - self._last_page <= 1
        same = told.statement is None or told.statement == last.statement
        return last if near and same and self._count(grid, last.statement) > 0 else None
