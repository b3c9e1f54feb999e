"""The days on which the market trades."""

from collections.abc import Sequence
from datetime import date

import numpy
from numpy.typing import NDArray


class TradingCalendar:
    """Trading days, rising, each once."""

    def __init__(self, days: NDArray[numpy.datetime64]) -> None:
        self.days = days

    @classmethod
    def of(cls, days: Sequence[date]) -> "TradingCalendar":
        """Make one from days in any order."""
        return cls(numpy.unique(numpy.array(days, dtype="datetime64[D]")))

    def between(self, first: numpy.datetime64, last: numpy.datetime64) -> NDArray[numpy.datetime64]:
        """Return the trading days from `first` to `last`, both included."""
        begin, end = numpy.searchsorted(self.days, [first, last + numpy.timedelta64(1, "D")])
        return self.days[begin:end]

    def __contains__(self, day: object) -> bool:
        place = int(numpy.searchsorted(self.days, numpy.datetime64(day, "D")))  # type: ignore[call-overload]
        return place < len(self.days) and bool(self.days[place] == numpy.datetime64(day, "D"))  # type: ignore[call-overload]
