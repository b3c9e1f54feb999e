"""Suitability as actions: the decision with its table, and the questionnaire."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated

from pydantic import Field

from appliance.core.days import Day
from appliance.core.messages import Message, _
from appliance.scenario.pack import Action, Caller
from appliance.scenario.words import Words

from ..data.dataset import Dataset
from ..models import Part
from ..suitability.deciding import decide
from ..suitability.decision import Allowed, Decision, Row
from ..suitability.loading import RuleBook
from ..suitability.questionnaire import Assessment, Questionnaire
from .desk import Desk, never
from .saying import CHECKS, Facts, said_of
from .shapes import UNCHECKED, Answer, Brief, Id, Nothing, Request, lines_of, said_in, sources_of

_MARKS: Mapping[str, str] = {"met": "✓", "broken": "✗", "unknown": "?", "not_applicable": "–"}
_WORDS: Mapping[str, Message] = {
    "met": _("met"), "broken": _("not met"), "unknown": _("cannot be judged"), "not_applicable": _("does not apply"),
}  # fmt: skip


_TOOL = (
    "Decides by the bank's rules and data whether a client may buy a product for an amount, with the decision table. "
    "Call it before anything is said about a purchase; its refusal is final and nothing said changes it. Set brief."
)


class SuitabilityRequest(Request):
    """A purchase that a client has in mind."""

    client: Id = Field(description="Id of the client.")
    product: Id = Field(description="Id of the product.")
    amount: float = Field(description="In the product's currency; above 0.")
    as_of: Day | None = Field(default=None, description="Day of the purchase, YYYY-MM-DD; today by default.")
    brief: Brief = False


class SuitabilityAnswer(Answer):
    """The decision, and the table that it follows from."""

    allowed: Allowed = Field(description="yes, confirm (only after what the client confirms), no.")
    decision: Decision | None = Field(description="Null with `brief`.")


class QuestionShown(Part):
    """A question and what may be answered."""

    name: str
    text: str
    options: dict[str, str] = Field(description="Name of the answer to its text.")


class QuestionnaireShown(Part):
    """The questionnaire in force."""

    title: str
    version: str = Field(description="SHA-256 of questions and points.")
    questions: tuple[QuestionShown, ...]


class QuestionnaireRequest(Request):
    """A client's answers."""

    answers: dict[
        Annotated[str, Field(max_length=100)], Annotated[str, Field(max_length=100)]
    ] = Field(min_length=1, max_length=200, description="Name of the question to the name of the answer.")  # fmt: skip
    as_of: Day | None = Field(default=None, description="Day of the assessment; today by default.")


class AssessmentAnswer(Part):
    """The level that the answers give; nothing is recorded."""

    answer: str
    language: str
    assessment: Assessment
    recordable: bool = Field(description="False: the answers contradict each other; ask the client again.")


class Deciding:
    """What the actions do."""

    def __init__(self, desk: Desk, facts: Facts) -> None:
        self._desk = desk
        self._facts = facts

    async def decide(self, request: SuitabilityRequest, caller: Caller) -> SuitabilityAnswer:
        """Decide whether a client may buy."""
        day = self._desk.day(request.as_of)
        dataset = await self._desk.data(caller)
        answer = await self._desk.compute(self._decided, dataset, request, day, caller.language)
        self._facts.nothing()
        return answer

    def _decided(self, dataset: Dataset, request: SuitabilityRequest, day: date, language: str) -> SuitabilityAnswer:
        rules: RuleBook = self._desk.shelf.get("rules")
        decision = decide(
            dataset, request.client, request.product, request.amount, today=day, rules=rules, language=language
        )
        return decision_answer(decision, made_up=dataset.made_up, brief=request.brief)

    async def questions(self, _request: Nothing, caller: Caller) -> QuestionnaireShown:
        """Show the questionnaire."""
        book: Questionnaire = await self._desk.compute(self._desk.shelf.get, "questionnaire")

        def said(words: Words) -> str:
            return words.within(caller.language)

        questions = tuple(
            QuestionShown(
                name=one.name, text=said(one.text), options={option.name: said(option.text) for option in one.options}
            )
            for one in book.questions
        )
        return QuestionnaireShown(title=said(book.title), version=book.digest, questions=questions)

    async def assess(self, request: QuestionnaireRequest, caller: Caller) -> AssessmentAnswer:
        """Return the level of answers."""
        return await self._desk.compute(self._assessed, request, self._desk.day(request.as_of), caller.language)

    def _assessed(self, request: QuestionnaireRequest, day: date, language: str) -> AssessmentAnswer:
        book: Questionnaire = self._desk.shelf.get("questionnaire")
        rules: RuleBook = self._desk.shelf.get("rules")
        found = book.score(request.answers, today=day, valid_days=rules.valid_days, language=language)
        lines = [
            _("Level {level}: {points} of {most} points.", level=found.level, points=found.points,
              most=found.most_points),
            _("Valid from {first} to {last}.", first=found.assessed_on, last=found.valid_until),
        ]  # fmt: skip
        if found.knocked_out_by:
            lines.append(_("The answers to {names} alone make it C1.", names=", ".join(found.knocked_out_by)))
        return AssessmentAnswer(
            answer=lines_of(map(str, lines), found.contradictions), language=language, assessment=found,
            recordable=found.recordable,
        )  # fmt: skip


def decision_answer(decision: Decision, *, made_up: bool, brief: bool = False) -> SuitabilityAnswer:
    """Return a decision with its table as lines to read, in the language of the context."""
    sample = said_of(made_up, decision.language)
    text = lines_of(decision_lines(decision), "", sample)
    figures = said_in(text, decision.figures()) if brief else decision.figures()
    return SuitabilityAnswer(
        answer=text, language=decision.language, figures=figures, allowed=decision.allowed,
        sources=sources_of(figures, (one for row in decision.rows for fact in row.facts for one in fact.sources)),
        disclosures=(*decision.disclosures, *sample), made_up=made_up, decision=None if brief else decision,
    )  # fmt: skip


def decision_lines(decision: Decision) -> Iterator[str]:
    """Yield a decision line by line: what follows, the table, the reasons, what is to be done and said."""
    yield decision.summary
    yield ""
    yield str(_("Decision table:"))
    for row in decision.rows:
        yield _row_line(row)
    parts = (
        (_("Reasons:"), decision.reasons if decision.allowed == "no" else ()),
        (_("The client has to confirm:"), decision.confirmations if decision.allowed == "confirm" else ()),
        (_("What would have to change:"), decision.remedies if decision.allowed == "no" else ()),
        (_("To be said to the client:"), decision.disclosures),
    )
    for heading, lines in parts:
        if lines:
            yield ""
            yield str(heading)
            yield from (f"- {line}" for line in lines)
    if decision.alternatives and decision.allowed == "no":
        yield ""
        yield str(_("What the same rules allow:"))
        for one in decision.alternatives:
            yield f"- {one.id} {one.names.within(decision.language)} ({one.level})"


def _row_line(row: Row) -> str:
    facts = "; ".join(f"{fact.title} {fact.shown}" for fact in row.facts)
    told = str(_WORDS[row.outcome])
    return f"{_MARKS[row.outcome]} {row.title}: {told}" + (f" ({facts})" if facts else "") + f" [{row.legal_source}]"


def actions(deciding: Deciding) -> list[Action]:
    """Return the actions."""
    return [
        Action(
            "suitability", "Decide whether a client may buy a product, with the decision table.", SuitabilityRequest,
            SuitabilityAnswer, deciding.decide, generated=never, checks=CHECKS, unchecked=UNCHECKED,
            tool=_TOOL,
        ),
        Action(
            "show-questionnaire", "Show the questionnaire that gives a client's level.", Nothing, QuestionnaireShown,
            deciding.questions, method="GET", path="questionnaire", generated=never,
        ),
        Action(
            "questionnaire", "Compute a client's level from answers; records nothing.", QuestionnaireRequest,
            AssessmentAnswer, deciding.assess, generated=never,
        ),
    ]  # fmt: skip
