"""One question about suitability with all that the rules may look at: data of the bank, nothing that anyone said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from ..data.dataset import Dataset
from ..models import Client, Product, ProductLevel, Source
from .decision import Fact, Outcome
from .position import Position
from .speaking import Speaker


def grade(level: str) -> int:
    """Return 1 to 5 for R1 to R5 and C1 to C5."""
    return int(level[1])


@dataclass(frozen=True)
class Judged:
    """What one rule finds in a case."""

    outcome: Outcome
    required: str
    facts: tuple[Fact, ...] = ()
    limit: Fact | None = None
    reason: str | None = None
    remedy: str | None = None


@dataclass(frozen=True)
class Case:
    """A client, a product, an amount in the product's currency, and the client's position before the purchase.

    `assessments` are the days of the client's
    assessments; None: the bank does not supply them.
    """

    dataset: Dataset = field(repr=False)
    client: Client
    product: Product
    amount: float
    amount_cny: float | None
    """None: there is no exchange rate."""
    need_cny: float | None
    """What the client wants to draw within a year."""
    today: date
    position: Position
    speaker: Speaker
    assessments: Sequence[date] | None = None

    @cached_property
    def level(self) -> ProductLevel:
        """The product's level that counts."""
        return self.product.level

    @property
    def age(self) -> int | None:
        """The client's age in full years; None for a birth date in the future."""
        born, today = self.client.birth_date, self.today
        years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        return years if born <= today else None

    @property
    def valued(self) -> bool:
        """Whether all that the client holds, and the purchase, have a value in CNY."""
        return self.amount_cny is not None and not self.position.unknown

    def say(self, name: str, **values: object) -> str:
        """Return a sentence in the reader's language."""
        return self.speaker.say(name, **values)

    def client_fact(self, name: str, column: str, value: float | str | None, unit: str) -> Fact:
        """Return a fact out of the client's row."""
        return self.fact(name, value, unit, (self.dataset.source("clients", f"id={self.client.id}, {column}"),))

    def product_fact(self, name: str, column: str, value: float | str | None, unit: str) -> Fact:
        """Return a fact out of the product's row."""
        return self.fact(name, value, unit, (self.dataset.source("products", f"id={self.product.id}, {column}"),))

    def level_facts(self) -> tuple[Fact, ...]:
        """Return the issuer's and the seller's level, and the higher, which counts."""
        return (
            self.product_fact("issuer_level", "issuer_level", self.product.issuer_level, "level"),
            self.product_fact("seller_level", "seller_level", self.product.seller_level, "level"),
            self.fact(
                "product_level", self.level, "level", (self.dataset.source("products", f"id={self.product.id}"),),
                "max(issuer_level, seller_level)",
                {"issuer_level": self.product.issuer_level, "seller_level": self.product.seller_level},
            ),
        )  # fmt: skip

    def fact(
        self, name: str, value: float | str | None, unit: str, sources: tuple[Source, ...] = (), formula: str = "",
        inputs: Mapping[str, float | int | str] | None = None,
    ) -> Fact:  # fmt: skip
        """Return a fact with its title and as texts write it."""
        exact = float(value) if isinstance(value, int | float) else value
        shown = self.say("not_known") if exact is None else self.shown(exact, unit)
        return Fact(
            name=name, title=self.say(f"fact_{name}"), value=exact, unit=unit, shown=shown, formula=formula,
            inputs=dict(inputs or {}), sources=sources,
        )  # fmt: skip

    def shown(self, value: float | str, unit: str) -> str:
        """Return a value as texts write it."""
        if isinstance(value, str):
            return value
        if unit == "share":
            return f"{value * 100:.2f}%"
        if unit in ("days", "years", "count"):
            return self.say(f"unit_{unit}", value=f"{value:,.0f}")
        return self.say("money", value=f"{value:,.2f}", currency=unit)

    def missing(self, what: str, required: str, facts: tuple[Fact, ...] = ()) -> Judged:
        """Return that a rule cannot be judged; `unknown_WHAT` and `supply_WHAT` in texts.yaml say why."""
        names = {"client": self.client.id, "product": self.product.id, "unknown": ", ".join(self.position.unknown)}
        reason, remedy = self.say(f"unknown_{what}", **names), self.say(f"supply_{what}", **names)
        return Judged("unknown", required, facts, None, reason, remedy)

    def not_applicable(self, required: str, facts: tuple[Fact, ...] = ()) -> Judged:
        """Return that a rule does not concern this case."""
        return Judged("not_applicable", required, facts)
