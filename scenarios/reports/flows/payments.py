"""Payments out of bank statements: tables of CSV, XLSX and PDF, as Chinese and English banks lay them out."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from ..fields.values import currency_of, folded
from ..models import Gap, Grid, Part, Payment, Reading
from ..sorting.labels import Labels
from ..sorting.places import cell_place
from . import cells
from .columns import Columns, columns_of, header_of
from .directions import Line, directed
from .rules import Book, book_in_force
from .wording import say

MOST_PAYMENTS: Final = 200_000
"""Payments of one folder; what is beyond is left out and said."""
MOST_MONTHS: Final = 240
_BUSY: Final = 5
"""Payments a month from which on a month without any is missing rather than quiet."""
_NAME: Final = 120
_PURPOSE: Final = 200
_FIRST_COLUMNS: Final = 30


class PaymentReading(Part):
    """What bank statements hold, in the order of time."""

    payments: tuple[Payment, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """Rows that could not be read, statements supplied twice, what was too much."""


@dataclass
class _File:
    """One statement while it is read."""

    reading: Reading
    account: str = ""
    currency: str = "CNY"
    lines: list[Line] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)


def read_payments(readings: Sequence[Reading], language: str, own: Path | None = None) -> PaymentReading:
    """Read the payments of sorted papers. Raises `ConfigError`; what cannot be read is a gap."""
    book = book_in_force(own)
    payments: list[Payment] = []
    gaps: list[Gap] = []
    seen: dict[tuple[str, str, float, float, str], str] = {}
    files = [_read(reading, book) for reading in readings if reading.file.kind in book.kinds and not reading.file.fault]
    for file in sorted(files, key=lambda one: (one.account, min((line.day for line in one.lines), default=""))):
        name = file.reading.file.name
        if file.bad:
            count, first = str(len(file.bad)), file.bad[0]
            reason = say("bad_rows", language, count=count, row=str(first[0]), text=first[1])
            gaps.append(_gap(file, reason))
        if not file.lines:
            if file.reading.file.kind == "bank_statement":
                gaps.append(_gap(file, say("no_payments", language)))
            continue
        lines, unclear = directed(file.lines)
        if unclear:
            gaps.append(_gap(file, say("no_direction", language, count=str(unclear))))
        again = 0
        for line in lines:
            if len(payments) >= MOST_PAYMENTS:
                gaps.append(_gap(file, say("too_many", language, limit=str(MOST_PAYMENTS))))
                break
            payment = _payment(file, line)
            if payment.balance is not None:
                key = (payment.account, payment.day, payment.amount, payment.balance, payment.counterparty)
                if seen.setdefault(key, file.reading.file.id) != file.reading.file.id:
                    again += 1
                    continue
            payments.append(payment)
        gaps += _missing_months(file, lines, language)
        if again:
            gaps.append(_gap(file, say("supplied_twice", language, count=str(again), name=name)))
        if len(payments) >= MOST_PAYMENTS:
            break
    return PaymentReading(payments=tuple(payments), gaps=tuple(gaps))


def _missing_months(file: _File, lines: Sequence[Line], language: str) -> list[Gap]:
    """Return gaps for months within a busy statement that have no payment at all."""
    counts = Counter(line.day[:7] for line in lines)
    first, last = min(counts), max(counts)
    months = [
        f"{year}-{month:02d}"
        for year in range(int(first[:4]), int(last[:4]) + 1)
        for month in range(1, 13)
        if first <= f"{year}-{month:02d}" <= last
    ][:MOST_MONTHS]
    if len(lines) < _BUSY * len(months):
        return []
    name, chinese = file.reading.file.name, language.startswith("zh")
    return [
        Gap(
            about=f"kind:bank_statement@{month}",
            title=say("month_title", language, month=f"{month[:4]}年{int(month[5:])}月" if chinese else month),
            reason=say("month_missing", language, name=name),
        )
        for month in months
        if month not in counts
    ]


def _gap(file: _File, reason: str) -> Gap:
    return Gap(about=f"file:{file.reading.file.id}", title=file.reading.file.name, reason=reason)


def _payment(file: _File, line: Line) -> Payment:
    return Payment(
        day=line.day,
        time=line.time,
        amount=line.amount,
        balance=line.balance,
        counterparty=line.counterparty,
        purpose=line.purpose,
        account=line.account or file.account,
        currency=line.currency or file.currency,
        place=cell_place(file.reading, file.reading.grids[line.grid], line.row, None, line.quote),
    )


def _read(reading: Reading, book: Book) -> _File:
    file = _File(reading)
    labels, above = _labels(book)
    for hit in above.hits(reading, 60, 20):
        _head(file, hit.key, hit.text)
    known: Columns | None = None
    for number, grid in enumerate(reading.grids):
        for line in grid.above:
            for key, value, _unit, _sure in above.in_line(line):
                _head(file, key, value)
        columns = header_of(grid, labels, known)
        if columns is None:
            continue
        known = columns
        for line_or_fault in _lines(grid, number, columns, labels, book):
            if isinstance(line_or_fault, Line):
                file.lines.append(line_or_fault)
            else:
                file.bad.append(line_or_fault)
            if len(file.lines) > MOST_PAYMENTS:  # one more than is used, so that it is said
                return file
    return file


def _head(file: _File, key: str, value: str) -> None:
    if key == "account" and not file.account and any(one.isdigit() for one in value):
        file.account = "".join(value.split())[:40]
    elif key == "currency":
        file.currency = currency_of(value) or file.currency


@lru_cache(maxsize=8)
def _labels_of(
    names: tuple[tuple[str, tuple[str, ...]], ...], above: tuple[tuple[str, tuple[str, ...]], ...]
) -> tuple[Labels, Labels]:
    return Labels(dict(names)), Labels(dict(above))


def _labels(book: Book) -> tuple[Labels, Labels]:
    columns = book.columns
    names = {name: getattr(columns, name) for name in type(columns).model_fields if name != "in_"}
    names["in"] = columns.in_
    order = ("day", "time", "out", "in", "amount", "sign", "balance", "counterparty", "purpose", "account", "currency")
    pairs = tuple((name, names[name]) for name in (*order, "ignored"))
    above = (("account", book.account_labels), ("holder", book.holder_labels), ("currency", book.currency_labels))
    return _labels_of(pairs, above)


def _lines(grid: Grid, number: int, columns: Columns, labels: Labels, book: Book) -> Iterator[Line | tuple[int, str]]:
    """Yield the lines of a table, and of rows that hold no payment though they should, their number and text."""
    by_name = columns.by_name
    skipped = {word.lower() for word in book.skipped}
    signs = {**dict.fromkeys(book.signs.out, -1), **dict.fromkeys(book.signs.in_, 1)}
    day_column = by_name["day"]
    for at in range(columns.at + 1, len(grid.rows)):
        row = grid.rows[at]
        printed = row[day_column]
        day = cells.day(printed)
        if day is None:
            filled = [cell for cell in row[:_FIRST_COLUMNS] if cell.strip()]
            if len(filled) < 3 or _is_skipped(filled, skipped) or columns_of(row, labels) is not None:
                continue
            if not printed.strip() and not _has_amount(row, by_name):
                continue
            yield grid.row_numbers[at], " ".join(printed.split())[:40]
            continue
        try:
            line = _line(grid, number, at, day, columns, signs)
        except ValueError as fault:
            yield grid.row_numbers[at], str(fault)[:40]
            continue
        filled = [cell for cell in row[:_FIRST_COLUMNS] if cell.strip()]
        if line is not None:
            yield line
        elif not _is_skipped(filled, skipped):
            yield grid.row_numbers[at], " ".join(printed.split())[:40]


def _is_skipped(filled: Sequence[str], skipped: set[str]) -> bool:
    return any("".join(cell[:40].split()).lower() in skipped or cell.strip()[:40].lower() in skipped for cell in filled)


def _has_amount(row: tuple[str, ...], by_name: Mapping[str, int]) -> bool:
    for name in ("amount", "in", "out"):
        column = by_name.get(name)
        if column is not None:
            try:
                if cells.amount(row[column]):
                    return True
            except ValueError:
                continue
    return False


def _line(grid: Grid, number: int, at: int, day: str, columns: Columns, signs: dict[str, int]) -> Line | None:
    """Return a row as a line; None where it moves no money. Raises `ValueError` with the cell that is no amount."""
    row, by_name = grid.rows[at], columns.by_name

    def cell(name: str, most: int = 60) -> str:
        column = by_name.get(name)
        return "" if column is None else row[column][: most * 4].strip()

    amount, sure = _amount(cell, signs)
    if not amount:
        return None
    balance = cells.amount(cell("balance"))
    return Line(
        grid=number,
        row=at,
        day=day,
        time=cells.clock(cell("time")) or cells.clock(cell("day")),
        amount=round(amount * columns.scale, 2),
        sure=sure,
        balance=None if balance is None else round(balance * columns.scale, 2),
        counterparty=folded(cell("counterparty", _NAME))[:_NAME].strip("-—/ "),
        purpose=folded(f"{cell('purpose', _PURPOSE)} {cell('purpose_too', _PURPOSE)}")[:_PURPOSE],
        account="".join(cell("account").split())[:40],
        currency=(currency_of(cell("currency")) or "") if "currency" in by_name else "",
        quote=" | ".join(one[:100] for one in row[:_FIRST_COLUMNS] if one.strip()),
    )


def _amount(cell: Callable[[str], str], signs: dict[str, int]) -> tuple[float, str]:
    """Return a signed amount and what its sign rests on: columns, a mark, the sign itself, or nothing yet."""
    received, paid = cells.amount(cell("in")), cells.amount(cell("out"))
    if received or paid:
        return (received or 0.0) - abs(paid or 0.0), "columns"
    amount = cells.amount(cell("amount"))
    if amount is None:
        return 0.0, "columns"
    mark = "".join(cell("sign").split()).lower()
    if mark:
        sign = signs.get(mark) or next((one for word, one in signs.items() if len(word) > 1 and word in mark), 0)
        if sign:
            return sign * abs(amount), "mark"
    return amount, "sign" if amount < 0 else "none"
