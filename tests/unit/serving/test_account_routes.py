"""Signing in, keys, tenants and users over HTTP, on a real database."""

from datetime import timedelta

import httpx
import pytest

from appliance.config.sign_in import SignInSettings
from appliance.core.clock import iso, utc_now
from appliance.serving.gateway.accounts import open_accounts
from appliance.serving.gateway.app import build_app
from tests.unit.identity import provider as oidc
from tests.unit.serving.conftest import PEPPER
from tests.unit.serving.readings import error_of

PASSWORD = "seven green boats 7"
OTHER = "nine yellow carts 9"


@pytest.fixture
def people(accounts):
    """Give a head office with the branches north and south, and somebody in each."""
    accounts.tenants.add("north")
    accounts.tenants.add("south")
    accounts.tenants.add("north-1", parent="north")
    add = accounts.users.add
    return {
        "root": add("root.one", PASSWORD, role="admin"),
        "north": add("wang", PASSWORD, display="王小明", tenant="north", role="admin"),
        "clerk": add("li", PASSWORD, tenant="north-1"),
        "south": add("zhao", PASSWORD, tenant="south", role="admin"),
    }


@pytest.fixture
def client_for(app):
    """Give a function that returns a client with this key or token, at this address."""

    def make(bearer=None, address="127.0.0.1", **headers):
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        transport = httpx.ASGITransport(app=app, client=(address, 1), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="https://gateway", headers=headers)

    return make


@pytest.fixture
def entered(accounts, people, client_for):
    """Give a function that returns a client in whose session somebody acts."""

    def make(who):
        return client_for(accounts.sign_in.with_password(people[who].name, PASSWORD, None).token)

    return make


async def sign_in(client, name="wang", password=PASSWORD, **more):
    return await client.post("/v1/auth/sign-in", json={"name": name, "password": password, **more})


async def test_somebody_signs_in_acts_and_signs_out(client_for, people):
    answer = await sign_in(client_for(), " WANG")
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["token"].startswith("lms-")
    assert body["expires_at"] > iso(utc_now())
    assert body["user"] == {
        "id": people["north"].id, "name": "wang", "display": "王小明", "tenant": "north", "role": "admin",
    }  # fmt: skip
    async with client_for(body["token"]) as wang:
        assert (await wang.get("/v1/models")).status_code == 200
        assert (await wang.post("/v1/auth/sign-out")).json() == {"signed_out": True}
        error_of(await wang.get("/v1/models"), 401, "invalid_session")


async def test_a_refusal_is_the_same_for_every_reason(client_for, people, accounts):
    accounts.users.disable("li")
    told = set()
    for name, password in (("wang", "wrong"), ("nobody", PASSWORD), ("li", PASSWORD)):
        told.add(error_of(await sign_in(client_for(), name, password), 401, "sign_in_failed")["message"])
    assert len(told) == 1
    error_of(await sign_in(client_for(), method="ldap"), 401, "sign_in_failed")


async def test_after_five_failures_there_is_a_pause_until_an_administrator_ends_it(client_for, entered, people):
    for _number in range(5):
        error_of(await sign_in(client_for(), password="wrong"), 401, "sign_in_failed")
    paused = await sign_in(client_for())
    error_of(paused, 429, "sign_in_paused")
    assert 0 < int(paused.headers["retry-after"]) <= 60
    root, south = entered("root"), entered("south")
    locked = {one["name"]: one["locked_until"] for one in (await root.get("/v1/users")).json()["data"]}
    assert {name for name, until in locked.items() if until is not None} == {"wang"}
    assert (await root.get("/v1/users/wang")).json()["locked_until"] == locked["wang"] > iso(utc_now())
    error_of(await south.post("/v1/users/wang/unlock"), 404, "not_found")
    assert (await root.post("/v1/users/wang/unlock")).json()["id"] == people["north"].id
    assert (await root.get("/v1/users/wang")).json()["locked_until"] is None
    assert (await sign_in(client_for())).status_code == 201


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "wang"}, "missing_field"),
        ({"name": "wang", "password": 7}, "invalid_value"),
        ({"name": "wang", "password": PASSWORD, "method": "sms"}, "invalid_value"),
        ({"name": "wang", "password": PASSWORD, "remember": True}, "unsupported_field"),
        ({"name": "wang", "password": PASSWORD * 100}, "invalid_value"),
    ],
)
async def test_a_body_that_is_not_one_does_not_come_back(client_for, body, code):
    answer = await client_for().post("/v1/auth/sign-in", json=body)
    error_of(answer, 400, code)
    assert PASSWORD not in answer.text


async def test_callers_learn_who_they_are(entered, client_for, accounts, people, keys):
    session = (await entered("clerk").get("/v1/auth/me")).json()
    assert (session["tenant"], session["role"], session["key"]) == ("north-1", "caller", None)
    assert session["user"]["id"] == people["clerk"].id
    assert "chat" in session["permissions"]
    assert "keys.manage" not in session["permissions"]
    branch = (await entered("north").get("/v1/auth/me")).json()
    assert "keys.manage" in branch["permissions"]
    assert "cluster.manage" not in branch["permissions"]
    key = (await client_for(keys["caller"]).get("/v1/auth/me")).json()
    assert key["key"].startswith("lma-")
    assert (key["user"], key["scopes"]["models"]) == (None, None)


async def test_a_password_is_changed_by_whoever_knows_it(client_for, people, keys):
    old = client_for((await sign_in(client_for())).json()["token"])
    error_of(await old.post("/v1/auth/password", json={"old": "wrong", "new": OTHER}), 401, "sign_in_failed")
    error_of(await old.post("/v1/auth/password", json={"old": PASSWORD, "new": "short"}), 400, "weak_password")
    changed = await old.post("/v1/auth/password", json={"old": PASSWORD, "new": OTHER})
    assert changed.status_code == 201
    error_of(await old.get("/v1/models"), 401, "invalid_session")
    assert (await client_for(changed.json()["token"]).get("/v1/models")).status_code == 200
    assert (await sign_in(client_for(), password=OTHER)).status_code == 201
    for path in ("sign-out", "password"):
        body = {"old": PASSWORD, "new": OTHER}
        error_of(await client_for(keys["admin"]).post(f"/v1/auth/{path}", json=body), 400, "session_needed")


async def test_a_directorys_user_cannot_try_passwords_of_a_local_one(client_for, accounts, people):
    twin = accounts.users.from_directory(
        type(people["north"])("", "wang", "Wang", "north", "caller", "ldap", "wang", "")
    )
    _session, token = accounts.sessions.start(twin)
    answer = await client_for(token).post("/v1/auth/password", json={"old": PASSWORD, "new": OTHER})
    assert "ldap" in error_of(answer, 400, "invalid_request")["message"]


async def test_a_key_is_shown_once_and_works(entered, client_for, people):
    async with entered("north") as wang:
        made = await wang.post("/v1/keys", json={"name": "batch", "user": "li", "tenant": "north-1"})
        assert made.status_code == 201
        assert made.headers["cache-control"] == "no-store"
        told = made.json()
        key = told.pop("key")
        assert (told["parent"], told["user_id"]) == (people["north"].id, people["clerk"].id)
        assert (await wang.get(f"/v1/keys/{told['id']}")).json() == told
        listed = await wang.get("/v1/keys")
    assert [entry["id"] for entry in listed.json()["data"]] == [told["id"]]
    assert key.partition(".")[2] not in listed.text
    assert (await client_for(key).get("/v1/models")).status_code == 200


LIMITED = {
    "name": "branch app", "role": "admin", "networks": ["10.20.0.0/16"], "scopes": {"models": ["general"]},
    "expires_at": "2099-01-01T08:00:00+08:00", "priority": "batch",
}  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"scopes": {"models": ["general", "embedder"]}}, "models"),
        ({"networks": ["10.0.0.0/8"]}, "networks"),
        ({"networks": []}, "networks"),
        ({"expires_at": "2099-01-01T00:00:01Z"}, "expires_at"),
        ({"priority": "interactive"}, "priority"),
    ],
)
async def test_a_key_is_never_stronger_than_its_parent(entered, client_for, wish, param):
    parent = (await entered("north").post("/v1/keys", json=LIMITED)).json()
    child = client_for(parent["key"], "10.20.3.4")
    error = error_of(await child.post("/v1/keys", json={"name": "more", **wish}), 403, "stronger_than_parent")
    assert error["param"] == param
    error_of(await child.post("/v1/keys", json={"name": "x", "tenant": "default"}), 404, "not_found")


async def test_what_is_left_out_is_the_parents(entered, client_for):
    parent = (await entered("north").post("/v1/keys", json=LIMITED)).json()
    child = (await client_for(parent["key"], "10.20.3.4").post("/v1/keys", json={"name": "same"})).json()
    for name in ("tenant", "networks", "scopes", "expires_at", "priority"):
        assert child[name] == parent[name]
    assert child["expires_at"] == "2099-01-01T00:00:00.000Z"
    assert (child["role"], child["parent"]) == ("caller", parent["id"])


async def test_a_key_from_a_foreign_network_is_refused(entered, client_for):
    key = (await entered("north").post("/v1/keys", json=LIMITED)).json()["key"]
    assert (await client_for(key, "10.20.3.4").get("/v1/models")).status_code == 200
    error_of(await client_for(key, "10.21.3.4").get("/v1/models"), 401, "invalid_api_key")


async def test_another_tenants_things_are_not_there(entered, people):
    north, south = entered("north"), entered("south")
    foreign = (await south.post("/v1/keys", json={"name": "theirs"})).json()["id"]
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/rotate")):
        error = error_of(await north.request(method, f"/v1/keys/{foreign}{path}", json={}), 404, "not_found")
        unknown = await north.request(method, f"/v1/keys/lma-none{path}", json={})
        assert error["message"].replace(foreign, "lma-none") == error_of(unknown, 404, "not_found")["message"]
    for name in ("zhao", people["south"].id, people["root"].id, "nobody"):
        for action, body in (("", None), ("/disable", {}), ("/enable", {}), ("/password", {"password": OTHER})):
            answer = await north.request("POST" if action else "GET", f"/v1/users/{name}{action}", json=body)
            error_of(answer, 404, "not_found")
    named = {"name": "new", "password": OTHER, "tenant": "south"}
    error_of(await north.post("/v1/users", json=named), 404, "not_found")
    error_of(await north.post("/v1/tenants", json={"name": "south-1", "parent": "south"}), 404, "not_found")
    assert [user["name"] for user in (await north.get("/v1/users")).json()["data"]] == ["li", "wang"]
    assert [tenant["name"] for tenant in (await north.get("/v1/tenants")).json()["data"]] == ["north", "north-1"]
    assert (await north.get("/v1/keys")).json()["data"] == []


async def test_a_rotated_key_overlaps_with_its_successor(entered, client_for):
    async with entered("north") as wang:
        old = (await wang.post("/v1/keys", json={"name": "app", "scopes": {"scenarios": []}})).json()
        rotated = await wang.post(f"/v1/keys/{old['id']}/rotate", json={"overlap_s": 3600})
        new = rotated.json()
        assert rotated.status_code == 201
        assert (new["scopes"], new["expires_at"]) == (old["scopes"], None)
        before = (await wang.get(f"/v1/keys/{old['id']}")).json()
        assert before["replaced_by"] == new["id"]
        assert iso(utc_now()) < before["expires_at"] <= iso(utc_now() + timedelta(hours=1))
        for key in (old, new):
            assert (await client_for(key["key"]).get("/v1/models")).status_code == 200
        error_of(await wang.post(f"/v1/keys/{old['id']}/rotate", json={}), 409, "key_not_current")
        last = (await wang.post(f"/v1/keys/{new['id']}/rotate", json={})).json()
        error_of(await client_for(new["key"]).get("/v1/models"), 401, "invalid_api_key")
        assert (await client_for(last["key"]).get("/v1/models")).status_code == 200


async def test_a_revoked_key_is_dead_at_the_next_request_with_those_made_with_it(entered, client_for):
    async with entered("north") as wang:
        parent = (await wang.post("/v1/keys", json={"name": "parent", "role": "admin"})).json()
        child = (await client_for(parent["key"]).post("/v1/keys", json={"name": "child"})).json()
        assert (await client_for(child["key"]).get("/v1/models")).status_code == 200
        assert (await wang.delete(f"/v1/keys/{parent['id']}")).json()["state"] == "revoked"
        for key in (parent, child):
            error_of(await client_for(key["key"]).get("/v1/models"), 401, "invalid_api_key")
        assert (await wang.get(f"/v1/keys/{child['id']}")).json()["state"] == "stopped"


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/keys", {"name": "\n"}, "name"),
        ("/v1/keys", {"name": "x", "role": "root"}, "role"),
        ("/v1/keys", {"name": "x", "networks": ["10.0.0.1/8"]}, "networks"),
        ("/v1/keys", {"name": "x", "expires_at": "2099-01-01T00:00:00"}, "expires_at"),
        ("/v1/keys", {"name": "x", "expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
        ("/v1/keys", {"name": "x", "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ("/v1/keys", {"name": "x", "expires_at": 4_102_444_800}, "expires_at"),
        ("/v1/keys", {"name": "x", "scopes": {"models": [""]}}, "scopes.models.0"),
        ("/v1/keys/lma-none/rotate", {"overlap_s": -1}, "overlap_s"),
        ("/v1/keys/lma-none/rotate", {"overlap_s": 1e300}, "overlap_s"),
        ("/v1/tenants", {"name": "North"}, "tenant"),
        ("/v1/users", {"name": "x", "password": OTHER}, "name"),
        ("/v1/users", {"name": "new", "password": "password1234"}, "password"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(entered, path, body, param):
    answer = await entered("root").post(path, json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param


async def test_an_administrator_adds_people_and_keeps_them_out(entered, client_for):
    async with entered("north") as wang:
        assert (await wang.post("/v1/tenants", json={"name": "north-2"})).json()["path"] == "default/north/north-2/"
        wish = {"name": "Chen", "password": PASSWORD, "tenant": "north-2", "role": "editor", "display_name": "陈"}
        made = await wang.post("/v1/users", json=wish)
        assert made.status_code == 201
        assert "password_hash" not in made.text
        error_of(await wang.post("/v1/users", json=wish), 409, "name_taken")
        chen = client_for((await sign_in(client_for(), "chen")).json()["token"])
        assert (await wang.post("/v1/users/chen/password", json={"password": OTHER})).status_code == 200
        error_of(await chen.get("/v1/models"), 401, "invalid_session")
        chen = client_for((await sign_in(client_for(), "chen", OTHER)).json()["token"])
        assert (await wang.post("/v1/users/chen/disable")).json()["state"] == "disabled"
        error_of(await chen.get("/v1/models"), 401, "invalid_session")
        assert (await wang.post("/v1/users/chen/enable")).json()["state"] == "active"
        assert (await sign_in(client_for(), "chen", OTHER)).status_code == 201
        error_of(await wang.post("/v1/keys", json={"name": "x", "user": "zhao"}), 404, "not_found")


@pytest.fixture
def provider():
    """Give a running OpenID provider."""
    with oidc.running() as started:
        yield started


async def test_somebody_comes_back_from_the_provider(context, ring, people, provider, tmp_path):
    (tmp_path / "secret").write_text(f"{oidc.SECRET}\n", encoding="utf-8")
    settings = {
        "issuer": provider.issuer, "client_id": oidc.CLIENT, "client_secret_file": "secret",
        "redirect_uri": "https://gateway/v1/auth/oidc/callback",
        "rules": [{"claim": "groups", "value": "north-admins", "tenant": "north", "role": "editor"}],
    }  # fmt: skip
    context.accounts = open_accounts(
        ring._database, PEPPER, SignInSettings.model_validate({"oidc": settings}), tmp_path
    )
    transport = httpx.ASGITransport(app=build_app(context), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway") as browser:
        start = await browser.get("/v1/auth/oidc/start")
        cookie = start.headers["set-cookie"].lower()
        assert start.status_code == 302
        assert all(word in cookie for word in ("httponly", "secure", "samesite=lax", "path=/v1/auth/oidc"))
        query = oidc.browse(start.headers["location"])
        async with httpx.AsyncClient(transport=transport, base_url="https://gateway") as other:
            error_of(await other.get(f"/v1/auth/oidc/callback?{query}"), 401, "sign_in_failed")
        back = await browser.get(f"/v1/auth/oidc/callback?{query}")
        assert back.status_code == 200, back.text
        assert back.json()["user"] | {"id": ""} == {
            "id": "", "name": "wang", "display": "王小明", "tenant": "north", "role": "editor",
        }  # fmt: skip
        assert not browser.cookies
        token = {"Authorization": f"Bearer {back.json()['token']}"}
        assert (await browser.get("/v1/auth/me", headers=token)).json()["role"] == "editor"


async def test_a_way_that_is_not_set_up_is_closed(client_for):
    for path in ("start", "callback"):
        error_of(await client_for().get(f"/v1/auth/oidc/{path}"), 401, "sign_in_failed")
