"""What an allocation is asked for: the universe, the method and the limits."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..models import AssetClass, ProductLevel, Share

Method = Literal["mean_variance", "risk_parity", "hierarchical_risk_parity", "cvar", "black_litterman"]
Objective = Literal["minimum_risk", "utility", "target_volatility"]
Covariance = Literal["ledoit_wolf", "oas", "denoise", "empirical"]

_SHORTEST = 250


class Section(BaseModel):
    """A part of a request or of the bank's file: frozen, unknown names refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(Section):
    """A least and a most share."""

    minimum: Share = 0.0
    maximum: Share = 1.0

    @model_validator(mode="after")
    def _in_order(self) -> "Range":
        if self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum:g} is more than maximum {self.maximum:g}")
        return self


class Liquidity(Section):
    """How much must be money again within some days."""

    within_days: int = Field(ge=0, le=3650)
    minimum: Share


class Limits(Section):
    """Limits on the shares of the whole wealth. A limit of the bank and one of the request both hold."""

    each_product: Share | None = Field(default=None, description="Most in any one product.")
    products: dict[str, Range] = Field(default_factory=dict, description="By product id.")
    each_issuer: Share | None = Field(default=None, description="Most with any one issuer.")
    issuers: dict[str, Share] = Field(default_factory=dict, description="Most with an issuer, by name.")
    classes: dict[AssetClass, Range] = Field(default_factory=dict, description="By asset class.")
    above_levels: dict[ProductLevel, Share] = Field(
        default_factory=dict, description="Most in products of a level above this one; R3: 0.2 limits R4 and R5."
    )
    liquidity: tuple[Liquidity, ...] = ()
    cash_minimum: Share | None = Field(default=None, description="Least in asset class cash, money kept included.")
    turnover: float | None = Field(default=None, ge=0.0, le=1.0, description="Most that may be bought, of the wealth.")
    products_at_most: int | None = Field(default=None, ge=1)
    return_at_least: float | None = Field(
        default=None, gt=-1.0, lt=1.0, description="Least expected return a year, as estimated from the past."
    )


class Backtest(Section):
    """How the method is tried on the past."""

    rebalance_days: int = Field(default=63, ge=5, le=504, description="Trading days between two rebalancings.")
    delay_days: int = Field(default=1, ge=0, le=20, description="Trading days between the decision and the trade.")


class AllocationRequest(Section):
    """One question. Without `products` and `indices` the universe is what the client's level allows."""

    client: str | None = Field(default=None, description="Whose holdings, level and target; null: nobody's.")
    products: tuple[str, ...] = Field(default=(), max_length=500)
    indices: dict[AssetClass, str] = Field(
        default_factory=dict, description="Asset classes by a benchmark each, in place of products."
    )
    method: Method = "mean_variance"
    objective: Objective | None = Field(default=None, description="Null: utility where returns are estimated.")
    risk_aversion: float | None = Field(default=None, gt=0.0, le=1000.0, description="Null: the bank's, by level.")
    target_volatility: float | None = Field(default=None, gt=0.0, le=1.0, description="A year.")
    covariance: Covariance = "ledoit_wolf"
    cvar_confidence: float = Field(default=0.95, ge=0.5, le=0.995)
    limits: Limits = Limits()
    keep_to_target: bool = Field(default=True, description="Hold the client's target allocation within its drift.")
    amount: Annotated[float, Field(allow_inf_nan=False)] = Field(
        default=0.0, ge=-1e12, le=1e12, description="New money in CNY; below 0: to be paid out."
    )
    reserve: Share = Field(default=0.0, description="Share that stays on the account as money.")
    sell_others: bool = Field(default=False, description="Sell what is held and not in the universe, where it can be.")
    now: dict[str, float] = Field(
        default_factory=dict, description="Weights held now, in place of a client's holdings; they sum to 1."
    )
    look_back_days: int | None = Field(default=None, ge=_SHORTEST, le=5000, description="Trading days; null: bank's.")
    leave_out_bad: bool = Field(default=False, description="Leave out products whose values cannot be used, named.")
    holding_days: int = Field(default=365, ge=1, le=3650, description="Over which costs of trading are spread.")
    frontier_points: int = Field(default=6, ge=0, le=30)
    backtest: Backtest | None = Backtest()
    charts: bool = True

    @model_validator(mode="after")
    def _fits_together(self) -> "AllocationRequest":
        if self.products and self.indices:
            raise ValueError("give products or indices, not both")
        if len(set(self.products)) != len(self.products):
            raise ValueError("a product is named twice")
        if self.objective == "target_volatility" and self.target_volatility is None:
            raise ValueError("target_volatility is missing")
        if self.target_volatility is not None and self.objective != "target_volatility":
            raise ValueError("target_volatility needs the objective target_volatility")
        if self.target_volatility is not None and self.method not in ("mean_variance", "black_litterman"):
            raise ValueError("a target volatility goes with mean_variance and black_litterman alone")
        if self.method in ("risk_parity", "hierarchical_risk_parity", "cvar") and self.objective == "utility":
            raise ValueError(f"{self.method} has the objective minimum_risk alone")
        return self

    @property
    def aim(self) -> Objective:
        """The objective, with the method's own where none is given."""
        if self.objective is not None:
            return self.objective
        return "utility" if self.method in ("mean_variance", "black_litterman") else "minimum_risk"
