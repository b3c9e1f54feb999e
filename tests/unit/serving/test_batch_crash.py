"""kill -9 at random: every row is answered once, and none is asked again once its answer is on the disk."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from appliance.state.database import Database, sqlite_url
from tests.unit.serving.batch_desk import Desk, line

ROWS = 150
RUNNER = """
import asyncio, json, os, sys
from pathlib import Path
from appliance.config.governing import BatchSettings
from appliance.core.principal import Principal
from appliance.serving.batch.runner import Answer, BatchRunner, Questions
from appliance.serving.gateway.batches import open_batches
from appliance.state.batches.records import Result
from appliance.state.database import Database

url, folder, journal = sys.argv[1:]
batches = open_batches(Database.open(url), Path(folder), BatchSettings(concurrent_rows=4))
log = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

async def ask(who, path, body, request_id):
    os.write(log, f"asked {request_id.split('-')[1]}\\n".encode())
    await asyncio.sleep(0.002)
    status = 400 if json.loads(body)["n"] % 10 == 0 else 200
    return Answer(Result(status, request_id, body.decode()))

async def nobody():
    return 0

def noting(method):
    def finish(batch_id, number, result):
        kept = method(batch_id, number, result)
        os.write(log, f"kept {number}\\n".encode())
        return kept
    return finish

object.__setattr__(batches.runs, "finish", noting(batches.runs.finish))
who = Principal("default", "caller", "lma-alice", priority="batch")
runner = BatchRunner(batches, Questions(ask, lambda _batch: who, nobody, lambda _tenant: {}), 10_000)
asyncio.run(runner.run_for_ever())
"""


@pytest.fixture
def database(tmp_path):
    opened = Database.open(sqlite_url(tmp_path / "appliance.db"))
    opened.migrate()
    yield opened
    opened.close()


def finished(desk, batch_id):
    """Return the rows whose results are on the disk."""
    return {row.number for row in desk.batches.runs.rows(batch_id) if row.result is not None}


def events(journal):
    lines = journal.read_text().splitlines() if journal.exists() else []
    return [(word, int(number)) for word, _space, number in (one.partition(" ") for one in lines)]


@pytest.mark.parametrize("seed", [1, 2])
def test_kill_9_repeats_and_loses_no_row(database, tmp_path, seed):
    desk = Desk(database, tmp_path / "files")
    batch_id = desk.submit(*(line(f"r{number}", {"n": number}) for number in range(ROWS)))
    journal, chance, kills = tmp_path / "journal", random.Random(seed), 0
    arguments = [sys.executable, "-c", RUNNER, sqlite_url(tmp_path / "appliance.db"), str(tmp_path / "files")]
    while desk.record(batch_id).status != "completed":
        done, seen = finished(desk, batch_id), len(events(journal))
        child = subprocess.Popen([*arguments, str(journal)])
        try:
            wanted = seen + chance.randrange(1, 60)
            while len(events(journal)) < wanted and desk.record(batch_id).status != "completed":
                assert child.poll() is None
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.03))
        finally:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
        kills += 1
        again = {number for word, number in events(journal)[seen:] if word == "asked"} & done
        assert again == set(), "a row with a result was asked again"
    assert kills > 3
    kept = [number for word, number in events(journal) if word == "kept"]
    for number in set(kept):
        after = events(journal)[events(journal).index(("kept", number)) :]
        assert ("asked", number) not in after
    ended = desk.record(batch_id)
    assert (ended.total, ended.completed, ended.failed) == (ROWS, ROWS * 9 // 10, ROWS // 10)
    output, errors = desk.lines(ended.output_file_id), desk.lines(ended.error_file_id)
    assert sorted(one["custom_id"] for one in output + errors) == sorted(f"r{number}" for number in range(ROWS))
    for one in output + errors:
        assert one["custom_id"] == f"r{one['response']['body']['n']}"
    assert [one["line"] for one in desk.report(batch_id)["rows"]] == list(range(1, ROWS + 1))
    assert len(desk.files()) == 4
