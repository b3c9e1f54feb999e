"""An allocation as an action."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from appliance.core.messages import _
from appliance.scenario.pack import Action, Caller

from ..allocation import AllocationRequest, Proposal, propose
from ..data.dataset import Dataset
from ..models import Chart
from .desk import Desk, never
from .saying import CHECKS, Facts, said_of
from .shapes import UNCHECKED, Answer, Brief, Charts, lines_of, said_in, sources_of

_TOOL = (
    "Proposes weights for a client or a list of products by a method and within limits, with trades and a test on the "
    "past, or says which limits conflict. Call it for questions about how to divide money. Set brief."
)


class AllocateRequest(AllocationRequest):
    """What an allocation is asked for."""

    charts: Charts = False
    brief: Brief = False

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, values: Any) -> Any:  # noqa: ANN401 - whatever a caller sent
        """JSON has lists where the request has tuples."""
        if not isinstance(values, dict):
            return values
        values = dict(values)
        if isinstance(values.get("products"), list):
            values["products"] = tuple(values["products"])
        limits = values.get("limits")
        if isinstance(limits, dict) and isinstance(limits.get("liquidity"), list):
            values["limits"] = limits | {"liquidity": tuple(limits["liquidity"])}
        return values


class AllocationAnswer(Answer):
    """A proposal, or the limits that conflict."""

    status: Literal["proposed", "infeasible"] = Field(
        description="infeasible: the limits conflict, `answer` says which."
    )
    proposal: Proposal | None = Field(description="Its charts are in `charts`. Null with `brief`.")
    charts: tuple[Chart, ...] = ()


class Allocating:
    """What the action does."""

    def __init__(self, desk: Desk, facts: Facts) -> None:
        self._desk = desk
        self._facts = facts

    async def propose(self, request: AllocateRequest, caller: Caller) -> AllocationAnswer:
        """Propose an allocation."""
        dataset = await self._desk.data(caller)
        answer = await self._desk.compute(self._proposed, dataset, request, self._desk.today, caller.language)
        self._facts.nothing()
        return answer

    def _proposed(self, dataset: Dataset, request: AllocateRequest, today: date, language: str) -> AllocationAnswer:
        found = propose(
            dataset,
            _plain(request),
            language,
            book=self._desk.shelf.get("limits"),
            rules=self._desk.shelf.get("rules"),
            today=today,
        )
        return allocation_answer(found, language, made_up=dataset.made_up, brief=request.brief)


def _plain(request: AllocateRequest) -> AllocationRequest:
    """Return what the allocation itself is asked for."""
    return AllocationRequest.model_validate(
        {name: getattr(request, name) for name in AllocationRequest.model_fields if name in request.model_fields_set}
        | {"charts": request.charts}
    )


def allocation_answer(found: Proposal, language: str, *, made_up: bool, brief: bool = False) -> AllocationAnswer:
    """Return a proposal with its text, in the language of the context."""
    sample = said_of(made_up, language)
    text = lines_of(_lines(found), sample)
    figures = said_in(text, found.all_figures()) if brief else found.all_figures()
    return AllocationAnswer(
        answer=text, status=found.status, language=language, figures=figures, sources=sources_of(figures),
        disclosures=(*found.disclosures, *sample), made_up=made_up, charts=found.charts,
        proposal=None if brief else found.model_copy(update={"charts": ()}),
    )  # fmt: skip


def _lines(found: Proposal) -> Iterator[str]:
    yield from found.texts
    rows = [row for row in found.weights if (row.now.value or 0.0) > 0.0005 or (row.proposed.value or 0.0) > 0.0005]
    if rows:
        yield ""
        yield str(_("Shares now and proposed:"))
        yield from (f"- {row.id} {row.name}: {row.now.shown} → {row.proposed.shown}" for row in rows)
    if found.rebalancing is not None and found.rebalancing.trades:
        yield ""
        yield str(_("Trades:"))
        words = {"buy": str(_("buy")), "sell": str(_("sell"))}
        for trade in found.rebalancing.trades:
            fee = f"{trade.fee.title} {trade.fee.shown}"
            yield f"- {words[trade.kind]} {trade.product} {trade.name}: {trade.amount.shown} ({fee})"
    for lines in (found.notes, found.left_out, found.disclosures):
        if lines:
            yield ""
            yield from lines


def actions(allocating: Allocating) -> list[Action]:
    """Return the action."""
    return [
        Action(
            "allocation", "Propose an allocation within the limits, with trades and a test on the past.",
            AllocateRequest, AllocationAnswer, allocating.propose, generated=never, checks=CHECKS, unchecked=UNCHECKED,
            tool=_TOOL,
        )
    ]  # fmt: skip
