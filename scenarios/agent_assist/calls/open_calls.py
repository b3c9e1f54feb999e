"""The open calls: in memory while somebody speaks, read from their records again, ended when nobody ends them."""

import asyncio
import contextvars
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar
from weakref import WeakValueDictionary

import structlog

from appliance.core.authority import Permission, may
from appliance.core.errors import ApplianceError, Conflict, InvalidRequest, NotFound, RequestError, TooManyRequests
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.scenario.pack import Caller, ScenarioContext
from appliance.state.records import Record

from ..guidance import CardFinder
from ..models import CallFacts
from .aside import aside
from .books import Shelf
from .ending import Ending, shortened
from .events import ALERT, ENDED
from .keeping import Keeper, facts_of, missing, record_id
from .limits import MOST_OPEN, MOST_OPEN_OF_TENANT, MOST_TURNS_IN_MEMORY
from .live import LiveCall
from .settings import Settings
from .shapes import AfterCall, AlertEvent, EndedEvent, Json
from .transcript import Transcript, transcript_of

log: structlog.stdlib.BoundLogger = structlog.get_logger("agent-assist")

Result = TypeVar("Result")

SWEEP_EVERY_S: Final = 5.0
_OVERFULL: Final = 1.25
"""How far over their bound the turns in memory are where those that are followed, which stay, leave no room."""
FLUSH_EVERY_S: Final = 60.0
"""What a list of calls shows may be this old; where the risk reaches another level it is written at once."""


@dataclass(frozen=True)
class _Parked:
    """An open call that is not in memory."""

    record: Record
    spoken_at: float


class OpenCalls:
    """All open calls of a replica, by the id of their record."""

    def __init__(
        self, context: ScenarioContext, keeper: Keeper, shelf: Shelf, ending: Ending, now: Callable[[], float]
    ) -> None:
        self._context = context
        self._keeper = keeper
        self._shelf = shelf
        self._ending = ending
        self._now = now
        self._live: dict[str, LiveCall] = {}
        self._parked: dict[str, _Parked] = {}
        self._of_tenant: defaultdict[str, set[str]] = defaultdict(set)
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._adopting: dict[str, asyncio.Task[None]] = {}
        self._sweeping: asyncio.Task[None] | None = None
        self._work: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._live) + len(self._parked)

    @property
    def in_memory(self) -> int:
        """How many calls are in memory."""
        return len(self._live)

    def door(self, own: str) -> asyncio.Lock:
        """Return the lock under which a call comes into memory, by the id of its record."""
        return self._doors.setdefault(own, asyncio.Lock())

    @property
    def turns_in_memory(self) -> int:
        """How many turns the calls in memory have."""
        return sum(len(call.fold) for call in self._live.values())

    def check_room(self, tenant: str) -> None:
        """Raise `TooManyRequests` where as many calls are open as may be, or those that are followed fill memory."""
        full = self.turns_in_memory > _OVERFULL * MOST_TURNS_IN_MEMORY
        own = len(self._of_tenant[tenant])
        if full or len(self) >= MOST_OPEN or own >= MOST_OPEN_OF_TENANT:
            error = TooManyRequests(
                _(
                    "{number} calls are open, and that is the most.",
                    number=own if own >= MOST_OPEN_OF_TENANT else len(self),
                ),
                _("End those that are over; calls in which nobody speaks end by themselves."),
                code="too_many_calls",
            )
            error.retry_after_s = 60.0
            raise error

    async def adopt(self, tenant: str) -> None:
        """Take over the tenant's open calls of before the last start, the first time that the tenant asks."""
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().create_task(self._sweep_for_ever(), context=_nobodys())
        if tenant not in self._adopting:
            task = asyncio.get_running_loop().create_task(self._adopt(tenant), context=_nobodys())
            self._adopting[tenant] = task
        task = self._adopting[tenant]
        try:
            await asyncio.shield(task)
        finally:
            failed = task.done() and (task.cancelled() or task.exception() is not None)
            if failed and self._adopting.get(tenant) is task:  # the next request tries again
                del self._adopting[tenant]

    async def add(self, record: Record) -> LiveCall:
        """Take a call that has just begun."""
        call = await self.passing(record, is_kept=True)
        self._enter(call)
        return call

    async def passing(self, record: Record, *, is_kept: bool = False) -> LiveCall:
        """Return a call that is not among the others."""
        return LiveCall(record, await self._shelf.now(), self._finder(record), self._now(), is_kept=is_kept)

    async def find(self, who: Principal, call_id: str, *, supervising: bool | None = None) -> LiveCall | Record:
        """Return an open call, read from its records if need be, or the record of one that ended. Raises `NotFound`."""
        if supervising is None:
            supervising = may(who, Permission.SCENARIO_SUPERVISE)
        await self.adopt(who.tenant)
        own = record_id(who.tenant, call_id)
        call = self._live.get(own)
        if call is None:
            async with self.door(own):
                found = self._live.get(own) or await self._read(who, call_id, supervising=supervising)
            if not isinstance(found, LiveCall):
                return found
            call = found
        _check_seen(call.record, who, call_id, supervising=supervising)
        call.touched = self._now()
        return call

    async def kept(self, record: Record) -> Transcript:
        """Return the turns and alerts of a call as its records hold them."""
        return await aside(transcript_of, await self._keeper.read(record))

    def facts(self, record: Record) -> CallFacts:
        """Return the facts of a call as they are now."""
        call = self._live.get(record.id)
        return facts_of(record) if call is None else call.facts

    async def now(self, tenant: str) -> list[CallFacts]:
        """Return the facts of the tenant's open calls, the newest first; those that are overdue are ended first."""
        await self.adopt(tenant)
        settings = (await self._shelf.now()).settings
        for own in [own for own in self._of_tenant[tenant] if self._overdue(own, settings)]:
            await self.whole(self._end_overdue(own, settings))
        live = [call.facts for call in self._live.values() if call.record.tenant == tenant]
        parked = [facts_of(one.record) for one in self._parked.values() if one.record.tenant == tenant]
        return sorted([*live, *parked], key=lambda facts: facts.started_at, reverse=True)

    async def end(
        self,
        call: LiveCall,
        state: Literal["ended", "abandoned"],
        caller: Caller | None = None,
        wanted: bool | None = None,
    ) -> AfterCall:
        """End a call, keep what is written of it, and tell those who follow. Whoever calls holds its lock."""
        before = len(call.between)
        after, data = await self._ending.end(call, state, self._now(), caller, wanted)
        fresh = call.between[before:]
        if call.is_kept:
            call.record = await self._written(call, data)
        call.listeners.send([(ALERT, AlertEvent(number=call.number, alert=alert)) for alert in fresh])
        call.listeners.send([(ENDED, EndedEvent(**dict(after), number=call.number))])
        self.remove(call.record)
        if call.is_kept:
            self.begin_work(self._keeper.close(call.record))  # where it fails, the next start does it
        return after

    async def _written(self, call: LiveCall, data: Json) -> Record:
        try:
            try:
                return await self._keeper.update(call.record, data)
            except InvalidRequest:  # more than a record holds
                return await self._keeper.update(call.record, shortened(data))
        except RequestError:  # written by somebody else, or gone
            self.lose(call)
            raise

    def remove(self, record: Record) -> None:
        """Forget a call that is not open any more; those who follow it come to the end."""
        call = self._live.pop(record.id, None)
        self._parked.pop(record.id, None)
        self._of_tenant[record.tenant].discard(record.id)
        if call is not None:
            call.is_gone = True
            call.listeners.close()

    def lose(self, call: LiveCall) -> None:
        """Drop a call whose state in memory may not be what its records say; it is read again when it goes on."""
        call.is_gone = True
        if self._live.get(call.record.id) is call:
            del self._live[call.record.id]
            self._parked[call.record.id] = _Parked(call.record, call.spoken_at)
        call.listeners.close(lost=True)

    async def whole(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do work to its end even where whoever asked is gone meanwhile: half a turn is none."""
        return await asyncio.shield(self.begin_work(work))

    def begin_work(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        """Begin work that nobody need wait for."""
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._work.discard(task)
        if not task.cancelled():
            task.exception()  # told to whoever asked; where they are gone, nobody wants it

    async def flush(self, call: LiveCall, *, at_once: bool = False) -> None:
        """Write the facts of a call where that is due. Whoever calls holds its lock."""
        now = self._now()
        if not call.is_kept or not call.is_dirty or not (at_once or now - call.flushed >= FLUSH_EVERY_S):
            return
        try:
            call.record = await self._keeper.update(call.record, call.data())
        except Conflict:  # written by somebody else: the next turn finds what they wrote
            self.lose(call)
            return
        call.flushed, call.is_dirty = now, False

    async def write(self, call: LiveCall) -> None:
        """Write the facts of a call as soon as nobody else is at it."""
        async with call.lock:
            if not call.is_gone:
                await self.flush(call, at_once=True)

    async def sweep(self) -> None:
        """Look after every open call once: end what is overdue, write what is due, let go what is idle."""
        settings = (await self._shelf.now()).settings
        for number, own in enumerate([*self._live, *self._parked]):
            if number % 100 == 99:
                await asyncio.sleep(0)  # live calls wait on this event loop
            try:
                if not await self._end_overdue(own, settings) and (call := self._live.get(own)) is not None:
                    await self._look_after(call, settings)
            except ApplianceError as error:  # of one call: the others are looked after all the same
                log.warning("looking after a call failed", call=own, code=error.code)
            except Exception as error:  # noqa: BLE001 - a call that no code can read must not stop all others' sweep
                log.error("looking after a call failed", call=own, reason=type(error).__name__)
        await self._make_room()

    def _enter(self, call: LiveCall) -> None:
        own = call.record.id
        self._parked.pop(own, None)
        self._live[own] = call
        self._of_tenant[call.record.tenant].add(own)

    async def _read(self, who: Principal, call_id: str, *, supervising: bool) -> LiveCall | Record:
        record = await self._keeper.find(who.tenant, call_id)
        _check_seen(record, who, call_id, supervising=supervising)
        if record.data["state"] == "open":
            return await self._load(record)
        self.remove(record)
        return record

    async def _read_again(self, record: Record) -> LiveCall | None:
        """Return an open call as its records are now; None, and it is forgotten, where it is open no more."""
        try:
            found = await self._keeper.find(record.tenant, record.id)
        except NotFound:
            self.remove(record)
            return None
        if found.data["state"] == "open":
            return await self._load(found)
        self.remove(found)
        return None

    async def _load(self, record: Record) -> LiveCall:
        books = await self._shelf.now()
        kept = await self._keeper.read(record)
        # In a thread: a long call takes a while, and others speak meanwhile.
        call = await aside(LiveCall.from_records, kept, books, self._finder(record), self._now())
        self._enter(call)
        return call

    def _finder(self, record: Record) -> CardFinder | None:
        base = record.data["knowledge_base"]
        return None if base is None else CardFinder(self._context.knowledge, base)

    async def _adopt(self, tenant: str) -> None:
        for record in await self._keeper.open_calls(tenant):
            if record.id not in self._live:
                self._parked[record.id] = _Parked(record, record.data["spoken_at"])
                self._of_tenant[tenant].add(record.id)

    def _overdue(self, own: str, settings: Settings) -> bool:
        """Tell whether a call, in memory or not, has to be ended."""
        call = self._live.get(own) or self._parked.get(own)
        return call is not None and _is_overdue(call, settings, self._now())

    async def _end_overdue(self, own: str, settings: Settings) -> bool:
        """End a call that nobody ends; return whether it was one."""
        if not self._overdue(own, settings):
            return False
        call = self._live.get(own)
        if call is None:
            async with self.door(own):
                parked = self._parked.get(own)
                call = self._live.get(own)
                if call is None and parked is not None:
                    call = await self._read_again(parked.record)
            if call is None:
                return True
        if call.lock.locked():  # somebody is at it, perhaps for long; the next look comes soon
            return False
        async with call.lock:
            if not call.is_gone and _is_overdue(call, settings, self._now()):
                try:
                    await self.end(call, "abandoned")
                except BaseException:  # half of an end is none
                    self.lose(call)
                    raise
        return True

    async def _make_room(self) -> None:
        """Let those calls go that nobody touched for longest, until memory has room again."""
        over = self.turns_in_memory - MOST_TURNS_IN_MEMORY
        for call in sorted(self._live.values(), key=lambda call: call.touched) if over > 0 else ():
            if over <= 0:
                return
            if call.lock.locked() or len(call.listeners):
                continue
            async with call.lock:
                try:
                    await self.flush(call, at_once=True)
                except ApplianceError as error:  # as long as it cannot be written it stays
                    log.warning("looking after a call failed", call=call.record.id, code=error.code)
                    return
                if not call.is_gone:
                    self.lose(call)
                over -= len(call.fold)

    async def _look_after(self, call: LiveCall, settings: Settings) -> None:
        if call.lock.locked():  # somebody is at it
            return
        async with call.lock:
            now = self._now()
            call.tell_silence(now)
            idle = now - call.touched >= settings.leaves_memory_after_s and not len(call.listeners)
            await self.flush(call, at_once=idle)
            if idle and not call.is_gone:
                self.lose(call)
        await asyncio.sleep(0)  # live calls wait on this event loop

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self.sweep()
            except ApplianceError as error:  # the YAML files may be faulty for a while
                log.warning("looking after the calls failed", code=error.code)


def _check_seen(record: Record, who: Principal, call_id: str, *, supervising: bool) -> None:
    if record.tenant != who.tenant or not (supervising or record.owner == who.key_id):
        raise missing(call_id)


def _is_overdue(call: "LiveCall | _Parked", settings: Settings, now: float) -> bool:
    return (
        now - call.spoken_at >= settings.abandoned_after_idle_s
        or now - call.record.data["began_at"] >= settings.abandoned_after_s
    )


def _nobodys() -> contextvars.Context:
    """Return a context of its own: the work keeps neither the run nor the language of the request that began it."""
    return contextvars.Context()
