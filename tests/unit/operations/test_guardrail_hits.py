import json

import pytest

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.operations.audit import open_audit
from appliance.operations.guardrail_hits import findings_of, read_hits, severest
from appliance.state.audit.records import NewRecord


def found(*verdicts):
    return {"verdicts": [{"rule": rule, "action": action, **more} for rule, action, more in verdicts]}


def ended(tenant, data, outcome="ok"):
    return NewRecord("request.completed", "r1", tenant, "lma-a", "caller", "POST /v1/ask", "general", outcome, data)


@pytest.fixture
def home(tmp_path):
    """Give a home whose audit log holds requests in which guardrails found something, and some without."""
    place = Home(tmp_path)
    blocked = found(("injection:a/b", "block", {}), ("personal:phone", "mask", {}))
    with open_audit(place, SiteConfig(), begin=True) as audit:
        audit.log.append(
            [
                ended("retail", blocked, "content_filter"),
                ended("risk", found(("personal:phone", "mask", {}), ("personal:phone", "mask", {}))),
                ended("risk", found(("lexicon:x/1", "block", {"stage": "retrieved"}))),
                ended("risk", {"verdicts": []}),
                NewRecord("admin.key.created", actor="lma-root", target="lma-b", data={"name": "verdicts"}),
            ]
        )
    return place


def test_hits_are_counted_by_rule_and_the_newest_come_first(home):
    hits = read_hits(home, SiteConfig(), "1d")
    assert [(one.rule, one.action, one.count) for one in hits.counts] == [
        ("personal:phone", "mask", 3),
        ("injection:a/b", "block", 1),
        ("lexicon:x/1", "leave_out", 1),
    ]
    assert [(one.record.seq, one.action, one.rules) for one in hits.newest] == [
        (3, "leave_out", ("lexicon:x/1",)),
        (2, "mask", ("personal:phone",)),
        (1, "block", ("injection:a/b",)),
    ]
    assert hits.requests == {"leave_out": 1, "mask": 1, "block": 1}
    assert hits.complete


def test_hits_of_one_tenant_and_of_a_time_without_any(home):
    assert [one.record.seq for one in read_hits(home, SiteConfig(), "1d", "retail").newest] == [1]
    assert read_hits(home, SiteConfig(), "2999-01-01").newest == ()


def test_a_long_time_is_read_in_part(home, monkeypatch):
    monkeypatch.setattr("appliance.operations.guardrail_hits.MOST_LISTED", 1)
    monkeypatch.setattr("appliance.operations.guardrail_hits.MOST_PAGES", 2)
    hits = read_hits(home, SiteConfig(), "1d")
    assert [one.record.seq for one in hits.newest] == [3, 2]
    assert not hits.complete


@pytest.mark.parametrize(
    "data", ["", "[]", "{}", '{"verdicts": 3}', '{"verdicts": [{"rule": "a"}]}', '{"verdicts": [1]}']
)
def test_data_of_another_form_holds_nothing(data):
    assert findings_of(data) == ()


def test_the_severest_action():
    assert severest({"mask", "block", "warn"}) == "block"
    assert severest(set()) == "pass"
    assert findings_of(json.dumps(found(("a", "warn", {})))) == (("a", "warn"),)
