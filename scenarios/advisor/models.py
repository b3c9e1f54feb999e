"""What the advisor assistant knows and says: the shapes that every part of this pack shares.

Amounts are in the currency beside them, rates and weights are shares (0.05 is 5 %), dates are ISO days. A figure is
never a bare number: it carries its formula, its inputs and where they came from.
"""

from datetime import date
from typing import Annotated, Literal

import numpy
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from appliance.scenario.words import Words

Share = Annotated[float, Field(ge=0.0, le=1.0)]
ClientLevel = Literal["C1", "C2", "C3", "C4", "C5"]
ProductLevel = Literal["R1", "R2", "R3", "R4", "R5"]
AssetClass = Literal["cash", "bond", "equity", "alternative", "commodity", "insurance"]
Currency = Literal["CNY", "USD", "HKD", "EUR"]


class Part(BaseModel):
    """A part of an answer, or a row of the bank's data."""

    model_config = ConfigDict(frozen=True)


class Source(Part):
    """Where inputs came from."""

    file: str = Field(description="Name of the file as it was supplied, or `api`.")
    sha256: str = Field(description="Of the file's content.")
    table: str = Field(description="clients, products, holdings, transactions, nav, prices, benchmarks or rates.")
    rows: str = Field(description="Which rows: a key, and from which day to which.")


class Figure(Part):
    """One computed value, with all that is needed to compute it again."""

    id: str = Field(description="Unique within an answer, such as fund.F0012.volatility.")
    name: str = Field(description="Name of the formula in the list of formulas, such as volatility.")
    title: str = Field(description="Title that people read.")
    value: float | None = Field(description="The value; null where it cannot be computed, and `note` says why.")
    unit: str = Field(description="share, CNY and the other currencies, days, count, ratio or date.")
    shown: str = Field(description="As texts write it, such as 12.3%; the only way in which it may be written.")
    formula: str = Field(description="The formula, in words and symbols.")
    inputs: dict[str, float | int | str] = Field(default_factory=dict, description="What went into it, by symbol.")
    sources: tuple[Source, ...] = ()
    note: str | None = None


class Chart(Part):
    """A chart twice: as a picture and as its Vega-Lite specification, data included."""

    name: str
    title: str
    png_base64: str
    vega_lite: dict[str, object]


class Client(Part):
    """A customer of the bank."""

    id: str
    name: str
    birth_date: date
    kind: Literal["ordinary", "professional"] = "ordinary"
    level: ClientLevel | None = Field(default=None, description="Of the last assessment; null: never assessed.")
    assessed_on: date | None = None
    currency: Currency = "CNY"
    target: str = Field(description="Name of the target allocation, such as balanced.")
    cash_need: float = Field(default=0.0, ge=0.0, description="What the client wants to draw within a year.")
    horizon_days: int | None = Field(default=None, description="How long the client can go without the money.")
    advisor: str = Field(default="", description="Id of the relationship manager.")


class Product(Part):
    """What the bank sells, or a client holds."""

    id: str
    name: Words
    kind: Literal["fund", "wealth", "deposit", "insurance", "metal", "stock", "bond"]
    asset_class: AssetClass
    issuer_level: ProductLevel
    seller_level: ProductLevel
    currency: Currency = "CNY"
    term_days: int = Field(default=0, ge=0, description="Days until it ends or may first be redeemed; 0: open.")
    redeem_days: int = Field(default=1, ge=0, description="Days from redemption until the money is there.")
    minimum: float = Field(default=0.0, ge=0.0)
    private: bool = Field(default=False, description="Offered to professional or qualified investors alone.")
    issuer: str = ""
    peer_group: str = ""
    benchmark: str = ""
    management_fee: Share = 0.0
    custody_fee: Share = 0.0
    front_fee: Share = 0.0
    back_fees: tuple[tuple[int, float], ...] = Field(default=(), description="(held less than days, share).")
    industries: dict[str, float] = Field(default_factory=dict, description="Reported industry weights.")
    constituents: dict[str, float] = Field(default_factory=dict, description="Reported positions, by security id.")
    manager: str = ""
    started_on: date | None = None

    @property
    def level(self) -> ProductLevel:
        """The level that counts: the higher of the issuer's and the seller's."""
        return max(self.issuer_level, self.seller_level)


class Holding(Part):
    """What a client holds of a product on a day."""

    client: str
    product: str
    units: float
    cost: float = Field(description="What was paid for it, fees included, in the product's currency.")
    bought_on: date
    as_of: date


class Transaction(Part):
    """A purchase, a redemption or a payment."""

    id: str
    client: str
    product: str
    kind: Literal["buy", "sell", "dividend", "deposit", "withdrawal", "fee"]
    day: date
    units: float
    amount: float
    currency: Currency = "CNY"


class Series:
    """Daily values: `days` (datetime64[D], rising, each once) and `values` (float64, positive), of one length.

    `values` are adjusted for splits and payouts, so that their ratios are returns.
    """

    def __init__(
        self,
        name: str,
        days: NDArray[numpy.datetime64],
        values: NDArray[numpy.float64],
        source: Source,
        currency: str = "CNY",
    ) -> None:
        self.name = name
        self.days = days
        self.values = values
        self.source = source
        self.currency = currency

    def __len__(self) -> int:
        return len(self.days)

    def between(self, first: date | None, last: date | None) -> "Series":
        """Return the part from `first` to `last`, both included."""
        keep = numpy.ones(len(self.days), dtype=bool)
        if first is not None:
            keep &= self.days >= numpy.datetime64(first)
        if last is not None:
            keep &= self.days <= numpy.datetime64(last)
        return Series(self.name, self.days[keep], self.values[keep], self.source, self.currency)
