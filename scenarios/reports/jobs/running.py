"""Who runs which job: each at one place at a time, and taken up again where its process is gone."""

import asyncio
import contextvars
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import structlog

from appliance.core.clock import iso
from appliance.core.errors import Conflict, NotFound, TooManyRequests
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.scenario.pack import Caller
from appliance.state.records import ANYONE, Record

from .course import Course
from .desk import Desk
from .progress import BEAT_S, KIND, Json

log: structlog.stdlib.BoundLogger = structlog.get_logger("reports")

LOST_AFTER: Final = timedelta(seconds=3 * BEAT_S)
"""A job that said nothing for this long runs nowhere any more."""
_LOOK_AGAIN_S: Final = 3.0
_LOOKED_AT: Final = 200


class Runner:
    """The jobs that this process runs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.id = new_id("runner")
        self._running: dict[str, asyncio.Task[None]] = {}
        self._looked: dict[str, float] = {}

    def check_room(self) -> None:
        """Raise `TooManyRequests` where as many jobs run as may."""
        most = self._desk.settings.jobs_at_once
        if len(self._running) >= most:
            raise TooManyRequests(
                _("There are {count} jobs running, and that is the most.", count=len(self._running)),
                _("Start this one when one of them has ended."),
                code="too_many_jobs",
            )

    def owned(self, data: Json) -> Json:
        """Return the data of a job that this process is going to run."""
        making = not (data["task"] or {}).get("section")
        basis = self._desk.basis if making else data["basis"]
        return {**data, "state": "running", "runner": self.id, "basis": basis, "ended_at": None, "error": None}

    def begin(self, record: Record, caller: Caller) -> None:
        """Run a job whose record says already that this process does."""
        course = Course(self._desk, record, caller.principal, self.id)
        # What the job computes is no part of this request: it outlives it.
        task = asyncio.get_running_loop().create_task(course.run(), context=contextvars.copy_context())
        self._running[record.id] = task
        task.add_done_callback(lambda _task: self._running.pop(record.id, None))

    async def resume(self, caller: Caller) -> None:
        """Take up the jobs of the caller's tenant that nobody runs any more, as far as there is room."""
        now = time.monotonic()
        if now - self._looked.get(caller.tenant, float("-inf")) < _LOOK_AGAIN_S:
            return
        self._looked[caller.tenant] = now
        records = self._desk.context.records
        page = await records.page(caller.principal, KIND, ANYONE, where={"state": "running"}, limit=_LOOKED_AT)
        for record in self._lost(page.records):
            if len(self._running) >= self._desk.settings.jobs_at_once:
                return
            try:
                taken = await records.update(record, self.owned({**record.data, "resumed": record.data["resumed"] + 1}))
            except (Conflict, NotFound):  # somebody else was faster
                continue
            log.info("a report job is taken up again", job=record.id)
            self.begin(taken, caller)

    def is_lost(self, record: Record) -> bool:
        """Tell whether a job should run and no process has said for long that it does."""
        silent = iso(self._desk.clock() - LOST_AFTER) > record.updated_at
        return record.data["state"] == "running" and silent and record.id not in self._running

    def cancel(self, job_id: str) -> None:
        """End a job that this process runs; of one that another runs the missing record ends it."""
        task = self._running.get(job_id)
        if task is not None:
            task.cancel()

    async def ended(self, job_id: str) -> None:
        """Return once a job of this process has ended, at once where it runs none of that id."""
        task = self._running.get(job_id)
        if task is not None:
            await asyncio.wait({task})

    def _lost(self, records: tuple[Record, ...]) -> Iterator[Record]:
        return (record for record in reversed(records) if self.is_lost(record))
