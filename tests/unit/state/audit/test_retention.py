"""What retention removes stays accounted for; what somebody else removes does not pass for it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from appliance.core.clock import iso
from appliance.core.errors import Conflict
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import NewRecord
from appliance.state.audit.retention import erase_contents, retire
from appliance.state.audit.search import Filters, record_with_content, search

START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(minutes=20)
LATER = iso(START + 99 * STEP)


@pytest.fixture
def hours(desk):
    """Give a log with two records at each of ten times, a checkpoint after every fourth record, contents in each."""
    now = [START]
    desk.log = AuditLog(desk.database, desk.keys, desk.witness, lambda: now[0])
    for number in range(10):
        now[0] = START + number * STEP
        desk.log.append(
            [
                NewRecord("request.opened", f"r{number}{tenant}", tenant, content="text")
                for tenant in ("retail", "private")
            ]
        )
        if number % 2:
            desk.log.checkpoint()
    now[0] = START + 10 * STEP
    return desk


def moment(number):
    return iso(START + number * STEP)


def test_old_records_go_up_to_a_checkpoint_and_leave_a_record(hours):
    removed = retire(hours.log, moment(5), "lma-admin")
    assert (removed.first, removed.last, removed.count) == (1, 8, 8)
    report = hours.report()
    assert (report.ok, report.first, report.records) == (True, 1, 13)
    (retired,) = report.retired
    assert (retired.first, retired.last, retired.actor) == (1, 8, "lma-admin")
    data = json.loads(search(hours.database, Filters(kind="system.retention")).records[0].data)
    assert (data["first"], data["last"], data["count"], data["checkpoint"]) == (1, 8, 8, 2)
    assert hours.report(first=9).ok

    assert retire(hours.log, moment(5), "lma-admin") is None
    again = retire(hours.log, moment(7), "lma-admin")
    assert (again.first, again.last) == (9, 12)
    assert hours.report().ok


def test_nothing_old_enough_removes_nothing(hours):
    assert retire(hours.log, moment(0), "lma-admin") is None
    assert retire(hours.log, moment(1), "lma-admin") is None
    assert hours.report().records == 20


def test_deleting_more_than_retention_did_is_found(hours):
    retire(hours.log, moment(5), "lma-admin")
    hours.sql("DELETE FROM audit_records WHERE seq <= 12")
    hours.sql("DELETE FROM audit_checkpoints WHERE seq < 12")
    report = hours.report()
    assert [(f.kind, f.first, f.last) for f in report.faults] == [("checkpoint_missing", 2, 2), ("missing", 9, 12)]
    assert [(one.first, one.last) for one in report.retired] == [(1, 8)]


def test_deleting_up_to_a_checkpoint_is_not_retention(hours):
    hours.sql("DELETE FROM audit_records WHERE seq <= 8")
    hours.sql("DELETE FROM audit_checkpoints WHERE seq < 8")
    assert hours.faults() == [("checkpoint_missing", 1, 1), ("missing", 1, 8)]


def test_a_notice_that_was_widened_counts_for_nothing(hours):
    retire(hours.log, moment(5), "lma-admin")
    hours.sql("DELETE FROM audit_records WHERE seq <= 12")
    change = "UPDATE audit_records SET data=REPLACE(data, :old, :new) WHERE kind='system.retention'"
    hours.sql(change, old='"last":8', new='"last":12')
    kinds = {(kind, first) for kind, first, _last in hours.faults()}
    assert {("missing", 1), ("changed", 21)} <= kinds


def test_a_changed_prefix_is_not_deleted(hours):
    hours.sql("UPDATE audit_records SET hash=:h WHERE seq=8", h="0" * 64)
    with pytest.raises(Conflict, match="nothing was deleted"):
        retire(hours.log, moment(5), "lma-admin")
    assert hours.report().records == 20


def test_contents_are_erased_and_the_chain_holds(hours):
    erased = erase_contents(hours.log, moment(3), "lma-admin", tenant="retail")
    assert (erased.first, erased.last, erased.count) == (1, 5, 3)
    assert erase_contents(hours.log, moment(3), "lma-admin", tenant="retail") is None
    kept = {seq for seq in range(1, 21) if record_with_content(hours.database, seq).content is not None}
    assert kept == set(range(1, 21)) - {1, 3, 5}
    assert hours.faults() == []
    hours.sql("UPDATE audit_records SET content=NULL WHERE seq IN (2, 7)")
    assert hours.faults() == [("content_missing", 2, 2), ("content_missing", 7, 7)]
    erase_contents(hours.log, LATER, "lma-admin")
    assert hours.report().records == 22
