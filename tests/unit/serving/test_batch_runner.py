"""The runner on a real database, with a stand-in for the application: order, pauses, ends."""

import asyncio
from datetime import timedelta

import pytest

from appliance.core.clock import utc_now
from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.state.batches.batches import WINDOW
from appliance.state.batches.records import BatchFault
from appliance.state.database import Database, sqlite_url
from tests.unit.serving.batch_desk import ALICE, Desk, Engine, line


@pytest.fixture
def database(tmp_path):
    opened = Database.open(sqlite_url(tmp_path / "appliance.db"))
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def desk(database, tmp_path):
    return Desk(database, tmp_path / "files", concurrent_rows=3)


async def test_each_row_is_run_once_and_answered_once(desk):
    engine = Engine()
    batch_id = desk.submit(*(line(f"r{number}") for number in range(7)))
    ended = await desk.run(desk.runner(engine), batch_id)
    assert (ended.status, ended.total, ended.completed, ended.failed) == ("completed", 7, 7, 0)
    assert ended.error_file_id is None
    assert sorted(engine.asked) == [f"{batch_id}-{number}-1" for number in range(1, 8)]
    lines = desk.lines(ended.output_file_id)
    assert [one["custom_id"] for one in lines] == [f"r{number}" for number in range(7)]
    assert lines[0]["error"] is None
    assert lines[0]["response"]["status_code"] == 200
    assert lines[0]["response"]["request_id"] == f"{batch_id}-1-1"
    assert lines[0]["response"]["body"]["echo"]["model"] == "general"
    assert len({one["id"] for one in lines}) == 7


async def test_output_errors_and_what_is_held(desk):
    batch_id = desk.submit(*(line(f"r{number}") for number in range(4)))
    ended = await desk.run(desk.runner(Engine(200, 202, 404, 400)), batch_id)
    assert (ended.completed, ended.failed) == (2, 2)
    output, errors = desk.lines(ended.output_file_id), desk.lines(ended.error_file_id)
    assert sorted(one["response"]["status_code"] for one in output) == [200, 202]
    assert sorted(one["response"]["status_code"] for one in errors) == [400, 404]
    assert {one["custom_id"] for one in output + errors} == {f"r{number}" for number in range(4)}
    report = desk.report(batch_id)
    assert report["counts"] == {"total": 4, "answered": 1, "held": 1, "failed": 2}
    assert [one["line"] for one in report["rows"]] == [1, 2, 3, 4]


async def test_a_file_with_faults_runs_nothing(desk):
    engine = Engine()
    batch_id = desk.submit(line("a"), "{", line("a"))
    ended = await desk.run(desk.runner(engine), batch_id)
    assert (ended.status, ended.total, engine.asked) == ("failed", 0, [])
    assert [(fault.code, fault.line) for fault in ended.errors] == [
        ("invalid_json_line", 2), ("duplicate_custom_id", 3),
    ]  # fmt: skip


@pytest.mark.parametrize("status", [429, 503, 507])
async def test_what_is_no_fault_of_the_row_waits(desk, status):
    engine = Engine(status, status, status, status, retry_after_s=7.0)
    batch_id = desk.submit(line("a"))
    runner = desk.runner(engine)
    begun = desk.ticks.now
    ended = await desk.run(runner, batch_id)
    assert (ended.completed, ended.failed) == (1, 0)
    assert engine.asked == [f"{batch_id}-1-{attempt}" for attempt in range(1, 6)]
    assert desk.ticks.now - begun >= 4 * 7


async def test_pauses_grow_and_a_success_ends_them(desk):
    engine = Engine(*[503] * 5, 200, 503, 200)
    batch_id = desk.submit(line("a"), line("b"))
    runner = desk.runner(engine, waiting=1)
    begun = desk.ticks.now
    await desk.run(runner, batch_id)
    assert 1 + 2 + 4 + 8 + 16 + 1 <= desk.ticks.now - begun < 1 + 2 + 4 + 8 + 16 + 32


async def test_a_row_that_always_fails_is_its_own_result(desk):
    engine = Engine(502, 500, 502)
    batch_id = desk.submit(line("a"))
    ended = await desk.run(desk.runner(engine), batch_id)
    assert (ended.status, ended.failed, len(engine.asked)) == ("completed", 1, 3)
    assert desk.lines(ended.error_file_id)[0]["response"]["status_code"] == 502


async def test_a_failure_that_nobody_foresaw_leaves_the_row_undone(desk):
    failures = [RuntimeError("nobody foresaw this"), Unavailable(_("The file is empty."))]
    batch_id = desk.submit(line("a"))
    ended = await desk.run(desk.runner(Engine(*failures)), batch_id)
    assert (ended.status, ended.completed) == ("completed", 1)


async def test_rows_run_beside_each_other_while_nobody_waits_and_alone_else(desk):
    engine = Engine(takes_s=0.05)
    await desk.run(desk.runner(engine), desk.submit(*(line(str(number)) for number in range(9))))
    assert engine.most_at_once == 3
    for waiting in (1, lambda: _raise(Unavailable(_("The file is empty.")))):
        engine = Engine(takes_s=0.01)
        batch_id = desk.submit(*(line(str(number)) for number in range(5)))
        await desk.run(desk.runner(engine, waiting=waiting), batch_id)
        assert engine.most_at_once == 1


def _raise(error):
    raise error


async def test_whether_callers_wait_is_not_asked_for_each_row(desk):
    asked = []
    runner = desk.runner(Engine(), waiting=lambda: asked.append(1) or 0)
    batch_id = desk.submit(*(line(str(number)) for number in range(20)))
    desk.ticks.now = 0.6
    while desk.record(batch_id).status != "completed":
        await runner.turn()
        await runner.idle()
    assert len(asked) == 1


async def test_batches_take_turns(desk):
    engine = Engine()
    first = desk.submit(*(line(str(number)) for number in range(6)))
    second = desk.submit(*(line(str(number)) for number in range(6)))
    await desk.run(desk.runner(engine), second)
    assert {one.rpartition("-")[0].rpartition("-")[0] for one in engine.asked[:4]} == {first, second}


async def test_a_caller_that_ends_stops_the_batch(desk):
    fault = BatchFault("key_not_valid", _("The file is empty."))
    answers = [ALICE, ALICE]
    engine = Engine()
    runner = desk.runner(engine, lambda _batch: answers.pop(0) if answers else fault, waiting=1)
    batch_id = desk.submit(*(line(f"r{number}") for number in range(5)))
    ended = await desk.run(runner, batch_id)
    assert (ended.status, ended.errors, ended.completed) == ("failed", (fault,), 2)
    assert len(engine.asked) == 2
    assert [one["custom_id"] for one in desk.lines(ended.output_file_id)] == ["r0", "r1"]
    left = desk.lines(ended.error_file_id)
    assert [(one["custom_id"], one["response"], one["error"]["code"]) for one in left] == [
        (f"r{number}", None, "batch_failed") for number in (2, 3, 4)
    ]


async def test_a_database_that_does_not_answer_is_no_reason_to_stop(desk):
    answers = [Unavailable(_("The file is empty."))]
    batch_id = desk.submit(line("a"))
    runner = desk.runner(Engine(), lambda _batch: _raise(answers.pop()) if answers else ALICE)
    assert (await desk.run(runner, batch_id)).status == "completed"


async def test_what_is_left_after_a_day_is_not_run(desk):
    engine = Engine()
    runner = desk.runner(engine, waiting=1)
    batch_id = desk.submit(line("a"), line("b"))
    await runner.turn()
    await runner.turn()
    await runner.idle()
    runner._clock = lambda: utc_now() + WINDOW + timedelta(seconds=1)
    ended = await desk.run(runner, batch_id)
    assert (ended.status, len(engine.asked)) == ("expired", 1)
    assert desk.lines(ended.error_file_id)[0]["error"]["code"] == "batch_expired"


async def test_a_cancelled_batch_keeps_what_was_done(desk):
    runner = desk.runner(Engine(), waiting=1)
    batch_id = desk.submit(line("a"), line("b"))
    await runner.turn()
    await runner.turn()
    await runner.idle()
    desk.batches.batches.cancel(ALICE, batch_id)
    ended = await desk.run(runner, batch_id)
    assert (ended.status, ended.completed) == ("cancelled", 1)
    assert desk.lines(ended.error_file_id)[0]["error"]["code"] == "batch_cancelled"
    assert desk.report(batch_id)["counts"] == {"total": 2, "answered": 1, "not_run": 1}


async def test_the_files_wait_for_the_rows_that_run(desk):
    going = asyncio.Event()

    async def ask(who, path, body, request_id):
        await going.wait()
        return await Engine()(who, path, body, request_id)

    runner = desk.runner(ask, waiting=1)
    batch_id = desk.submit(line("a"), line("b"))
    await runner.turn()
    await runner.turn()
    await asyncio.sleep(0.05)
    desk.batches.batches.cancel(ALICE, batch_id)
    for _turn in range(3):
        await runner.turn()
    assert desk.record(batch_id).status == "finalizing"
    going.set()
    ended = await desk.run(runner, batch_id)
    assert (ended.status, ended.completed) == ("cancelled", 1)


async def test_an_input_file_that_is_gone_ends_the_batch(desk):
    for begun in (False, True):
        runner = desk.runner(Engine())
        batch_id = desk.submit(line("a"))
        if begun:
            await runner.turn()
        desk.batches.files.path(desk.record(batch_id).input_file_id).unlink()
        ended = await desk.run(runner, batch_id)
        assert (ended.status, ended.errors[0].code) == ("failed", "input_file_missing")


async def test_it_works_by_itself_and_keeps_house(desk):
    runner = desk.runner(Engine())
    batch_id = desk.submit(line("a"))
    working = asyncio.create_task(runner.run_for_ever())
    try:
        for _try in range(500):
            if desk.record(batch_id).status == "completed":
                break
            await asyncio.sleep(0.01)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert desk.record(batch_id).status == "completed"
    assert runner._house_at > 0
