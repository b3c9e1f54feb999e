"""Columns of a bank statement: which row is the header, and what each column holds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..fields.values import unit_scale
from ..models import Grid
from ..sorting.labels import Labels

_HEADER_ROWS: Final = 60
"""A header stands within the first so many rows."""


@dataclass(frozen=True)
class Columns:
    """The header of a statement."""

    at: int
    """Its row, from 0; -1 where it is that of the table before."""
    by_name: Mapping[str, int]
    scale: float
    """What one of the printed unit is in yuan."""
    width: int


def header_of(grid: Grid, labels: Labels, known: Columns | None) -> Columns | None:
    """Return the columns of a table: its own header, or that of the table before on the page before."""
    for at, row in enumerate(grid.rows[:_HEADER_ROWS]):
        found = columns_of(row, labels)
        if found is not None:
            return Columns(at, found, _scale(grid, row), len(row))
    if known is None or not grid.rows:
        return None
    width = len(grid.rows[0])
    if width == known.width:
        return Columns(-1, known.by_name, known.scale, width)
    together = _together(known.by_name) if width == known.width - 1 else None
    return Columns(-1, together, known.scale, known.width) if together is not None else None


def columns_of(row: tuple[str, ...], labels: Labels) -> dict[str, int] | None:
    """Return the columns of a row that is a header: a day, and an amount or what comes in or goes out."""
    found: dict[str, int] = {}
    for column, cell in enumerate(row):
        name = _name_of(cell, labels, found) if cell.strip() else None
        if name == "day" and "day" in found:
            name = "time" if "时" in cell or "time" in cell.lower() else None
        if name == "purpose" and name in found:
            name = "purpose_too"  # 摘要 beside 用途
        if name is not None and name not in found:
            found[name] = column
    if "day" not in found or not {"amount", "in", "out"} & set(found):
        return None
    return found if len(found) >= 3 else None


def _name_of(cell: str, labels: Labels, found: Mapping[str, int]) -> str | None:
    """Return which column a header cell names; where the next column's words ran into it the first of them counts."""
    key = labels.key_of(cell)
    if key is not None:
        return key[0]
    for word in cell.split()[:3] if len(cell) <= 40 else ():
        key = labels.key_of(word)
        if key is not None and key[0] not in found:
            return key[0]
    return None


def _together(by_name: Mapping[str, int]) -> dict[str, int] | None:
    """Return the columns of a page without header whose two columns of amounts were read as one."""
    first, second = sorted((by_name.get("in", -9), by_name.get("out", -9)))
    if first < 0 or second != first + 1:
        return None
    kept = {name: at - (at > first) for name, at in by_name.items() if name not in ("in", "out")}
    return {**kept, "amount": first}


def _scale(grid: Grid, header: tuple[str, ...]) -> float:
    for text in (*header, *grid.above, *(cell for row in grid.rows[:6] for cell in row[:8])):
        unit = re.search(r"[(（]([^)）]{1,12})[)）]|单位\s*[:：]?\s*([^\s]{1,8})", text[:80])
        if unit is not None:
            scale = unit_scale(unit.group(1) or unit.group(2))
            if scale is not None and scale != 1.0:
                return scale
    return 1.0
