import pytest
import yaml

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import Conflict, NotFound, NotRunning, PermissionDenied, Unavailable
from appliance.core.principal import Scopes
from appliance.operations.audit import open_audit
from appliance.state.accounts.key_records import KeyRecord
from appliance.state.accounts.tenants import Tenant
from appliance.state.accounts.users import UserRecord
from appliance.state.approval_records import Approval
from appliance.state.audit.records import NewRecord
from appliance.state.audit.search import Filters
from appliance.tui.governance_local import LocalRecords
from appliance.tui.governance_source import ApprovalSeen, KeyOrder, KeySeen, TenantSeen, UserSeen
from appliance.tui.local import Local
from tests.tui.governance_double import COUNTER, HEAD, SECRET, TICKET, GovernanceDouble

NOW = "2026-11-24T06:02:30.000Z"


@pytest.fixture
def double():
    return GovernanceDouble()


@pytest.fixture
def source(double, tmp_path):
    key_file = tmp_path / "a.key"
    key_file.write_text("key-1\n")
    return double.source(key_file)


def test_what_the_appliance_answers_is_what_is_read():
    key = KeyRecord(
        "lma-a",
        "柜台",
        "retail",
        "caller",
        NOW,
        None,
        None,
        Scopes(frozenset({"b", "a"})),
        ("10.0.0.0/8",),
        last_used="2026-11-24",
    )
    seen = KeySeen.model_validate(key.to_dict(NOW))
    assert (seen.scopes.models, seen.scopes.scenarios, seen.state) == (("a", "b"), None, "active")
    assert seen.networks == ("10.0.0.0/8",)
    tenant = Tenant("retail", "零售", "default", "default/retail/", NOW)
    assert TenantSeen.model_validate(tenant.to_dict()).depth == 1
    user = UserRecord("lmu-a", "li.wei", "李伟", "default", "admin", "local", "li.wei", NOW, NOW, NOW)
    assert UserSeen.model_validate(user.to_dict()).state == "disabled"
    ticket = Approval(
        "apr_1", "key.export", "default", '{"a":1}', "0" * 64, "lma-a", None, NOW, "2026-11-25T06:02:30.000Z"
    )
    assert ApprovalSeen.model_validate(ticket.to_dict(NOW)).change == {"a": 1}


async def test_lists_are_read(source, double):
    assert [one.depth for one in await source.tenants()] == [0, 1, 2, 1]
    assert (await source.keys())[0].id == HEAD
    assert len(await source.users()) == 3
    assert [one.id for one in await source.approvals(True)] == [TICKET]
    assert len(await source.approvals(False)) == 2
    assert double.asked[-2:] == [
        ("GET", "/approvals", {"limit": "100", "status": "pending"}),
        ("GET", "/approvals", {"limit": "100"}),
    ]


async def test_a_key_is_ordered_without_what_was_left_open(source, double):
    made = await source.make_key(KeyOrder("a", "retail", "caller"))
    assert made.key == SECRET
    assert SECRET not in repr(made)
    body = {"name": "a", "tenant": "retail", "role": "caller", "priority": "interactive"}
    assert double.changes == [("POST", "/keys", body)]
    order = KeyOrder("a", "retail", "caller", ("m",), (), None, ("10.0.0.0/8",), made.created_at, "batch")
    await source.make_key(order, "apr_1")
    sent = double.changes[-1][2]
    assert sent["scopes"] == {"models": ["m"], "scenarios": []}
    assert sent["networks"] == ["10.0.0.0/8"]
    assert sent["expires_at"] == "2026-11-24T06:02:30+00:00"
    assert double.headers == [None, "apr_1"]


async def test_changes_are_sent_as_the_api_takes_them(source, double):
    await source.rotate_key(COUNTER, 60.0)
    await source.revoke_key(COUNTER)
    await source.add_tenant("west", "西部", "retail")
    await source.switch_user("lmu-9f3k2bqa", "enable")
    await source.decide(TICKET, "refuse", "no")
    await source.decide(TICKET, "approve")
    assert double.changes == [
        ("POST", f"/keys/{COUNTER}/rotate", {"overlap_s": 60.0}),
        ("DELETE", f"/keys/{COUNTER}", None),
        ("POST", "/tenants", {"name": "west", "title": "西部", "parent": "retail"}),
        ("POST", "/users/lmu-9f3k2bqa/enable", None),
        ("POST", f"/approvals/{TICKET}/refuse", {"reason": "no"}),
        ("POST", f"/approvals/{TICKET}/approve", None),
    ]


@pytest.mark.parametrize(
    ("refusal", "kind", "words"),
    [
        ((403, "approval_needed", "The request is apr_9."), PermissionDenied, "The request is apr_9."),
        ((403, "stronger_than_parent", "Give less."), PermissionDenied, "Give less."),
        ((403, None, ""), PermissionDenied, "may not do this"),
        ((404, "not_found", "There is no key."), NotFound, "There is no key."),
        ((409, "conflict", "It ended."), Conflict, "It ended."),
        ((503, "unavailable", "x"), Unavailable, "503"),
    ],
)
async def test_refusals_keep_the_reason(source, double, refusal, kind, words):
    double.refusal = refusal
    with pytest.raises(kind) as caught:
        await source.revoke_key(COUNTER)
    assert words in caught.value.message.render("en")


async def test_without_an_appliance_and_without_its_machine(source, double):
    assert source.records is None
    double.down = True
    with pytest.raises(NotRunning):
        await source.keys()


@pytest.fixture
def records(tmp_path):
    """Give the records of a home with a log of two records and a site file without models."""
    home = Home(tmp_path / "home")
    with open_audit(home, SiteConfig(), begin=True) as audit:
        data = {"verdicts": [{"rule": "injection:a/b", "action": "block"}]}
        audit.log.append(
            [
                NewRecord("request.opened", "r1", "default", "lma-a", "caller", "POST /v1/ask", content="原文"),
                NewRecord("request.completed", "r1", "default", "lma-a", "caller", "POST /v1/ask", "m", "ok", data),
            ]
        )
    home.site_file.write_text(yaml.safe_dump({"models": {"general": {"package": "base"}}}))
    return LocalRecords(Local(home))


async def test_the_audit_is_read_and_checked_on_the_machine(records):
    page = await records.find(Filters(), None, 10)
    assert [one.kind for one in page.records] == ["request.completed", "request.opened"]
    assert (await records.hits("1d", None)).requests == {"block": 1}
    news = []
    report = await records.check(news.append)
    assert report.ok
    assert report.records == 2
    assert [one.state for one in news] == ["running", "done"]


async def test_reading_a_text_is_recorded_under_the_systems_user(records):
    assert await records.content(1) == "原文"
    (read,) = (await records.find(Filters(kind="admin.audit.content_read"), None, 10)).records
    assert (read.actor, read.target) == (records.operator, "1")
    with pytest.raises(NotFound):
        await records.content(2)


async def test_quotas_and_usage_of_the_machine(records):
    await records.set_quota("tenant", "default", {"tokens_per_day": 5}, "")
    rows = {row["name"]: row for row in await records.quotas()}
    assert rows["default"]["limits"]["tokens_per_day"] == 5
    assert rows["default"]["set"] == ["tokens_per_day"]
    await records.remove_quota("tenant", "default", "")
    assert "default" not in {row["name"] for row in await records.quotas()}
    with pytest.raises(NotFound):
        await records.remove_quota("tenant", "default", "")
    assert await records.usage("1d", None) == ()
