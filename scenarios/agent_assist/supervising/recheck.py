"""Runs rules again over calls that ended, shows what they say otherwise, and keeps it beside what was said before."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath

from pydantic import Field

from appliance.core.clock import iso, utc_now
from appliance.core.errors import ConfigError, InvalidRequest, NotFound
from appliance.core.messages import Message, _
from appliance.scenario.pack import Caller, Records
from appliance.state.records import MOST_LISTED, NewRecord

from ..models import CallFacts, Part
from ..rules import Difference, Judgement, RuleBook, difference
from .finding import KeptCalls, Selection
from .sources import Books, Calls, KeptCall

KIND = "judgement"
MOST = 500


class CallChange(Difference):
    """What another run of the rules says of one call."""

    call_id: str
    seat: str
    started_at: str
    judgement_id: str | None = Field(default=None, description="Where the new one was kept: its id.")


class RuleChange(Part):
    """How often one rule changed from one state to another; a state is null where the rule was not there."""

    rule: str
    before: str | None = Field(description="What it was.")
    after: str | None = Field(description="What it is.")
    calls: int


class Rechecked(Part):
    """What a run of the rules over a part of the calls came to."""

    checked: int = Field(description="Calls that were judged again.")
    changed: int = Field(description="Those of which the rules say something else.")
    skipped: int = Field(description="Calls that could not be read any more.")
    rules: tuple[RuleChange, ...] = Field(description="The changes of all these calls, most frequent first.")
    data: tuple[CallChange, ...] = Field(description="The calls that changed, newest first.")
    next_cursor: str | None = Field(description="Give it as `cursor` to go on; null: all calls were checked.")


class KeptJudgement(Part):
    """One judgement of a call that was kept: the first one is of the call's end."""

    id: str | None = Field(description="Its id; null: it is the one of the call's end.")
    at: str | None = Field(description="When the rules were run again, RFC 3339; null: at the call's end.")
    by: str | None = Field(description="Id of the key that ran them.")
    draft: bool = Field(description="Whether they were a draft.")
    judgement: Judgement


@dataclass(frozen=True)
class Run:
    """One request to check again; `rules` is a draft."""

    selection: Selection
    cursor: str | None
    limit: int
    rules: str | None
    keep: bool


class Rechecking:
    """Judges calls again. What a call's own record holds is never changed."""

    def __init__(self, calls: Calls, kept: KeptCalls, books: Books, records: Callable[[], Records]) -> None:
        self._calls, self._kept, self._books, self._records = calls, kept, books, records

    async def run(self, run: Run, caller: Caller) -> Rechecked:
        """Judge up to `run.limit` calls. Raises `InvalidRequest` for a draft that is no book of rules."""
        # Once: a file that changes meanwhile must not judge some calls otherwise than the others.
        current = await asyncio.to_thread(self._books.rules)
        book = current if run.rules is None else await asyncio.to_thread(self._draft, run.rules)
        found = await self._kept.find(caller.principal, run.selection, run.cursor, run.limit, run.limit)
        changes: list[CallChange] = []
        checked = skipped = 0
        for facts in found.calls:
            if facts.state == "open":
                continue
            try:
                call = await self._calls.kept(caller, facts.id)
            except NotFound:  # deleted since it was found
                skipped += 1
                continue
            # In a thread, since live calls wait on this event loop.
            before, after = await asyncio.to_thread(_judgements, book, current, call, caller.language)
            checked += 1
            told = difference(before, after)
            judgement_id = await self._keep(run, call, after, caller) if run.keep else None
            if told.changes or told.score_change:
                changes.append(_change(facts, told, judgement_id))
        return Rechecked(
            checked=checked, changed=len(changes), skipped=skipped, rules=_rules(changes), data=tuple(changes),
            next_cursor=found.cursor,
        )  # fmt: skip

    async def versions(self, caller: Caller, call_id: str) -> tuple[KeptJudgement, ...]:
        """Return the judgements of a call, that of its end first, then at most 200. Raises `NotFound`."""
        call = await self._calls.kept(caller, call_id)
        page = await self._records().page(caller.principal, KIND, owner=call.facts.id, limit=MOST_LISTED)
        told = [KeptJudgement.model_validate({**one.data, "id": one.id}) for one in reversed(page.records)]
        if call.judgement is not None:
            told.insert(0, KeptJudgement(id=None, at=None, by=None, draft=False, judgement=call.judgement))
        return tuple(told)

    def _draft(self, draft: str) -> RuleBook:
        try:
            return self._books.draft(draft)
        except ConfigError as error:
            hint = _("Correct the draft; the rules in force are as they were.")
            raise InvalidRequest(_pathless(error.message), hint, param="rules", code="invalid_rules") from error

    async def _keep(self, run: Run, call: KeptCall, after: Judgement, caller: Caller) -> str:
        data = {
            "at": iso(utc_now()),
            "by": caller.principal.key_id,
            "draft": run.rules is not None,
            "judgement": after.model_dump(mode="json"),
        }
        record = await self._records().create(caller.principal, NewRecord(KIND, call.facts.id, data))
        return record.id


def _pathless(message: Message) -> Message:
    """Return a message that names the request's field where it named the file that the draft was read from."""
    shown = ((name, "rules" if isinstance(value, PurePath) else value) for name, value in message.params)
    return Message(message.template, tuple(shown))


def judged(book: RuleBook, call: KeptCall, language: str) -> Judgement:
    """Return what a book says of a call that has ended."""
    marked = [(turn, analysis, book.mark(turn, analysis)) for turn, analysis in call.turns]
    return book.judge(
        marked, direction=call.facts.direction, ended=True, now_s=call.facts.duration_s, language=language
    )  # fmt: skip


def _judgements(book: RuleBook, current: RuleBook, call: KeptCall, language: str) -> tuple[Judgement, Judgement]:
    """Return what was said of a call and what the book says; a call without a kept one is judged as now in force."""
    return call.judgement or judged(current, call, language), judged(book, call, language)


def _change(facts: CallFacts, told: Difference, judgement_id: str | None) -> CallChange:
    return CallChange(
        **dict(told), call_id=facts.id, seat=facts.seat, started_at=facts.started_at, judgement_id=judgement_id
    )


def _rules(changes: Iterable[CallChange]) -> tuple[RuleChange, ...]:
    """Return how often which rule changed how. One that rests on other turns now, but says the same, is no change."""
    counted = Counter(
        (one.rule, one.before, one.after) for call in changes for one in call.changes if one.before != one.after
    )
    return tuple(
        RuleChange(rule=rule, before=before, after=after, calls=calls)
        for (rule, before, after), calls in counted.most_common()
    )
