"""The gateway's application: keys on every route, errors in one shape, metrics that come back to zero."""

import json

import pytest
from ray.exceptions import ActorDiedError, OwnerDiedError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError

from appliance.core.authority import PERMISSIONS, Permission
from appliance.core.errors import DiskFull
from appliance.core.messages import _
from appliance.core.principal import ROLES
from appliance.serving.gateway.app import _is_open
from appliance.serving.gateway.context import request_id_of
from tests.unit.serving.deployments import WHOLE
from tests.unit.serving.readings import error_of, gauges, requests_counted, task_error

CHAT = {"model": "general", "messages": [{"role": "user", "content": "Hello"}]}
OPEN = {
    "/healthz", "/readyz", "/metrics", "/docs", "/docs/oauth2-redirect", "/openapi.json", "/static-offline-docs",
    "/v1/auth/sign-in", "/v1/auth/oidc/start", "/v1/auth/oidc/callback",
}  # fmt: skip
GUARDED = {
    ("GET", "/v1/models"),
    ("GET", "/v1/models/{alias}"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/completions"),
    ("POST", "/v1/embeddings"),
    ("GET", "/v1/scenarios"),
    ("GET", "/v1/scenarios/{scenario}"),
    ("POST", "/v1/scenarios/{scenario}"),
    ("PATCH", "/v1/scenarios/{scenario}"),
    ("DELETE", "/v1/scenarios/{scenario}"),
    ("GET", "/v1/scenarios/{scenario}/{path:path}"),
    ("POST", "/v1/scenarios/{scenario}/{path:path}"),
    ("PATCH", "/v1/scenarios/{scenario}/{path:path}"),
    ("DELETE", "/v1/scenarios/{scenario}/{path:path}"),
    ("GET", "/v1/knowledge-bases"),
    ("GET", "/v1/knowledge-bases/{base}"),
    ("GET", "/v1/knowledge-bases/{base}/glossary"),
    ("GET", "/v1/knowledge-bases/{base}/documents"),
    ("GET", "/v1/knowledge-bases/{base}/documents/{document}"),
    ("GET", "/v1/knowledge-bases/{base}/documents/{document}/versions"),
    ("GET", "/v1/knowledge-bases/{base}/documents/{document}/file"),
    ("GET", "/v1/knowledge-bases/{base}/documents/{document}/pages/{page}.png"),
    ("POST", "/v1/knowledge-bases/{base}/search"),
    ("GET", "/v1/tools"),
    ("POST", "/v1/tools/{name}"),
    ("POST", "/mcp"),
}
GUARDED |= {
    ("GET", "/v1/files"),
    ("POST", "/v1/files"),
    ("GET", "/v1/files/{file_id}"),
    ("DELETE", "/v1/files/{file_id}"),
    ("GET", "/v1/files/{file_id}/content"),
    ("GET", "/v1/batches"),
    ("POST", "/v1/batches"),
    ("GET", "/v1/batches/{batch_id}"),
    ("POST", "/v1/batches/{batch_id}/cancel"),
}
ANY_KEY = {
    ("GET", "/v1/auth/me"),
    ("POST", "/v1/auth/sign-out"),
    ("POST", "/v1/auth/password"),
    ("GET", "/v1/reviews/{review_id}/answer"),
}
GUARDED |= ANY_KEY
ADMIN_ONLY = {
    ("POST", "/v1/knowledge-bases"),
    ("PATCH", "/v1/knowledge-bases/{base}"),
    ("DELETE", "/v1/knowledge-bases/{base}"),
    ("PUT", "/v1/knowledge-bases/{base}/glossary"),
    ("POST", "/v1/knowledge-bases/{base}/rebuild"),
    ("POST", "/v1/knowledge-bases/{base}/documents"),
    ("POST", "/v1/knowledge-bases/{base}/documents/{document}/versions"),
    ("PATCH", "/v1/knowledge-bases/{base}/documents/{document}"),
    ("DELETE", "/v1/knowledge-bases/{base}/documents/{document}"),
    ("GET", "/v1/appliance/status"),
    ("GET", "/v1/keys"),
    ("POST", "/v1/keys"),
    ("GET", "/v1/keys/{key_id}"),
    ("DELETE", "/v1/keys/{key_id}"),
    ("POST", "/v1/keys/{key_id}/rotate"),
    ("GET", "/v1/tenants"),
    ("POST", "/v1/tenants"),
    ("GET", "/v1/users"),
    ("POST", "/v1/users"),
    ("GET", "/v1/users/{user}"),
    ("POST", "/v1/users/{user}/disable"),
    ("POST", "/v1/users/{user}/enable"),
    ("POST", "/v1/users/{user}/unlock"),
    ("POST", "/v1/users/{user}/password"),
    ("GET", "/v1/reviews"),
    ("GET", "/v1/reviews/{review_id}"),
    ("POST", "/v1/reviews/{review_id}/approve"),
    ("POST", "/v1/reviews/{review_id}/edit"),
    ("POST", "/v1/reviews/{review_id}/refuse"),
    ("GET", "/v1/approvals"),
    ("GET", "/v1/approvals/{approval_id}"),
    ("POST", "/v1/approvals/{approval_id}/approve"),
    ("POST", "/v1/approvals/{approval_id}/refuse"),
}


def address(path):
    ids = ("key_id", "user", "file_id", "batch_id", "review_id", "approval_id")
    for name in ("alias", "scenario", "path:path", "base", "document", "name", *ids):
        path = path.replace("{" + name + "}", "general")
    return path.replace("{page}", "1")


def test_every_route_is_in_one_of_the_lists(app):
    found = set()
    for route in app.routes:
        if route.path in OPEN:
            assert _is_open(route.path)
        else:
            found |= {(method, route.path) for method in route.methods}
    assert found == GUARDED | ADMIN_ONLY


@pytest.mark.parametrize(("method", "path"), sorted(GUARDED | ADMIN_ONLY))
async def test_a_guarded_route_wants_a_key(client_of, context, method, path):
    async with client_of() as stranger:
        response = await stranger.request(method, address(path), json={})
        error_of(response, 401, "missing_api_key")
        assert response.headers["www-authenticate"] == "Bearer"
        wrong = await stranger.request(method, address(path), headers={"Authorization": "Bearer lma-wrong"})
        error_of(wrong, 401, "invalid_api_key")
    assert requests_counted(context) == {("-", "-", "401"): 2}


@pytest.mark.parametrize(("method", "path"), sorted(ADMIN_ONLY))
async def test_an_admin_route_refuses_a_caller(http, method, path):
    error_of(await http.request(method, address(path), json={}), 403, "permission_denied")


def needed(app, method, path):
    """Return what a route declares, the first of several; None for one that any valid key may use."""
    declared = declared_by(app, method, path)
    return declared.permission if declared else None


def declared_by(app, method, path):
    (route,) = (one for one in app.routes if one.path == path and method in one.methods)
    declared = [one.dependency for one in getattr(route, "dependencies", ()) if one.dependency is not None]
    return declared[0] if declared else None


def test_the_routes_that_any_key_may_use(app):
    """Whatever is added without a permission has to be added here too, and be seen."""
    free = {(method, path) for method, path in GUARDED | ADMIN_ONLY if needed(app, method, path) is None}
    assert free == {
        ("GET", "/v1/models"), ("GET", "/v1/models/{alias}"), ("POST", "/mcp"),
    } | ANY_KEY  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), sorted(GUARDED | ADMIN_ONLY))
async def test_every_role_on_every_route(client_of, app, role, method, path):
    """A role is refused with 403 just where the table says that it may not; elsewhere it gets to what is behind."""
    permission = needed(app, method, path) or (Permission.KNOWLEDGE_READ if path == "/mcp" else None)
    others = getattr(declared_by(app, method, path), "others", ())
    async with client_of(role) as client:
        response = await client.request(method, address(path), json={})
    refused = permission is not None and PERMISSIONS[role].isdisjoint({permission, *others})
    assert (response.status_code == 403) == refused, response.text
    if refused:
        assert error_of(response, 403, "permission_denied")["permission"] == permission.value


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/docs", "/openapi.json"])
async def test_an_open_route_wants_none(client_of, path):
    async with client_of() as stranger:
        assert (await stranger.get(path)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/healthzz", "/metrics2", "/docsx", "/openapi.json.bak", "//v1/models", "/v1/models/", "/-/routes", "/"]
)
async def test_what_only_looks_open_is_not(client_of, path):
    async with client_of() as stranger:
        error_of(await stranger.get(path), 401, "missing_api_key")


async def test_a_revoked_key_is_refused_from_the_next_request_on(http, ring):
    assert (await http.get("/v1/models")).status_code == 200
    (record,) = (record for record in ring.list() if record.role == "caller")
    ring.revoke(record.id)
    error_of(await http.get("/v1/models"), 401, "invalid_api_key")


async def test_models_are_listed_and_shown(http):
    listed = (await http.get("/v1/models")).json()
    assert [entry["id"] for entry in listed["data"]] == ["general", "embedder"]
    shown = (await http.get("/v1/models/general")).json()
    assert shown["context_length"] == 8192
    assert error_of(await http.get("/v1/models/gpt-4"), 404, "model_not_found")["models"] == ["general", "embedder"]


async def test_a_whole_answer_with_its_metrics(http, context, model):
    model.scripts = [[WHOLE]]
    response = await http.post("/v1/chat/completions", json={**CHAT, "user": "u", "stream_options": None})
    assert response.json() == WHOLE["result"]
    operation, body, request_id = model.calls[0]
    assert (operation, request_id) == ("chat", "test-1")
    assert body["cache_salt"] == context.cache_salt("default")
    assert body["priority"] == 0
    assert "user" not in body
    assert gauges(context) == {}
    assert requests_counted(context) == {("general", "/v1/chat/completions", "200"): 1}
    traffic = context.metrics.traffic("general")
    assert (traffic.prompt_tokens_total, traffic.completion_tokens_total, traffic.in_flight) == (7, 2, 0)


async def test_what_a_batch_key_asks_runs_behind_what_people_wait_for(http, model, ring):
    _record, key = ring.create("night", priority="batch")
    model.scripts = [[WHOLE]]
    await http.post("/v1/chat/completions", json=CHAT, headers={"Authorization": f"Bearer {key}"})
    assert model.calls[0][1]["priority"] == 1


def test_tenants_have_salts_of_their_own(context):
    assert context.cache_salt("a") != context.cache_salt("b")
    assert context.cache_salt("a") == context.cache_salt("a")


async def test_a_developer_is_the_engines_system(http, model):
    model.scripts = [[WHOLE]]
    await http.post("/v1/chat/completions", json={**CHAT, "messages": [{"role": "developer", "content": "Be short."}]})
    assert model.calls[0][1]["messages"] == [{"role": "system", "content": "Be short."}]


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (BackPressureError(9, 9), 429, "queue_full"),
        (DeploymentUnavailableError.__new__(DeploymentUnavailableError), 502, "engine_failed"),
        (ActorDiedError(), 502, "engine_failed"),
        (OwnerDiedError("00" * 28, "", ""), 503, "unavailable"),
        (task_error(ValueError("inside the replica")), 503, "unavailable"),
        (task_error(DiskFull(_("{x}", x="full"))), 507, "disk_full"),
        (RuntimeError("nobody foresaw this"), 500, "internal_error"),
    ],
    ids=[
        "queue full",
        "deployment gone",
        "replica died",
        "owner died",
        "task failed",
        "our error inside",
        "unforeseen",
    ],
)
async def test_a_failure_before_the_first_token(http, context, model, failure, status, code):
    model.scripts = [[failure]]
    response = await http.post("/v1/chat/completions", json={**CHAT, "stream": True})
    error = error_of(response, status, code)
    assert "foresaw" not in error["message"]
    if status in (429, 502, 503):
        assert int(response.headers["retry-after"]) >= 1
    assert gauges(context) == {}
    assert requests_counted(context) == {("general", "/v1/chat/completions", str(status)): 1}
    assert model.streams[-1].cancelled


async def test_a_replica_that_dies_before_its_first_token_is_replaced_once(http, model):
    model.scripts = [[ActorDiedError()], [WHOLE]]
    assert (await http.post("/v1/chat/completions", json=CHAT)).status_code == 200
    assert len(model.calls) == 2


async def test_an_engine_that_gives_nothing(http, context, model):
    model.scripts = [[]]
    error_of(await http.post("/v1/chat/completions", json=CHAT), 502, "engine_failed")
    assert gauges(context) == {}


async def test_the_engines_refusal_is_the_callers_fault(http, context, model):
    model.scripts = [[{"error": {"message": "no such tool", "type": "BadRequestError", "param": "tools", "code": 400}}]]
    error = error_of(await http.post("/v1/chat/completions", json=CHAT), 400, "engine_refused")
    assert error["param"] == "tools"
    assert gauges(context) == {}


async def test_a_handle_that_cannot_be_had_leaves_no_request_in_flight(http, context, monkeypatch):
    def fail(alias):
        raise RuntimeError("no controller")

    monkeypatch.setattr(context.models, "handle", fail)
    error_of(await http.post("/v1/chat/completions", json=CHAT), 500, "internal_error")
    assert gauges(context) == {}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "route"),
    [
        ("POST", "/v1/chat/completions", {}, 400, "missing_field", "/v1/chat/completions"),
        ("POST", "/v1/chat/completions", {**CHAT, "n": 99}, 400, "invalid_value", "/v1/chat/completions"),
        ("POST", "/v1/chat/completions", {**CHAT, "model": "gpt-4"}, 404, "model_not_found", "/v1/chat/completions"),
        (
            "POST",
            "/v1/chat/completions",
            {**CHAT, "model": "embedder"},
            400,
            "model_not_suited",
            "/v1/chat/completions",
        ),
        ("POST", "/v1/embeddings", {"model": "embedder", "input": ["a", ""]}, 400, "invalid_value", "/v1/embeddings"),
        ("POST", "/v1/scenarios/none/ask", {}, 404, "scenario_not_found", "/v1/scenarios/{scenario}/{path:path}"),
        (
            "POST",
            "/v1/scenarios/knowledge-qa/none",
            {},
            404,
            "action_not_found",
            "/v1/scenarios/{scenario}/{path:path}",
        ),
        ("POST", "/tokenize", {}, 404, "route_not_found", "-"),
        ("DELETE", "/v1/chat/completions", {}, 405, "method_not_allowed", None),
    ],
)
async def test_a_refusal_is_counted_under_its_route(http, context, method, path, body, status, code, route):
    error_of(await http.request(method, path, json=body), status, code)
    assert gauges(context) == {}
    ((target, counted, told),) = requests_counted(context)
    assert (target, told) == ("-", str(status))
    assert route is None or counted == route


async def test_errors_are_in_the_callers_language(client_of):
    async with client_of("caller", **{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}) as client:
        message = error_of(await client.get("/v1/models/gpt-4"), 404, "model_not_found")["message"]
    assert any("\u4e00" <= char <= "\u9fff" for char in message)


async def test_the_last_resort_tells_the_request_id_and_not_the_reason(http, context, monkeypatch):
    monkeypatch.setattr(type(context.callers), "identify", lambda *arguments: 1 / 0)
    error = error_of(await http.get("/v1/models"), 500, "internal_error")
    assert "test-1" in error["message"]
    assert "division" not in json.dumps(error)


async def test_the_documentation_describes_what_there_is(client_of):
    async with client_of() as anyone:
        document = (await anyone.get("/openapi.json")).json()
    actions = {"/v1/scenarios/{scenario}", "/v1/scenarios/{scenario}/{path:path}"}  # each has its own instead
    paths = {path for _method, path in GUARDED | ADMIN_ONLY} - {*actions, "/mcp"}
    assert paths | {"/v1/scenarios/knowledge-qa/ask", "/v1/scenarios/knowledge-qa"} <= set(document["paths"])


def test_a_request_without_an_id_has_a_dash():
    from starlette.requests import Request

    assert request_id_of(Request({"type": "http", "headers": []})) == "-"
