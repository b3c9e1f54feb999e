"""Runs batches row by row. What a row came to is on the disk before the row counts as done; done rows never run again.

It knows neither Serve nor the gateway's application: `ask` and the other questions are handed in.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import structlog

from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import ApplianceError
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.serving.batch.lines import Limits, read_lines, request_body
from appliance.serving.batch.reports import write_files
from appliance.serving.gateway.batches import GatewayBatches
from appliance.state.batches.records import BatchFault, BatchRecord, Ending, Result, Row

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")

_POLL_S: Final = 1.0
_ASK_AGAIN_S: Final = 0.5  # whether callers wait
_LONGEST_PAUSE_S: Final = 60.0
_KEEP_HOUSE_S: Final = 3600.0
_WAITING: Final = (429, 503, 507)  # no fault of the row: it waits as long as its batch may
_MOST_FAILURES: Final = 3  # of a row at an engine or gateway that fails, before that is its result


@dataclass(frozen=True)
class Answer:
    """What the application answered. `retry_after_s` is how long it asks to be left alone; None: it does not ask."""

    result: Result
    retry_after_s: float | None = None


class Asking(Protocol):
    """The gateway's application in the same process."""

    async def __call__(self, who: Principal, path: str, body: bytes, request_id: str) -> Answer:
        """Return the answer to a request of `who`."""
        ...


@dataclass(frozen=True)
class Questions:
    """What the runner asks of the rest of the appliance."""

    ask: Asking
    caller: Callable[[BatchRecord], Principal | BatchFault]
    """As whom a row may run now, or why none may any more; it reads the database. Raises `Unavailable`."""
    interactive: Callable[[], Awaitable[int]]
    """How many open requests somebody waits for. Raises `Unavailable`."""
    policies: Callable[[str], Mapping[str, str]]
    """Versions of the guardrails that hold for a tenant."""


@dataclass
class _Pause:
    failures: int = 0
    until: float = 0.0


class BatchRunner:
    """One for the whole appliance, on one event loop; a second one at the same time would ask twice."""

    def __init__(
        self,
        batches: GatewayBatches,
        questions: Questions,
        most_line_bytes: int,
        clock: Clock = utc_now,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._batches = batches
        self._runs = batches.runs
        self._questions = questions
        self._limits = Limits(batches.settings.max_rows, most_line_bytes)
        self._clock = clock
        self._ticks = ticks
        self._running: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._pauses: dict[str, _Pause] = {}
        self._failures: dict[tuple[str, int], int] = {}
        self._room_until = 0.0
        self._most_at_once = 1
        self._house_at = 0.0
        self._woken = asyncio.Event()

    async def run_for_ever(self) -> None:
        """Do `turn` whenever a row has ended, and every second."""
        while True:
            self._woken.clear()
            try:
                await self.turn()
                await self._keep_house()
            except (ApplianceError, OSError) as error:
                log.warning("batches wait", code=getattr(error, "code", type(error).__name__))
            try:
                await asyncio.wait_for(self._woken.wait(), _POLL_S)
            except TimeoutError:
                continue

    async def turn(self) -> None:
        """Move each batch on by a step, and begin as many rows as may run now. Raises `Unavailable`, `DiskFull`."""
        ready: list[BatchRecord] = []
        active = await asyncio.to_thread(self._runs.active)
        for batch in active:
            if batch.status == "validating":
                await self._begin(batch)
            elif batch.status == "cancelling":
                await self._finalise(batch, "cancelled")
            elif batch.status == "finalizing":
                await self._end(batch)
            elif batch.expires_at <= iso(self._clock()):
                await self._finalise(batch, "expired")
            elif self._pauses.get(batch.id, _Pause()).until <= self._ticks():
                ready.append(batch)
        await self._fill(ready)
        self._forget({batch.id for batch in active})

    async def idle(self) -> None:
        """Return when no row runs."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    async def _begin(self, batch: BatchRecord) -> None:
        path = self._batches.files.path(batch.input_file_id)
        try:
            lines, faults = await asyncio.to_thread(read_lines, path, batch.endpoint, self._limits)
        except FileNotFoundError:
            lines, faults = [], [_no_input()]
        if faults:
            await asyncio.to_thread(self._runs.refuse, batch.id, faults)
        else:
            await asyncio.to_thread(self._runs.start, batch.id, lines)
        self._woken.set()

    async def _fill(self, ready: list[BatchRecord]) -> None:
        """Begin rows, one of each batch in turn, until as many run as may."""
        room = await self._most() - len(self._running) if ready else 0
        waiting = {batch.id: await self._waiting(batch, room) for batch in ready} if room > 0 else {}
        while room > 0 and any(waiting.values()):
            for batch in ready:
                if room > 0 and waiting[batch.id]:
                    self._start(batch, waiting[batch.id].pop(0))
                    room -= 1

    async def _waiting(self, batch: BatchRecord, most: int) -> list[int]:
        """Return rows of a batch that may begin; one that has none left, and none that runs, ends."""
        running = [number for batch_id, number in self._running if batch_id == batch.id]
        found = await asyncio.to_thread(self._runs.waiting, batch.id, most, running)
        if not found and not running:
            await self._finalise(batch, "completed")
        return found

    async def _most(self) -> int:
        """Return how many rows may run at once: a single one while somebody waits, or that cannot be told."""
        if self._ticks() >= self._room_until:
            self._room_until = self._ticks() + _ASK_AGAIN_S
            try:
                busy = await self._questions.interactive() > 0
            except ApplianceError:
                busy = True
            self._most_at_once = 1 if busy else self._batches.settings.concurrent_rows
        return self._most_at_once

    def _start(self, batch: BatchRecord, number: int) -> None:
        place = batch.id, number
        task = asyncio.get_running_loop().create_task(self._run_safely(batch, number))
        self._running[place] = task
        task.add_done_callback(lambda _task: self._ended(place))

    def _ended(self, place: tuple[str, int]) -> None:
        del self._running[place]
        self._woken.set()

    async def _run_safely(self, batch: BatchRecord, number: int) -> None:
        try:
            await self._run(batch, number)
        except ApplianceError as error:
            log.warning("batch row waits", batch=batch.id, row=number, code=error.code)
            self._hold_back(batch.id, None)
        except Exception as error:
            # The last resort of a task that nobody waits for: the row stays undone and is tried again later.
            log.exception("batch row", batch=batch.id, row=number, error=type(error).__name__)
            self._hold_back(batch.id, None)

    async def _run(self, batch: BatchRecord, number: int) -> None:
        who = await asyncio.to_thread(self._questions.caller, batch)
        if isinstance(who, BatchFault):
            await self._finalise(batch, "failed", who)
            return
        row = await asyncio.to_thread(self._runs.begin, batch.id, number)
        if row is None:
            return
        try:
            path = self._batches.files.path(batch.input_file_id)
            body = await asyncio.to_thread(request_body, path, row)
        except FileNotFoundError:
            await self._finalise(batch, "failed", _no_input())
            return
        answer = await self._questions.ask(who, batch.endpoint, body, request_id_of(batch, row))
        if self._waits(batch, row, answer.result.status):
            self._hold_back(batch.id, answer.retry_after_s)
            return
        await asyncio.to_thread(self._runs.finish, batch.id, number, answer.result)
        self._pauses.pop(batch.id, None)

    def _waits(self, batch: BatchRecord, row: Row, status: int) -> bool:
        """Tell whether a row is to be tried again."""
        if status in _WAITING or status < 500:
            return status in _WAITING
        place = batch.id, row.number
        self._failures[place] = self._failures.get(place, 0) + 1
        return self._failures[place] < _MOST_FAILURES

    def _hold_back(self, batch_id: str, seconds: float | None) -> None:
        """Begin no row of a batch for as long as was asked, and longer each time it goes wrong."""
        pause = self._pauses.setdefault(batch_id, _Pause())
        pause.failures += 1
        wait = max(seconds or 0.0, min(_LONGEST_PAUSE_S, 2.0 ** min(pause.failures - 1, 10)))
        pause.until = max(pause.until, self._ticks() + wait)

    async def _finalise(self, batch: BatchRecord, ending: Ending, fault: BatchFault | None = None) -> None:
        await asyncio.to_thread(self._runs.finalise, batch.id, ending, fault)
        self._woken.set()

    async def _end(self, batch: BatchRecord) -> None:
        """Write a batch's files, once none of its rows runs."""
        if not any(batch_id == batch.id for batch_id, _number in self._running):
            policies = self._questions.policies(batch.tenant)
            await asyncio.to_thread(write_files, self._batches, batch, policies, iso(self._clock()))

    async def _keep_house(self) -> None:
        if self._ticks() >= self._house_at:
            self._house_at = self._ticks() + _KEEP_HOUSE_S
            keep = timedelta(days=self._batches.settings.keep_days)
            await asyncio.to_thread(self._runs.delete_old, keep)
            await asyncio.to_thread(self._batches.files.delete_old, keep)

    def _forget(self, active: set[str]) -> None:
        """Drop what is known of batches that have ended."""
        self._pauses = {batch_id: pause for batch_id, pause in self._pauses.items() if batch_id in active}
        self._failures = {place: count for place, count in self._failures.items() if place[0] in active}


def request_id_of(batch: BatchRecord, row: Row) -> str:
    """Return the id of an attempt at a row, as the audit shows it."""
    return f"{batch.id}-{row.number}-{row.attempts}"


def _no_input() -> BatchFault:
    return BatchFault("input_file_missing", _("The input file is gone."), param="input_file_id")
