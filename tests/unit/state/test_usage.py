import threading

import pytest

from appliance.core.errors import InvalidRequest, NotFound
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import NewRecord
from appliance.state.audit.search import Filters, search
from appliance.state.journal import Entry, write_entries
from appliance.state.quotas import QuotaRow, Quotas
from appliance.state.usage import UsageRecord, add_usage, read_totals, recorded, tokens_by_day


@pytest.fixture
def audit(database, tmp_path):
    log = AuditLog(database, AuditKeys(tmp_path / "secrets", tmp_path / "public.pem", "international"))
    log.begin()
    return log


def used(number, day="2026-11-25", tenant="retail", status=200, tokens=(7, 3), model="general"):
    return UsageRecord(
        number, f"req_{number}", f"{day}T10:00:00.000Z", tenant, "lma-a", "caller", "POST /v1/chat/completions",
        "general", model, "interactive", status, "stop", *tokens, 0.5, 0.1,
    )  # fmt: skip


def test_totals_add_up_over_transactions(database):
    with database.write() as connection:
        add_usage(connection, [used(1), used(2, status=502, tokens=(7, 0)), used(3, day="2026-11-26")])
    with database.write() as connection:
        add_usage(connection, [used(4), used(5, tenant="cards", model="")])
        add_usage(connection, [])
        assert recorded(connection, {4, 5, 6}) == {4, 5}
    rows = [(t.day, t.tenant, t.requests, t.errors, t.prompt_tokens, t.completion_tokens, t.seconds)
            for t in read_totals(database)]  # fmt: skip
    assert rows == [
        ("2026-11-25", "cards", 1, 0, 7, 3, 0.5),
        ("2026-11-25", "retail", 3, 1, 21, 6, 1.5),
        ("2026-11-26", "retail", 1, 0, 7, 3, 0.5),
    ]
    assert [t.day for t in read_totals(database, since="2026-11-26")] == ["2026-11-26"]
    assert [t.tenant for t in read_totals(database, until="2026-11-25", tenants=["cards"])] == ["cards"]
    assert read_totals(database, tenants=[]) == []
    assert sorted(tokens_by_day(database, "2026-11-26")) == [("2026-11-26", "retail", "lma-a", "general", 10)]


def test_audit_and_usage_are_written_together_and_a_bad_entry_keeps_no_other_out(audit, database):
    good = Entry(NewRecord("request.completed", "req_1"), used(1))
    again = Entry(NewRecord("request.completed", "req_1"), used(1), once=True)
    large = Entry(NewRecord("request.completed", "req_2", data={"verdicts": "x" * 70_000}), used(2))
    unspeakable = Entry(NewRecord("admin.key.created", data={"when": threading}))
    write_entries(audit, [good, again, large, unspeakable])
    later = Entry(NewRecord("request.completed", "req_1"), used(1), once=True)
    write_entries(audit, [later])
    assert (good.seq, again.duplicate, later.duplicate) == (1, True, True)
    assert isinstance(large.error, InvalidRequest)
    assert isinstance(unspeakable.error, TypeError)
    assert [record.seq for record in search(database, Filters()).records] == [1]
    assert [total.requests for total in read_totals(database)] == [1]


def test_nothing_is_written_where_the_usage_cannot_be(audit, database):
    write_entries(audit, [Entry(NewRecord("request.completed", "req_1"), used(1))])
    with pytest.raises(Exception, match=r"UNIQUE|duplicate"):
        write_entries(audit, [Entry(NewRecord("request.completed", "req_1"), used(1))])
    assert len(search(database, Filters()).records) == 1


def test_quotas_are_set_limit_by_limit_and_every_change_is_recorded(audit, database):
    quotas = Quotas(database, audit)
    quotas.set(QuotaRow("tenant", "retail", {"tokens_per_day": 100, "requests_per_minute": None}), "cli:root")
    now = quotas.set(QuotaRow("tenant", "retail", {"tokens_per_day": 0}), "cli:root")
    assert now.limits == {"tokens_per_day": 0, "requests_per_minute": None}
    assert quotas.list() == [now]
    quotas.remove("tenant", "retail", "cli:root")
    assert quotas.list() == []
    with pytest.raises(NotFound, match="No quota is set"):
        quotas.remove("tenant", "retail", "cli:root")
    found = search(database, Filters()).records
    assert [(record.kind, record.target, record.tenant) for record in found] == [
        ("admin.quota.removed", "tenant retail", "retail"),
        ("admin.quota.set", "tenant retail", "retail"),
        ("admin.quota.set", "tenant retail", "retail"),
    ]
