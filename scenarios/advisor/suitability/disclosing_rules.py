"""Rules that ask for a word to the client, or for a confirmation, wherever they concern a purchase."""

from typing import Literal, Self

from .case import Case, Judged
from .decision import Fact
from .forms import Rule


class Always(Rule):
    """Whatever the scope names is to be told or confirmed: cooling-off periods, products that invest abroad."""

    test: Literal["always"]

    def judge(self, case: Case) -> Judged:
        """A disclosure is met by giving it; a confirmation is open until the client has given it."""
        facts = (
            case.product_fact("product_kind", "kind", case.say(f"product_{case.product.kind}"), "text"),
            *case.level_facts(),
        )
        return told(self, case, facts=facts)

    def required(self, case: Case) -> str:
        """Return what is done about it."""
        return case.say(f"required_{self.kind}")

    def looser_parameter(self, floor: Self) -> str | None:
        """There is no parameter."""
        return None


class ForeignCurrency(Rule):
    """The product is in another currency than the client's."""

    test: Literal["foreign_currency"]

    def judge(self, case: Case) -> Judged:
        """Compare the currencies."""
        facts = (
            case.client_fact("client_currency", "currency", case.client.currency, "text"),
            case.product_fact("product_currency", "currency", case.product.currency, "text"),
        )
        if case.client.currency == case.product.currency:
            return case.not_applicable(self.required(case), facts)
        return told(self, case, facts=facts)

    def required(self, case: Case) -> str:
        """Return what is done about it."""
        return case.say(f"required_{self.kind}")

    def looser_parameter(self, floor: Self) -> str | None:
        """There is no parameter."""
        return None


class LevelsDiffer(Rule):
    """Issuer and seller rate the product differently; the higher level counts."""

    test: Literal["levels_differ"]

    def judge(self, case: Case) -> Judged:
        """Compare the two levels."""
        if case.product.issuer_level == case.product.seller_level:
            return case.not_applicable(self.required(case), case.level_facts())
        return told(self, case, facts=case.level_facts())

    def required(self, case: Case) -> str:
        """Return what is done about it."""
        return case.say(f"required_{self.kind}")

    def looser_parameter(self, floor: Self) -> str | None:
        """There is no parameter."""
        return None


def told(rule: Rule, case: Case, *, facts: tuple[Fact, ...]) -> Judged:
    """Return that a rule applies: met where it only discloses, else broken."""
    if rule.kind == "disclose":
        return Judged("met", rule.required(case), facts)
    remedy = case.say("remedy_confirm" if rule.kind == "confirm" else "remedy_none")
    reason = case.say("broken_always", title=case.speaker.words(rule.title))
    return Judged("broken", rule.required(case), facts, None, reason, remedy)
