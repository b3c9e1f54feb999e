"""The diagnosis of a fund as an action."""

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field

from appliance.core.messages import Message, _
from appliance.scenario.pack import Action, Caller

from ..data.dataset import Dataset
from ..funds import CHARTS, FundDiagnosis, diagnose
from ..models import Chart
from .desk import Desk, never
from .saying import CHECKS, Facts, said_of
from .shapes import UNCHECKED, Answer, AsOf, Brief, Charts, Id, Request, lines_of, said_in

Span = Literal["all", "1y", "3y", "5y", "ytd"]
_HEADINGS: Mapping[str, Message] = {
    "strength": _("Strengths:"), "weakness": _("Weaknesses:"), "watch": _("To watch:"), "remark": _("Also:"),
}  # fmt: skip


_TOOL = (
    "Diagnoses a fund by its daily values: returns, volatility, drawdowns, ratios, style, peers, fees, with strengths "
    "and weaknesses. Call it for questions about how a fund did or how risky it was. Set brief, leave charts false."
)


class FundRequest(Request):
    """Which product to look at."""

    fund_id: Id = Field(description="Id of the fund, or of another product with daily values.")
    as_of: AsOf = None
    window: Span | None = Field(default=None, description="Only this stretch of time; all of them by default.")
    charts: Charts = False
    brief: Brief = False


class FundAnswer(Answer):
    """What the past of a product says."""

    diagnosis: FundDiagnosis | None = Field(description="Its charts are in `charts`. Null with `brief`.")
    charts: tuple[Chart, ...] = ()


class Funds:
    """What the action does."""

    def __init__(self, desk: Desk, facts: Facts) -> None:
        self._desk = desk
        self._facts = facts

    async def diagnose(self, request: FundRequest, caller: Caller) -> FundAnswer:
        """Diagnose a fund."""
        self._desk.day(request.as_of)
        dataset = await self._desk.data(caller)
        answer = await self._desk.compute(self._diagnosed, dataset, request, caller.language)
        self._facts.nothing()
        return answer

    def _diagnosed(self, dataset: Dataset, request: FundRequest, language: str) -> FundAnswer:
        found = diagnose(
            dataset, request.fund_id, request.as_of, language, charts=CHARTS if request.charts else (),
            texts=self._desk.shelf.get("funds"),
        )  # fmt: skip
        return fund_answer(found, request.window, made_up=dataset.made_up, brief=request.brief)


def fund_answer(found: FundDiagnosis, window: Span | None = None, *, made_up: bool, brief: bool = False) -> FundAnswer:
    """Return a diagnosis with its text, in the language of the context."""
    if window is not None:
        found = found.model_copy(update={"windows": tuple(one for one in found.windows if one.name == window)})
    sample = said_of(made_up, found.language)
    text = lines_of(_lines(found), sample)
    figures = said_in(text, found.figures()) if brief else found.figures()
    return FundAnswer(
        answer=text, language=found.language, figures=figures, sources=found.sources,
        disclosures=(found.disclosure, *sample), made_up=made_up, charts=found.charts,
        diagnosis=None if brief else found.model_copy(update={"charts": ()}),
    )  # fmt: skip


_SHOWN = ("total_return", "annualised_return", "volatility", "max_drawdown", "sharpe", "sortino", "calmar")


def _lines(found: FundDiagnosis) -> Iterator[str]:
    yield f"{found.name} ({found.product})"
    for one in (found.first_day, found.last_day, found.risk_level):
        yield f"{one.title}: {one.shown}"
    for window in found.windows:
        told = [window.figures[name] for name in _SHOWN if name in window.figures]
        if told:
            yield ""
            yield f"{window.title}:"
            yield from (f"- {one.title}: {one.shown}" for one in told)
    for kind, heading in _HEADINGS.items():
        sentences = [one.text for one in found.sentences if one.kind == kind]
        if sentences:
            yield ""
            yield str(heading)
            yield from (f"- {text}" for text in sentences)
    if found.notes:
        yield ""
        yield from found.notes
    yield ""
    yield found.disclosure


def actions(funds: Funds) -> list[Action]:
    """Return the action."""
    return [
        Action(
            "fund-diagnosis", "Diagnose a fund: returns, risk, style, peers, fees, charts.", FundRequest, FundAnswer,
            funds.diagnose, method="GET", path="funds/{fund_id}/diagnosis", generated=never, checks=CHECKS,
            unchecked=UNCHECKED, tool=_TOOL,
        )
    ]  # fmt: skip
