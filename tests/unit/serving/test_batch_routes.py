"""`/v1/files` and `/v1/batches` through the gateway's real application."""

import httpx
import pytest
from openai import AsyncOpenAI, NotFoundError

from appliance.core.authority import PERMISSIONS, Permission
from appliance.core.principal import ROLES
from appliance.serving.gateway.app import build_app
from tests.unit.serving.batch_desk import CHAT, Desk, Engine, line
from tests.unit.serving.readings import error_of


@pytest.fixture
def desk(ring, context, tmp_path):
    made = Desk(ring._database, tmp_path / "files", max_file_bytes=5000, max_rows=10)
    context.batches = made.batches
    return made


@pytest.fixture
async def client_for(desk, app, ring):
    """Give a function that returns a client with a new key."""
    clients = []

    def make(tenant="default", role="caller", **more):
        key = ring.create("k", tenant, role, **more)[1]
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {key}"}
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()


async def send(client, content=None, name="in.jsonl", **fields):
    content = f"{line('a')}\n" if content is None else content
    fields = {"purpose": "batch"} | fields
    return await client.post("/v1/files", files={"file": (name, content)}, data=fields)


async def begun(client, **changes):
    file_id = (await send(client)).json()["id"]
    body = {"input_file_id": file_id, "endpoint": CHAT, "completion_window": "24h"} | changes
    return await client.post("/v1/batches", json=body)


async def test_a_file_is_uploaded_shown_listed_downloaded_and_deleted(client_for):
    caller = client_for()
    content = f"{line('账户')}\n".encode()
    sent = (await send(caller, content, "问题.jsonl")).json()
    assert sent["id"].startswith("file_")
    assert sent == {
        "id": sent["id"], "object": "file", "bytes": len(content), "created_at": sent["created_at"],
        "filename": "问题.jsonl", "purpose": "batch", "status": "processed",
    }  # fmt: skip
    assert isinstance(sent["created_at"], int)
    assert (await caller.get(f"/v1/files/{sent['id']}")).json() == sent
    listed = (await caller.get("/v1/files", params={"purpose": "batch", "order": "asc", "limit": 1})).json()
    assert listed == {
        "object": "list", "data": [sent], "first_id": sent["id"], "last_id": sent["id"], "has_more": False,
    }  # fmt: skip
    loaded = await caller.get(f"/v1/files/{sent['id']}/content")
    assert loaded.content == content
    assert loaded.headers["x-content-type-options"] == "nosniff"
    assert "filename*=utf-8''" in loaded.headers["content-disposition"]
    gone = await caller.delete(f"/v1/files/{sent['id']}")
    assert gone.json() == {"id": sent["id"], "object": "file", "deleted": True}
    for path in ("", "/content"):
        error_of(await caller.get(f"/v1/files/{sent['id']}{path}"), 404, "file_not_found")


@pytest.mark.parametrize(
    ("content", "name", "fields", "status", "code"),
    [
        ("", "in.jsonl", {}, 400, "empty_file"),
        ("x" * 5001, "in.jsonl", {}, 413, "body_too_large"),
        (None, "../in.jsonl", {}, 400, "invalid_request"),
        (None, "in.jsonl", {"purpose": "fine-tune"}, 400, "invalid_value"),
        (None, "in.jsonl", {"purpose": ""}, 400, "missing_field"),
        (None, "in.jsonl", {"expires_after[anchor]": "created_at"}, 400, "unsupported_field"),
    ],
)
async def test_a_bad_upload_is_told(client_for, desk, tmp_path, content, name, fields, status, code):
    error_of(await send(client_for(), content, name, **fields), status, code)
    assert desk.files() == []


async def test_what_is_no_form_is_told(client_for):
    caller = client_for()
    error_of(await caller.post("/v1/files", json={"purpose": "batch"}), 400, "missing_file")
    error_of(
        await caller.post("/v1/files", files={"other": ("a", b"x")}, data={"purpose": "batch"}), 400, "one_file_only"
    )


async def test_an_upload_that_is_too_large_leaves_no_bytes(client_for, tmp_path):
    error_of(await send(client_for(), "x" * 5001), 413, "body_too_large")
    assert list((tmp_path / "files").iterdir()) == []


async def test_a_batch_is_made_shown_listed_and_cancelled(client_for):
    caller = client_for()
    made = (await begun(caller, metadata={"team": "风控"})).json()
    assert (made["object"], made["status"], made["metadata"]) == ("batch", "validating", {"team": "风控"})
    assert made["request_counts"] == {"total": 0, "completed": 0, "failed": 0}
    assert made["expires_at"] - made["created_at"] == 86_400
    assert made["completed_at"] is made["errors"] is made["output_file_id"] is None
    assert (await caller.get(f"/v1/batches/{made['id']}")).json() == made
    listed = (await caller.get("/v1/batches", params={"limit": 1})).json()
    assert (listed["data"], listed["has_more"]) == ([made], False)
    cancelled = (await caller.post(f"/v1/batches/{made['id']}/cancel")).json()
    assert cancelled["status"] == "cancelling"
    assert cancelled["cancelling_at"] >= made["created_at"]
    error_of(await caller.delete(f"/v1/files/{made['input_file_id']}"), 409, "file_in_use")


@pytest.mark.parametrize(
    ("changes", "status", "code", "param"),
    [
        ({"input_file_id": "file_" + "0" * 26}, 404, "file_not_found", None),
        ({"input_file_id": "\0"}, 404, "file_not_found", None),
        ({"input_file_id": 7}, 400, "invalid_value", "input_file_id"),
        ({"endpoint": "/v1/keys"}, 400, "invalid_value", "endpoint"),
        ({"endpoint": "/v1/scenarios/knowledge-qa/ask"}, 400, "invalid_value", "endpoint"),
        ({"completion_window": "1h"}, 400, "invalid_value", "completion_window"),
        ({"metadata": {str(number): "x" for number in range(17)}}, 400, "invalid_value", "metadata"),
        ({"metadata": {"k": "x" * 513}}, 400, "invalid_value", "metadata.k"),
        ({"metadata": {"k": 1}}, 400, "invalid_value", "metadata.k"),
        ({"priority": "interactive"}, 400, "unsupported_field", "priority"),
    ],
)
async def test_a_bad_batch_is_told(client_for, changes, status, code, param):
    error = error_of(await begun(client_for(), **changes), status, code)
    assert error["param"] == param


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/files?limit=0", "invalid_value"),
        ("/v1/files?order=up", "invalid_value"),
        ("/v1/files?purpose=assistants", "invalid_value"),
        ("/v1/files?after=x", "invalid_value"),
        ("/v1/batches?limit=101", "invalid_value"),
        ("/v1/batches?after=file_00000000000000000000000000", "invalid_value"),
    ],
)
async def test_a_bad_question_is_told(client_for, path, code):
    error_of(await client_for().get(path), 400, code)


async def test_two_tenants_and_two_keys_know_nothing_of_each_other(client_for, desk):
    owner = client_for("retail")
    strangers = [client_for("retail"), client_for("cards"), client_for("cards", "admin"), client_for()]
    made = (await begun(owner)).json()
    await desk.run(desk.runner(Engine()), made["id"])
    ended = (await owner.get(f"/v1/batches/{made['id']}")).json()
    assert ended["status"] == "completed"
    ids = [ended[name] for name in ("input_file_id", "output_file_id", "compliance_file_id")]
    paths = [("GET", f"/v1/files/{one}{rest}") for one in ids for rest in ("", "/content")]
    paths += [("DELETE", f"/v1/files/{one}") for one in ids]
    paths += [("GET", f"/v1/batches/{made['id']}"), ("POST", f"/v1/batches/{made['id']}/cancel")]
    for stranger in strangers:
        for method, path in paths:
            answer = await stranger.request(method, path)
            code = "batch_not_found" if "batches" in path else "file_not_found"
            error_of(answer, 404, code)
            absent = await stranger.request(method, path.replace(path.split("/")[3][-26:], "0" * 26))
            assert answer.text.replace(path.split("/")[3], "X") == absent.text.replace(
                absent.request.url.path.split("/")[3], "X"
            )
        for path in ("/v1/files", "/v1/batches"):
            listed = (await stranger.get(path)).text
            assert not any(one in listed for one in (*ids, made["id"]))
        error_of(await begun(stranger, input_file_id=ids[0]), 404, "file_not_found")
    for method, path in paths[:6]:
        assert (await owner.request(method, path)).status_code == 200
    head_office = client_for("default", "admin")
    assert (await head_office.get(f"/v1/batches/{made['id']}")).status_code == 200


async def test_a_gateway_without_files_says_so(client_of, context):
    assert context.batches is None
    async with client_of("caller") as caller:
        error_of(await caller.get("/v1/files"), 503, "unavailable")


async def test_faults_of_lines_are_in_the_callers_language(client_for, desk):
    caller = client_for()
    file_id = (await send(caller, "{")).json()["id"]
    made = (await begun(caller, input_file_id=file_id)).json()
    await desk.run(desk.runner(Engine()), made["id"])
    told = (await caller.get(f"/v1/batches/{made['id']}", headers={"Accept-Language": "en"})).json()
    assert told["status"] == "failed"
    assert told["errors"] == {
        "object": "list",
        "data": [{"code": "invalid_json_line", "message": "The line is not valid JSON.", "param": None, "line": 1}],
    }


async def test_nobody_becomes_a_principal_by_a_header(client_for, context):
    """The scope's entry is the application's own; what a caller sends under its name is a header like any other."""
    transport = httpx.ASGITransport(app=build_app(context), raise_app_exceptions=False)
    forged = {"appliance.principal": "admin", "X-Appliance-Principal": "admin"}
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=forged) as stranger:
        error_of(await stranger.get("/v1/files", params=forged), 401, "missing_api_key")


async def test_the_official_client_works_unchanged(client_for, desk, tmp_path):
    caller = client_for()
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(line(f"r{number}") for number in range(3)))
    key = caller.headers["authorization"].removeprefix("Bearer ")
    client = AsyncOpenAI(base_url="http://gateway/v1", api_key=key, max_retries=0, http_client=caller)
    files = [await client.files.create(file=path, purpose="batch") for _number in range(3)]
    assert [one.id async for one in client.files.list(limit=1, order="asc")] == sorted(one.id for one in files)
    batch = await client.batches.create(
        input_file_id=files[0].id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"a": "b"}
    )
    assert (batch.status, batch.metadata) == ("validating", {"a": "b"})
    await desk.run(desk.runner(Engine(200, 400)), batch.id)
    ended = await client.batches.retrieve(batch.id)
    assert (ended.status, ended.request_counts.completed, ended.request_counts.failed) == ("completed", 2, 1)
    assert ended.in_progress_at <= ended.finalizing_at <= ended.completed_at
    assert len((await client.files.content(ended.output_file_id)).text.splitlines()) == 2
    assert [one.id async for one in client.batches.list(limit=1)] == [batch.id]
    other = await client.batches.create(
        input_file_id=files[0].id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    assert (await client.batches.cancel(other.id)).status == "cancelling"
    assert (await client.files.delete(ended.output_file_id)).deleted
    with pytest.raises(NotFoundError):
        await client.files.retrieve(ended.output_file_id)


ROUTES = [
    ("GET", "/v1/files"), ("POST", "/v1/files"), ("GET", "/v1/files/x"), ("GET", "/v1/files/x/content"),
    ("DELETE", "/v1/files/x"), ("GET", "/v1/batches"), ("POST", "/v1/batches"), ("GET", "/v1/batches/x"),
    ("POST", "/v1/batches/x/cancel"),
]  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_who_may_run_batches_and_who_not(client_for, role, method, path):
    answer = await client_for(role=role).request(method, path, json={})
    if Permission.BATCH_RUN in PERMISSIONS[role]:
        assert answer.status_code in (200, 400, 404), answer.text
    else:
        error_of(answer, 403, "permission_denied")


async def test_the_documentation_has_the_routes(client_for):
    document = (await client_for().get("/openapi.json")).json()
    assert {"/v1/files", "/v1/files/{file_id}/content", "/v1/batches/{batch_id}/cancel"} <= set(document["paths"])
    form = document["paths"]["/v1/files"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["purpose", "file"]
    assert document["components"]["schemas"]["BatchRequest"]["required"][0] == "input_file_id"
