"""Rates from counters: what happened between readings. Pure; knows no screen and no clock of its own."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from appliance.operations.alerts import application_key
from appliance.tui.past import Past

if TYPE_CHECKING:
    from appliance.core.status import ApplianceStatus

__all__ = ["Rate", "RateTracker", "application_key"]


@dataclass(frozen=True)
class Rate:
    """Finished requests and generated tokens a second; None while two readings are not there yet."""

    requests_per_s: float | None = None
    tokens_per_s: float | None = None


@dataclass
class _Counters:
    """Two counters of one application, as last read and as grown since it was first seen (resets taken out)."""

    requests: int
    tokens: int
    requests_grown: int = 0
    tokens_grown: int = 0

    def read(self, requests: int, tokens: int) -> None:
        self.requests_grown += _increase(self.requests, requests)
        self.tokens_grown += _increase(self.tokens, tokens)
        self.requests, self.tokens = requests, tokens


@dataclass(frozen=True)
class _Point:
    """All grown counters at one moment, by application: (requests, tokens)."""

    moment: datetime
    grown: dict[str, tuple[int, int]]


class RateTracker:
    """Takes readings in turn and gives means over the last `window_s` seconds, with `length` past totals."""

    def __init__(self, window_s: float = 10.0, length: int = 300) -> None:
        self._window_s = window_s
        self._counters: dict[str, _Counters] = {}
        self._points: deque[_Point] = deque()
        self._history: deque[Rate] = deque(maxlen=length)
        self.past = Past(length)
        """The same for each application and node."""

    @property
    def history(self) -> tuple[Rate, ...]:
        """The appliance's total rate at each reading, oldest first; a missed reading is a gap."""
        return tuple(self._history)

    def observe(self, status: "ApplianceStatus") -> dict[str, Rate]:
        """Take a reading; return the rate of each application in it, by `application_key`."""
        moment = datetime.fromisoformat(status.taken_at)
        if self._points and moment < self._points[-1].moment:
            self._forget()  # the clock was set back: nothing before can be compared
        if self._points and moment == self._points[-1].moment:
            self._points.pop()  # the same reading again
        self._points.append(_Point(moment, self._grow(status)))
        while len(self._points) > 2 and self._age(self._points[1]) >= self._window_s:
            self._points.popleft()
        rates = {key: self._rate(key) for key in map(application_key, status.applications)}
        # A model's and a scenario's requests both count; the gateway's would count each of them twice.
        counted = [rates[application_key(a)] for a in status.applications if a.kind != "gateway"]
        self._history.append(Rate(_sum(r.requests_per_s for r in counted), _sum(r.tokens_per_s for r in counted)))
        self.past.take(status, rates)
        return rates

    def miss(self) -> None:
        """Note that a reading failed: the history gets a gap, and rates need two new readings."""
        self._forget()
        self._history.append(Rate())
        self.past.miss()

    def _forget(self) -> None:
        self._points.clear()
        self._counters.clear()

    def _grow(self, status: "ApplianceStatus") -> dict[str, tuple[int, int]]:
        for application in status.applications:
            totals = application.traffic.requests_total, application.traffic.completion_tokens_total
            self._counters.setdefault(application_key(application), _Counters(*totals)).read(*totals)
        present = set(map(application_key, status.applications))
        self._counters = {name: value for name, value in self._counters.items() if name in present}
        return {name: (value.requests_grown, value.tokens_grown) for name, value in self._counters.items()}

    def _age(self, point: _Point) -> float:
        return (self._points[-1].moment - point.moment).total_seconds()

    def _rate(self, key: str) -> Rate:
        first = next(point for point in self._points if key in point.grown)
        elapsed = self._age(first)
        if elapsed <= 0:
            return Rate()
        start, end = first.grown[key], self._points[-1].grown[key]
        # An application that went away and came back was counted anew from 0.
        requests, tokens = (max(0, after - before) for before, after in zip(start, end, strict=True))
        return Rate(requests / elapsed, tokens / elapsed)


def _increase(before: int, after: int) -> int:
    """Return what a counter grew by; one that fell was restarted, and has grown by all it shows."""
    return after - before if after >= before else after


def _sum(values: Iterable[float | None]) -> float | None:
    """Add what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
