"""Tables whose columns are named in the report's language."""

from collections.abc import Collection, Mapping, Sequence

from ..models import Cell, Table
from .sources import Sources


def worded_table(
    block_id: str,
    caption: str,
    columns: Mapping[str, float],
    rows: Sequence[tuple[Cell, ...]],
    sources: Sources,
    *,
    numeric: Collection[str] = (),
    unit: str | None = None,
) -> Table:
    """Return a table; `columns` are the words of the heads with the share of the width that each column takes.

    `numeric` are those that hold numbers; `unit` stands in heads that name it.
    """
    values = {} if unit is None else {"unit": unit}
    return Table(
        id=block_id,
        caption=caption,
        columns=tuple(sources.say(name, **values) for name in columns),
        numeric=tuple(name in numeric for name in columns),
        rows=tuple(rows),
        widths=tuple(columns.values()),
    )
