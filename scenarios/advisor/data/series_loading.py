"""Daily values of a table into series by key, each checked on its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy

from ..models import Series, Source
from .calendar import TradingCalendar
from .faults import Fault
from .reading import Loaded
from .series import Raw, adjusted, series_faults

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

VALUE: Final = {"nav": "nav", "benchmarks": "value", "factors": "value", "fx": "cny", "rates": "rate"}
"""The tables of daily values, and the column of the value in each."""


@dataclass(frozen=True)
class LoadedSeries:
    """A table's series by key: adjusted, and as supplied; and what is wrong with them."""

    adjusted: dict[str, Series]
    plain: dict[str, Series]
    faults: list[Fault]
    splits: dict[str, tuple[tuple[date, float], ...]]


def load_series(
    connection: "DuckDBPyConnection", loaded: Loaded, calendar: TradingCalendar, today: date,
    currencies: Mapping[str, str],
) -> LoadedSeries:  # fmt: skip
    """Return the series of a table that was read; `currencies` are those of products, all else is in CNY."""
    name, key, value = loaded.table.name, loaded.table.key[0], VALUE[loaded.table.name]
    more = ("payout", "split") if name == "nav" else ()
    listed = ", ".join(f'"{column}"' for column in ("row_", key, "day", value, *more))
    good = "IS NOT NULL" if name == "rates" else "> 0"  # the others are told as faults of their key
    query = f'SELECT {listed} FROM "{name}" WHERE "{value}" {good} AND day IS NOT NULL ORDER BY 2, 3'  # noqa: S608 - our own names
    columns = connection.execute(query).fetchnumpy()
    keys = numpy.asarray(columns[key], dtype=object)
    days = numpy.asarray(columns["day"]).astype("datetime64[D]")
    values = {column: numpy.asarray(columns[column], dtype=float) for column in (value, *more)}
    begins = numpy.flatnonzero(numpy.r_[True, keys[1:] != keys[:-1]]) if len(keys) else numpy.array([], dtype=int)
    result = LoadedSeries({}, {}, [], {})
    for begin, end in zip(begins, [*begins[1:], len(keys)], strict=True):
        part = slice(int(begin), int(end))
        raw = Raw(
            str(keys[begin]), numpy.asarray(columns["row_"])[part], days[part], values[value][part],
            *(values[column][part] for column in more),
        )  # fmt: skip
        if raw.splits is not None and (raw.splits != 1.0).any():
            at = numpy.flatnonzero(raw.splits != 1.0)
            result.splits[raw.key] = tuple(zip(raw.days[at].astype(object), raw.splits[at].tolist(), strict=True))
        rows = f"{raw.key}, {raw.days[0]} to {raw.days[-1]}, {len(raw.days)} rows"
        source = Source(file=loaded.file, sha256=loaded.sha256, table=name, rows=rows)
        if name != "rates":
            result.faults.extend(series_faults(name, loaded.file, value, raw, calendar, numpy.datetime64(today)))
        currency = currencies.get(raw.key, "CNY") if name == "nav" else "CNY"
        values_now = adjusted(raw) if more else raw.values
        result.adjusted[raw.key] = Series(raw.key, raw.days, values_now, source, currency)
        result.plain[raw.key] = Series(raw.key, raw.days, raw.values, source, currency)
    return result
