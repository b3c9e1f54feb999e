"""Daily values of one product, benchmark or factor: adjusted for splits and payouts, and checked as a series."""

from dataclasses import dataclass
from typing import Any, Final

import numpy
from numpy.typing import NDArray

from appliance.core.messages import Message, _

from .calendar import TradingCalendar
from .faults import Fault

LONGEST_GAP: Final = 10
"""Trading days without a value that are still bridged; a longer gap would hide what happened in it."""
LARGEST_MOVE: Final = 0.5
"""A change in one day beyond this is a split or a mistake, not a return."""
_NAMED: Final = 5


@dataclass(frozen=True)
class Raw:
    """One key's values as supplied: parallel arrays, days rising; `rows` are those of the file."""

    key: str
    rows: NDArray[numpy.int64]
    days: NDArray[numpy.datetime64]
    values: NDArray[numpy.float64]
    payouts: NDArray[numpy.float64] | None = None
    splits: NDArray[numpy.float64] | None = None


def adjusted(raw: Raw) -> NDArray[numpy.float64]:
    """Return values whose ratios are total returns: (value x split + payout) / value of the day before.

    A split is the number of new units for one old, a payout is what is paid for one unit, both on their day.
    """
    if len(raw.values) < 2:
        return raw.values.copy()
    splits = numpy.ones_like(raw.values) if raw.splits is None else raw.splits
    payouts = numpy.zeros_like(raw.values) if raw.payouts is None else raw.payouts
    with numpy.errstate(over="ignore", invalid="ignore"):  # what leads beyond all numbers is found as a move
        growth = (raw.values[1:] * splits[1:] + payouts[1:]) / raw.values[:-1]
        return numpy.concatenate([raw.values[:1], raw.values[0] * numpy.cumprod(growth)])


def series_faults(
    table: str, file: str, column: str, raw: Raw, calendar: TradingCalendar, today: numpy.datetime64
) -> list[Fault]:
    """Return what is wrong with a series: days ahead, long gaps, moves that no market makes, days without trading."""
    found = [
        _fault(table, file, raw, at, "day", _("the day {day} lies ahead", day=str(raw.days[at])))
        for at in numpy.flatnonzero(raw.days > today)[:_NAMED]
    ]
    if len(raw.days) > 1:
        found += _moves(table, file, column, raw)
        found += _gaps(table, file, raw, calendar)
    outside = numpy.flatnonzero(~numpy.isin(raw.days, calendar.days))
    if len(outside):
        what = _(
            "{count} values are of days without trading, the first {day}",
            count=len(outside),
            day=str(raw.days[outside[0]]),
        )
        found.append(_fault(table, file, raw, outside[0], "day", what, warning=True))
    return found


def _moves(table: str, file: str, column: str, raw: Raw) -> list[Fault]:
    values = adjusted(raw)
    with numpy.errstate(invalid="ignore", divide="ignore", over="ignore"):
        change = values[1:] / values[:-1] - 1.0
    found = []
    for at in numpy.flatnonzero(~(numpy.abs(change) <= LARGEST_MOVE))[:_NAMED]:
        what = _(
            "{key} changes by {change:.0%} in a day without a split or payout", key=raw.key, change=float(change[at])
        )
        found.append(_fault(table, file, raw, at + 1, column, what))
    return found


def _gaps(table: str, file: str, raw: Raw, calendar: TradingCalendar) -> list[Fault]:
    missing = numpy.diff(numpy.searchsorted(calendar.days, raw.days)) - 1
    found = []
    for at in numpy.flatnonzero(missing > LONGEST_GAP)[:_NAMED]:
        count, day = int(missing[at]), str(raw.days[at + 1])
        what = _("{key} has no value on {count} trading days before {day}", key=raw.key, count=count, day=day)
        found.append(_fault(table, file, raw, at + 1, "day", what))
    short = numpy.flatnonzero((missing > 0) & (missing <= LONGEST_GAP))
    if len(short):
        what = _(
            "{key} lacks {count} trading days in gaps of up to {most}; they are bridged",
            key=raw.key,
            count=int(missing[short].sum()),
            most=LONGEST_GAP,
        )
        found.append(_fault(table, file, raw, short[0] + 1, "day", what, warning=True))
    return found


def _fault(
    table: str, file: str, raw: Raw, at: int | numpy.integer[Any], column: str, what: Message, *, warning: bool = False
) -> Fault:
    return Fault(table, file, int(raw.rows[at]), column, what, "warning" if warning else "error", raw.key)
