"""The calls of one replica: those that are going on are in memory, all are in the records.

Every turn is in the records before it is answered. What depends on more than one turn is folded again when a call is
read back, so that a call goes on where it was after a restart.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from appliance.core.authority import Permission, may
from appliance.core.errors import ApplianceError, Conflict, NotFound
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.scenario.pack import Caller, ScenarioContext
from appliance.state.records import Record

from ..models import Assist, CallFacts
from .analysing import Analyst
from .aside import aside
from .beginning import base_of, check_begin, first_facts, shown_in
from .books import Shelf
from .ending import Ending, after_of, without_alerts
from .events import ENDED, FOLLOWING, Event, turn_events
from .keeping import CALL, Keeper, facts_of, record_id
from .live import LiveCall, at, first_data
from .open_calls import OpenCalls
from .shapes import AfterCall, BeginRequest, EndedEvent, FollowingEvent, GivenTurn, Json, WholeCall
from .turning import Turning

Result = TypeVar("Result")


class CallBook:
    """What may be done with calls. What `who` may not see is `NotFound`, as what is not there."""

    def __init__(self, context: ScenarioContext, shelf: Shelf, now: Callable[[], float] = time.time) -> None:
        """Take the clock, in seconds of the epoch."""
        self._context = context
        self._now = now
        self._keeper = Keeper(context.records)
        self.shelf = shelf
        self.turning = Turning(Analyst(context), self._keeper)
        self.ending = Ending(context)
        self.open = OpenCalls(context, self._keeper, shelf, self.ending, now)

    async def begin(self, request: BeginRequest, caller: Caller) -> CallFacts:
        """Begin a call, or return the one that was begun with this id.

        Raises `Conflict` where another key began it, `NotFound` for a knowledge base that is not there,
        `TooManyRequests` where as many calls are open as may be.
        """
        check_begin(request)
        return await self.open.whole(self._begin(request, caller))

    async def _begin(self, request: BeginRequest, caller: Caller) -> CallFacts:
        who = caller.principal
        await self.open.adopt(who.tenant)
        own = record_id(who.tenant, request.call_id) if request.call_id else new_id(CALL)
        async with self.open.door(own):
            if request.call_id is not None and (known := await self._known(who, own)) is not None:
                return known
            self.open.check_room(who.tenant)
            record = await self._keeper.begin(who, own, await self._first_data(own, request, caller))
            return (await self.open.add(record)).facts

    async def passing(self, request: BeginRequest, caller: Caller) -> LiveCall:
        """Return a call of which nothing is kept and that nobody else finds. Raises as `begin`."""
        who, own, moment = caller.principal, new_id(CALL), at(self._now())
        data = await self._first_data(own, request, caller)
        record = Record(own, CALL, who.tenant, who.key_id, 1, data, moment, moment)
        return await self.open.passing(record)

    async def turns(self, call_id: str, given: Sequence[GivenTurn], caller: Caller) -> list[Assist]:
        """Take turns; return the assist of each, once they are kept.

        Raises `NotFound`, `TooManyRequests` where they come too fast, `Conflict` for a call that ended or is full.
        """
        call = await self.open.find(caller.principal, call_id)
        if isinstance(call, LiveCall):
            call.rate.take(len(given), self._now())
        return await self.take(call_id, given, caller)

    async def take(self, call_id: str, given: Sequence[GivenTurn], caller: Caller) -> list[Assist]:
        """Do as `turns`, however fast they come."""
        return await self.open.whole(self._turns(call_id, given, caller.principal))

    async def end(self, call_id: str, caller: Caller, wanted: bool | None = None) -> AfterCall:
        """End a call; one that ended already is left as it is. Raises `NotFound`."""
        return await self.open.whole(self._end(call_id, caller, wanted))

    async def show(self, who: Principal, call_id: str, *, supervising: bool = False) -> WholeCall:
        """Return everything that is known of a call. Raises `NotFound`."""
        async with self._opened(who, call_id, supervising=supervising) as call:
            if isinstance(call, LiveCall):
                return await aside(_as_it_stands, call)
            kept = await self.open.kept(call)
        return await aside(_whole, call, facts_of(call), kept, judgement=call.data.get("judgement"))

    async def delete(self, who: Principal, call_id: str) -> str:
        """Delete a call with its turns; return the id of its record. Raises `NotFound`."""
        return await self.open.whole(self._delete(who, call_id))

    async def _delete(self, who: Principal, call_id: str) -> str:
        async with self._opened(who, call_id) as call:
            record = call.record if isinstance(call, LiveCall) else call
            await self._keeper.delete(record)
            self.open.remove(record)
            return record.id

    async def follow(self, who: Principal, call_id: str, after: int) -> AsyncGenerator[Event, None]:
        """Yield the events of a call behind the number `after`, up to its end. Raises `NotFound`, `TooManyRequests`."""
        async with self._opened(who, call_id) as call:
            if isinstance(call, LiveCall):
                missed = await aside(call.missed, after) if call.is_long else call.missed(after)
                listener = call.listeners.add(missed, after)
        first = FOLLOWING, FollowingEvent(after=after)  # at once: whoever opens a stream waits for its first event
        if not isinstance(call, LiveCall):
            yield first
            for event in await self._all_events(call, after):
                yield event
            return
        try:
            yield first
            async for event in listener.events():
                yield event
        finally:
            call.listeners.remove(listener)

    async def open_now(self, who: Principal) -> list[CallFacts]:
        """Return the open calls of the tenant as they are now, the newest first."""
        return await self.open.now(who.tenant)

    async def _first_data(self, own: str, request: BeginRequest, caller: Caller) -> Json:
        now = self._now()
        return first_data(
            first_facts(request, own, now),
            now,
            language=shown_in(request.language, caller.language),
            knowledge_base=await base_of(self._context.knowledge, caller.principal, request.knowledge_base),
            recording_consent=request.recording_consent,
        )

    async def _known(self, who: Principal, own: str) -> CallFacts | None:
        try:
            record = await self._keeper.find(who.tenant, own)
        except NotFound:
            return None
        if record.owner != who.key_id:
            raise Conflict(
                _("Another key has begun a call with this id."),
                _("Give each call an id of its own."),
                code="call_id_taken",
            )
        return self.open.facts(record)

    async def _turns(self, call_id: str, given: Sequence[GivenTurn], who: Principal) -> list[Assist]:
        async with self._opened(who, call_id) as call:
            if not isinstance(call, LiveCall):
                return await self._repeated(call, given)
            await call.use(await self.shelf.now())
            level = call.facts.risk.level
            taken = await self._or_lost(call, self.turning.take(call, given, who))
            call.touched = call.heard_at = call.spoken_at = self._now()
            if call.facts.risk.level != level:  # the answer does not wait for what lists show
                self.open.begin_work(self.open.write(call))
            return taken

    async def _repeated(self, record: Record, given: Sequence[GivenTurn]) -> list[Assist]:
        """Return assists of turns that an ended call has. Raises `Conflict` for any other turn."""
        known = {assist.turn.id: assist for assist in (await self.open.kept(record)).assists}
        if any(turn.id not in known or turn.revision > known[turn.id].turn.revision for turn in given):
            raise Conflict(
                _("The call {id} has ended.", id=repr(record.data.get("call_id") or record.id)),
                _("Begin a new one; what was said after the end is not taken any more."),
                code="call_ended",
            )
        return [known[turn.id] for turn in given]

    async def _end(self, call_id: str, caller: Caller, wanted: bool | None) -> AfterCall:
        async with self._opened(caller.principal, call_id) as call:
            if not isinstance(call, LiveCall):
                after = after_of(facts_of(call), call.data)
                assert after is not None, "a record that is not open holds it"
                return after
            await call.use(await self.shelf.now())
            return await self._or_lost(call, self.open.end(call, "ended", caller, wanted))

    async def _all_events(self, record: Record, after: int) -> list[Event]:
        kept = await self.open.kept(record)
        behind = sorted((one for one in kept.assists if one.number > after), key=lambda one: one.number)
        events = [event for assist in behind for event in turn_events(assist)]
        told = after_of(facts_of(record), record.data)
        number = record.data.get("last_number", 0)
        if told is not None and number > after:
            events.append((ENDED, EndedEvent(**dict(told), number=number)))
        return events

    @asynccontextmanager
    async def _opened(
        self, who: Principal, call_id: str, *, supervising: bool = False
    ) -> AsyncIterator[LiveCall | Record]:
        """Hold an open call, or give the record of one that ended. Raises `NotFound`."""
        supervising = supervising or may(who, Permission.SCENARIO_SUPERVISE)
        while True:
            call = await self.open.find(who, call_id, supervising=supervising)
            if not isinstance(call, LiveCall):
                yield call
                return
            async with call.lock:
                if not call.is_gone:
                    yield call
                    return

    async def _or_lost(self, call: LiveCall, work: Coroutine[Any, Any, Result]) -> Result:
        """Return what `work` on a call returns; where it breaks off, the call is read from its records again."""
        before = call.changes
        try:
            return await work
        except BaseException as error:
            if call.changes != before or not isinstance(error, ApplianceError):
                self.open.lose(call)
            raise


def _as_it_stands(call: LiveCall) -> WholeCall:
    standing = call.fold.standing(ended=False, now_s=call.fold.end_s)
    return _whole(call.record, call.facts, call, judgement=without_alerts(standing.judgement))


def _whole(record: Record, facts: CallFacts, call: Any, *, judgement: Any) -> WholeCall:  # noqa: ANN401
    return WholeCall(
        call=facts,
        language=record.data["language"],
        knowledge_base=record.data["knowledge_base"],
        recording_consent=record.data["recording_consent"],
        turns=call.assists,
        alerts=call.alerts,
        judgement=judgement,
        after=after_of(facts, record.data),
    )
