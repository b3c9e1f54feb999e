"""Whether limits can all hold, which of them conflict, and how little would have to give way.

Linear programs (HiGHS through scipy); with a limit on the number of assets, mixed-integer ones.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy

from appliance.core.errors import Unavailable
from appliance.core.messages import _

from .limits import Limit
from .returns import Floats

_STEP = 1e-4
"""Relaxations are rounded up to this, so that the value as written is enough."""
_TRACE = 1e-5
_MOST_CORES = 3
_MOST_SLACK = 10.0
_LAST = {"target": 0.01, "bank": 0.02}
"""Of changes of one size those of what was asked for come first, those of the bank's limits last."""


@dataclass(frozen=True)
class Relaxation:
    """How one limit would have to give way: `value` is what it becomes. `enough`: then all limits hold."""

    limit: Limit
    value: float
    enough: bool


@dataclass(frozen=True)
class Clash:
    """Sets of limits that cannot hold together, though they can without any one of a set; and ways out."""

    cores: tuple[tuple[Limit, ...], ...]
    """At most 3, without a limit in common."""
    alone: tuple[Relaxation, ...]
    """For each limit of the cores: its smallest relaxation, the others as they are."""
    together: tuple[Relaxation, ...]
    """The relaxations with the smallest sum, over all limits, that make everything possible."""


class Region:
    """The weights that are allowed: 0 or more, `budget` in all, within the limits."""

    def __init__(self, count: int, budget: float, now: Sequence[float] | Floats) -> None:
        self.count = count
        self.budget = budget
        self.now = numpy.asarray(now, dtype=float)

    def possible(self, limits: Sequence[Limit]) -> bool:
        """Say whether the limits can all hold."""
        return self._solve(limits) is not None

    def reachable(self, limits: Sequence[Limit]) -> list[bool]:
        """Say of each asset whether it can have a weight. The limits can all hold: check before.

        One programme: at most `_TRACE` of each weight counts, and the mean of weights that can be had can be had, too.
        """
        from scipy.optimize import linprog

        n = self.count
        width = n + n * any(one.kind == "turnover" for one in limits)
        rows, bounds = self._rows(limits, [], (n, width, width), width)
        rows = numpy.hstack([rows, numpy.zeros((len(rows), n))])
        traces = numpy.hstack([-numpy.eye(n), numpy.zeros((n, width - n)), numpy.eye(n)])
        cost = numpy.concatenate([numpy.zeros(width), -numpy.ones(n)])
        equal = numpy.zeros((1, width + n))
        equal[0, :n] = 1.0
        result = linprog(
            cost, A_ub=numpy.vstack([rows, traces]), b_ub=numpy.concatenate([bounds, numpy.zeros(n)]), A_eq=equal,
            b_eq=[self.budget], bounds=[(0.0, 1.0)] * width + [(0.0, _TRACE)] * n, method="highs",
        )  # fmt: skip
        assert result.status == 0, "asked for only where it is possible"
        return [bool(trace > _TRACE / 10.0) for trace in result.x[width:]]

    def most(self, limits: Sequence[Limit], worth: Floats) -> float:
        """Return the most that `worth @ weights` can be. The limits can all hold: check before."""
        solved = self._solve(limits, -worth)
        assert solved is not None, "asked for only where it is possible"
        return float(worth @ solved)

    def choice(self, limits: Sequence[Limit], wanted: Floats) -> list[int]:
        """Return the assets to hold under a limit on their number: those whose `wanted` weights sum to the most."""
        solved = self._solve(limits, wants=wanted)
        assert solved is not None, "asked for only where it is possible"
        return [at for at in range(self.count) if solved[at] > 0.5]

    def clash(self, limits: Sequence[Limit]) -> Clash | None:
        """Return which limits conflict; None: they can all hold."""
        cores: list[tuple[Limit, ...]] = []
        left = list(limits)
        while len(cores) < _MOST_CORES and not self.possible(left):
            cores.append(self._core(left))
            left = [one for one in left if one not in cores[-1]]
            if not cores[-1]:
                break
        if not cores:
            return None
        alone = [
            found for core in cores for limit in core if (found := self._alone(limit, core, limits)) is not None
        ]  # fmt: skip
        return Clash(tuple(cores), tuple(alone), self._together(limits))

    def _core(self, limits: Sequence[Limit]) -> tuple[Limit, ...]:
        """Return a smallest set that conflicts: a limit is dropped where the conflict stays without it."""
        core = list(limits)
        for limit in limits:
            fewer = [one for one in core if one is not limit]
            if not self.possible(fewer):
                core = fewer
        return tuple(core)

    def _alone(self, limit: Limit, core: Sequence[Limit], limits: Sequence[Limit]) -> Relaxation | None:
        if limit.kind == "fixed":
            return None
        solved = self._solve(limits, gives=[limit])
        enough = solved is not None
        if solved is None:
            solved = self._solve(core, gives=[limit])
        if solved is None:
            return None
        return Relaxation(limit, _moved(limit, float(solved[-1])), enough)

    def _together(self, limits: Sequence[Limit]) -> tuple[Relaxation, ...]:
        may = [one for one in limits if one.kind in ("linear", "turnover")]
        solved = self._solve(limits, gives=may)
        if solved is None:
            return ()
        slacks = solved[-len(may) :]
        return tuple(
            Relaxation(limit, _moved(limit, float(slack)), True)
            for limit, slack in zip(may, slacks, strict=True)
            if slack > 1e-7
        )

    def _solve(
        self,
        limits: Sequence[Limit],
        aim: Floats | None = None,
        *,
        wants: Floats | None = None,
        gives: Collection[Limit] = (),
    ) -> Floats | None:
        """Return the weights for the smallest `aim @ weights`; None where there are none.

        With `wants` the answer says which assets are held, with `gives` it ends with what each of those limits gives.
        """
        from scipy.optimize import linprog

        n, m = self.count, len(gives)
        turnover = any(one.kind == "turnover" for one in limits)
        counted = wants is not None or any(one.kind == "count" for one in limits)
        bought, held = n, n + n * turnover
        slack = held + n * counted
        cost = numpy.zeros(slack + m)
        cost[:n] = 0.0 if aim is None else aim
        if wants is not None:
            cost[held:slack] = -wants - 1e-9
        cost[slack:] = [1.0 + _LAST.get(one.id.partition(".")[0], 0.0) for one in gives]
        rows, bounds = self._rows(limits, list(gives), (bought, held, slack), len(cost))
        equal = numpy.zeros((1, len(cost)))
        equal[0, :n] = 1.0
        whole = numpy.zeros(len(cost))
        whole[held:slack] = 1
        whole[slack:] = [one.kind == "count" for one in gives]
        tops = [1.0] * slack + [float(n) if one.kind == "count" else _MOST_SLACK for one in gives]
        result = linprog(
            cost, A_ub=rows if len(rows) else None, b_ub=bounds if len(rows) else None, A_eq=equal,
            b_eq=[self.budget], bounds=[(0.0, top) for top in tops], method="highs",
            integrality=whole if whole.any() else None,
        )  # fmt: skip
        if result.status == 2:
            return None
        if result.status != 0:
            raise Unavailable(
                _("The limits could not be checked: {reason}", reason=result.message),
                _("Ask again with fewer products or limits."),
            )
        answer = numpy.asarray(result.x, dtype=float)
        return answer[held:slack] if wants is not None else answer[:n] if not m else answer

    def _rows(
        self, limits: Sequence[Limit], gives: list[Limit], places: tuple[int, int, int], width: int
    ) -> tuple[Floats, Floats]:
        bought, held, slack = places
        n = self.count
        rows: list[Floats] = []
        bounds: list[float] = []

        def add(row: Floats, bound: float, limit: Limit | None) -> None:
            for at, one in enumerate(gives):
                if one is limit:
                    row[slack + at] = -1.0
            rows.append(row)
            bounds.append(bound)

        for limit in limits:
            if limit.kind == "turnover":
                row = numpy.zeros(width)
                row[bought:held] = 1.0
                add(row, limit.value, limit)
            elif limit.kind == "count":
                row = numpy.zeros(width)
                row[held:slack] = 1.0
                add(row, limit.value, limit)
            for part, bound in zip(limit.rows, limit.bounds, strict=True):
                row = numpy.zeros(width)
                row[:n] = part
                add(row, float(bound), limit)
        for at in range(n):
            if held > bought:
                row = numpy.zeros(width)
                row[at], row[bought + at] = 1.0, -1.0
                add(row, float(self.now[at]), None)
            if slack > held:
                row = numpy.zeros(width)
                row[at], row[held + at] = 1.0, -1.0
                add(row, 0.0, None)
        return numpy.array(rows).reshape(-1, width), numpy.array(bounds)


def _moved(limit: Limit, slack: float) -> float:
    """Return the value that a limit takes, rounded so that it is enough."""
    if limit.kind == "count":
        return limit.moved(round(slack))
    value = limit.moved(slack)
    steps = math.floor(value / _STEP + 1e-6) if limit.minimum else math.ceil(value / _STEP - 1e-6)
    return round(steps * _STEP, 4)
