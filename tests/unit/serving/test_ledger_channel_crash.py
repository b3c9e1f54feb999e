"""Whatever breaks between gateway and ledger: nothing that was told is lost, and nothing is counted twice."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from appliance.serving.handles import Handles
from appliance.serving.ledger_app import LEDGER_APPLICATION
from appliance.serving.ledger_channel import LedgerChannel, NotCarried, ReplyLost
from appliance.state.audit.faults import Report
from appliance.state.audit.source import DatabaseSource
from appliance.state.audit.verify import verify
from appliance.state.usage import read_totals
from tests.unit.serving.test_ledger import Desk, asked, ended
from tests.unit.serving.test_ledger_channel import Handle, Office, outcomes, until

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["admit", "admit and go", "complete", "complete and go", "complete twice", "break", "wait"]),
        st.integers(0, 7),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_breaks_every_request_ends_once(steps):
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_go_through(Path(folder), steps))


async def _go_through(folder, steps):
    office = Office(folder)
    core = office.listen()
    channel = LedgerChannel(office.path)
    gateway = Handles()
    gateway.channel = channel
    gateway._others[LEDGER_APPLICATION] = Handle(core)
    running, seqs, told, done = [], {}, set(), set()

    async def admit(number):
        seqs[number] = (await gateway.ledger("admit", asked(number)))["seq"]

    async def complete(number):
        await gateway.ledger("complete", ended(number, seqs[number]))
        told.add(f"req_{number}")

    for index, (step, which) in enumerate(steps):
        if step.startswith("admit"):
            running.append(asyncio.create_task(admit(f"{index}-{which}")))
        elif step.startswith("complete"):
            left = [number for number in seqs if number not in done]
            if left:
                done.add(number := left[which % len(left)])
                times = 2 if step == "complete twice" else 1
                running += [asyncio.create_task(complete(number)) for _time in range(times)]
        elif step == "break":
            channel.close()
        for _turn in range(which):
            await asyncio.sleep(0.001 if step == "wait" else 0)
        if step.endswith("and go"):
            running[-1:] and running[-1].cancel()
    await asyncio.gather(*running, return_exceptions=True)
    open_still = {f"req_{number}" for number in seqs if f"req_{number}" not in told}
    channel.close()
    await until(lambda: {one.request_id for one in core._open.values()} <= open_still)
    while core._tasks:
        await asyncio.wait(core._tasks)
    found = outcomes(office)
    used = [row.requests for row in read_totals(office.database)]
    completed = {name for name, kinds in found.items() if "completed" in kinds}
    await office.close()
    assert told <= completed
    assert sum(used) == len(completed)
    for name, kinds in found.items():
        assert kinds[0] == "opened"
        assert len(kinds) == (1 if name in {one.request_id for one in core._open.values()} else 2), (name, kinds)


LEDGER = """
import asyncio, sys
from pathlib import Path
from appliance.config.site import QuotaSettings
from appliance.serving.ledger_core import LedgerCore
from appliance.serving.ledger_listener import LedgerListener
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.database import Database, sqlite_url

async def main():
    folder = Path(sys.argv[1])
    database = Database.open(sqlite_url(folder / "appliance.db"))
    log = AuditLog(database, AuditKeys(folder / "secrets", folder / "public.pem", "international"))
    core = LedgerCore(database, log, QuotaSettings(), 600.0, "2026-01-01T00:00:00.000Z")
    core.begin()
    LedgerListener(core, folder / "ledger.sock")
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_kill_9_of_the_ledger_loses_no_record_that_was_told(tmp_path):
    desk = Desk(tmp_path)
    channel = LedgerChannel(tmp_path / "ledger.sock")
    told, lost, stopping = set(), [], False

    async def again(method, argument):
        """Call as `Handles` does, but wait for the next ledger in place of the way by handle."""
        while True:
            try:
                return await channel.call(method, argument)
            except NotCarried:
                channel._closed_until = 0.0
                await asyncio.sleep(0.01)
            except ReplyLost:
                lost.append(method)
                if method == "admit":
                    return None

    async def gateway(worker):
        number = 0
        while not stopping:
            name = f"{worker}-{number}"
            number += 1
            opened = await again("admit", asked(name))
            if opened is not None:
                await again("complete", ended(name, opened["seq"]))
                told.add(f"req_{name}")

    workers = [asyncio.create_task(gateway(worker)) for worker in range(8)]
    for run in range(1, 6):
        command = [sys.executable, "-c", LEDGER, str(tmp_path)]
        ledger = await asyncio.to_thread(subprocess.Popen, command, stdout=subprocess.PIPE)
        assert await asyncio.to_thread(ledger.stdout.readline) == b"ready\n"
        await until(lambda target=150 * run: len(told) >= target)
        if run == 5:
            stopping = True
            await asyncio.gather(*workers)
        os.kill(ledger.pid, signal.SIGKILL)
        ledger.communicate()
    channel.close()
    assert lost
    with desk.database.read() as connection:
        used = list(connection.scalars(text("SELECT request_id FROM usage_records")))
        ends = list(connection.scalars(text("SELECT request_id FROM audit_records WHERE kind = 'request.completed'")))
    assert told <= set(used)
    assert len(used) == len(set(used))
    assert sorted(ends) == sorted(used)
    assert sum(total.completion_tokens for total in read_totals(desk.database)) == 30 * len(used)
    events = verify(DatabaseSource(desk.database), desk.keys.public_keys())
    assert next(event for event in events if isinstance(event, Report)).ok
    desk.database.close()
