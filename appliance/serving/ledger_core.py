"""The ledger without Serve: admits requests by quota and audit, and writes down what they used."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog

from appliance.config.site import QuotaSettings
from appliance.core.clock import Clock, iso, utc_now
from appliance.core.errors import ApplianceError, InvalidRequest, NotFound
from appliance.core.messages import _
from appliance.core.principal import PLATFORM_TENANT
from appliance.metering.quota_rules import Rules
from appliance.metering.quotas import Meter, Moment, quota_rows
from appliance.serving.ledger_calls import AdmitRequest, Completion, UsageQuery
from appliance.serving.ledger_commit import GroupCommit
from appliance.serving.ledger_open import OpenRequest
from appliance.state.accounts.tenants import Tenants
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import ABORTED, COMPLETED, OPENED, RECOVERED, NewRecord, Record
from appliance.state.audit.search import record_with_content
from appliance.state.database import Database
from appliance.state.journal import Entry, write_entries
from appliance.state.quotas import read_quotas
from appliance.state.usage import UsageRecord, read_totals, tokens_by_day

log: structlog.stdlib.BoundLogger = structlog.get_logger("ledger")

Result = TypeVar("Result")

GRACE_S: Final = 60.0
"""How much longer than the longest generation a request may be open before it counts as aborted."""
LOOK_AGAIN_S: Final = 5.0
"""How soon quotas and tenants that were changed elsewhere count."""


class LedgerCore:
    """One for the whole appliance, on one event loop: it alone counts, so no quota is ever given away twice.

    `admit` is one call of a gateway: memory, then one transaction whose fsync it shares with the calls beside it.
    `started_at` (RFC 3339) is when the appliance was started: requests left open from before are lost.
    """

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        settings: QuotaSettings,
        generation_timeout_s: float,
        started_at: str | None = None,
        clock: Clock = utc_now,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._audit = audit
        self._settings = settings
        self._longest_s = generation_timeout_s + GRACE_S
        self._clock = clock
        self._ticks = ticks
        self._started_at = iso(clock()) if started_at is None else started_at
        self._meter = Meter()
        self._rules = Rules(settings)
        self._open: dict[int, OpenRequest] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._commits = GroupCommit(lambda entries: write_entries(audit, entries), self._thread)
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(self) -> None:
        """Read what was used this month, and end the requests that an earlier run left open; call it once, at first.

        Requests of this run, from before a failure of the ledger alone, stay open: their gateways may still end them.
        """
        self._audit.begin()
        self._rules = self._read_rules()
        at = self._moment()
        self._meter.load(tokens_by_day(self._database, at.day[:8] + "01"), self._rules, at)
        lost = self._audit.close_aborted(before=self._started_at)
        left = self._audit.open_requests()
        if not left:
            self._audit.append([NewRecord(RECOVERED, data={"aborted": lost})])
        for record in left:
            opened = self._reopened(record)
            subjects = self._rules.subjects(opened.actor, opened.tenant, opened.model)
            tokens = int(json.loads(record.data).get("estimated_tokens") or 0)
            opened.lease = self._meter.reserve(subjects, tokens, at, at.seconds - opened.begun)
            self._open[record.seq] = opened

    async def admit(self, request: AdmitRequest) -> dict[str, Any]:
        """Check the quotas and open the audit; return `{"seq"}`, the number of the record, durable by then.

        A caller that goes away before gets its request ended as aborted. Raises `QuotaExceeded`, `Unavailable`.
        """
        task = self._spawn(self._admit(request))
        try:
            return {"seq": (await asyncio.shield(task)).seq}
        except asyncio.CancelledError:
            task.add_done_callback(self._forgo)
            raise

    def forgo(self, seq: int) -> None:
        """End a request that was let in and whose caller will never hear of it."""
        if (opened := self._open.get(seq)) is not None:
            self._spawn(self._abort_quietly(opened))

    async def complete(self, result: Completion) -> dict[str, Any]:
        """Free the place, count the tokens, write the end and the usage; return `{"seq", "duplicate"}`, durable.

        A second time for the same request writes nothing. Raises `Unavailable`: then it may be called again; and
        `NotFound` for a request that was never admitted.
        """
        return await asyncio.shield(self._spawn(self._complete(result)))

    async def record(self, kind: str, who: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
        """Write an `admin.…` or `system.…` record; return `{"seq"}`.

        `who` has `actor`, and perhaps `tenant`, `role`, `request_id`; of `data`, `action`, `target`, `outcome` and
        `tenant` become columns. Raises `Unavailable`.
        """
        rest = dict(data)
        columns = {name: rest.pop(name, None) for name in ("action", "target", "outcome")}
        tenant = rest.pop("tenant", None) or who.get("tenant")
        if kind.startswith("request."):
            raise ValueError("requests are recorded by admit and complete")
        record = NewRecord(kind, who.get("request_id"), tenant, who.get("actor"), who.get("role"), **columns, data=rest)
        return {"seq": (await self._commits.commit(Entry(record))).seq}

    async def usage(self, query: UsageQuery) -> list[dict[str, Any]]:
        """Return totals by day, tenant, actor, target and model."""
        return await asyncio.to_thread(self._usage, query)

    async def quotas(self) -> list[dict[str, Any]]:
        """Return each quota with what is used of it now; the key `*` stands for every key without one of its own."""
        self._rules = await asyncio.to_thread(self._read_rules)
        return quota_rows(self._rules, self._meter, self._moment())

    async def interactive(self, model: str | None = None) -> int:
        """Return how many open requests somebody waits for: all but those of batches; `model`: only at this one."""
        return sum(opened.priority != "batch" and model in (None, opened.model) for opened in self._open.values())

    async def look_after(self) -> None:
        """Take in changed quotas and tenants, and end requests that are open longer than any may be."""
        self._rules = await asyncio.to_thread(self._read_rules)
        oldest = self._ticks() - self._longest_s
        late = [opened for opened in self._open.values() if opened.begun <= oldest]
        await asyncio.gather(*(self._abort(opened, "expired") for opened in late))

    async def look_after_for_ever(self) -> None:
        """Do `look_after` every few seconds."""
        while True:
            try:
                await self.look_after()
            except ApplianceError as error:
                log.warning("the ledger cannot read or write", code=error.code, reason=str(error))
            await asyncio.sleep(LOOK_AGAIN_S)

    async def close(self) -> None:
        """Write what waits, and end the thread."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._commits.idle()
        self._thread.shutdown()

    async def _admit(self, request: AdmitRequest) -> OpenRequest:
        if not self._rules.knows(request["tenant"]):
            self._rules = await asyncio.to_thread(self._read_rules, request["tenant"])
        subjects = self._rules.subjects(request["actor"], request["tenant"], request["model"])
        tokens = max(0, request["estimated_tokens"])
        lease = self._meter.admit(subjects, tokens, self._rules, self._moment())
        opened = OpenRequest(
            0, request["request_id"], request["tenant"], request["actor"], request["role"], request["route"],
            request["target"], request["model"], request["priority"], self._ticks(), lease,
        )  # fmt: skip
        data = {
            **request["audit"], "arrived_at": request["at"], "model": request["model"],
            "priority": request["priority"], "estimated_tokens": tokens,
        }  # fmt: skip
        record = NewRecord(
            OPENED, request["request_id"], request["tenant"], request["actor"], request["role"], request["route"],
            request["target"], data=data, content=request["content"],
        )  # fmt: skip
        try:
            opened.seq = (await self._commits.commit(Entry(record))).seq
        except BaseException:
            self._meter.cancel(lease, self._moment())
            raise
        self._open[opened.seq] = opened
        return opened

    async def _complete(self, result: Completion) -> dict[str, Any]:
        opened = self._open.get(result["seq"])
        known = opened is not None and opened.request_id == result["request_id"]
        if opened is None or not known:
            opened = await asyncio.to_thread(self._look_up, result["request_id"], result["seq"])
        else:
            del self._open[opened.seq]
        if opened.lease is not None:
            self._meter.release(opened.lease)
        try:
            entry = await self._write_end(opened, result, once=not known)
        except BaseException:
            if known:
                self._open[opened.seq] = opened
            raise
        tokens = result["prompt_tokens"] + result["completion_tokens"]
        if opened.lease is not None:
            self._meter.settle(opened.lease, tokens, self._moment())
        elif not entry.duplicate:
            subjects = self._rules.subjects(opened.actor, opened.tenant, opened.model)
            self._meter.charge(subjects, tokens, self._moment())
        return {"seq": entry.seq, "duplicate": entry.duplicate}

    async def _write_end(self, opened: OpenRequest, result: Completion, *, once: bool) -> Entry:
        usage = UsageRecord(
            opened.seq, opened.request_id, iso(self._clock()), opened.tenant, opened.actor, opened.role, opened.route,
            opened.target, opened.model or "", opened.priority, result["status"], result["outcome"],
            result["prompt_tokens"], result["completion_tokens"], result["seconds"], result["ttft_s"],
        )  # fmt: skip
        facts = {
            name: result[name] for name in ("status", "prompt_tokens", "completion_tokens", "seconds", "ttft_s")
        }  # fmt: skip
        whole = {**result["audit"], **facts, "verdicts": result["verdicts"]}
        outcome, content = result["outcome"], result["content"]
        try:
            return await self._commits.commit(Entry(opened.record(COMPLETED, outcome, whole, content), usage, once))
        except InvalidRequest:  # too much was told of it: its end has to be written all the same
            record = opened.record(COMPLETED, outcome, {**facts, "left_out": ["audit", "verdicts"]}, content)
            return await self._commits.commit(Entry(record, usage, once))

    async def _abort(self, opened: OpenRequest, reason: str) -> None:
        if self._open.pop(opened.seq, None) is None:  # it ended meanwhile
            return
        try:
            await self._commits.commit(Entry(opened.record(ABORTED, "aborted", {"reason": reason})))
        except BaseException:
            self._open[opened.seq] = opened
            raise
        if opened.lease is not None:
            self._meter.settle(opened.lease, 0, self._moment())

    def _forgo(self, task: "asyncio.Task[OpenRequest]") -> None:
        """End a request that was admitted after its caller had gone."""
        if not task.cancelled() and task.exception() is None:
            self._spawn(self._abort_quietly(task.result()))

    async def _abort_quietly(self, opened: OpenRequest) -> None:
        try:
            await self._abort(opened, "caller_gone")
        except ApplianceError as error:  # `look_after` will end it
            log.warning("the end of a request waits", request_id=opened.request_id, code=error.code)

    def _look_up(self, request_id: str, seq: int) -> OpenRequest:
        record = record_with_content(self._database, seq)
        if record is None or record.kind != OPENED or record.request_id != NewRecord(OPENED, request_id).request_id:
            raise NotFound(
                _("The request {request_id} was not admitted.", request_id=ascii(request_id[:100])),
                code="request_not_admitted",
            )
        return self._reopened(record)

    def _reopened(self, record: Record) -> OpenRequest:
        data = json.loads(record.data)
        age = max(0.0, (self._clock() - datetime.fromisoformat(record.at)).total_seconds())
        return OpenRequest(
            record.seq, record.request_id or "", record.tenant or "", record.actor or "", record.role or "",
            record.action or "", record.target or "", data.get("model"), str(data.get("priority") or ""),
            self._ticks() - age,
        )  # fmt: skip

    def _usage(self, query: UsageQuery) -> list[dict[str, Any]]:
        tenant, reach = query.get("tenant"), query.get("reach")
        shown = None if reach is None else set(reach)
        if tenant is not None:
            below = {tenant, *Tenants(self._database).below(tenant)}
            shown = below if shown is None else below & shown
        totals = read_totals(self._database, since=query.get("since"), until=query.get("until"), tenants=shown)
        return [total.to_dict() for total in totals]

    def _read_rules(self, newcomer: str | None = None) -> Rules:
        lines: dict[str, Sequence[str]] = {tenant.name: tenant.line for tenant in Tenants(self._database).list()}
        if newcomer is not None:
            lines.setdefault(newcomer, (PLATFORM_TENANT, newcomer))
        return Rules(self._settings, read_quotas(self._database), lines)

    def _moment(self) -> Moment:
        return Moment(self._ticks(), self._clock())

    def _spawn(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
