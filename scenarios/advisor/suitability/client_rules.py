"""Rules about the person: level against level, age, kind of investor, and how good the assessment is."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from appliance.core.messages import _

from ..models import ClientLevel, ProductLevel
from .case import Case, Judged, grade
from .decision import Fact
from .forms import Rule

CLIENT_LEVELS: tuple[ClientLevel, ...] = get_args(ClientLevel)
Days = Annotated[int, Field(ge=1, le=36500)]
Years = Annotated[int, Field(ge=0, le=150)]


class Match(Rule):
    """The product's level is at most what `highest` says for the client's."""

    test: Literal["match"]
    highest: dict[ClientLevel, ProductLevel]

    @model_validator(mode="after")
    def _whole_and_rising(self) -> Self:
        missing = [level for level in CLIENT_LEVELS if level not in self.highest]
        if missing:
            raise ValueError(_("highest says nothing of {levels}", levels=", ".join(missing)))
        rising = [self.highest[level] for level in CLIENT_LEVELS]
        if rising != sorted(rising):
            raise ValueError(_("highest may not fall from C1 to C5"))
        return self

    def judge(self, case: Case) -> Judged:
        """Compare the levels."""
        level = case.client.level
        facts = (case.client_fact("client_level", "level", level, "level"), *case.level_facts())
        if level is None:
            return case.missing("level", self.required(case), facts)
        limit = case.fact("highest_level", self.highest[level], "level")
        if grade(case.level) <= grade(self.highest[level]):
            return Judged("met", self.required(case), facts, limit)
        return Judged(
            "broken", self.required(case), facts, limit,
            case.say("broken_match", level=case.level, client=level, highest=self.highest[level]),
            case.say("remedy_match", highest=self.highest[level]),
        )  # fmt: skip

    def required(self, case: Case) -> str:
        """Return the whole matrix."""
        matrix = ", ".join(f"{level} ≤ {self.highest[level]}" for level in CLIENT_LEVELS)
        return case.say("required_match", matrix=matrix)

    def looser_parameter(self, floor: Self) -> str | None:
        """Compare each client level."""
        wider = [level for level in CLIENT_LEVELS if self.highest[level] > floor.highest[level]]
        return f"highest.{wider[0]}" if wider else None


class LeastTolerant(Rule):
    """Clients of one level, the lowest, get nothing above a product level, whatever they say."""

    test: Literal["least_tolerant"]
    client_level: ClientLevel = "C1"
    highest: ProductLevel = "R1"

    def judge(self, case: Case) -> Judged:
        """Compare the levels of such a client."""
        level = case.client.level
        facts = (case.client_fact("client_level", "level", level, "level"), *case.level_facts())
        if level is None:
            return case.missing("level", self.required(case), facts)
        limit = case.fact("highest_level", self.highest, "level")
        if grade(level) > grade(self.client_level):
            return case.not_applicable(self.required(case), facts)
        if grade(case.level) <= grade(self.highest):
            return Judged("met", self.required(case), facts, limit)
        return Judged(
            "broken", self.required(case), facts, limit,
            case.say("broken_least", client=level, level=case.level, highest=self.highest),
            case.say("remedy_match", highest=self.highest),
        )  # fmt: skip

    def required(self, case: Case) -> str:
        """Return the limit."""
        return case.say("required_least", client=self.client_level, highest=self.highest)

    def looser_parameter(self, floor: Self) -> str | None:
        """More clients and a lower level are stricter."""
        if self.client_level < floor.client_level:
            return "client_level"
        return "highest" if self.highest > floor.highest else None


class Age(Rule):
    """The client's age is neither `at_least` or more nor `below` or less: outside, what the scope names is limited."""

    test: Literal["age"]
    at_least: Years | None = None
    below: Years | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.at_least is None) == (self.below is None):
            raise ValueError(_("give one of at_least and below"))
        return self

    def judge(self, case: Case) -> Judged:
        """Compare the age."""
        age = case.age
        facts = (case.client_fact("age", "birth_date", age, "years"), *case.level_facts())
        if age is None:
            return case.missing("age", self.required(case), facts)
        concerned = age >= self.at_least if self.at_least is not None else age < (self.below or 0)
        bound = self.at_least if self.at_least is not None else self.below
        limit = case.fact("age_limit", bound, "years")
        if not concerned:
            return Judged("met", self.required(case), facts, limit)
        says = "broken_age" if self.at_least is not None else "broken_young"
        remedy = "remedy_age" if self.kind == "prohibit" else "remedy_confirm"
        return Judged("broken", self.required(case), facts, limit,
                      case.say(says, age=age, bound=bound, level=case.level), case.say(remedy))  # fmt: skip

    def required(self, case: Case) -> str:
        """Return the bound, and above which level it holds."""
        name = "required_age" if self.at_least is not None else "required_young"
        bound = self.at_least if self.at_least is not None else self.below
        above = case.say("any_level") if self.scope.above is None else case.say("above_level", level=self.scope.above)
        return case.say(name, bound=bound, above=above)

    def looser_parameter(self, floor: Self) -> str | None:
        """A bound that concerns fewer people is looser."""
        if floor.at_least is not None and (self.at_least is None or self.at_least > floor.at_least):
            return "at_least"
        if floor.below is not None and (self.below is None or self.below < floor.below):
            return "below"
        return None


class Professional(Rule):
    """What the scope names is for professional investors alone."""

    test: Literal["professional"]

    def judge(self, case: Case) -> Judged:
        """Look at the kind of client."""
        facts = (
            case.client_fact("client_kind", "kind", case.say(f"kind_{case.client.kind}"), "text"),
            case.product_fact("private", "private", case.say("yes" if case.product.private else "no"), "text"),
        )
        if case.client.kind == "professional":
            return Judged("met", self.required(case), facts)
        return Judged("broken", self.required(case), facts, None,
                      case.say("broken_professional"), case.say("remedy_professional"))  # fmt: skip

    def required(self, case: Case) -> str:
        """Return that it takes a professional investor."""
        return case.say("required_professional")

    def looser_parameter(self, floor: Self) -> str | None:
        """There is no parameter."""
        return None


class Validity(Rule):
    """The assessment is at most `days` old and not of a day to come."""

    test: Literal["validity"]
    days: Days

    def judge(self, case: Case) -> Judged:
        """Count the days since the assessment."""
        day = case.client.assessed_on
        facts: tuple[Fact, ...] = (
            case.client_fact("assessed_on", "assessed_on", day.isoformat() if day else None, "date"),
        )
        if day is None or case.client.level is None:
            return case.missing("level", self.required(case), facts)
        if day > case.today:
            return case.missing("assessed_on", self.required(case), facts)
        age = (case.today - day).days
        facts += (case.fact("assessment_age", age, "days", facts[0].sources, "today - assessed_on",
                            {"today": case.today.isoformat(), "assessed_on": day.isoformat()}),)  # fmt: skip
        limit = case.fact("assessment_days", self.days, "days")
        if age <= self.days:
            return Judged("met", self.required(case), facts, limit)
        return Judged("broken", self.required(case), facts, limit,
                      case.say("broken_validity", day=day, days=self.days),
                      case.say("remedy_validity", day=day, days=self.days))  # fmt: skip

    def required(self, case: Case) -> str:
        """Return for how long it is valid."""
        return case.say("required_validity", days=self.days)

    def looser_parameter(self, floor: Self) -> str | None:
        """Longer is looser."""
        return "days" if self.days > floor.days else None


class Assessments(Rule):
    """A client is assessed at most `most` times in `days`: who answers until the level fits has no level."""

    test: Literal["assessments"]
    most: Annotated[int, Field(ge=1, le=100)]
    days: Days

    def judge(self, case: Case) -> Judged:
        """Count the assessments of the period, where the bank supplies them."""
        if case.assessments is None:
            return case.not_applicable(self.required(case))
        count = self.count(case.assessments, case.today)
        facts = (case.fact("assessments", count, "count", formula="count(today - days < assessed_on <= today)"),)
        limit = case.fact("assessments_most", self.most, "count")
        if count <= self.most:
            return Judged("met", self.required(case), facts, limit)
        return Judged("broken", self.required(case), facts, limit,
                      case.say("broken_assessments", count=count, days=self.days, most=self.most),
                      case.say("remedy_assessments", day=self.free_from(case.assessments, case.today)))  # fmt: skip

    def count(self, assessments: Sequence[date], today: date) -> int:
        """Return how many were within the period."""
        return sum(today - timedelta(days=self.days) < day <= today for day in assessments)

    def free_from(self, assessments: Sequence[date], today: date) -> date:
        """Return the first day on which no more than `most` lie within the period."""
        newest = sorted((day for day in assessments if day <= today), reverse=True)
        if len(newest) <= self.most:
            return today
        return max(today, newest[self.most] + timedelta(days=self.days))

    def required(self, case: Case) -> str:
        """Return how often."""
        return case.say("required_assessments", most=self.most, days=self.days)

    def looser_parameter(self, floor: Self) -> str | None:
        """More of them, or a shorter period, is looser."""
        if self.most > floor.most:
            return "most"
        return "days" if self.days < floor.days else None
