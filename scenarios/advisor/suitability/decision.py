"""What a decision about suitability says: rows of a table, each with its facts, and what follows from them."""

import hashlib
from datetime import date
from typing import Literal

from pydantic import Field

from appliance.scenario.words import Words

from ..models import ClientLevel, Figure, Part, ProductLevel, Source

Allowed = Literal["yes", "confirm", "no"]
RuleKind = Literal["prohibit", "confirm", "disclose"]
Outcome = Literal["met", "broken", "not_applicable", "unknown"]


class Fact(Part):
    """One value that a rule looked at, or its limit, with where it came from."""

    name: str = Field(description="Such as level, age or share_after.")
    title: str
    value: float | str | None = Field(description="Null: not known.")
    unit: str = Field(description="share, CNY and the other currencies, days, years, count, date, level or text.")
    shown: str = Field(description="As texts write it.")
    formula: str = Field(default="", description="Empty: taken from the source as it is.")
    inputs: dict[str, float | int | str] = Field(default_factory=dict)
    sources: tuple[Source, ...] = ()


class Row(Part):
    """One rule of the decision table."""

    rule: str
    title: str
    kind: RuleKind = Field(description="What a breach leads to: prohibit, confirm or disclose.")
    legal_source: str = Field(description="Regulation, or the bank's own rule.")
    statutory: bool = Field(description="A minimum that the bank's own file cannot loosen.")
    facts: tuple[Fact, ...] = ()
    limit: Fact | None = None
    required: str
    outcome: Outcome
    reason: str | None = Field(default=None, description="Why, where it is broken or unknown.")
    remedy: str | None = Field(default=None, description="What would have to change.")


class Alternative(Part):
    """Another product that the same rules let the client buy."""

    id: str
    name: str
    names: Words
    level: ProductLevel
    peer_group: str
    allowed: Allowed


class Decision(Part):
    """May this client buy this product for this amount, and why. Computed from the data and the rules alone."""

    client: str
    product: str
    product_names: Words
    amount: float = Field(description="In the product's currency.")
    currency: str
    today: date
    client_level: ClientLevel | None
    client_kind: Literal["ordinary", "professional"]
    product_level: ProductLevel = Field(description="The higher of the issuer's and the seller's.")
    allowed: Allowed
    summary: str
    rows: tuple[Row, ...]
    reasons: tuple[str, ...] = Field(description="Of each broken or unknown rule.")
    confirmations: tuple[str, ...] = Field(description="What the client has to confirm, with `confirm`.")
    disclosures: tuple[str, ...] = Field(description="What has to be said to the client in any case.")
    remedies: tuple[str, ...] = Field(description="What would make it possible.")
    alternatives: tuple[Alternative, ...] = ()
    language: str
    rules_version: str = Field(description="SHA-256 of the rules in force.")
    data: dict[str, str] = Field(description="SHA-256 of the files used, by table.")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the whole decision, for the audit: the same data, rules and question give the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def figures(self) -> dict[str, Figure]:
        """Return each number of the table as a figure, by id `suitability.RULE.FACT`."""
        found: dict[str, Figure] = {}
        for row in self.rows:
            for fact in (*row.facts, *((row.limit,) if row.limit else ())):
                if isinstance(fact.value, float):
                    key = f"suitability.{row.rule}.{fact.name}"
                    found[key] = Figure(
                        id=key, name=fact.name, title=fact.title, value=fact.value, unit=fact.unit, shown=fact.shown,
                        formula=fact.formula or fact.title, inputs=fact.inputs, sources=fact.sources,
                    )  # fmt: skip
        return found
