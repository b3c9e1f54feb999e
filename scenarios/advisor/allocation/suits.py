"""What suitability says of products and of trades; nothing is decided here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from appliance.core.errors import InvalidRequest

from ..data.dataset import Dataset
from ..models import Product
from ..suitability.deciding import decide
from ..suitability.decision import Allowed, Decision
from ..suitability.loading import RuleBook
from ..suitability.money_rules import ClassMinimum, Minimum
from .universe import Refusal
from .words import Speaker

_MATCHING = ("match_ordinary", "match_professional", "least_tolerant")
"""The rules of levels: what breaks them is left out even where it is held."""


@dataclass(frozen=True)
class Suits:
    """The rules asked for one client on one day."""

    dataset: Dataset
    client: str
    rules: RuleBook
    today: date
    language: str

    def why_not(self, product: Product) -> Refusal | None:
        """Return why not even the smallest purchase of a product is allowed; None: it is."""
        key = ("allocation.suits", self.client, product.id, self.today, self.language, self.rules.version)
        if key not in self.dataset.memo:
            self.dataset.memo[key] = self._why_not(product)
        found: Refusal | None = self.dataset.memo[key]
        return found

    def _why_not(self, product: Product) -> Refusal | None:
        decision, reasons = self._decided(product, max(product.minimum, 1.0))
        if decision is not None and decision.allowed != "no":
            return None
        rows = () if decision is None else decision.rows
        matched = all(row.outcome in ("met", "not_applicable") for row in rows if row.rule in _MATCHING)
        told = reasons if decision is None else _beyond_minima(decision, self.rules)
        return Refusal(Speaker(self.language).sentences(told) or product.id, decision is not None and matched)

    def judge(self, product: Product, amount: float) -> tuple[Allowed, Sequence[str]]:
        """Return whether a purchase, in the product's currency, is allowed, and why not or what to confirm."""
        decision, reasons = self._decided(product, amount)
        if decision is None or decision.allowed == "no":
            return "no", reasons
        return decision.allowed, decision.confirmations

    def _decided(self, product: Product, amount: float) -> tuple[Decision | None, Sequence[str]]:
        try:
            decision = decide(
                self.dataset,
                self.client,
                product.id,
                amount,
                today=self.today,
                rules=self.rules,
                language=self.language,
                with_alternatives=False,
            )
        except InvalidRequest as error:
            # More than the client has here: new money counts once its payment is in the data.
            if error.code != "amount_above_assets":
                raise
            return None, [error.message.render(self.language)]
        return decision, decision.reasons

    def most(self, product: Product, amount: float) -> float:
        """Return a part of a purchase that is not allowed as a whole which is: in fifths, 0 where none is."""
        for fifths in (4, 3, 2, 1):
            part = amount * fifths / 5.0
            if part >= product.minimum and self.judge(product, part)[0] != "no":
                return part
        return 0.0


def _beyond_minima(decision: Decision, rules: RuleBook) -> list[str]:
    """Return why a product is not allowed, without the amount that was tried: nobody asked for it.

    Where least amounts alone are in the way, they are named.
    """
    least = {rule.name for rule in rules.rules if isinstance(rule, Minimum | ClassMinimum)}
    told = [row.reason for row in decision.rows if row.reason and row.rule not in least]
    return list(dict.fromkeys(told or [row.remedy for row in decision.rows if row.remedy]))
