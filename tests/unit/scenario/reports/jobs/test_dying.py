"""A job whose worker, or whose whole appliance, is killed half-way: it goes on from where it was, and once."""

import asyncio
import os
import signal
import sys
from datetime import timedelta

import pytest

from appliance.core.errors import NotFound
from scenarios.reports.jobs import running
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER, B_ADMIN
from tests.unit.scenario.reports.api.conftest import (  # noqa: F401 - fixtures
    PAPERS,
    Office,
    clock,
    context_of,
    database,
    office,
    own_files,
    pool,
    reviews,
    runs,
)
from tests.unit.scenario.reports.jobs.processes import ROOT, ProcessTasks, ended

REPLICA = """
import asyncio, sys
from pathlib import Path
from appliance.config.site import GuardrailSettings
from appliance.guardrails.chain import Chain
from appliance.scenario.pack import ScenarioContext
from appliance.serving.action_runs import ActionRuns
from appliance.serving.scenario_services import RunFacts, StoredRecords
from appliance.state.database import Database, sqlite_url
from appliance.state.records import RecordRows
from tests.unit.scenario.reports.api.conftest import Office
from tests.unit.scenario.reports.jobs.processes import ProcessTasks

async def main(database, own_files, folder):
    runs = ActionRuns(Chain(GuardrailSettings(), None))
    context = ScenarioContext(
        chat=None, chat_languages=(), knowledge=None, facts=RunFacts(runs), own_files=Path(own_files),
        records=StoredRecords(RecordRows(Database.open(sqlite_url(Path(database))), "reports")), tasks=ProcessTasks(),
    )
    job = await Office(context, runs).call("start-report", {"folder": folder, "template": "tiny"})
    print(job["id"], flush=True)
    await asyncio.sleep(600)

asyncio.run(main(*sys.argv[1:]))
"""


def kept(folder):
    """Return each result of a step that is kept, with what tells whether it was made anew."""
    return {path: path.stat().st_ino for path in folder.glob("data/*/jobs/*/steps/*.json")}


async def test_a_worker_that_is_killed_half_way_ends_nothing(context_of, runs, clock, own_files):  # noqa: F811
    tasks = ProcessTasks()
    tasks.waiting_for = "jobs.steps:write_one"
    office = Office(context_of(tasks), runs)  # noqa: F811
    folder = await office.folder(PAPERS)
    job = await office.call("start-report", {"folder": folder, "template": "tiny"})
    await asyncio.wait_for(tasks.begun.wait(), 120)
    before = kept(own_files)
    os.kill(tasks.pids["jobs.steps:write_one"][0], signal.SIGKILL)
    done = await office.done(job["id"])
    assert (done["state"], done["resumed"], done["version"]) == ("done", 0, 1)
    assert {one["state"] for one in done["sections"]} == {"done"}
    await tasks.end()
    assert tasks.deaths == 1
    assert before
    assert {path: inode for path, inode in kept(own_files).items() if path in before} == before


async def test_a_worker_that_dies_again_and_again_fails_its_section_alone(context_of, runs, clock):  # noqa: F811
    class Dying(ProcessTasks):
        async def run(self, function, arguments):
            if arguments.get("section") == "debts":
                arguments = {**arguments, "job": "/nowhere"}  # the process ends with a traceback
            return await super().run(function, arguments)

    tasks = Dying()
    office = Office(context_of(tasks), runs)  # noqa: F811
    job = await office.report(PAPERS)
    await tasks.end()
    states = {one["id"]: one["state"] for one in job["sections"]}
    assert (job["state"], states["assets"], states["debts"]) == ("done", "done", "failed")


async def test_a_job_goes_on_after_the_whole_appliance_was_killed(
    office, context_of, runs, clock, own_files, tmp_path  # noqa: F811
):  # fmt: skip
    folder = await office.folder(PAPERS)
    replica = await asyncio.create_subprocess_exec(
        sys.executable, "-c", REPLICA, str(tmp_path / "state.db"), str(own_files), folder, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        job_id = (await replica.stdout.readline()).decode().strip()
        for _turn in range(1200):
            if any("statements-" in path.name for path in kept(own_files)):
                break
            await asyncio.sleep(0.1)
    finally:
        os.killpg(replica.pid, signal.SIGKILL)  # workers too: the power has gone
        await ended(replica)
    before = kept(own_files)
    assert before

    again = Office(context_of(), runs)  # a replica that was started anew
    shown = await again.call("show-job", job_id=job_id)
    assert (shown["state"], shown["resumed"]) == ("running", 0)  # it was heard of a moment ago
    clock.ahead = running.LOST_AFTER + timedelta(seconds=1)
    await again.call("list-jobs", who=B_ADMIN)  # another tenant's request takes nothing up
    assert (await look(again, A_ADMIN, job_id))["resumed"] == 0
    again = Office(context_of(), runs)
    done = await again.done(job_id)
    assert (done["state"], done["resumed"], done["version"]) == ("done", 1, 1)
    after = kept(own_files)
    assert {path: after[path] for path in before} == before
    assert done["documents"][0]["seconds"] == 0


async def look(office, who, job_id):  # noqa: F811
    """Return a job as its record says, without a request that takes jobs up."""
    from appliance.state.records import ANYONE

    record = await office.context.records.get(who, "job", job_id, ANYONE)
    return record.data


async def test_two_replicas_never_run_one_job_twice(office, context_of, runs, clock, own_files):  # noqa: F811
    class Never(ProcessTasks):
        async def run(self, function, arguments):
            await asyncio.sleep(3600)

    stuck = Office(context_of(Never()), runs)
    folder = await office.folder(PAPERS)
    job = await stuck.call("start-report", {"folder": folder, "template": "tiny"})
    for _turn in range(600):
        if (await look(stuck, A_ADMIN, job["id"]))["steps"]:
            break
        await asyncio.sleep(0.05)
    clock.ahead = running.LOST_AFTER + timedelta(seconds=2)
    others = [Office(context_of(), runs) for _replica in range(3)]
    shown = await asyncio.gather(*(one.call("show-job", job_id=job["id"]) for one in others))
    assert {one["id"] for one in shown} == {job["id"]}
    clock.ahead = timedelta()
    done = await others[0].done(job["id"])
    assert (done["state"], done["resumed"], done["version"]) == ("done", 1, 1)
    assert len(list(own_files.glob("data/a/jobs/*/versions/*.json"))) == 1


async def test_a_job_that_was_deleted_while_its_replica_was_away_is_not_taken_up(office, context_of, runs, clock):  # noqa: F811
    class Never(ProcessTasks):
        async def run(self, function, arguments):
            await asyncio.sleep(3600)

    stuck = Office(context_of(Never()), runs)
    folder = await office.folder(PAPERS)
    job = await stuck.call("start-report", {"folder": folder, "template": "tiny"})
    await office.call("delete-job", who=A_CALLER, job_id=job["id"])
    clock.ahead = running.LOST_AFTER + timedelta(seconds=1)
    with pytest.raises(NotFound):
        await office.call("show-job", job_id=job["id"])


def test_a_beat_comes_well_before_a_job_counts_as_lost():
    assert running.LOST_AFTER.total_seconds() >= 3 * running.BEAT_S
