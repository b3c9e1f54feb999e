"""Files, batches and rows on a real database: who sees what, and what survives."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from appliance.core.errors import Conflict, InvalidRequest, NotFound
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.state.batch_tables import batch_rows, batches, files
from appliance.state.batches.batches import WINDOW, Batches
from appliance.state.batches.files import Files
from appliance.state.batches.records import BatchFault, Line, Page, Result
from appliance.state.batches.runs import BatchRuns

CHAT = "/v1/chat/completions"
ALICE = Principal("retail", "caller", "lma-alice")
BOB = Principal("retail", "caller", "lma-bob")
CAROL = Principal("cards", "caller", "lma-carol")
RETAIL_ADMIN = Principal("retail", "admin", "lma-retail-adm")
CARDS_ADMIN = Principal("cards", "admin", "lma-cards-adm")
ROOT = Principal("default", "admin", "lma-root")
LINES = [Line(number, f"row-{number}", 10 * number, 9) for number in (1, 2, 4)]


class Clock:
    def __init__(self):
        self.at = datetime.now(UTC)

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(database, tmp_path, clock):
    return Files(database, tmp_path / "files", clock)


@pytest.fixture
def made(database, clock):
    return Batches(database, clock)


@pytest.fixture
def runs(database, clock):
    return BatchRuns(database, clock)


def kept(store, who=ALICE, content=b"{}\n", name="in.jsonl"):
    with store.draft() as draft:
        draft.write(content)
    return store.add(draft, who, name)


@pytest.fixture
def batch(store, made):
    return made.create(ALICE, kept(store).id, CHAT, {"a": "b"})


def test_the_tables_are_what_the_migration_makes(database):
    with database.read() as connection:
        for table in (files, batches, batch_rows):
            assert connection.execute(table.select()).all() == []


def test_a_file_is_kept_as_it_was_sent(store):
    record = kept(store, content=b"\x00\xff\n" * 1000)
    assert store.path(record.id).read_bytes() == b"\x00\xff\n" * 1000
    assert store.path(record.id).stat().st_mode & 0o777 == 0o600
    assert (record.size_bytes, record.owner, record.tenant) == (3000, "lma-alice", "retail")
    assert store.get(ALICE, record.id) == record


@pytest.mark.parametrize("who", [BOB, CAROL, CARDS_ADMIN])
def test_what_is_anothers_is_not_there(store, made, batch, who):
    file_id = batch.input_file_id
    for attempt in (
        lambda: store.get(who, file_id),
        lambda: store.delete(who, file_id),
        lambda: made.create(who, file_id, CHAT, {}),
    ):
        with pytest.raises(NotFound) as refused:
            attempt()
        assert refused.value.code == "file_not_found"
    for attempt in (lambda: made.get(who, batch.id), lambda: made.cancel(who, batch.id)):
        with pytest.raises(NotFound) as refused:
            attempt()
        assert refused.value.code == "batch_not_found"
    assert store.list(who, Page()) == ([], False)
    assert made.list(who, Page()) == ([], False)


def test_an_admin_sees_the_tenants_in_reach_and_runs_only_files_of_the_own(store, made, batch):
    for admin in (RETAIL_ADMIN, ROOT):
        assert made.get(admin, batch.id) == batch
        assert [one.id for one in store.list(admin, Page())[0]] == [batch.input_file_id]
    with pytest.raises(NotFound):
        made.create(ROOT, batch.input_file_id, CHAT, {})
    assert made.create(RETAIL_ADMIN, batch.input_file_id, CHAT, {}).owner == "lma-retail-adm"


def test_a_person_sees_what_their_keys_made(store):
    by_key = Principal("retail", "caller", "lma-alice", user_id="lmu-1")
    signed_in = Principal("retail", "caller", "lmu-1", user_id="lmu-1")
    record = kept(store, by_key)
    assert store.get(signed_in, record.id).owner == "lmu-1"
    with pytest.raises(NotFound):
        store.get(Principal("cards", "caller", "lmu-1", user_id="lmu-1"), record.id)


@pytest.mark.parametrize("wrong", ["", "file_", "file_" + "a" * 25, "../" * 9, "batch_" + "0" * 26, "\0", "x" * 500])
def test_what_is_no_id_is_not_there(store, made, wrong):
    with pytest.raises(NotFound):
        store.get(ROOT, wrong)
    with pytest.raises(NotFound):
        store.path(wrong)
    if not wrong.startswith("batch_"):
        with pytest.raises(NotFound):
            made.get(ROOT, wrong)


def test_lists_come_in_pages(store):
    ids = sorted(kept(store).id for _number in range(5))
    newest, more = store.list(ALICE, Page(2))
    assert ([one.id for one in newest], more) == (ids[:-3:-1], True)
    rest, more = store.list(ALICE, Page(3, newest[-1].id))
    assert ([one.id for one in rest], more) == (ids[2::-1], False)
    oldest, _more = store.list(ALICE, Page(2, ids[0], ascending=True))
    assert [one.id for one in oldest] == ids[1:3]
    assert store.list(ALICE, Page(2), "batch_output") == ([], False)
    with pytest.raises(InvalidRequest) as refused:
        store.list(ALICE, Page(2, "' OR 1=1"))
    assert refused.value.param == "after"


def test_a_file_that_a_batch_reads_stays(store, made, runs, batch):
    with pytest.raises(Conflict) as refused:
        store.delete(ALICE, batch.input_file_id)
    assert refused.value.code == "file_in_use"
    runs.refuse(batch.id, [BatchFault("empty_file", _("The file holds no request."))])
    path = store.path(batch.input_file_id)
    store.delete(ALICE, batch.input_file_id)
    assert not path.exists()
    assert made.get(ALICE, batch.id).status == "failed"


def test_a_batch_takes_its_rows_once(made, runs, batch):
    runs.start(batch.id, LINES)
    runs.start(batch.id, LINES)
    (active,) = runs.active()
    assert (active.status, active.total) == ("in_progress", 3)
    assert [row.number for row in runs.rows(batch.id)] == [1, 2, 4]


def test_a_result_is_kept_once(runs, batch):
    runs.start(batch.id, LINES)
    assert runs.begin(batch.id, 2).attempts == 1
    assert runs.begin(batch.id, 2).attempts == 2
    assert runs.waiting(batch.id, 9) == [1, 4, 2]
    assert runs.waiting(batch.id, 1, running=[1]) == [4]
    assert runs.finish(batch.id, 2, Result(200, "r-2", '{"a":1}', [{"rule": "x"}]))
    assert not runs.finish(batch.id, 2, Result(400, "r-3", "{}"))
    assert runs.begin(batch.id, 2) is None
    assert runs.finish(batch.id, 4, Result(404, "r-4", "{}"))
    (active,) = runs.active()
    assert (active.completed, active.failed) == (1, 1)
    row = next(row for row in runs.rows(batch.id) if row.number == 2)
    assert row.result == Result(200, "r-2", '{"a":1}', [{"rule": "x"}])


def test_a_cancelled_batch_begins_nothing_more_and_keeps_what_runs(made, runs, batch):
    runs.start(batch.id, LINES)
    runs.begin(batch.id, 1)
    assert made.cancel(ALICE, batch.id).status == "cancelling"
    assert made.cancel(ALICE, batch.id).status == "cancelling"
    assert runs.begin(batch.id, 2) is None
    assert runs.finish(batch.id, 1, Result(200, "r", "{}"))
    runs.finalise(batch.id, "cancelled")
    with pytest.raises(Conflict) as refused:
        made.cancel(ALICE, batch.id)
    assert refused.value.code == "batch_not_cancellable"


def test_a_batch_cancelled_before_it_began_stays_cancelled(made, runs, batch):
    made.cancel(ALICE, batch.id)
    runs.start(batch.id, LINES)
    runs.refuse(batch.id, [])
    (active,) = runs.active()
    assert (active.status, active.total) == ("cancelling", 0)


def test_the_end_has_its_files_and_no_rows(store, made, runs, batch, database):
    runs.start(batch.id, LINES)
    fault = BatchFault("key_not_valid", _("Port {port} is in use.", port=1))
    runs.finalise(batch.id, "failed", fault)
    runs.finalise(batch.id, "completed")  # the first ending counts
    (active,) = runs.active()
    assert (active.status, active.ending) == ("finalizing", "failed")
    with store.draft() as draft:
        draft.write(b"line\n")
    output = draft.record("retail", "lma-alice", "out.jsonl", "batch_output", active.created_at)
    assert runs.end(active, output, None, None)
    assert not runs.end(active, output, None, None)
    ended = made.get(ALICE, batch.id)
    assert (ended.status, ended.output_file_id, ended.error_file_id) == ("failed", output.id, None)
    assert ended.errors == (fault,)
    assert list(runs.rows(batch.id)) == []
    assert store.get(ALICE, output.id) == output
    with pytest.raises(InvalidRequest) as refused:
        made.create(ALICE, output.id, CHAT, {})
    assert refused.value.code == "wrong_purpose"


def test_an_ended_batch_and_its_files_go_after_their_days(store, made, runs, batch, clock):
    running = made.create(ALICE, kept(store).id, CHAT, {})
    runs.refuse(batch.id, [])
    clock.at += timedelta(days=29)
    assert (runs.delete_old(timedelta(days=30)), store.delete_old(timedelta(days=30))) == (0, 0)
    clock.at += timedelta(days=2)
    assert runs.delete_old(timedelta(days=30)) == 1
    assert store.delete_old(timedelta(days=30)) == 1
    assert [one.id for one in made.list(ALICE, Page())[0]] == [running.id]
    assert [one.id for one in store.list(ALICE, Page())[0]] == [running.input_file_id]
    assert store.path(running.input_file_id).exists()


def test_bytes_that_no_record_names_are_swept_after_a_day(store, clock, tmp_path):
    record = kept(store)
    lost = tmp_path / "files" / ".file_x.7.part"
    lost.write_bytes(b"half")
    os.utime(store.path(record.id), (0, 0))
    assert store.delete_old(timedelta(days=30)) == 0
    os.utime(lost, (0, 0))
    assert store.delete_old(timedelta(days=30)) == 1
    assert store.path(record.id).exists()
    assert not lost.exists()


def test_a_draft_that_breaks_off_leaves_nothing(store, tmp_path):
    with pytest.raises(TypeError), store.draft() as draft:
        draft.write("not bytes")
    assert list((tmp_path / "files").iterdir()) == []


def test_a_batch_has_a_day(batch):
    begun, ends = (datetime.fromisoformat(moment) for moment in (batch.created_at, batch.expires_at))
    assert ends - begun == WINDOW
