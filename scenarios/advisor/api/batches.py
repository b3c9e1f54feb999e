"""Many accounts in one job: chunks of clients as tasks in other processes, progress and results kept as records."""

import asyncio
import contextvars
import csv
import io
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal

import structlog
from pydantic import Field

from appliance.core.clock import iso, utc_now
from appliance.core.days import Day
from appliance.core.errors import ApplianceError, Conflict, InvalidRequest, NotFound, TooManyRequests
from appliance.core.messages import _
from appliance.scenario.pack import Action, Caller, Download, Permission
from appliance.state.records import NewRecord, Record

from ..data.dataset import Dataset
from ..models import ClientLevel, Part
from .batch_task import COLUMNS
from .desk import Desk, never
from .shapes import Deleted, Id, RecordId, Request

log: structlog.stdlib.BoundLogger = structlog.get_logger("advisor")

KIND: Final = "job"
PART: Final = "job_part"
CHUNK: Final = 200
"""Clients a task: some seconds of work, and rows that fit one record."""
MOST_CLIENTS: Final = 200_000
MOST_AT_ONCE: Final = 2
"""Jobs of one replica at a time: each fills all processors."""
LOST_AFTER: Final = timedelta(minutes=10)
"""A job that said nothing for this long runs nowhere any more."""
_FUNCTION: Final = "api.batch_task:diagnose_chunk"
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_PAGE: Final = 100

State = Literal["running", "done", "failed", "lost"]


class BatchRequest(Request):
    """Which accounts to diagnose; all of them by default."""

    clients: list[Id] | None = Field(default=None, min_length=1, max_length=MOST_CLIENTS, description="By id.")
    advisor: Id | None = Field(default=None, description="Only clients of this relationship manager.")
    level: ClientLevel | None = Field(default=None, description="Only clients of this level.")
    as_of: Annotated[Day | None, Field(description="Day to go by; the newest of the data by default.")] = None


class OneJob(Request):
    """One job."""

    job_id: RecordId


class Job(Part):
    """A job and how far it is."""

    id: str
    state: State = Field(description="lost: the process that ran it is gone; start it again.")
    total: int
    done: int
    failed: int = Field(description="Accounts that cannot be diagnosed; the table says why.")
    started_at: str
    ended_at: str | None
    accounts_per_s: float | None = Field(description="Over the whole job until now.")
    made_up: bool
    error: str | None = None


class Batches:
    """What the actions do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._running: dict[str, asyncio.Task[None]] = {}

    async def start(self, request: BatchRequest, caller: Caller) -> Job:
        """Start a job. Raises `TooManyRequests` while as many run as may."""
        self._desk.day(request.as_of)
        if len(self._running) >= MOST_AT_ONCE:
            raise TooManyRequests(
                _("There are {count} jobs running, and that is the most.", count=len(self._running)),
                _("Start this one when one of them has ended."),
                code="too_many_jobs",
            )
        dataset = await self._desk.data(caller)
        clients = _chosen(dataset, request)
        data = {
            "state": "running", "total": len(clients), "done": 0, "failed": 0, "started_at": iso(utc_now()),
            "ended_at": None, "accounts_per_s": None, "made_up": dataset.made_up, "error": None,
        }  # fmt: skip
        record = await self._desk.context.records.create(
            caller.principal, NewRecord(KIND, caller.principal.key_id, data)
        )
        items = await self._desk.compute(self._items, dataset, clients, request.as_of, caller)
        work = self._run(record, items, caller.language)
        # What the job computes is no part of this request: it outlives it.
        task = asyncio.get_running_loop().create_task(work, context=contextvars.copy_context())
        self._running[record.id] = task
        task.add_done_callback(lambda _task: self._running.pop(record.id, None))
        return self._shown(record)

    def _items(
        self, dataset: Dataset, clients: Sequence[str], as_of: date | None, caller: Caller
    ) -> list[dict[str, Any]]:
        shared = {
            "folder": str(self._desk.folder(caller.tenant, made_up=dataset.made_up).resolve()),
            "as_of": as_of.isoformat() if as_of else None, "language": caller.language,
            "today": self._desk.today.isoformat(), "own_files": str(self._desk.context.own_files.resolve()),
        }  # fmt: skip
        return [{**shared, "clients": list(clients[at : at + CHUNK])} for at in range(0, len(clients), CHUNK)]

    async def _run(self, record: Record, items: Sequence[Mapping[str, Any]], language: str) -> None:
        records, began = self._desk.context.records, time.monotonic()
        try:
            async with aclosing(self._desk.context.tasks.map(_FUNCTION, items)) as ended:
                async for index, rows in ended:
                    done = record.data["done"] + len(rows)
                    failed = record.data["failed"] + sum("error" in row for row in rows)
                    speed = round(done / max(time.monotonic() - began, 1e-3), 1)
                    data = {**record.data, "done": done, "failed": failed, "accounts_per_s": speed}
                    part = NewRecord(PART, record.id, {"index": index, "rows": rows})
                    record = await records.update(record, data, [part])
            await records.update(record, {**record.data, "state": "done", "ended_at": iso(utc_now())})
        except (NotFound, Conflict):  # deleted meanwhile: nobody waits for it
            return
        except ApplianceError as error:
            log.error("a batch of accounts failed", code=error.code, reason=error.render("en"))
            told = {"state": "failed", "ended_at": iso(utc_now()), "error": error.render(language)}
            await records.update(record, {**record.data, **told})
        except Exception:  # nobody waits for this task: without a record of its end it would seem to run for ever
            log.exception("a batch of accounts broke off")
            reason = _("It broke off; the scenario's log says why.").render(language)
            told = {"state": "failed", "ended_at": iso(utc_now()), "error": reason}
            await records.update(record, {**record.data, **told})

    async def show(self, request: OneJob, caller: Caller) -> Job:
        """Show a job."""
        return self._shown(await self._desk.context.records.get(caller.principal, KIND, request.job_id))

    async def delete(self, request: OneJob, caller: Caller) -> Deleted:
        """Delete a job with its results; one that runs is ended."""
        record = await self._desk.context.records.get(caller.principal, KIND, request.job_id)
        await self._desk.context.records.delete(record)
        task = self._running.get(record.id)
        if task is not None:
            task.cancel()
        return Deleted(id=record.id)

    async def results(self, request: OneJob, caller: Caller) -> Download:
        """Return the results of a job that has ended as CSV. Raises `Conflict` before."""
        record = await self._desk.context.records.get(caller.principal, KIND, request.job_id)
        if record.data["state"] != "done":
            raise Conflict(
                _("The job {id} has no table: it is not done.", id=record.id),
                _("Look at GET jobs/{id} until its state is done.", id=record.id),
                code="job_not_done",
            )
        parts: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = await self._desk.context.records.page(caller.principal, PART, record.id, cursor=cursor, limit=_PAGE)
            parts += [one.data for one in page.records]
            cursor = page.cursor
            if cursor is None:
                break
        content = await self._desk.compute(table_of, parts)
        name = f"accounts-{record.data['started_at'][:10]}.csv"
        return Download(filename=name, media_type="text/csv; charset=utf-8", content=content)

    def _shown(self, record: Record) -> Job:
        data = dict(record.data)
        silent = iso(utc_now() - LOST_AFTER) > record.updated_at
        if data["state"] == "running" and silent and record.id not in self._running:
            data["state"] = "lost"
        return Job(id=record.id, **data)


def _chosen(dataset: Dataset, request: BatchRequest) -> list[str]:
    """Return the clients of a job. Raises `NotFound` for an unknown one, `InvalidRequest` where there are none."""
    names = list(dict.fromkeys(request.clients)) if request.clients is not None else sorted(dataset.clients)
    found = [dataset.client(name) for name in names]
    if request.advisor is not None:
        found = [one for one in found if one.advisor == request.advisor]
    if request.level is not None:
        found = [one for one in found if one.level == request.level]
    if not found:
        raise InvalidRequest(
            _("No client is selected."), _("Take another advisor or level; GET clients lists what there is."),
            param="clients", code="no_clients",
        )  # fmt: skip
    return [one.id for one in found]


def table_of(parts: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the rows of all parts as CSV in UTF-8 with a byte order mark; columns are names of formulas."""
    rows = [row for part in sorted(parts, key=lambda one: int(one["index"])) for row in part["rows"]]
    stress = sorted({name for row in rows for name in row if name.startswith("stress_share_")})
    columns = ("client", "as_of", *COLUMNS, *stress, "error")
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(value: str | float | None) -> str:
    """Return a cell's text. A text that a spreadsheet would take for a formula begins with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return repr(value)


def actions(batches: Batches) -> list[Action]:
    """Return the actions."""
    may = Permission.BATCH_RUN
    return [
        Action(
            "diagnose-accounts", "Diagnose many accounts in the background.", BatchRequest, Job, batches.start,
            path="accounts/diagnosis", status=202, permission=may, generated=never,
        ),
        Action(
            "show-job", "Show how far a job is.", OneJob, Job, batches.show,
            method="GET", path="jobs/{job_id}", permission=may, generated=never,
        ),
        Action(
            "delete-job", "End a job and delete its results.", OneJob, Deleted, batches.delete,
            method="DELETE", path="jobs/{job_id}", permission=may, generated=never,
        ),
        Action(
            "job-results", "Get the results of a job as CSV.", OneJob, Download, batches.results,
            method="GET", path="jobs/{job_id}/results", permission=may, generated=never,
        ),
    ]  # fmt: skip
