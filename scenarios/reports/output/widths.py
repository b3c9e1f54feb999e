"""How wide the columns of a table are."""

from collections.abc import Sequence
from typing import Final

from ..models import Table
from .wording import display_width

_LEAST: Final = 4.0
_MOST: Final = 44.0
_PAD: Final = 2.0
_STRONG: Final = 1.12  # bold is that much wider
_ROOM: Final = 100.0  # halves of a Chinese character that fit side by side into an upright page
_WIDE_ROOM: Final = 170.0
_WIDE: Final = 9
_ONE_LINE: Final = 18.0  # texts up to this width, such as days, stay on one line where there is room
_MOST_KEPT: Final = 0.75  # share of the width that columns on one line may take


def column_widths(table: Table) -> tuple[float, ...]:
    """Return each column's share of the width, in all 1: its own where given, else by its longest entries.

    A column of numbers or of days gets the room that its longest entry needs on one line, also where less is given;
    texts share what is left.
    """
    count = len(table.columns)
    given = table.widths
    if len(given) != count or not all(width > 0 for width in given):
        given = tuple(_wanted(table, column) for column in range(count))
    whole = sum(given) or 1.0
    return _with_room([width / whole for width in given], [_needed(table, column) for column in range(count)])


def _with_room(shares: list[float], needed: Sequence[float]) -> tuple[float, ...]:
    """Widen the columns that need it at the cost of those that may wrap."""
    kept = {at: need for at, need in enumerate(needed) if need > 0}
    if not kept or sum(kept.values()) > _MOST_KEPT:
        return tuple(shares)
    wider = {at: max(need, shares[at]) for at, need in kept.items()}
    if len(wider) == len(shares):
        return tuple(wider[at] / sum(wider.values()) for at in range(len(shares)))
    if sum(wider.values()) > _MOST_KEPT:
        wider = kept
    rest = sum(share for at, share in enumerate(shares) if at not in wider)
    left = 1.0 - sum(wider.values())
    return tuple(wider.get(at, share / rest * left) for at, share in enumerate(shares))


def _needed(table: Table, column: int) -> float:
    """Return the share that a column needs for one line; 0: it may wrap."""
    longest = max(_cells(table, column), default=0.0)
    if not _is_number(table, column) and longest > _ONE_LINE:
        return 0.0
    return (max(longest, _LEAST) + _PAD) / (_WIDE_ROOM if len(table.columns) >= _WIDE else _ROOM)


def _wanted(table: Table, column: int) -> float:
    cells = _cells(table, column)
    head = display_width(table.columns[column])
    longest = max(cells, default=0)
    if _is_number(table, column):
        return max(longest, min(head, longest + 4), _LEAST) + 1.5 * _PAD
    # A few long entries may wrap: the room goes by what nine of ten need.
    usual = sorted(cells)[int(len(cells) * 0.9)] if cells else 0
    return min(max(usual, longest * 0.5, head * 0.6, _LEAST), _MOST) + _PAD


def _is_number(table: Table, column: int) -> bool:
    return column < len(table.numeric) and table.numeric[column]


def _cells(table: Table, column: int) -> list[float]:
    """Return how wide the entries of a column are."""
    return [
        display_width(row[column].text) * (_STRONG if row[column].strong else 1.0)
        for row in table.rows
        if column < len(row)
    ]
