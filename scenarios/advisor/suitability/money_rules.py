"""Rules about the money: how much of one thing, for how long, what is left to draw, and how much it takes."""

from datetime import timedelta
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from appliance.core.messages import _

from ..asset_classes import CLASSES
from ..models import AssetClass, Product, ProductLevel
from .case import Case, Judged, grade
from .decision import Fact
from .forms import Rule
from .position import free_on

PRODUCT_LEVELS: tuple[ProductLevel, ...] = get_args(ProductLevel)
PositiveShare = Annotated[float, Field(gt=0.0, le=1.0)]
Money = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
_TOLERANCE = 1e-9


class Concentration(Rule):
    """After the purchase one product, issuer or asset class is at most `most` of the client's assets.

    The purchase is paid out of what the client has here, so the assets stay as they are. Positions of up to
    `ignore_below` CNY after the purchase are not looked at.
    """

    test: Literal["concentration"]
    of: Literal["product", "issuer", "asset_class"]
    most: PositiveShare
    ignore_below: Money = 0.0

    def judge(self, case: Case) -> Judged:
        """Compare the share after the purchase."""
        if not case.valued or case.amount_cny is None:
            return case.missing("value", self.required(case))
        alike = [one.product.id for one in case.position.held if self._alike(one.product, case.product)]
        held, total = case.position.value_of(alike), case.position.total
        after = held + case.amount_cny
        share = min(1.0, after / total) if total > 0.0 else 1.0
        facts = (
            case.fact("held", held, "CNY", case.position.sources),
            case.fact("purchase", case.amount_cny, "CNY"),
            case.fact("assets", total, "CNY", case.position.sources),
            case.fact("share_after", share, "share", case.position.sources, "min(1, (held + purchase) / assets)",
                      {"held": held, "purchase": case.amount_cny, "assets": total}),
        )  # fmt: skip
        limit = case.fact("share_most", self.most, "share")
        if after < self.ignore_below:
            return case.not_applicable(self.required(case), facts)
        if share <= self.most + _TOLERANCE:
            return Judged("met", self.required(case), facts, limit)
        room = case.fact("room", max(0.0, self.most * total - held), "CNY", case.position.sources,
                         "max(0, share_most x assets - held)",
                         {"share_most": self.most, "assets": total, "held": held})  # fmt: skip
        return Judged(
            "broken", self.required(case), (*facts, room), limit,
            case.say("broken_concentration", of=case.say(f"of_{self.of}"), share=facts[3].shown, most=limit.shown),
            case.say("remedy_concentration", room=room.shown) if room.value
            else case.say("remedy_concentration_none", of=case.say(f"of_{self.of}")),
        )  # fmt: skip

    def _alike(self, one: Product, other: Product) -> bool:
        if self.of == "product":
            return one.id == other.id
        if self.of == "issuer":
            return (one.issuer or one.id) == (other.issuer or other.id)
        return one.asset_class == other.asset_class

    def required(self, case: Case) -> str:
        """Return the limit."""
        return case.say(
            "required_concentration", of=case.say(f"of_{self.of}"), most=case.shown(self.most, "share"),
            ignored=case.shown(self.ignore_below, "CNY"),
        )  # fmt: skip

    def looser_parameter(self, floor: Self) -> str | None:
        """A larger share, or more that is not looked at, is looser."""
        if self.of != floor.of:
            return "of"
        if self.most > floor.most:
            return "most"
        return "ignore_below" if self.ignore_below > floor.ignore_below else None


class Horizon(Rule):
    """The client can go without the money for the product's term, and for as long as its level asks (`by_level`)."""

    test: Literal["horizon"]
    term: bool = True
    by_level: dict[ProductLevel, Annotated[int, Field(ge=0, le=36500)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        days = [self.by_level[level] for level in PRODUCT_LEVELS if level in self.by_level]
        if self.by_level and len(days) < len(PRODUCT_LEVELS):
            raise ValueError(_("by_level is to name all of R1 to R5"))
        if days != sorted(days):
            raise ValueError(_("by_level may not fall from R1 to R5"))
        return self

    def judge(self, case: Case) -> Judged:
        """Compare the days."""
        horizon = case.client.horizon_days
        needed = max(case.product.term_days if self.term else 0, self.by_level.get(case.level, 0))
        facts: tuple[Fact, ...] = (
            case.client_fact("horizon", "horizon_days", horizon, "days"),
            case.product_fact("term", "term_days", case.product.term_days, "days"),
        )
        if needed == 0:
            return case.not_applicable(self.required(case), facts)
        if horizon is None:
            return case.missing("horizon", self.required(case), facts)
        limit = case.fact("days_needed", needed, "days")
        if horizon >= needed:
            return Judged("met", self.required(case), facts, limit)
        return Judged("broken", self.required(case), facts, limit,
                      case.say("broken_horizon", horizon=facts[0].shown, needed=limit.shown),
                      case.say("remedy_horizon", horizon=facts[0].shown))  # fmt: skip

    def required(self, case: Case) -> str:
        """Return the days, by level where there are such."""
        if not self.by_level:
            return case.say("required_term")
        days = ", ".join(f"{level} {case.shown(float(self.by_level[level]), 'days')}" for level in PRODUCT_LEVELS)
        return case.say("required_horizon", days=days)

    def looser_parameter(self, floor: Self) -> str | None:
        """Without the term, or with fewer days, it is looser."""
        if floor.term and not self.term:
            return "term"
        fewer = [level for level, days in floor.by_level.items() if self.by_level.get(level, 0) < days]
        return f"by_level.{fewer[0]}" if fewer else None


class CashNeed(Rule):
    """What the client wants to draw within a year is still there in `within_days`, in products of up to `up_to`."""

    test: Literal["cash_need"]
    within_days: Annotated[int, Field(ge=0, le=36500)]
    up_to: ProductLevel = "R5"

    def judge(self, case: Case) -> Judged:
        """Compare the reserve after the purchase."""
        need = case.client.cash_need
        facts: tuple[Fact, ...] = (case.client_fact("cash_need", "cash_need", need, case.client.currency),)
        by = case.today + timedelta(days=self.within_days)
        if need == 0.0 or self._reserve(case.level, free_on(case.product, case.today, case.today) <= by):
            return case.not_applicable(self.required(case), facts)
        need_cny = case.need_cny
        if not case.valued or case.amount_cny is None or need_cny is None:
            return case.missing("value", self.required(case), facts)
        before = case.position.cash + sum(
            one.value for one in case.position.held if self._reserve(one.product.level, one.free_on <= by)
        )
        after = before - case.amount_cny
        facts += (
            case.fact("reserve_before", before, "CNY", case.position.sources),
            case.fact("reserve_after", after, "CNY", case.position.sources, "reserve_before - purchase",
                      {"reserve_before": before, "purchase": case.amount_cny}),
        )  # fmt: skip
        limit = case.fact("cash_need_cny", need_cny, "CNY")
        if after >= need_cny:
            return Judged("met", self.required(case), facts, limit)
        return Judged("broken", self.required(case), facts, limit,
                      case.say("broken_cash", after=facts[2].shown, need=limit.shown),
                      case.say("remedy_cash", need=limit.shown))  # fmt: skip

    def _reserve(self, level: ProductLevel, in_time: bool) -> bool:
        return in_time and grade(level) <= grade(self.up_to)

    def required(self, case: Case) -> str:
        """Return from what the need is to be covered."""
        return case.say("required_cash", days=self.within_days, level=self.up_to)

    def looser_parameter(self, floor: Self) -> str | None:
        """What counts more as a reserve is looser."""
        if self.within_days > floor.within_days:
            return "within_days"
        return "up_to" if self.up_to > floor.up_to else None


class Minimum(Rule):
    """The amount is at least the product's minimum."""

    test: Literal["minimum"]

    def judge(self, case: Case) -> Judged:
        """Compare the amounts, in the product's currency."""
        least = case.product.minimum
        facts = (case.fact("amount", case.amount, case.product.currency),)
        limit = case.product_fact("minimum", "minimum", least, case.product.currency)
        if case.amount >= least:
            return Judged("met", self.required(case), facts, limit)
        return Judged("broken", self.required(case), facts, limit,
                      case.say("broken_minimum", amount=facts[0].shown, least=limit.shown),
                      case.say("remedy_minimum", least=limit.shown))  # fmt: skip

    def required(self, case: Case) -> str:
        """Return what is asked."""
        return case.say("required_minimum")

    def looser_parameter(self, floor: Self) -> str | None:
        """There is no parameter."""
        return None


class ClassMinimum(Rule):
    """The amount is at least what `least` says in CNY for the product's asset class."""

    test: Literal["class_minimum"]
    least: dict[AssetClass, Money] = Field(min_length=1)

    def judge(self, case: Case) -> Judged:
        """Compare the amount in CNY."""
        least = self.least.get(case.product.asset_class)
        if least is None:
            return case.not_applicable(self.required(case))
        if case.amount_cny is None:
            return case.missing("value", self.required(case))
        facts = (case.fact("purchase", case.amount_cny, "CNY"),)
        limit = case.fact("class_minimum", least, "CNY")
        if case.amount_cny >= least:
            return Judged("met", self.required(case), facts, limit)
        return Judged("broken", self.required(case), facts, limit,
                      case.say("broken_minimum", amount=facts[0].shown, least=limit.shown),
                      case.say("remedy_minimum", least=limit.shown))  # fmt: skip

    def required(self, case: Case) -> str:
        """Return the least amounts."""
        least = ", ".join(
            f"{case.speaker.words(CLASSES[name])} {case.shown(money, 'CNY')}" for name, money in self.least.items()
        )
        return case.say("required_class_minimum", least=least)

    def looser_parameter(self, floor: Self) -> str | None:
        """Less is looser."""
        less = [name for name, money in floor.least.items() if self.least.get(name, 0.0) < money]
        return f"least.{less[0]}" if less else None
