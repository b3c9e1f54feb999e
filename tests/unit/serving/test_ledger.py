"""The ledger on a real database and a real audit log; only its clock is the test's."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from appliance.config.home import Home
from appliance.config.site import QuotaLimits, QuotaSettings, parse_site
from appliance.core.clock import iso, utc_now
from appliance.core.errors import ConfigError, NotFound, QuotaExceeded, Unavailable
from appliance.serving.ledger import Ledger
from appliance.serving.ledger_core import GRACE_S, LedgerCore
from appliance.state.accounts.tenants import Tenants
from appliance.state.audit.faults import Report
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.audit.search import Filters, search
from appliance.state.audit.source import DatabaseSource
from appliance.state.audit.verify import verify
from appliance.state.database import Database, sqlite_url
from appliance.state.quotas import QuotaRow, Quotas
from appliance.state.usage import read_totals


class Clock:
    """A clock that the test moves."""

    def __init__(self):
        self.at = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def __call__(self):
        return self.at

    def ticks(self):
        return self.at.timestamp()

    def wait(self, seconds):
        self.at += timedelta(seconds=seconds)


class Desk:
    """A home with its database and clock, on which ledgers are started."""

    def __init__(self, folder):
        self.database = Database.open(sqlite_url(folder / "appliance.db"))
        self.database.migrate()
        self.keys = AuditKeys(folder / "secrets", folder / "public.pem", "international")
        self.clock = Clock()
        self.started_at = "2026-11-25T12:00:00.000Z"
        tenants = Tenants(self.database)
        tenants.add("retail")
        tenants.add("cards", parent="retail")
        self.ledgers = []

    def log(self):
        return AuditLog(self.database, self.keys, clock=self.clock)

    def start(self, generation_timeout_s=600.0, **settings):
        ledger = LedgerCore(
            self.database, self.log(), QuotaSettings(**settings), generation_timeout_s, self.started_at,
            self.clock, self.clock.ticks,
        )  # fmt: skip
        ledger.begin()
        self.ledgers.append(ledger)
        return ledger

    def kinds(self):
        """Return kind and request of every record, in their order."""
        return [(r.kind, r.request_id) for r in reversed(search(self.database, Filters()).records)]

    def data(self, kind):
        return [json.loads(r.data) for r in search(self.database, Filters(kind=kind)).records]


@pytest.fixture
def idle_desk(tmp_path):
    """Give a home on which this process starts no ledger."""
    opened = Desk(tmp_path)
    yield opened
    opened.database.close()


@pytest.fixture
async def desk(idle_desk):
    """Give a home; the ledgers that the test starts on it are closed."""
    yield idle_desk
    for ledger in idle_desk.ledgers:
        await ledger.close()


def asked(number, **changes):
    return {
        "request_id": f"req_{number}", "at": "2026-11-25T12:00:00.000Z", "tenant": "retail", "actor": "lma-a",
        "role": "caller", "route": "POST /v1/chat/completions", "target": "general", "model": "general",
        "priority": "interactive", "estimated_tokens": 100, "audit": {"stream": True}, "content": None, **changes,
    }  # fmt: skip


def ended(number, seq, **changes):
    return {
        "request_id": f"req_{number}", "seq": seq, "status": 200, "outcome": "stop", "prompt_tokens": 12,
        "completion_tokens": 30, "verdicts": [{"check": "lexicon"}], "audit": {"finish": "stop"}, "content": None,
        "seconds": 1.5, "ttft_s": 0.2, **changes,
    }  # fmt: skip


async def serve(ledger, number, **changes):
    seq = (await ledger.admit(asked(number, **changes)))["seq"]
    return await ledger.complete(ended(number, seq))


async def refusal(ledger, number, **changes):
    with pytest.raises(QuotaExceeded) as caught:
        await ledger.admit(asked(number, **changes))
    return caught.value.details["quota"], caught.value.retry_after_s


async def running(ledger):
    (row,) = [row for row in await ledger.quotas() if row["name"] == "retail"]
    return row["used"]["concurrent_requests"]


async def test_a_request_leaves_two_records_and_its_usage(desk):
    ledger = desk.start()
    opened = await ledger.admit(asked(1, content="余额多少？"))
    done = await ledger.complete(ended(1, opened["seq"]))
    assert done == {"seq": opened["seq"] + 1, "duplicate": False}
    assert desk.kinds() == [
        ("system.recovered", None), ("request.opened", "req_1"), ("request.completed", "req_1"),
    ]  # fmt: skip
    assert desk.data("request.opened") == [
        {"stream": True, "arrived_at": "2026-11-25T12:00:00.000Z", "model": "general", "priority": "interactive",
         "estimated_tokens": 100}
    ]  # fmt: skip
    (completed,) = desk.data("request.completed")
    assert completed == {
        "finish": "stop", "status": 200, "prompt_tokens": 12, "completion_tokens": 30, "seconds": 1.5, "ttft_s": 0.2,
        "verdicts": [{"check": "lexicon"}], "opened": opened["seq"],
    }  # fmt: skip
    (total,) = await ledger.usage({})
    assert (total["day"], total["tenant"], total["actor"], total["requests"]) == ("2026-11-25", "retail", "lma-a", 1)
    assert (total["prompt_tokens"], total["completion_tokens"]) == (12, 30)


async def test_usage_is_limited_to_a_tenant_with_those_below_and_to_what_the_asker_may_see(desk):
    ledger = desk.start()
    for number, tenant in enumerate(("default", "retail", "cards")):
        await serve(ledger, number, tenant=tenant)

    async def tenants(**query):
        return [row["tenant"] for row in await ledger.usage(query)]

    assert await tenants(tenant="retail") == ["cards", "retail"]
    assert await tenants(tenant="retail", reach=["cards"]) == ["cards"]
    assert await tenants(reach=["default"]) == ["default"]
    assert await tenants(since="2026-11-26") == []


async def test_two_gateways_share_one_quota(desk):
    ledger = desk.start(tenants={"retail": QuotaLimits(requests_per_minute=10)})

    async def gateway(name):
        done = 0
        for number in range(20):
            try:
                await ledger.admit(asked(f"{name}{number}", actor=name))
                done += 1
            except QuotaExceeded:
                pass
        return done

    admitted = await asyncio.gather(gateway("lma-a"), gateway("lma-b"))
    assert sum(admitted) == 10
    assert min(admitted) >= 4
    desk.clock.wait(60)
    assert sum(await asyncio.gather(gateway("lma-c"), gateway("lma-d"))) == 10


async def test_a_place_is_free_again_when_the_request_ends(desk):
    ledger = desk.start(default=QuotaLimits(concurrent_requests=2), tenants={"retail": QuotaLimits()})
    first, _second = await asyncio.gather(ledger.admit(asked(1)), ledger.admit(asked(2)))
    assert await refusal(ledger, 3) == ("concurrent_requests", 1.0)
    await ledger.complete(ended(1, first["seq"], status=502, outcome="engine_failed"))
    await ledger.admit(asked(3))
    assert await running(ledger) == 2
    assert "req_3" in [request for _kind, request in desk.kinds()]


async def test_a_request_whose_gateway_died_counts_as_aborted_after_the_longest_generation(desk):
    ledger = desk.start(generation_timeout_s=30, default=QuotaLimits(concurrent_requests=1))
    opened = await ledger.admit(asked(1))
    desk.clock.wait(30 + GRACE_S - 1)
    await ledger.look_after()
    assert await refusal(ledger, 2) == ("concurrent_requests", 1.0)
    desk.clock.wait(1)
    await ledger.look_after()
    assert desk.kinds()[-1] == ("request.aborted", "req_1")
    assert desk.data("request.aborted") == [{"opened": opened["seq"], "reason": "expired"}]
    await ledger.admit(asked(2))
    # It was alive after all: what it used is not lost.
    await ledger.complete(ended(1, opened["seq"]))
    assert [total["requests"] for total in await ledger.usage({})] == [1]


async def test_a_caller_that_goes_away_while_it_is_admitted_holds_no_place(desk):
    ledger = desk.start(tenants={"retail": QuotaLimits(concurrent_requests=1)})
    gone = asyncio.create_task(ledger.admit(asked(1)))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await ledger.close()
    assert await running(ledger) == 0
    assert desk.kinds()[1:] == [("request.opened", "req_1"), ("request.aborted", "req_1")]


async def test_an_end_that_is_told_twice_counts_once(desk):
    ledger = desk.start()
    seq = (await ledger.admit(asked(1)))["seq"]
    told = await asyncio.gather(*(ledger.complete(ended(1, seq)) for _time in range(3)))
    assert sorted(reply["duplicate"] for reply in told) == [False, True, True]
    assert (await ledger.complete(ended(1, seq)))["duplicate"]
    assert [total["requests"] for total in await ledger.usage({})] == [1]
    assert [kind for kind, _request in desk.kinds()].count("request.completed") == 1


async def test_a_request_that_was_never_admitted_cannot_end(desk):
    ledger = desk.start()
    seq = (await ledger.admit(asked(1)))["seq"]
    for request, number in ((1, seq + 7), (2, seq)):
        with pytest.raises(NotFound):
            await ledger.complete(ended(request, number))


async def test_too_many_verdicts_do_not_keep_a_request_from_ending(desk):
    ledger = desk.start()
    seq = (await ledger.admit(asked(1)))["seq"]
    await ledger.complete(ended(1, seq, verdicts=["x" * 1000] * 100))
    (completed,) = desk.data("request.completed")
    assert completed["left_out"] == ["audit", "verdicts"]
    assert completed["completion_tokens"] == 30


async def test_without_an_audit_nothing_is_admitted_and_no_quota_is_used(desk):
    ledger = desk.start(tenants={"retail": QuotaLimits(requests_per_minute=2)})
    with desk.database.write() as connection:
        connection.execute(text("ALTER TABLE audit_records RENAME TO gone"))
    for number in range(3):
        with pytest.raises(Unavailable):
            await ledger.admit(asked(number))
    with desk.database.write() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO audit_records"))
    seq = (await ledger.admit(asked(3)))["seq"]
    with desk.database.write() as connection:
        connection.execute(text("ALTER TABLE usage_records RENAME TO gone"))
    with pytest.raises(Unavailable):
        await ledger.complete(ended(3, seq))
    assert await running(ledger) == 0
    with desk.database.write() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO usage_records"))
    assert not (await ledger.complete(ended(3, seq)))["duplicate"]
    assert [kind for kind, _request in desk.kinds()] == ["system.recovered", "request.opened", "request.completed"]


async def test_days_and_months_survive_a_restart(desk):
    limits = {"retail": QuotaLimits(tokens_per_day=100)}
    await serve(desk.start(tenants=limits), 1)
    ledger = desk.start(tenants=limits)
    assert await refusal(ledger, 2, estimated_tokens=59) == ("tokens_per_day", 12 * 3600.0)
    await ledger.admit(asked(2, estimated_tokens=58))
    desk.clock.wait(12 * 3600)
    await ledger.look_after()
    await ledger.admit(asked(3, estimated_tokens=100))


async def test_a_start_of_the_appliance_ends_what_was_left_open(desk):
    await desk.start().admit(asked(1))
    desk.clock.wait(10)
    desk.started_at = "2026-11-25T12:00:10.000Z"
    ledger = desk.start(default=QuotaLimits(concurrent_requests=1))
    assert desk.kinds()[2:] == [("request.aborted", "req_1"), ("system.recovered", None)]
    await ledger.admit(asked(2))


async def test_a_ledger_that_takes_over_keeps_the_requests_that_run(desk):
    limits = QuotaLimits(concurrent_requests=1)
    opened = await desk.start(default=limits).admit(asked(1))
    desk.clock.wait(300)
    ledger = desk.start(default=limits)
    assert await refusal(ledger, 2) == ("concurrent_requests", 1.0)
    await ledger.complete(ended(1, opened["seq"]))
    left = (await ledger.admit(asked(2)))["seq"]
    desk.clock.wait(361)
    third = desk.start(default=limits)
    desk.clock.wait(299)
    await third.look_after()
    assert desk.kinds()[-1] == ("request.aborted", "req_2")
    assert left in [data["opened"] for data in desk.data("request.aborted")]


async def test_a_quota_that_is_set_meanwhile_counts(desk):
    ledger = desk.start()
    await ledger.admit(asked(1))
    Quotas(desk.database, desk.log()).set(QuotaRow("key", "lma-a", {"concurrent_requests": 1}), "cli:root")
    await ledger.look_after()
    assert await refusal(ledger, 2) == ("concurrent_requests", 1.0)
    (row,) = [row for row in await ledger.quotas() if row["name"] == "lma-a"]
    assert (row["limits"], row["set"]) == ({"concurrent_requests": 1}, ["concurrent_requests"])
    assert row["used"]["concurrent_requests"] == 1


async def test_what_administrators_do_is_recorded(desk):
    ledger = desk.start()
    who = {"actor": "lma-root", "tenant": "default", "role": "admin"}
    told = await ledger.record("admin.key.created", who, {"action": "POST /v1/keys", "target": "lma-b", "name": "柜台"})
    (record,) = search(desk.database, Filters(kind="admin.*")).records
    assert (record.seq, record.actor, record.tenant, record.target) == (told["seq"], "lma-root", "default", "lma-b")
    assert json.loads(record.data) == {"name": "柜台"}
    with pytest.raises(ValueError, match="admit"):
        await ledger.record("request.opened", who, {})


@pytest.mark.parametrize("server", ["http://10.0.0.1:514", "udp://10.0.0.1", "udp://:514", "tcp://a:99999", "514"])
def test_a_syslog_server_that_cannot_be_one_is_refused(server):
    with pytest.raises(ConfigError, match=r"audit: syslog must be udp://HOST:PORT"):
        parse_site(f"audit: {{syslog: '{server}'}}", "site.yaml")


async def test_the_deployment_serves_and_sends_on_to_syslog(tmp_path):
    home = Home(tmp_path / "home")
    home.create()
    Database.open(sqlite_url(home.database)).migrate()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(20)
        site = parse_site(f"audit: {{syslog: 'udp://127.0.0.1:{server.getsockname()[1]}'}}", "site.yaml")
        ledger = Ledger(str(home.root), site, iso(utc_now()))
        opened = await ledger.admit(asked(1, tenant="default"))
        await ledger.complete(ended(1, opened["seq"]))
        messages = [await asyncio.to_thread(server.recv, 8192) for _record in range(3)]
    assert b"req_1" in messages[-1]
    assert [row["requests"] for row in await ledger.usage({})] == [1]
    assert [row["name"] for row in await ledger.quotas()] == ["*"]
    await ledger.check_health()
    assert set(await ledger.audit_lag()) == {"sent", "waiting", "seconds", "error"}
    await ledger._listener.close()
    ledger._keeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ledger._keeper
    await ledger._core.close()
    ledger._forwarder.stop()


WRITER = """
import asyncio, sys
from pathlib import Path
from appliance.config.site import QuotaSettings
from appliance.serving.ledger import Ledger
from appliance.serving.ledger_core import LedgerCore
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.database import Database, sqlite_url
from tests.unit.serving.test_ledger import asked, ended

folder, run = Path(sys.argv[1]), sys.argv[2]
database = Database.open(sqlite_url(folder / "appliance.db"))
ledger = LedgerCore(database, AuditLog(database, AuditKeys(folder / "secrets", folder / "public.pem", "international")),
                    QuotaSettings(), 600.0)
ledger.begin()

async def gateway(worker):
    for number in range(100_000):
        name = f"{run}-{worker}-{number}"
        seq = (await ledger.admit(asked(name)))["seq"]
        await ledger.complete(ended(name, seq))
        sys.stdout.write(f"req_{name}\\n")
        sys.stdout.flush()

async def main():
    await asyncio.gather(*(gateway(worker) for worker in range(16)))

asyncio.run(main())
"""


def test_kill_9_loses_no_completion_that_was_told(idle_desk, tmp_path):
    told = set()
    for run in range(1, 40):
        seen = tmp_path / f"told-{run}"
        with seen.open("wb") as file:
            command = [sys.executable, "-c", WRITER, str(tmp_path), str(run)]
            writer = subprocess.Popen(command, stdout=file, stderr=subprocess.PIPE)
            lines = 0
            while lines < 100 * run and writer.poll() is None:
                time.sleep(0.02)
                lines = seen.read_bytes().count(b"\n")
            os.kill(writer.pid, signal.SIGKILL)
            _out, errors = writer.communicate()
            assert errors == b""
        told |= {line for line in seen.read_text().split("\n")[:-1] if line}
        if len(told) >= 1000 and run >= 4:
            break
    assert len(told) >= 1000
    with idle_desk.database.read() as connection:
        used = set(connection.scalars(text("SELECT request_id FROM usage_records")))
        ends = text("SELECT request_id FROM audit_records WHERE kind = 'request.completed'")
        completed = list(connection.scalars(ends))
    assert told <= used
    assert sorted(completed) == sorted(used)
    totals = read_totals(idle_desk.database)
    assert sum(total.requests for total in totals) == len(used)
    assert sum(total.completion_tokens for total in totals) == 30 * len(used)
    report = next(
        e for e in verify(DatabaseSource(idle_desk.database), idle_desk.keys.public_keys()) if isinstance(e, Report)
    )
    assert report.ok
