"""The method tried on the past: weights from the days before, held on the days after, costs deducted (walk-forward)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy
from numpy.typing import NDArray

from .estimators import Settings
from .feasibility import Region
from .limits import Limit
from .optimising import weigh
from .request import Backtest
from .returns import LEAST_DAYS, PERIODS, Floats, Returns

Decide: TypeAlias = Callable[[Floats, Floats], Floats]
"""From past returns and the weights held to the new weights; both sum to 1 or less."""


@dataclass(frozen=True)
class Path:
    """What came of a rule: the value from 1 after each day; fees and purchases as shares of it, by rebalancing."""

    values: Floats
    fees: Floats
    bought: Floats

    @property
    def annual(self) -> float:
        """The return a year."""
        return float(self.values[-1] ** (PERIODS / len(self.values)) - 1.0)

    @property
    def volatility(self) -> float:
        """A year."""
        return float(self._returns.std(ddof=1) * PERIODS**0.5)

    @property
    def max_drawdown(self) -> float:
        """0 or less."""
        values = numpy.concatenate([[1.0], self.values])
        return float((values / numpy.maximum.accumulate(values) - 1.0).min())

    @property
    def fees_a_year(self) -> float:
        """As a share of the value."""
        return float(self.fees.sum() * PERIODS / len(self.values))

    @property
    def turnover_a_year(self) -> float:
        """Purchases as a share of the value."""
        return float(self.bought.sum() * PERIODS / len(self.values))

    @property
    def _returns(self) -> Floats:
        values = numpy.concatenate([[1.0], self.values])
        found: Floats = values[1:] / values[:-1] - 1.0
        return found


@dataclass(frozen=True)
class Tried:
    """The method, equal weights and the target allocation on the same days, rebalanced on the same days."""

    days: NDArray[numpy.datetime64]
    method: Path
    equal: Path
    target: Path | None
    train_days: int
    rebalanced: int


def least_days(look_back: int, how: Backtest) -> int:
    """Return how many days of returns a test needs."""
    return min(look_back, LEAST_DAYS) + how.delay_days + 2 * how.rebalance_days


def walk_forward(
    returns: Returns,
    settings: Settings,
    limits: Sequence[Limit],
    region: Region,
    how: Backtest,
    look_back: int,
    costs: tuple[Floats, Floats],
    target: Floats | None,
) -> Tried | None:
    """Try the method on the past; None where there are too few days.

    `costs` are what buying and selling cost, as shares of the amount. Limits that concern today's trades alone are left
    out. The universe is today's: what ended since is missing.
    """
    from skfolio.model_selection import WalkForward

    count = len(returns.values)
    if count < least_days(look_back, how):
        return None
    train = max(LEAST_DAYS, min(look_back, count // 2))
    splits = list(
        WalkForward(test_size=how.rebalance_days, train_size=train, purged_size=how.delay_days, reduce_test=True).split(
            returns.values
        )
    )
    standing = [one for one in limits if one.standing and one.kind != "fixed"]

    def decide(past: Floats, held: Floats) -> Floats:
        then = Region(region.count, region.budget, held * region.budget)
        return weigh(past, settings, standing, then)[0] / region.budget

    equal = numpy.full(region.count, 1.0 / region.count)
    first = int(splits[0][1][0])
    return Tried(
        returns.days[first:],
        path_of(returns.values, splits, decide, costs),
        path_of(returns.values, splits, lambda _past, _held: equal, costs),
        None if target is None else path_of(returns.values, splits, lambda _past, _held: target, costs),
        train,
        len(splits),
    )


def path_of(
    returns: Floats,
    splits: Sequence[tuple[NDArray[numpy.int64], NDArray[numpy.int64]]],
    decide: Decide,
    costs: tuple[Floats, Floats],
) -> Path:
    """Return the path of a rule: between two rebalancings the holdings drift with their returns."""
    held = numpy.zeros(returns.shape[1])
    value = 1.0
    values, fees, bought = [], [], []
    for train, test in splits:
        wanted = decide(returns[train], held)
        buys, sales = numpy.maximum(wanted - held, 0.0), numpy.maximum(held - wanted, 0.0)
        fees.append(float(buys @ costs[0] + sales @ costs[1]))
        bought.append(float(buys.sum()))
        growth = numpy.cumprod(1.0 + returns[test], axis=0) * wanted
        worth = growth.sum(axis=1)
        values.append(value * (1.0 - fees[-1]) * worth)
        value = float(values[-1][-1])
        held = growth[-1] / worth[-1]
    return Path(numpy.concatenate(values), numpy.array(fees), numpy.array(bought))
