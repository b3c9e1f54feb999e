"""The end of a call: summary, score sheet, forms, tags, and what an outbound call came to."""

from collections.abc import Sequence
from typing import Any, Literal

from appliance.core.errors import RequestError, Unavailable
from appliance.scenario.pack import Caller, ScenarioContext

from ..afterwards.forms import fill_form
from ..afterwards.outbound import outbound_result
from ..afterwards.phrasing import phrase
from ..afterwards.shapes import FilledForm, Heard, Summary
from ..afterwards.summarising import summarise
from ..afterwards.tags import tags_of
from ..models import CallFacts
from ..rules import Judgement
from .aside import aside
from .live import LiveCall, at
from .shapes import AfterCall, Json

_NAME = "after"
_MOST_LINES = 50
_GROWING = frozenset({"lines", "turns", "between", "evidence"})


class Ending:
    """Ends calls; whoever calls holds the call's lock."""

    def __init__(self, context: ScenarioContext) -> None:
        self._context = context

    async def end(
        self,
        call: LiveCall,
        state: Literal["ended", "abandoned"],
        now: float,
        caller: Caller | None = None,
        wanted: bool | None = None,
    ) -> tuple[AfterCall, Json]:
        """Return what is written after a call, and the data that its record is to hold.

        Only where a caller asks may the chat model word the summary, `wanted` or by default where it is capable.
        """
        books = call.fold.books
        turns = call.fold.pairs
        standing = await aside(call.fold.standing, ended=True, now_s=call.fold.end_s)
        call.add_between(call.fresh(standing.judgement.alerts))
        call.note(standing)
        sheet = standing.judgement.sheet
        if sheet is not None and not sheet.items:
            sheet = None
        facts = call.facts.model_copy(
            update={"state": state, "ended_at": at(now), "score": sheet.score if sheet else None}
        )
        after = await aside(_written, call, turns, facts)
        if caller is not None and (wanted or (wanted is None and self._context.chat_is_capable)):
            after = after.model_copy(
                update={"summary": await self._phrased(call, caller, after.summary, turns, wanted)}
            )
        facts = facts.model_copy(
            update={"outcome": after.summary.outcome, "tags": tuple(tag.name for tag in after.tags)}
        )
        after = after.model_copy(update={"call": facts, "sheet": sheet})
        call.facts = facts
        call.number += 1
        data = {
            **call.data(),
            "judgement": without_alerts(standing.judgement).model_dump(mode="json"),
            _NAME: after.model_dump(mode="json", exclude={"call"}),
            "last_number": call.number,
            "rules_version": books.rules.version,
        }
        return after, data

    async def _phrased(
        self, call: LiveCall, caller: Caller, summary: Summary, turns: Sequence[Heard], wanted: bool | None
    ) -> Summary:
        try:
            return await phrase(self._context, caller, summary, turns, call.language, wanted)
        except (Unavailable, RequestError):  # a quota, a filter: the summary of rules says the same in other words
            return summary


def without_alerts(judgement: Judgement) -> Judgement:
    """Return a judgement without its alerts: they stand in the turns that raised them."""
    return judgement.model_copy(update={"alerts": ()})


def shortened(data: Json) -> Json:
    """Return data that one record holds however long the call was: the first lines and turns each, no judgement.

    The judgement comes again when the rules run over the call.
    """
    short: Json = _cut(data)
    return {**short, "judgement": None}


def _cut(value: Any) -> Any:  # noqa: ANN401 - plain data
    """Return plain data with no more than `_MOST_LINES` of what grows with the length of a call."""
    if isinstance(value, list):
        return [_cut(one) for one in value]
    if not isinstance(value, dict):
        return value
    grows = {name: one[:_MOST_LINES] for name, one in value.items() if name in _GROWING and isinstance(one, list)}
    return {name: _cut(one) for name, one in (value | grows).items()}


def after_of(facts: CallFacts, data: Json) -> AfterCall | None:
    """Return what a record holds of the time after its call; None while it is going on."""
    return AfterCall.model_validate({**data[_NAME], "call": facts}) if _NAME in data else None


def _written(call: LiveCall, turns: Sequence[Heard], facts: CallFacts) -> AfterCall:
    """Return what rules write. It takes some milliseconds: for a thread."""
    books, language, today = call.fold.books, call.language, call.today
    summary = summarise(turns, direction=facts.direction, titles=books.intents.titles, language=language, today=today)
    told = facts.model_copy(update={"outcome": summary.outcome})
    return AfterCall(
        call=facts,
        summary=summary,
        sheet=None,
        forms=_forms(call, turns),
        tags=tags_of(turns, books.tags, language=language, facts=told),
        outbound=outbound_result(turns, language, today) if facts.direction == "outbound" else None,
    )


def _forms(call: LiveCall, turns: Sequence[Heard]) -> tuple[FilledForm, ...]:
    """Return the forms that the steps of the call named, as far as the call fills them."""
    named = dict.fromkeys(name for assist in call.assists for step in assist.steps for name in step.forms)
    forms = call.fold.books.forms.forms
    return tuple(fill_form(forms[name], turns, call.language, call.today) for name in named if name in forms)
