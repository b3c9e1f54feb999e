"""Uploads, scenarios, embeddings and readiness through the gateway's application."""

import base64

import numpy
import pytest
from ray.serve.exceptions import BackPressureError

from appliance.core.errors import EngineFailed, NotFound
from appliance.core.messages import _
from appliance.knowledge.models import Details
from tests.unit.serving.readings import error_of, gauges, requests_counted, task_error


async def test_a_query_parameter_of_the_wrong_type_has_the_same_error_shape(admin):
    error = error_of(
        await admin.post("/v1/knowledge-bases/a/documents?wait=perhaps", files={"file": ("a.md", b"x")}),
        400,
        "invalid_value",
    )
    assert error["param"] == "wait"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"x", "text/plain"),
        (b"garbage", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\na\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
    ids=["no form", "garbage", "no name", "no boundary", "a field, no file"],
)
async def test_an_upload_without_a_file(admin, content, kind):
    response = await admin.post("/v1/knowledge-bases/a/documents", content=content, headers={"content-type": kind})
    error_of(response, 400, "missing_file")


async def test_an_upload_goes_to_the_knowledge_service(admin, knowledge):
    knowledge.answer = {"id": "doc_1", "duplicate": False}
    response = await admin.post("/v1/knowledge-bases/a/documents?wait=true", files={"file": ("a.md", b"# x")})
    assert response.status_code == 201
    ((method, who, *rest),) = knowledge.calls
    assert (method, who.tenant, who.role, rest) == (
        "add_document", "default", "admin", ["a", "a.md", b"# x", Details(), "en", True],
    )  # fmt: skip
    knowledge.answer = {"id": "doc_1", "duplicate": True}
    assert (await admin.post("/v1/knowledge-bases/a/documents", files={"file": ("a.md", b"# x")})).status_code == 200


async def test_an_error_of_the_knowledge_service_keeps_its_kind(http, knowledge):
    knowledge.answer = task_error(NotFound(_("There is no scenario {name} here.", name="x"), code="base_not_found"))
    error_of(await http.get("/v1/knowledge-bases/x/documents"), 404, "base_not_found")


async def test_a_scenario_gets_payload_and_caller(http, context, scenario):
    told = {"tokens": {"general": [11, 3]}, "findings": [], "generated": True}
    scenario.answer = {"reply": {"answer": "yes"}, **told}
    response = await http.post(
        "/v1/scenarios/knowledge-qa/ask", json={"question": "?"}, headers={"Accept-Language": "zh-CN"}
    )
    assert response.json() == {"answer": "yes"}
    spent = context.metrics.traffic("general")
    assert (spent.prompt_tokens_total, spent.completion_tokens_total) == (11, 3)
    ((method, action, payload, caller, parameters),) = scenario.calls
    assert (method, action, payload, parameters) == ("invoke", "ask", {"question": "?"}, {})
    assert (caller.tenant, caller.principal.role, caller.language) == ("default", "caller", "zh_CN")
    assert caller.request_id == "test-1"
    assert requests_counted(context) == {("knowledge-qa", "/v1/scenarios/{scenario}/ask", "200"): 1}
    assert gauges(context) == {}


@pytest.mark.parametrize(
    ("failure", "status"),
    [(task_error(EngineFailed(_("{x}", x="dead"))), 502), (RuntimeError("x"), 500), (BackPressureError(1, 1), 429)],
)
async def test_a_scenario_that_fails_is_counted_with_its_status(http, context, scenario, failure, status):
    scenario.answer = failure
    assert (await http.post("/v1/scenarios/knowledge-qa/ask", json={})).status_code == status
    assert gauges(context) == {}
    assert requests_counted(context) == {("knowledge-qa", "/v1/scenarios/{scenario}/ask", str(status)): 1}


async def test_embeddings(http, context, embedder):
    answer = (await http.post("/v1/embeddings", json={"model": "embedder", "input": ["ab", "c"]})).json()
    assert [row["embedding"] for row in answer["data"]] == [[1, 0, 0], [1, 0, 0]]
    assert answer["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    packed = {"model": "embedder", "input": "ab", "encoding_format": "base64", "input_type": "passage"}
    (row,) = (await http.post("/v1/embeddings", json=packed)).json()["data"]
    assert numpy.frombuffer(base64.b64decode(row["embedding"]), dtype="<f4").tolist() == [1, 0, 0]
    assert embedder.calls[-1] == (["ab"], "passage")
    assert gauges(context) == {}


async def test_embeddings_that_cannot_be(http, context):
    long = {"model": "embedder", "input": ["a", "b" * 600]}
    error = error_of(await http.post("/v1/embeddings", json=long), 400, "context_length_exceeded")
    assert (error["param"], error["context_length"], error["requested_tokens"]) == ("input.1", 512, 600)
    other = {"model": "embedder", "input": "a", "dimensions": 4}
    assert error_of(await http.post("/v1/embeddings", json=other), 400, "invalid_value")["param"] == "dimensions"
    assert gauges(context) == {}
    assert requests_counted(context) == {("embedder", "/v1/embeddings", "400"): 2}


async def test_readiness_asks_the_model_and_remembers_for_a_moment(client_of, model):
    async with client_of() as anyone:
        ready = await anyone.get("/readyz")
        assert ready.status_code == 200
        assert ready.json()["models"] == {"general": {"ready": True, "asleep": False, "reason": None}}
        await anyone.get("/readyz")
    assert model.calls == ["canary"]


async def test_a_model_that_does_not_generate_is_not_ready(client_of, model):
    model.canary_answer = task_error(RuntimeError("dead"))
    async with client_of() as anyone:
        response = await anyone.get("/readyz")
    assert response.status_code == 503
    assert response.json()["models"]["general"]["reason"]
    assert "dead" not in response.text


async def test_without_models_nothing_is_ready(client_of, context):
    context.directory = context.directory.model_copy(update={"models": ()})
    async with client_of() as anyone:
        assert (await anyone.get("/readyz")).status_code == 503
