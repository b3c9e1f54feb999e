"""What a proposal says: figures, limits, trades, the test on the past, or the limits that conflict."""

from typing import Literal

from pydantic import Field

from ..models import AssetClass, Chart, Figure, Part, ProductLevel
from .request import Method, Objective


class WeightRow(Part):
    """One asset of the universe that is held or proposed."""

    id: str
    name: str
    asset_class: AssetClass
    level: ProductLevel | None
    now: Figure
    proposed: Figure
    risk: Figure = Field(description="Share of the risk of what is proposed.")


class LimitRow(Part):
    """One limit and how the proposal stands to it."""

    id: str
    words: str
    kept: bool = Field(description="By the proposed weights, to 1e-6.")
    binding: bool = Field(description="The weights lie on it.")


class TradeRow(Part):
    """One trade of the rebalancing list, sales first."""

    product: str
    name: str
    kind: Literal["buy", "sell"]
    amount: Figure
    units: Figure
    fee: Figure
    allowed: Literal["yes", "confirm", "sale"] = Field(description="What suitability says of this purchase today.")
    confirmations: tuple[str, ...] = ()


class Rebalancing(Part):
    """The trades, and the cash that is left: new money + sales less fees - purchases, to the cent."""

    trades: tuple[TradeRow, ...]
    skipped: tuple[str, ...]
    refused: tuple[str, ...] = Field(default=(), description="Purchases that suitability does not allow, with reasons.")
    fees: Figure
    cash: Figure


class FrontierPoint(Part):
    """A point of the efficient frontier, in sample."""

    estimated_return: Figure
    volatility: Figure


class TestedPath(Part):
    """How one rule fared out of sample, costs deducted."""

    name: Literal["method", "equal", "target"]
    title: str
    figures: dict[str, Figure]


class BacktestReport(Part):
    """The walk-forward test."""

    first: str
    last: str
    train_days: int
    rebalance_days: int
    delay_days: int
    rebalanced: int
    paths: tuple[TestedPath, ...]


class Change(Part):
    """How one limit could give way."""

    limit: str
    words: str
    value: Figure
    enough: bool = Field(description="This alone makes all limits possible.")


class Conflict(Part):
    """Limits that cannot all hold."""

    sets: tuple[tuple[str, ...], ...] = Field(description="Ids; without any one of a set the others of it can hold.")
    words: tuple[tuple[str, ...], ...] = Field(description="The same limits in words.")
    changes: tuple[Change, ...] = Field(description="Each alone, the others as they are.")
    together: tuple[Change, ...] = Field(description="Made together: the smallest sum of changes.")


class Proposal(Part):
    """An allocation, or why there is none. Nothing in it is a forecast."""

    status: Literal["proposed", "infeasible"]
    client: str | None
    method: Method
    objective: Objective
    as_of: str
    weights: tuple[WeightRow, ...] = ()
    figures: dict[str, Figure] = Field(default_factory=dict)
    limits: tuple[LimitRow, ...] = ()
    rebalancing: Rebalancing | None = None
    frontier: tuple[FrontierPoint, ...] = ()
    backtest: BacktestReport | None = None
    conflict: Conflict | None = None
    charts: tuple[Chart, ...] = ()
    texts: tuple[str, ...] = Field(description="Written from the figures alone.")
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    disclosures: tuple[str, ...] = ()
    settings: dict[str, str] = Field(description="Versions and settings that make the same again.")

    def all_figures(self) -> dict[str, Figure]:
        """Return every figure by its id."""
        found = list(self.figures.values())
        for row in self.weights:
            found += [row.now, row.proposed, row.risk]
        if self.rebalancing is not None:
            found += [self.rebalancing.fees, self.rebalancing.cash]
            for trade in self.rebalancing.trades:
                found += [trade.amount, trade.units, trade.fee]
        for point in self.frontier:
            found += [point.estimated_return, point.volatility]
        for path in self.backtest.paths if self.backtest is not None else ():
            found += path.figures.values()
        if self.conflict is not None:
            found += [one.value for one in (*self.conflict.changes, *self.conflict.together)]
        return {one.id: one for one in found}
