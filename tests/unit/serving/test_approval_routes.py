"""Second approvals over HTTP: keys that need another person, who may decide, and what the audit says."""

import json

import httpx
import pytest

from appliance.config.sign_in import SignInSettings
from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.serving.gateway.accounts import open_accounts
from appliance.serving.gateway.app import build_app
from appliance.state.approvals import ApprovalRules
from appliance.state.audit.search import Filters, search
from tests.unit.serving.conftest import PEPPER
from tests.unit.serving.readings import error_of

PASSWORD = "seven green boats 7"
WISH = {"name": "batch", "role": "caller", "scopes": {"models": ["general"]}, "expires_at": "2099-01-01T08:00:00+08:00"}


@pytest.fixture
def accounts(ring, tmp_path):
    rules = ApprovalRules(frozenset({"key.export"}), 24)
    return open_accounts(ring._database, PEPPER, SignInSettings(), tmp_path, rules)


@pytest.fixture
def client_for(context, ring):
    """Give a function that returns a client with an administrator's key of its own."""
    app = build_app(context)

    def make(name="one", tenant="default", role="admin", key=None):
        key = key or ring.create(name, tenant, role)[1]
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        return httpx.AsyncClient(
            transport=transport, base_url="https://gateway", headers={"Authorization": f"Bearer {key}"}
        )

    return make


async def ask(client, path="/v1/keys", body=WISH):
    error = error_of(await client.post(path, json=body), 403, "approval_needed")
    assert error["type"] == "permission_error"
    assert error["approval"] in error["message"]
    return error["approval"]


async def test_a_key_is_made_once_another_administrator_agrees(client_for, ring):
    alice, bob = client_for("alice"), client_for("bob")
    ticket = await ask(alice)
    assert await ask(alice) == ticket
    told = error_of(await alice.post("/v1/keys", json=WISH), 403, "approval_needed")["message"]
    assert f"appliance approval approve {ticket}" in told
    assert f"X-Approval: {ticket}" in told
    listed = (await bob.get("/v1/approvals", params={"status": "pending"})).json()
    assert [one["id"] for one in listed["data"]] == [ticket]
    change = (await bob.get(f"/v1/approvals/{ticket}")).json()["change"]
    assert (change["action"], change["name"], change["role"], change["scopes"]["models"], change["expires_at"]) == (
        "key.create", "batch", "caller", ["general"], "2099-01-01T00:00:00.000Z",
    )  # fmt: skip
    error_of(await alice.post(f"/v1/approvals/{ticket}/approve"), 403, "own_request")
    approved = await bob.post(f"/v1/approvals/{ticket}/approve")
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    before = len(ring.list())
    other = {**WISH, "role": "admin"}
    error_of(await alice.post("/v1/keys", json=other, headers={"X-Approval": ticket}), 409, "approval_mismatch")
    error_of(await bob.post("/v1/keys", json=WISH, headers={"X-Approval": ticket}), 404, "not_found")
    made = await alice.post("/v1/keys", json=WISH, headers={"X-Approval": ticket})
    assert made.status_code == 201
    assert ring.verify(made.json()["key"]).name == "batch"
    error_of(await alice.post("/v1/keys", json=WISH, headers={"X-Approval": ticket}), 409, "approval_used")
    assert len(ring.list()) == before + 1


async def test_each_step_is_in_the_audit_before_the_key(client_for, ring):
    alice, bob = client_for("alice"), client_for("bob")
    ticket = await ask(alice)
    await bob.post(f"/v1/approvals/{ticket}/approve")
    key = (await alice.post("/v1/keys", json=WISH, headers={"X-Approval": ticket})).json()["key"]
    records = list(reversed(search(ring._database, Filters(kind="admin.approval.*")).records))
    assert [one.kind.rpartition(".")[2] for one in records] == ["asked", "approved", "used"]
    assert {one.target for one in records} == {ticket}
    used = json.loads(records[-1].data)
    assert records[-1].actor == used["asked_by"] != used["decided_by"]
    assert key.partition(".")[2] not in str(records)


async def test_where_the_audit_fails_nothing_is_decided_and_no_key_is_made(client_for, context, ring, monkeypatch):
    alice, bob = client_for("alice"), client_for("bob")
    ticket, other = await ask(alice), await ask(alice, body={"name": "other"})
    await bob.post(f"/v1/approvals/{ticket}/approve")
    before = len(ring.list())

    async def refuse(*_arguments):
        raise Unavailable(_("The audit record could not be written."))

    monkeypatch.setattr(context.models, "ledger", refuse)
    error_of(await bob.post(f"/v1/approvals/{other}/approve"), 503, "unavailable")
    error_of(await alice.post("/v1/keys", json=WISH, headers={"X-Approval": ticket}), 503, "unavailable")
    monkeypatch.undo()
    assert (await bob.get(f"/v1/approvals/{other}")).json()["status"] == "pending"
    assert len(ring.list()) == before


async def test_a_refusal_tells_the_asker_why(client_for):
    alice, bob = client_for("alice"), client_for("bob")
    ticket = await ask(alice)
    path = f"/v1/approvals/{ticket}/refuse"
    for body, code in (
        ({}, "missing_field"),
        ({"reason": ""}, "invalid_value"),
        ({"reason": " "}, "invalid_value"),
        ({"reason": "x" * 1001}, "invalid_value"),
        ({"reason": 7}, "invalid_value"),
        ({"reason": "no", "more": 1}, "unsupported_field"),
    ):
        error_of(await bob.post(path, json=body), 400, code)
    assert (await bob.post(path, json={"reason": "不需要"})).json()["reason"] == "不需要"
    error_of(await bob.post(path, json={"reason": "again"}), 409, "approval_decided")
    refused = await alice.post("/v1/keys", json=WISH, headers={"X-Approval": ticket})
    assert "不需要" in error_of(refused, 403, "approval_refused")["message"]


async def test_a_rotation_needs_it_too_and_is_not_asked_for_where_it_cannot_be(client_for, ring):
    alice, bob = client_for("alice"), client_for("bob")
    record, _key = ring.create("old")
    path, body = f"/v1/keys/{record.id}/rotate", {"overlap_s": 60}
    error_of(await alice.post("/v1/keys/lma-nobody/rotate", json=body), 404, "not_found")
    ticket = await ask(alice, path, body)
    await bob.post(f"/v1/approvals/{ticket}/approve")
    different = await alice.post(path, json={"overlap_s": 61}, headers={"X-Approval": ticket})
    error_of(different, 409, "approval_mismatch")
    assert (await alice.post(path, json=body, headers={"X-Approval": ticket})).status_code == 201


async def test_nobody_is_asked_about_a_key_that_cannot_be(client_for, accounts):
    accounts.tenants.add("north")
    north = client_for("north", tenant="north")
    for body, status, code in (
        ({"name": "x", "tenant": "default"}, 404, "not_found"),
        ({"name": "x", "networks": ["nonsense"]}, 400, None),
        ({"name": "x", "user": "nobody"}, 404, "not_found"),
        ({"name": "\x07"}, 400, None),
    ):
        answer = await north.post("/v1/keys", json=body)
        assert answer.status_code == status, answer.text
        assert code in (None, answer.json()["error"]["code"])
    assert accounts.approvals.list() == []


async def test_a_branch_does_not_see_or_decide_what_is_the_head_offices(client_for, accounts):
    accounts.tenants.add("north")
    head, north, second = client_for("head"), client_for("north", "north"), client_for("second", "north")
    ticket, own = await ask(head), await ask(north)
    assert [one["id"] for one in (await second.get("/v1/approvals")).json()["data"]] == [own]
    for answer in (
        await second.get(f"/v1/approvals/{ticket}"),
        await second.post(f"/v1/approvals/{ticket}/approve"),
        await second.post(f"/v1/approvals/{ticket}/refuse", json={"reason": "no"}),
        await second.post("/v1/approvals/%00%ff/approve"),
    ):
        error_of(answer, 404, "not_found")
    assert (await head.post(f"/v1/approvals/{own}/approve")).status_code == 200


async def test_a_session_and_a_key_of_one_person_are_one(client_for, accounts, ring):
    user = accounts.users.add("wang", PASSWORD, role="admin")
    session = client_for(key=accounts.sign_in.with_password("wang", PASSWORD, None).token)
    own = client_for(key=ring.create("of wang", role="admin", user_id=user.id)[1])
    ticket = await ask(session)
    error_of(await own.post(f"/v1/approvals/{ticket}/approve"), 403, "own_request")
    assert (await client_for("other").post(f"/v1/approvals/{ticket}/approve")).status_code == 200
    # Either of the asker's names may use it: both are the same person.
    assert (await session.post("/v1/keys", json=WISH, headers={"X-Approval": ticket})).status_code == 201


async def test_lists_come_in_pages(client_for):
    alice = client_for("alice")
    tickets = [await ask(alice, body={"name": f"k{number}"}) for number in range(3)]
    newest = list(reversed(tickets))
    page = (await alice.get("/v1/approvals", params={"limit": 2})).json()
    assert ([one["id"] for one in page["data"]], page["has_more"]) == (newest[:2], True)
    rest = (await alice.get("/v1/approvals", params={"limit": 2, "after": newest[1]})).json()
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == (newest[2:], False)
    for wrong in ({"limit": 0}, {"limit": "many"}, {"status": "open"}, {"after": "x" * 101}):
        error_of(await alice.get("/v1/approvals", params=wrong), 400, "invalid_value")


@pytest.mark.parametrize("role", ["operator", "editor", "auditor", "caller"])
async def test_only_administrators_decide(client_for, role):
    client = client_for(role, role=role)
    for method, path in (
        ("GET", ""), ("GET", "/apr_x"), ("POST", "/apr_x/approve"), ("POST", "/apr_x/refuse")
    ):  # fmt: skip
        error_of(await client.request(method, f"/v1/approvals{path}", json={}), 403, "permission_denied")
