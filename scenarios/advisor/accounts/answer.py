"""What the diagnosis of an account says. Lines name their figures by id; the figures themselves are in one list."""

from datetime import date
from typing import Literal

from pydantic import Field

from ..models import AssetClass, Chart, Figure, Part

Basis = Literal["value", "cost", "none"]


class PositionLine(Part):
    """One product that the client holds."""

    product: str
    name: str
    asset_class: AssetClass
    basis: Basis = Field(
        description="value: by its newest value; cost: its values cannot be used; none: no rate of its currency."
    )
    figures: dict[str, str] = Field(description="Name of the formula to the id of the figure.")
    suitable: bool | None = Field(description="Whether the rules of level and kind of investor let the client have it.")
    reasons: tuple[str, ...] = Field(default=(), description="Of the rules that are broken or cannot be judged.")
    note: str | None = None


class ClassLine(Part):
    """One asset class: what is held and what should be."""

    asset_class: AssetClass
    title: str
    figures: dict[str, str]
    off: bool | None = Field(description="Beyond the tolerated drift; null: no target is known.")


class OverlapLine(Part):
    """Two holdings that report the same securities."""

    first: str
    second: str
    names: tuple[str, str]
    figures: dict[str, str]
    securities: tuple[str, ...] = Field(description="The securities that both hold, largest common weight first.")


class StressLine(Part):
    """What a scenario would do to today's holdings."""

    scenario: str
    title: str
    description: str
    source: str
    figures: dict[str, str]
    by_class: dict[str, str] = Field(description="Asset class to the id of its figure.")
    missing: tuple[str, ...] = Field(description="Products without a shock; they are taken as unchanged.")


class ChangeLine(Part):
    """How the value of one product, or of the account (product empty), came about since the statement before."""

    product: str
    name: str
    figures: dict[str, str]


class AccountDiagnosis(Part):
    """All that is said of one account on one day, in one language. Amounts are in CNY."""

    client: str
    as_of: date
    statement: date | None = Field(description="Day of the holdings; null: none up to `as_of`.")
    previous: date | None = Field(description="Day of the statement that it is compared with.")
    language: str
    made_up: bool = Field(description="The data is the sample bank's.")
    figures: dict[str, Figure] = Field(description="By id, in the order in which they are to be shown.")
    positions: tuple[PositionLine, ...] = ()
    classes: tuple[ClassLine, ...] = ()
    overlaps: tuple[OverlapLine, ...] = ()
    stress: tuple[StressLine, ...] = ()
    changes: tuple[ChangeLine, ...] = ()
    text: tuple[str, ...] = Field(default=(), description="Paragraphs; each number is a figure's `shown`.")
    notes: tuple[str, ...] = Field(default=(), description="What was left out or taken otherwise, and why.")
    disclosures: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()

    def figure(self, name: str, key: str = "") -> Figure:
        """Return a figure by its formula and key. Raises `KeyError`."""
        return self.figures[".".join(part for part in ("account", self.client, key, name) if part)]
