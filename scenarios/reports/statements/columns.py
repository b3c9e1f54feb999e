"""The columns of a statement: from its header rows to what each column of amounts is about."""

from collections.abc import Sequence
from typing import Final

from .amounts import amount_of
from .chart import Chart
from .headers import Said, folded, said_in, scope_in, time_in, unit_in
from .models import Column

_META: Final = (
    "编制单位",
    "单位:",
    "会企",
    "会小企",
    "prepared by",
    "unit:",
    "公司名称",
    "企业名称",
    "币种",
    "编制日期",
)
_YEARS: Final = (1990, 2100)


def distinct(cells: Sequence[str]) -> list[str]:
    """Return the texts of a row, each once, in their order."""
    return list(dict.fromkeys(cell for cell in cells if cell))


def is_meta(cells: Sequence[str], *, marked: bool = False) -> bool:
    """Tell a row that says company, day or unit, and names no columns; `marked`: only by such words."""
    texts = distinct(cells)
    if any(said_in(text).role in ("label", "note", "line") for text in texts):
        return False
    if len(texts) < 2 and (not marked or any(unit_in(text) for text in texts)):
        return True
    return any(mark in folded(text) for text in texts for mark in _META)


def is_header(cells: Sequence[str], chart: Chart) -> bool:
    """Tell a row that names columns: no amounts, and periods behind its first cell."""
    texts = distinct(cells)
    if len(texts) < 2 or is_meta(cells):
        return False
    filled = [(at, cell) for at, cell in enumerate(cells) if cell]
    if any(_is_amount(cell) for _at, cell in filled):
        return False
    roles = [said_in(cell).role for _at, cell in filled]
    first = filled[0][1]
    behind = sum(1 for (_at, cell), role in zip(filled, roles, strict=True) if role == "value" and cell != first)
    if behind == 0:
        return False
    names = sum(1 for cell in texts if any(chart.match(cell, kind) for kind in ("balance", "income", "cash_flow")))
    if names and all(cell.strip().isdigit() for _at, cell in filled if cell not in texts[:1]):
        return False  # amounts that look like years
    return names == 0 or behind > names


def _is_amount(text: str) -> bool:
    """Tell an amount from the bare year that heads a column."""
    amount = amount_of(text)
    if amount is None or amount.nil:
        return False
    return not (amount.decimals == 0 and text.strip().isdigit() and _YEARS[0] <= amount.value <= _YEARS[1])


def columns_of(rows: Sequence[Sequence[str]]) -> tuple[Column, ...]:
    """Return the columns of amounts below header rows; none where the rows name none."""
    width = max(len(row) for row in rows)
    texts = [_header_text(rows, column) for column in range(width)]
    said = [said_in(text) for text in texts]
    found = []
    for number, (text, one) in enumerate(zip(texts, said, strict=True)):
        if one.role != "value":
            continue
        label = _label_column(said, number)
        if label is None:
            continue
        found.append(
            Column(
                number=number, label=label, header=text[:120], when=one.when, day=one.day, year=one.year,
                months=one.months, scope=one.scope, restated=one.restated, unit=unit_in(text),
            )
        )  # fmt: skip
    whole = [column for column in found if column.months != 1]
    found = whole or found
    if len({column.label for column in found}) == len(found):  # one column of amounts a side: the report's own period
        found = [
            column if column.when or column.day or column.year else column.model_copy(update={"when": "current"})
            for column in found
        ]
    return tuple(found)


def _header_text(rows: Sequence[Sequence[str]], column: int) -> str:
    parts: list[str] = []
    for level, row in enumerate(rows):
        text = row[column] if column < len(row) else ""
        if (
            not text
            and level < len(rows) - 1
            and any(column < len(below) and below[column] for below in rows[level + 1 :])
        ):
            text = _from_left(row, column)
        if text and text not in parts:
            parts.append(text)
    return " ".join(parts)


def _from_left(row: Sequence[str], column: int) -> str:
    """Return the upper name that stands over the empty cells on its right, where no merge says so."""
    for at in range(min(column, len(row)) - 1, 0, -1):
        if row[at]:
            plain = folded(row[at])
            says = scope_in(plain) != "unknown" or any(time_in(plain)) or said_in(row[at]).role == "value"
            return row[at] if says else ""
    return ""


def _label_column(said: Sequence[Said], column: int) -> int | None:
    for at in range(column - 1, -1, -1):
        if said[at].role in ("label", ""):
            return at
    return None
