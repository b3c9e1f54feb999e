"""Markets of one day: each value against the one before and against the end of last year, by class."""

from collections.abc import Sequence
from typing import Final

from ..models import Figure
from .making import Maker, of_cell, of_figure
from .tables import Entry, Row

_MOST: Final = 40
_RATES: Final = (
    "利率", "收益率", "债券收益率", "资金利率", "国债收益率", "rate", "rates", "yield", "yields", "bond yield",
    "interest rates",
)  # fmt: skip
_INDICES: Final = ("指数", "股票指数", "股指", "股票", "index", "indices", "equity index", "equities")


def market_figures(rows: Sequence[Row], maker: Maker) -> list[Figure]:
    """Return value and changes of each row of the newest day, such as `index_value.1` and `index_change.1`.

    There are indices (`index_`), rates (`rate_`: they change in basis points) and all other prices (`price_`), each
    numbered in the order of the table. `rising_count` and `falling_count` are those of the indices.
    """
    kinds: dict[str, list[Row]] = {"index": [], "rate": [], "price": []}
    for row in _newest(rows, maker.period)[:_MOST]:
        kinds[_kind(row)].append(row)
    figures: list[Figure] = []
    for kind, of in kinds.items():
        decimals = _decimals(of)
        own = [
            figure
            for rank, row in enumerate(of, start=1)
            for figure in _row(kind, rank, row, maker, decimals[_group(row)])
        ]
        figures += [*own, *_extremes(kind, own, maker)]
    return figures


def _kind(row: Row) -> str:
    group = _group(row)
    return "rate" if group in _RATES else "index" if group in _INDICES else "price"


def _group(row: Row) -> str:
    return row["group"].text.lower() if "group" in row else ""


def _row(kind: str, rank: int, row: Row, maker: Maker, decimals: int) -> list[Figure]:
    last, name, key = row["last"], row["name"].text, str(rank)
    value = [of_cell("last", last)]
    figures = [maker.make(f"{kind}_value", last.number, value, key=key, called=name, decimals=decimals)]
    for column, tail in (("prior", ""), ("year_end", "_year")):
        other = row.get(column)
        change = _change(kind, last, other)
        if other is not None and change is not None:
            formula = f"{kind}_{'points' if kind == 'rate' else 'change'}{tail}"
            figures.append(maker.make(formula, change, [*value, of_cell(column, other)], key=key, called=name))
    return figures


def _change(kind: str, last: Entry, other: Entry | None) -> float | None:
    if other is None or other.number is None or last.number is None:
        return None
    if kind == "rate":
        return round((last.number - other.number) * 100.0, 6)
    return last.number / other.number - 1.0 if other.number > 0.0 else None


def _extremes(kind: str, figures: Sequence[Figure], maker: Maker) -> list[Figure]:
    """Return which one moved most, and of indices how many rose and fell."""
    family = f"{kind}_{'points' if kind == 'rate' else 'change'}"
    changes = [one for one in figures if one.name.partition(".")[0] == family and one.value is not None]
    if not changes:
        return []
    if kind != "index":
        most = max(changes, key=lambda one: abs(one.value or 0.0))
        return [maker.make(f"{kind}_most", most.value, [of_figure("change", most)], called=most.title)]
    best, worst = (pick(changes, key=lambda one: one.value or 0.0) for pick in (max, min))
    inputs = [of_figure(f"c{number}", figure) for number, figure in enumerate(changes, start=1)]
    found = [
        maker.make("rising_count", float(sum((one.value or 0.0) > 0.0 for one in changes)), inputs),
        maker.make("falling_count", float(sum((one.value or 0.0) < 0.0 for one in changes)), inputs),
    ]
    for name, one, sign in (("index_best", best, 1.0), ("index_worst", worst, -1.0)):
        if sign * (one.value or 0.0) > 0.0:
            found.append(maker.make(name, one.value, [of_figure("change", one)], called=one.title))
    return found


def _newest(rows: Sequence[Row], until: str) -> list[Row]:
    """Return the rows of the newest day up to `until`; rows without days count as of that day."""
    days = {row["day"].text for row in rows if "day" in row and row["day"].text <= until}
    if not days:
        return [row for row in rows if "day" not in row]
    return [row for row in rows if "day" not in row or row["day"].text == max(days)]


def _decimals(rows: Sequence[Row]) -> dict[str, int]:
    """Return by group with how many decimals its values are printed at most, from 2 to 6."""
    found: dict[str, int] = {}
    for row in rows:
        printed = row["last"].text.strip().rstrip("%").partition(".")[2]
        found[_group(row)] = max(found.get(_group(row), 2), min(len(printed), 6))
    return found
