"""The supervisor's actions."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field

from appliance.core.clock import utc_now
from appliance.core.days import Day
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.scenario.pack import Action, Caller, Download, Permission, ScenarioContext
from appliance.state.records import ANYONE, MOST_GROUPS

from ..calls.shapes import CallId, WholeCall
from ..models import CallFacts, Level, Part
from .finding import KIND, KeptCalls, Selection
from .recheck import MOST, KeptJudgement, Rechecked, Rechecking, Run
from .sources import Books, Calls
from .statistics import (
    SPLIT,
    SUMS,
    By,
    Counted,
    Figures,
    Group,
    counted_by_database,
    counted_call,
    figures_of,
    groups_of,
)
from .table import table_of

MOST_TAGGED = 5_000
MOST_ROWS = 10_000
_MOST_READ = 2_000
_RANKS = {"high": 2, "medium": 1, "low": 0}

Text = Annotated[str | None, Field(min_length=1, max_length=100)]
Cursor = Annotated[str | None, Field(max_length=100, description="`next_cursor` of the page before.")]


class Request(BaseModel):
    """A request that takes no field it does not name."""

    model_config = {"extra": "forbid"}


class Choice(Request):
    """What calls may be selected by."""

    seat: Text = Field(default=None, description="Only calls of this seat.")
    product: Text = Field(default=None, description="Only calls about this product.")
    intent: Text = Field(default=None, description="Only calls that are mainly about this intent.")
    level: Level | None = Field(default=None, description="Only calls of this risk.")

    def equal(self) -> dict[str, str]:
        """Return the fields of a call that must be equal."""
        named = {"seat": self.seat, "product": self.product, "intent": self.intent, "level": self.level}
        return {name: value for name, value in named.items() if value is not None}


class KeptChoice(Choice):
    """What kept calls may be selected by."""

    state: Literal["open", "ended", "abandoned"] | None = Field(default=None, description="Only calls in this state.")
    tag: Text = Field(default=None, description="Only calls with this tag.")
    since: Day | None = Field(default=None, description="First day on which they reached the appliance, UTC.")
    until: Day | None = Field(default=None, description="Last such day.")

    def selection(self) -> Selection:
        """Return what is selected. Raises `InvalidRequest`."""
        where = {**self.equal(), **({"state": self.state} if self.state else {})}
        return Selection(where, self.tag, self.since, self.until)


class LiveRequest(Choice):
    """Which of the open calls."""

    page: int = Field(default=1, ge=1, le=1000, description="From 1.")
    limit: int = Field(default=50, ge=1, le=200, description="Calls a page.")


class SearchRequest(KeptChoice):
    """Which of the kept calls."""

    cursor: Cursor = None
    limit: int = Field(default=50, ge=1, le=200, description="How many, newest first.")


class StatisticsRequest(KeptChoice):
    """What figures are wanted."""

    by: By = Field(default="intent", description="What calls are put together by.")


class ExportRequest(KeptChoice):
    """Which of the kept calls go into the table."""


class RecheckRequest(KeptChoice):
    """Over which calls the rules run again."""

    rules: str | None = Field(
        default=None,
        min_length=1,
        max_length=200_000,
        description="A draft of the bank's own rules file, YAML; without it the rules now in force.",
    )
    keep: bool = Field(default=False, description="Keep the new judgements beside the ones that there are.")
    cursor: Cursor = None
    limit: int = Field(default=100, ge=1, le=MOST, description="How many calls to look at, newest first.")


class CallRequest(Request):
    """One call."""

    call_id: CallId


class ListedCall(CallFacts):
    """A call in a list, with titles."""

    intent_title: str | None = Field(default=None, description="Title of the intent in the caller's language.")


class Live(Part):
    """The open calls, the riskiest first, then the newest."""

    object: Literal["list"] = "list"
    data: tuple[ListedCall, ...]
    total: int = Field(description="Open calls that were selected, on all pages.")
    levels: dict[Level, int] = Field(description="How many of them have which risk.")
    pages: int


class CallList(Part):
    """A page of kept calls. It may hold fewer than `limit`, even none, while there is a next one."""

    object: Literal["list"] = "list"
    data: tuple[ListedCall, ...] = Field(description="Newest first.")
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null: there is none.")


class Statistics(Part):
    """Figures of the calls that were selected."""

    by: By
    total: Figures
    groups: tuple[Group, ...]
    complete: bool = Field(
        description="False: with a tag, only the newest 5,000 calls were read; without one, there were more groups "
        "than are counted apart. Then take fewer days."
    )


class Judgements(Part):
    """The judgements of a call that were kept, that of its end first."""

    object: Literal["list"] = "list"
    data: tuple[KeptJudgement, ...]


class Supervising:
    """Answers a supervisor, who sees the calls of every seat of their tenant."""

    def __init__(self, context: ScenarioContext, calls: Calls, books: Books) -> None:
        self._context, self._calls, self._books = context, calls, books
        self._kept = KeptCalls(lambda: context.records)
        self._rechecking = Rechecking(calls, self._kept, books, lambda: context.records)

    async def live(self, request: LiveRequest, caller: Caller) -> Live:
        """Return the open calls by risk."""
        wanted = request.equal()
        found = [
            facts
            for facts in await self._calls.open_now(caller)
            if all(getattr(facts, name) == value for name, value in wanted.items())
        ]
        found.sort(key=lambda facts: facts.started_at, reverse=True)
        found.sort(key=_urgency, reverse=True)
        begin = (request.page - 1) * request.limit
        return Live(
            data=self._listed(found[begin : begin + request.limit], caller),
            total=len(found),
            levels={level: sum(facts.level == level for facts in found) for level in get_args(Level)},
            pages=max(1, -(-len(found) // request.limit)),
        )

    async def search(self, request: SearchRequest, caller: Caller) -> CallList:
        """Return a page of kept calls."""
        selection = request.selection()
        found = await self._kept.find(caller.principal, selection, request.cursor, request.limit, _MOST_READ)
        return CallList(data=self._listed(found.calls, caller), next_cursor=found.cursor)

    async def statistics(self, request: StatisticsRequest, caller: Caller) -> Statistics:
        """Return figures of calls."""
        counted, complete = await self._counted(request, caller)
        by_intent = request.by == "intent"
        return Statistics(
            by=request.by,
            total=figures_of(counted),
            groups=groups_of(counted, request.by, lambda keys: self._titles(keys if by_intent else (), caller)),
            complete=complete,
        )

    async def export(self, request: ExportRequest, caller: Caller) -> Download:
        """Return a table of calls. Raises `InvalidRequest` where they are more than a table holds."""
        found = await self._kept.find(caller.principal, request.selection(), None, MOST_ROWS, 2 * MOST_ROWS)
        if found.cursor is not None:
            raise InvalidRequest(
                _("These are more calls than the {most} that one table holds.", most=MOST_ROWS),
                _("Take fewer days with since and until, and fetch one table after the other."),
                param="since",
                code="too_many_calls",
            )
        titles = self._titles({facts.intent for facts in found.calls}, caller)
        content = await asyncio.to_thread(table_of, found.calls, caller.language, titles)
        day = utc_now().date().isoformat()
        return Download(filename=f"calls-{day}.csv", media_type="text/csv; charset=utf-8", content=content)

    async def recheck(self, request: RecheckRequest, caller: Caller) -> Rechecked:
        """Run the rules again over a part of the calls."""
        run = Run(request.selection(), request.cursor, request.limit, request.rules, request.keep)
        return await self._rechecking.run(run, caller)

    async def inspect(self, request: CallRequest, caller: Caller) -> WholeCall:
        """Return a call with its turns."""
        return await self._calls.show(caller, request.call_id)

    async def judgements(self, request: CallRequest, caller: Caller) -> Judgements:
        """Return what was ever said of a call by rules."""
        return Judgements(data=await self._rechecking.versions(caller, request.call_id))

    async def _counted(self, request: StatisticsRequest, caller: Caller) -> tuple[list[Counted], bool]:
        """Return the calls as groups, and whether they are all of them."""
        selection = request.selection()
        if selection.tag is not None:  # a tag is one of a list, which the database does not compare
            found = await self._kept.find(caller.principal, selection, None, MOST_TAGGED, MOST_TAGGED)
            return [counted_call(facts, request.by) for facts in found.calls], found.cursor is None
        tallies = await self._context.records.tally(
            caller.principal, KIND, (request.by, *SPLIT), owner=ANYONE, where=selection.where,
            since=selection.since, until=selection.until, sums=SUMS,
        )  # fmt: skip
        return [counted_by_database(tally) for tally in tallies], len(tallies) < MOST_GROUPS

    def _listed(self, calls: Sequence[CallFacts], caller: Caller) -> tuple[ListedCall, ...]:
        titles = self._titles({facts.intent for facts in calls}, caller)
        return tuple(ListedCall(**dict(facts), intent_title=titles.get(facts.intent or "")) for facts in calls)

    def _titles(self, intents: Iterable[str | None], caller: Caller) -> dict[str, str]:
        told = {name: self._books.title_of_intent(name, caller.language) for name in intents if name}
        return {name: title for name, title in told.items() if title is not None}


def _urgency(facts: CallFacts) -> tuple[int, float]:
    return _RANKS[facts.level], max(facts.risk.escalation, facts.risk.complaint)


def actions(supervising: Supervising) -> list[Action]:
    """Return the actions."""
    may = Permission.SCENARIO_SUPERVISE
    return [
        Action(
            "live-calls", "List the open calls, the riskiest first.", LiveRequest, Live, supervising.live,
            method="GET", path="live", permission=may, generated=_never,
        ),
        Action(
            "list-calls", "Find kept calls.", SearchRequest, CallList, supervising.search,
            method="GET", path="calls", permission=may, generated=_never,
        ),
        Action(
            "inspect-call", "Show a call of any seat with everything that is known of it.", CallRequest, WholeCall,
            supervising.inspect, method="GET", path="inspect/{call_id}", permission=may,
            generated=lambda whole: whole.after is not None and whole.after.summary.generated,
        ),
        Action(
            "call-statistics", "Get figures by intent, product, seat or day.", StatisticsRequest, Statistics,
            supervising.statistics, method="GET", path="statistics", permission=may, generated=_never,
        ),
        Action(
            "export-calls", "Get kept calls as a table for a spreadsheet.", ExportRequest, Download,
            supervising.export, method="GET", path="export", permission=may, generated=_never,
        ),
        Action(
            "recheck-calls", "Run rules again over calls that ended.", RecheckRequest, Rechecked, supervising.recheck,
            path="recheck", permission=may, generated=_never,
            spoken=True,  # a draft of rules names what must not be said
        ),
        Action(
            "list-judgements", "List what the rules said of a call, run after run.", CallRequest, Judgements,
            supervising.judgements, method="GET", path="calls/{call_id}/judgements", permission=may, generated=_never,
        ),
    ]  # fmt: skip


def _never(_answer: object) -> bool:
    """Tell that no chat model has written anything of an answer."""
    return False
