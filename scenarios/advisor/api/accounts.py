"""The diagnosis of an account as an action."""

from collections.abc import Iterator
from datetime import date

from pydantic import Field

from appliance.core.days import Day
from appliance.scenario.pack import Action, Caller

from ..accounts import AccountDiagnosis, diagnose
from ..data.dataset import Dataset
from ..models import Chart
from .desk import Desk, never
from .saying import CHECKS, Facts
from .shapes import UNCHECKED, Answer, AsOf, Brief, Charts, Id, Request, lines_of, said_in, sources_of

_TOOL = (
    "Diagnoses a client's account: allocation against target, concentration, overlap, risk, cash need, stress "
    "scenarios and what changed. Call it for questions about what a client holds. Set brief, leave charts false."
)


class AccountRequest(Request):
    """Whose account to look at."""

    client_id: Id = Field(description="Id of the client.")
    as_of: AsOf = None
    previous: Day | None = Field(
        default=None, description="Compare with the newest statement up to this day; the one before by default."
    )
    charts: Charts = False
    brief: Brief = False


class AccountAnswer(Answer):
    """What is said of an account."""

    diagnosis: AccountDiagnosis | None = Field(
        description="Its figures are in `figures`, its charts in `charts`. Null with `brief`."
    )
    charts: tuple[Chart, ...] = ()


class Accounts:
    """What the action does."""

    def __init__(self, desk: Desk, facts: Facts) -> None:
        self._desk = desk
        self._facts = facts

    async def diagnose(self, request: AccountRequest, caller: Caller) -> AccountAnswer:
        """Diagnose an account."""
        self._desk.day(request.as_of)
        dataset = await self._desk.data(caller)
        answer = await self._desk.compute(self._diagnosed, dataset, request, caller.language)
        self._facts.nothing()
        return answer

    def _diagnosed(self, dataset: Dataset, request: AccountRequest, language: str) -> AccountAnswer:
        previous: date | None = request.previous
        found = diagnose(
            dataset, request.client_id, request.as_of, language, previous, request.charts,
            stress=self._desk.shelf.get("stress"), rules=self._desk.shelf.get("rules"),
        )  # fmt: skip
        return account_answer(found, brief=request.brief)


def account_answer(found: AccountDiagnosis, *, brief: bool = False) -> AccountAnswer:
    """Return a diagnosis with its text."""
    text = lines_of(_lines(found))
    figures = said_in(text, found.figures) if brief else found.figures
    return AccountAnswer(
        answer=text, language=found.language, figures=figures, sources=sources_of(figures),
        disclosures=found.disclosures, made_up=found.made_up, charts=found.charts,
        diagnosis=None if brief else found.model_copy(update={"figures": {}, "charts": ()}),
    )  # fmt: skip


def _lines(found: AccountDiagnosis) -> Iterator[str]:
    yield from found.text
    for lines in (found.notes, found.disclosures):
        if lines:
            yield ""
            yield from lines


def actions(accounts: Accounts) -> list[Action]:
    """Return the action."""
    return [
        Action(
            "account-diagnosis", "Diagnose a client's account: allocation, risk, stress, changes, charts.",
            AccountRequest, AccountAnswer, accounts.diagnose, method="GET", path="accounts/{client_id}/diagnosis",
            generated=never, checks=CHECKS, unchecked=UNCHECKED, tool=_TOOL,
        )
    ]  # fmt: skip
