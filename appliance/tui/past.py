"""What each application and node was like at the last readings, for charts. Pure; knows no screen."""

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from appliance.operations.alerts import application_key

if TYPE_CHECKING:
    from appliance.core.status import ApplianceStatus, ApplicationStatus, NodeStatus
    from appliance.tui.rates import Rate

APPLICATION: Final = ("requests", "tokens", "ttft", "queue")
"""Finished requests and tokens a second, median time to the first token in seconds, requests that wait."""
NODE: Final = ("cpu", "memory", "cards")
"""Shares, 0..1; `cards` is the mean use of the cards."""

_Row = Sequence[float | None]


class _Series:
    """The last rows of one thing, four bytes a value: a value that is not known is NaN."""

    def __init__(self, columns: int, length: int) -> None:
        self._columns, self._most = columns, columns * length
        self._values = array("f")
        self.idle = 0
        """Readings in a row without it."""

    def add(self, row: _Row | None) -> None:
        self.idle = self.idle + 1 if row is None else 0
        known = row or (None,) * self._columns
        self._values.extend(math.nan if value is None else value for value in known)
        del self._values[: -self._most]

    def column(self, place: int) -> tuple[float | None, ...]:
        return tuple(None if math.isnan(value) else value for value in self._values[place :: self._columns])


class Past:
    """Up to `length` readings of each application and node. What was away for as long is forgotten."""

    def __init__(self, length: int = 300) -> None:
        self._length = length
        self._applications: dict[str, _Series] = {}
        self._nodes: dict[str, _Series] = {}

    def take(self, status: "ApplianceStatus", rates: Mapping[str, "Rate"]) -> None:
        """Take a reading, with the rates of its applications by `application_key`."""
        busy = {application_key(one): _application(one, rates) for one in status.applications}
        self._add(self._applications, busy, len(APPLICATION))
        self._add(self._nodes, {node.address: _node(node) for node in status.nodes}, len(NODE))

    def miss(self) -> None:
        """Note that a reading failed: everything gets a gap."""
        self._add(self._applications, {}, len(APPLICATION))
        self._add(self._nodes, {}, len(NODE))

    def _add(self, kept: dict[str, _Series], rows: Mapping[str, _Row], columns: int) -> None:
        for name in rows:
            if name not in kept:
                kept[name] = _Series(columns, self._length)
        for name, series in tuple(kept.items()):
            series.add(rows.get(name))
            if series.idle >= self._length:
                del kept[name]

    def application(self, key: str, what: str) -> tuple[float | None, ...]:
        """Return one of `APPLICATION`, a value a reading, the oldest first; unknown ones are gaps."""
        series = self._applications.get(key)
        return () if series is None else series.column(APPLICATION.index(what))

    def node(self, address: str, what: str) -> tuple[float | None, ...]:
        """Return one of `NODE`, as `application` does."""
        series = self._nodes.get(address)
        return () if series is None else series.column(NODE.index(what))


def _application(one: "ApplicationStatus", rates: Mapping[str, "Rate"]) -> _Row:
    rate = rates.get(application_key(one))
    waits = one.waiting
    return (
        None if rate is None else rate.requests_per_s,
        None if rate is None else rate.tokens_per_s,
        one.traffic.ttft_p50_s,
        None if waits is None else float(waits),
    )


def _node(node: "NodeStatus") -> _Row:
    cards = node.accelerators
    return (
        node.cpu_utilisation,
        _share(node.memory_used_bytes, node.memory_total_bytes),
        _mean(card.utilisation for card in cards),
    )


def _share(used: int | None, total: int | None) -> float | None:
    return used / total if used is not None and total else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
