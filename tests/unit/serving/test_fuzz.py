"""Fuzzed bodies against the gateway's real application: never a 5xx, every refusal in OpenAI's shape."""

import json
import operator
import random
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import httpx
import pytest
from pydantic import ValidationError
from vllm.exceptions import VLLMValidationError

# The fuzzing is a program of its own beside the package, and so are its modules.
sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from from_schema import schema_requests
from mutations import FuzzedRequest, form, mutated, mutations, tamed
from oracle import fault_of
from valid_bodies import VALID, Valid, all_valid

from appliance.core.units import MIB
from appliance.serving.gateway.edge import BodyLimits, Edge
from appliance.serving.model_server import ModelServer
from appliance.serving.names import KNOWLEDGE_APPLICATION
from tests.unit.serving.deployments import USAGE_ITEM, WHOLE, Stream, chunk

SEED, COUNT, PARTS = 20261126, 1500, 5
SHAPE = {"message": "m", "type": "invalid_request_error", "param": None, "code": "invalid_value"}


@pytest.fixture
def engine(model):
    """Give the model a double that answers as the body asks, and refuses what vLLM's own schemas refuse."""
    bodies = []

    def generate(operation, body, request_id):
        bodies.append(body)
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()  # it goes from process to process as it is
        try:
            ModelServer._request(operation, body, request_id)
        except (VLLMValidationError, ValidationError):
            return Stream([{"error": {"message": "no", "type": "BadRequestError", "param": None, "code": 400}}])
        answer = json.loads(json.dumps(WHOLE))
        return Stream([chunk("Hi"), USAGE_ITEM] if body.get("stream") else [answer])

    model.generate.remote = generate
    return bodies


class Knowledge:
    """The knowledge service's handle: every method gives something of the shape that it would."""

    answers: ClassVar = {
        "search": [], "bases": [], "documents": [], "versions": [], "glossary": "",
        "answer": {"answered": False, "answer": None, "citations": [], "nearest": []},
    }  # fmt: skip
    other: ClassVar = {"duplicate": False, "size_bytes": 0, "version": 1, "name": "a", "media_type": "text/plain"}

    def __getattr__(self, method):
        async def remote(*arguments):
            return self.answers.get(method, self.other)

        return SimpleNamespace(remote=remote)


@pytest.fixture
async def door(app, context, keys, engine, scenario, embedder):
    """Give an HTTP client that comes in through what stands before the application, as callers do."""
    rest = {"tokens": {"general": (1, 1)}, "findings": [], "generated": False}
    scenario.answer = {"reply": {"answer": "x"}, **rest}
    scenario.script = [{"event": "done", "data": {"answer": "x"}, **rest}]
    context.models._others[KNOWLEDGE_APPLICATION] = Knowledge()
    edge = Edge(app, BodyLimits(8 * MIB, 64 * MIB, 64 * MIB), "en")
    transport = httpx.ASGITransport(app=edge, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {keys['admin']}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as client:
        yield client


async def _no_passages(*_asked):
    return []


async def send(client, request: FuzzedRequest) -> httpx.Response:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in request.headers]
    return await client.request(request.method, request.path, content=request.content, headers=headers)


def fault_in(request: FuzzedRequest, response: httpx.Response) -> str | None:
    return fault_of(request.method, request.route, response.status_code, response.headers, response.content)


@pytest.mark.parametrize("part", range(PARTS))
async def test_no_fuzzed_body_gives_a_5xx_or_an_error_of_another_shape(door, engine, part):
    faults, statuses = [], Counter()
    for request in list(mutations(SEED, COUNT))[part::PARTS]:
        response = await send(door, request)
        statuses[response.status_code] += 1
        if fault := fault_in(request, response):
            faults.append(f"{fault}: {request.how} {request.method} {request.path[:80]} {request.content[:300]!r}")
    assert not faults, "\n".join(faults[:10])
    assert statuses[200] > COUNT / PARTS / 20, "hardly anything came through: the bodies test nothing behind the schema"
    assert statuses[400] > COUNT / PARTS / 3


@pytest.mark.parametrize("valid", VALID, ids=lambda valid: valid.route)
async def test_what_the_fuzzing_starts_from_is_taken(door, valid):
    if valid.form:
        content, kind = form(valid.body, _First())
        headers = (("content-type", kind),)
    else:
        content, headers = json.dumps(valid.body).encode(), valid.headers or (("content-type", "application/json"),)
    request = FuzzedRequest("valid", valid.method, valid.route, valid.path, headers, content)
    response = await send(door, request)
    beyond = response.status_code == 400 and response.json()["error"]["code"] == "session_needed"
    assert beyond or response.status_code in (200, 201, 401, 403, 404, 409), response.text
    assert fault_in(request, response) is None


class _First(random.Random):
    def choice(self, values):
        return values[0]

    def randrange(self, *bounds):
        return bounds[-1] - 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}] * 4097}], "model": "general"},
        ),
        ("/v1/scenarios/knowledge-qa/ask", {"question": "Fees?", "x": ["x"] * 4097}),
    ],
)
async def test_more_small_texts_than_can_be_checked_are_refused(door, engine, path, body):
    response = await door.post(path, json=body)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "too_many_texts"
    assert engine == []


async def test_what_schemathesis_makes_of_the_document(door, app):
    document = (await door.get("/openapi.json")).json()
    requests = list(schema_requests(document, SEED, 400))
    assert len(requests) == 400
    assert {request.how for request in requests} == {"schema, positive", "schema, negative"}
    assert len({request.route for request in requests}) > len(document["paths"]) * 0.7
    faults = []
    known = {(valid.method, valid.route) for valid in VALID}  # the doubles answer for these
    for request in requests:
        if (request.method, request.route) not in known:
            continue
        if fault := fault_in(request, await send(door, request)):
            faults.append(f"{fault}: {request.how} {request.method} {request.path[:80]} {request.content[:300]!r}")
    assert not faults, "\n".join(faults[:10])


def test_the_same_seed_gives_the_same_requests_and_another_seed_others():
    first = list(mutations(1, 200))
    assert all(map(operator.eq, first, mutations(1, 200)))  # a difference of megabytes would be told for minutes
    assert not all(map(operator.eq, first, mutations(2, 200)))


def test_every_route_has_its_turn():
    assert {request.route for request in mutations(1, len(VALID))} == {valid.route for valid in VALID}


async def test_a_route_that_the_list_lacks_is_found_in_the_document(client_of):
    async with client_of() as anyone:
        document = (await anyone.get("/openapi.json")).json()
    document["paths"]["/v1/new"] = {
        "post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/New"}}}}}
    }
    document["components"]["schemas"]["New"] = {
        "type": "object", "properties": {"a": {"type": "integer", "minimum": 3}, "b": {"anyOf": [{"type": "string"}]}},
    }  # fmt: skip
    (found,) = (one for one in all_valid(document) if one.route == "/v1/new")
    assert found.body == {"a": 3, "b": "x"}


def test_nothing_generates_more_than_two_tokens():
    chat = "/v1/chat/completions"
    for limit in (None, 3, 1_000_000):
        assert tamed(chat, {"max_tokens": limit})["max_tokens"] == 2
    assert tamed(chat, {"max_completion_tokens": 500}) == {"max_completion_tokens": 2, "max_tokens": 2}
    for refused in (-1, 0, 10**9, "many", 1.5, True):
        assert tamed(chat, {"max_tokens": refused})["max_tokens"] is refused
    for number in range(300):
        body = mutated(Valid("POST", chat, VALID[0].body), random.Random(number)).content
        try:
            parsed = json.loads(body)
        except (ValueError, RecursionError):
            continue
        if isinstance(parsed, dict) and type(parsed.get("max_tokens")) is int:
            assert parsed["max_tokens"] <= 2 or parsed["max_tokens"] > 1_000_000


@pytest.mark.parametrize(
    ("status", "kind", "content", "fault"),
    [
        (200, "application/json", b"{}", None),
        (200, "application/json", b"{", "not JSON"),
        (404, "application/json", json.dumps({"error": SHAPE}).encode(), None),
        (404, "application/json", json.dumps({"error": {**SHAPE, "message": " "}}).encode(), "without a message"),
        (404, "application/json", json.dumps({"error": {**SHAPE, "code": None}}).encode(), "type or code"),
        (404, "application/json", b'{"detail": "Not Found"}', "OpenAI's shape"),
        (404, "text/plain", b"Not Found", "OpenAI's shape"),
        (500, "application/json", json.dumps({"error": SHAPE}).encode(), "status 500"),
        (200, "text/event-stream", b'data: {"a": "\xe2\x80\xa8"}\n\ndata: [DONE]\n\n', None),
        (200, "text/event-stream", b'data: {"a": 1}\n\n', "without an end"),
        (200, "text/event-stream", b"data: {\n\n", "not JSON"),
        (200, "text/event-stream", b"", "without events"),
        (200, "text/event-stream", b'data: {"error": {"type": "server_error", "code": "x"}}\n\n', "failed: x"),
        (200, "text/event-stream", b'event: error\ndata: {"error": {"type": "invalid_request_error"}}\n\n', None),
    ],
)
def test_what_counts_as_a_fault(status, kind, content, fault):
    headers = {"content-type": kind, "x-request-id": "r"}
    found = fault_of("POST", "/v1/x", status, headers, content)
    assert (found is None) if fault is None else fault in found
    assert fault_of("POST", "/v1/x", 200, {"content-type": kind}, b"{}") == "no request id"


def test_errors_of_mcp_have_their_own_shape():
    content = b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "Parse error"}}'
    headers = {"content-type": "application/json", "x-request-id": "r"}
    assert fault_of("POST", "/mcp", 400, headers, content) is None
    assert fault_of("POST", "/v1/tools/x", 400, headers, content) is not None
