"""Appending, alone and together, from threads and processes; requests that were left open."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from appliance.core.errors import InvalidRequest, Unavailable
from appliance.state.audit import log as log_module
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import NewRecord
from appliance.state.audit.search import Filters, record_with_content, search
from appliance.state.audit.source import DatabaseSource
from appliance.state.database import Database


def opened(request_id, **more):
    return NewRecord("request.opened", request_id, "retail", "lma-a", "caller", "POST /v1/chat/completions", **more)


def test_records_are_numbered_and_keep_what_they_were_given(desk):
    assert desk.log.append([opened("r1", target="general", data={"模型": "通用", "a": 1})]) == [1]
    assert desk.log.append([opened("r2"), NewRecord("request.completed", "r1", outcome="200")]) == [2, 3]
    assert desk.log.append([]) == []
    record = record_with_content(desk.database, 1)
    assert (record.tenant, record.actor, record.target) == ("retail", "lma-a", "general")
    assert json.loads(record.data) == {"模型": "通用", "a": 1}
    assert record.data.startswith('{"a":1')
    assert desk.faults() == []


def test_texts_no_database_takes_are_stored_with_a_mark(desk):
    desk.log.append([opened("r\x00" + "x" * 200, target="\ud800路" * 300, data={"t": "\ud800\x00"})])
    record = record_with_content(desk.database, 1)
    assert len(record.request_id) == 100
    assert record.request_id.startswith("r\N{REPLACEMENT CHARACTER}")
    assert record.target.endswith("…")
    assert desk.faults() == []


def test_what_cannot_be_a_record_is_refused_before_anything_is_written(local_desk):
    with pytest.raises(ValueError, match="kind"):
        NewRecord("request opened")
    with pytest.raises(InvalidRequest, match="64"):
        local_desk.log.append([opened("r1"), opened("r2", data={"text": "x" * 70_000})])
    with pytest.raises(ValueError, match="JSON"):
        local_desk.log.append([opened("r1", data={"n": float("nan")})])
    assert local_desk.report().records == 0


def test_calls_that_come_together_share_a_commit(desk, monkeypatch):
    commits = []
    held, waiting = threading.Event(), threading.Event()
    original = AuditLog._write

    def write(self, group):
        commits.append(len(group))
        waiting.set()
        held.wait(10)
        original(self, group)

    monkeypatch.setattr(log_module.AuditLog, "_write", write)
    numbers = []
    threads = [
        threading.Thread(target=lambda n=n: numbers.extend(desk.log.append([opened(f"r{n}")]))) for n in range(9)
    ]
    threads[0].start()
    waiting.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(desk.log._queue) < 8:
        threading.Event().wait(0.001)
    held.set()
    for thread in threads:
        thread.join()
    assert commits == [1, 8]
    assert sorted(numbers) == list(range(1, 10))
    assert desk.faults() == []


def test_a_failed_commit_fails_every_call_and_stores_nothing(local_desk, monkeypatch):
    local_desk.log.append([opened("r1")])
    local_desk.sql("ALTER TABLE audit_checkpoints RENAME TO gone")
    with pytest.raises(Unavailable):
        local_desk.log.append([opened("r2")])
    local_desk.sql("ALTER TABLE gone RENAME TO audit_checkpoints")
    assert local_desk.log.append([opened("r3")]) == [2]
    assert local_desk.faults() == []


def test_several_writers_make_one_chain(desk, url, tmp_path):
    databases = [Database.open(url) for _number in range(3)]
    logs = [
        AuditLog(each, AuditKeys(tmp_path / "secrets", tmp_path / "public.pem", "international")) for each in databases
    ]

    def write(log):
        for number in range(8):
            log.append([opened(f"r{number}")])

    threads = [threading.Thread(target=write, args=(log,)) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in databases:
        each.close()
    report = desk.report()
    assert (report.ok, report.records) == (True, 24)


def test_checkpoints_come_by_number_and_by_time(local_desk):
    now = [datetime(2026, 11, 24, tzinfo=UTC)]
    log = AuditLog(local_desk.database, local_desk.keys, clock=lambda: now[0])
    log.append([opened(f"r{number}") for number in range(999)])
    assert local_desk.report().checkpoints == 0
    log.append([opened("r")])
    assert local_desk.report().checkpoints == 1
    now[0] += timedelta(minutes=59)
    log.append([opened("r")])
    assert local_desk.report().checkpoints == 1
    now[0] += timedelta(minutes=1)
    log.append([opened("r")])
    assert local_desk.report().checkpoints == 2
    assert log.checkpoint() is None
    log.append([opened("r")])
    assert log.checkpoint().seq == 1003
    assert local_desk.report().ok


def test_requests_left_open_are_closed_as_aborted_once(desk):
    desk.log.append([opened("r1"), opened("r2"), opened("r3")])
    desk.log.append([NewRecord("request.completed", "r2", outcome="200")])
    assert [record.request_id for record in desk.log.open_requests()] == ["r1", "r3"]
    assert desk.log.open_requests(before="2000-01-01T00:00:00.000Z") == []
    assert desk.log.close_aborted(before="2000-01-01T00:00:00.000Z") == 0
    assert desk.log.close_aborted() == 2
    assert desk.log.close_aborted() == 0
    assert desk.log.open_requests() == []
    aborted = search(desk.database, Filters(kind="request.aborted")).records
    assert [(r.request_id, r.tenant, r.outcome, json.loads(r.data)) for r in aborted] == [
        ("r3", "retail", "aborted", {"opened": 3}),
        ("r1", "retail", "aborted", {"opened": 1}),
    ]
    desk.log.append([opened("r4")])
    assert [record.request_id for record in desk.log.open_requests()] == ["r4"]
    assert desk.faults() == []


def test_contents_are_sealed_and_opened_by_their_key(desk):
    from appliance.state.audit.content import unseal

    desk.log.append([opened("r1", content="我的账号是 6222")])
    old = record_with_content(desk.database, 1)
    assert b"6222" not in old.content
    new_key = desk.keys.rotate_content_key()
    again = AuditLog(desk.database, desk.keys)
    again.append([opened("r2", content="two")])
    new = record_with_content(desk.database, 2)
    assert new.content_key == new_key != old.content_key
    for record, text in ((old, "我的账号是 6222"), (new, "two")):
        cipher = desk.keys.cipher_named(record.content_key)
        assert unseal(cipher, record.content, record.kind, record.request_id) == text
        with pytest.raises(ValueError, match="context"):
            unseal(cipher, record.content, record.kind, "another request")
    assert desk.keys.cipher_named("../pepper") is None
    assert desk.keys.cipher_named("international_" + "0" * 26) is None
    assert desk.faults() == []


def test_the_suite_can_change_in_the_middle(desk, tmp_path):
    desk.fill(3)
    desk.log.checkpoint()
    chinese = AuditKeys(tmp_path / "secrets", tmp_path / "public.pem", "chinese")
    log = AuditLog(desk.database, chinese, desk.witness)
    log.begin()
    log.append([opened("r1", content="text"), opened("r2")])
    log.checkpoint()
    assert {record.suite for record in search(desk.database, Filters()).records} == {"international", "chinese"}
    assert sorted(key.suite for key in chinese.public_keys().values()) == ["chinese", "international"]
    assert desk.faults() == []
    desk.sql("UPDATE audit_records SET actor='x' WHERE seq=4")
    assert desk.faults() == [("changed", 4, 4)]


def test_records_are_found_by_what_they_tell(desk):
    desk.log.append(
        [
            NewRecord("admin.key.created", actor="lma-a", target="lma-b", tenant="retail", data={"name": "Loan 100%"}),
            NewRecord("admin.key.revoked", actor="lma-b", target="lma-b", tenant="private"),
            opened("r1", outcome="refused"),
        ]
    )

    def found(**filters):
        return [record.seq for record in search(desk.database, Filters(**filters)).records]

    assert found() == [3, 2, 1]
    assert found(tenant="retail") == [3, 1]
    assert found(kind="admin.*") == [2, 1]
    assert found(kind="admin.key.created") == [1]
    assert found(target="lma-b", actor="lma-b") == [2]
    assert found(outcome="refused") == found(request_id="r1") == [3]
    assert found(text="loan 100%") == [1]
    assert found(text="loan_100") == []
    at = record_with_content(desk.database, 1).at
    assert found(since=at) == [3, 2, 1]
    assert found(until=at) == []
    first = search(desk.database, Filters(), limit=2)
    assert ([r.seq for r in first.records], first.before) == ([3, 2], 2)
    second = search(desk.database, Filters(), first.before, limit=2)
    assert ([r.seq for r in second.records], second.before) == ([1], None)


def test_the_source_reads_more_than_one_batch(local_desk):
    local_desk.fill(2500)
    seqs = [record.seq for record in DatabaseSource(local_desk.database).records(2, 2400)]
    assert seqs == list(range(2, 2401))
    assert local_desk.report().records == 2500
