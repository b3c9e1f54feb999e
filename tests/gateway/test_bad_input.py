"""Whatever comes in, the answer is a 4xx in OpenAI's shape that names the fault, and the engine serves the next."""

import json
import socket
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Hello"}]


def chat(**fields):
    return {"model": "general", "messages": HELLO, "max_tokens": 2, **fields}


def refusal(response, status, code=None, param=None):
    """Check the shape of an error and return its message."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert {"message", "type", "param", "code"} <= set(error)
    assert error["message"]
    assert response.headers["x-request-id"]
    if code is not None:
        assert error["code"] == code
    if param is not None:
        assert error["param"] == param
    return error["message"]


@pytest.fixture(autouse=True)
def engine_still_serves(http):
    """After each test the engine answers a plain request."""
    yield
    assert http.post(CHAT, json=chat()).status_code == 200


def nested(depth):
    schema = {"type": "string"}
    for _level in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def schema_format(schema):
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"n": 10_000}, "invalid_value", "n"),
        ({"n": 0}, "invalid_value", "n"),
        ({"n": "2"}, "invalid_value", "n"),
        ({"stop": ["x"] * 1000}, "invalid_value", "stop"),
        ({"stop": [""]}, "invalid_value", "stop.0"),
        ({"max_tokens": -1}, "invalid_value", "max_tokens"),
        ({"max_tokens": 1.5}, "invalid_value", "max_tokens"),
        ({"temperature": 99}, "invalid_value", "temperature"),
        ({"temperature": "hot"}, "invalid_value", "temperature"),
        ({"stream": "yes"}, "invalid_value", "stream"),
        ({"top_logprobs": 1000}, "invalid_value", "top_logprobs"),
        ({"seed": 2**70}, "invalid_value", "seed"),
        ({"messages": []}, "invalid_value", "messages"),
        ({"messages": "Hello"}, "invalid_value", "messages"),
        ({"messages": [{"role": "root", "content": "x"}]}, "invalid_value", "messages.0"),
        ({"messages": [{"role": "user"}]}, "missing_field", "messages.0.content"),
        ({"messages": [{"role": "user", "content": "x", "danger": 1}]}, "unsupported_field", "messages.0.danger"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, None, None),
        ({"logit_bias": {"1": 100}}, "unsupported_field", "logit_bias"),
        ({"bad_words": ["x"]}, "unsupported_field", "bad_words"),
        ({"prompt_embeds": "AAAA"}, "unsupported_field", "prompt_embeds"),
        ({"chat_template": "{{ 7*7 }}"}, "unsupported_field", "chat_template"),
        ({"chat_template_kwargs": {}}, "unsupported_field", "chat_template_kwargs"),
        ({"documents": []}, "unsupported_field", "documents"),
        ({"ignore_eos": True}, "unsupported_field", "ignore_eos"),
        ({"structured_outputs": {"regex": "(a*)*"}}, "unsupported_field", "structured_outputs"),
        ({"cache_salt": "other-tenant"}, "unsupported_field", "cache_salt"),
        ({"priority": -100}, "unsupported_field", "priority"),
        ({"response_format": schema_format(nested(20))}, None, None),
        ({"response_format": schema_format({"type": "no such type"})}, "invalid_value", None),
        ({"response_format": schema_format({"type": "array", "maxItems": 10**9})}, "invalid_value", None),
        ({"response_format": schema_format({"$ref": "http://127.0.0.1:1/schema"})}, "invalid_value", None),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "invalid_value", "tools.0.function.name"),
        ({"model": ""}, "invalid_value", "model"),
        ({"model": None}, "invalid_value", "model"),
    ],
)
def test_a_bad_field_is_named(http, fields, code, param):
    message = refusal(http.post(CHAT, json=chat(**fields)), 400, code, param)
    if param:
        assert param in message


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b'{"model": NaN}', "invalid_json"),
        (b"\xff\xfe{}", "invalid_json"),
        (b"[]", "invalid_body"),
        (b'"text"', "invalid_body"),
        (b"[" * 100_000, "nested_too_deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested_too_deep"),
    ],
    ids=["empty", "cut off", "NaN", "not UTF-8", "a list", "a text", "open brackets", "deep object"],
)
def test_a_body_that_is_no_request(http, body, code):
    refusal(http.post(CHAT, content=body, headers={"content-type": "application/json"}), 400, code)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}}},
        {"type": "object", "propertyNames": {"pattern": "^.{1,200}$"}, "minProperties": 9000},
    ],
    ids=["allows no answer", "breaks the compiler"],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_schema_that_the_engine_gives_up_on(http, schema, stream):
    fields = {"response_format": schema_format(schema), "max_tokens": 4, "stream": stream}
    reply = http.post(CHAT, json=chat(**fields))
    assert "schema_not_usable" in reply.text
    if not stream:
        refusal(reply, 400, "schema_not_usable", "response_format")
    assert http.post(CHAT, json=chat(max_tokens=4)).status_code == 200


def test_a_schema_nested_1000_deep(http):
    schema = '{"type":"object","properties":{"a":' * 1000 + '{"type":"string"}' + "}}" * 1000
    start = json.dumps(chat(response_format=schema_format("SCHEMA")))
    body = start.replace('"SCHEMA"', schema).encode()
    refusal(http.post(CHAT, content=body), 400, "nested_too_deep")


def test_a_key_is_needed_and_must_be_right(stack, http):
    with stack.client(key="lma-aaaaaaaaaaaa.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") as stranger:
        refusal(stranger.get("/v1/models"), 401, "invalid_api_key")
        refusal(stranger.post(CHAT, json=chat()), 401, "invalid_api_key")
    for header in (
        "",
        "Basic YTpi",
        "Bearer",
        f"Bearer {stack.admin_key}x",
        f"Bearer {stack.admin_key[:-1]}",
    ):
        with stack.client(Authorization=header) as stranger:
            refusal(stranger.get("/v1/models"), 401)


def test_a_revoked_key_is_refused_at_once(stack):
    made = json.loads(stack.cli("key", "create", "short lived", "--json").stdout)
    with stack.client(key=made["key"]) as client:
        assert client.get("/v1/models").status_code == 200
        assert stack.cli("key", "revoke", made["id"]).returncode == 0
        refusal(client.get("/v1/models"), 401, "invalid_api_key")


def test_an_unknown_model_is_told_with_the_ones_there_are(http):
    response = http.post(CHAT, json=chat(model="gpt-4"))
    message = refusal(response, 404, "model_not_found", "model")
    assert "general" in message
    assert sorted(response.json()["error"]["models"]) == ["embedder", "finance", "general"]
    refusal(http.get("/v1/models/gpt-4"), 404, "model_not_found")


def test_a_model_of_the_wrong_kind(http):
    refusal(http.post(CHAT, json=chat(model="embedder")), 400, "model_not_suited", "model")
    refusal(http.post("/v1/embeddings", json={"model": "general", "input": "x"}), 400, "model_not_suited", "model")


def test_a_prompt_longer_than_the_context_is_told_with_both_numbers(http):
    long = [{"role": "user", "content": "bank " * 9000}]
    for stream in (False, True):
        response = http.post(CHAT, json=chat(messages=long, stream=stream))
        message = refusal(response, 400, "context_length_exceeded", "messages")
        error = response.json()["error"]
        assert error["context_length"] == 8192
        assert error["requested_tokens"] > 9000
        assert "8192" in message
        assert str(error["requested_tokens"]) in message


def test_more_output_than_the_context_holds(http):
    response = http.post(CHAT, json=chat(max_tokens=100_000))
    refusal(response, 400, "context_length_exceeded")


def test_a_text_too_long_to_embed(http):
    response = http.post("/v1/embeddings", json={"model": "embedder", "input": ["short", "bank " * 2000]})
    message = refusal(response, 400, "context_length_exceeded", "input.1")
    assert "512" in message


@pytest.mark.parametrize("value", [[], [""], "", 5, [1, 2, 3], [[1, 2]], ["x"] * 1000, None])
def test_bad_embedding_input(http, value):
    refusal(http.post("/v1/embeddings", json={"model": "embedder", "input": value}), 400)


def test_a_body_of_50_mb_is_refused(http):
    big = b'{"model": "general", "messages": [{"role": "user", "content": "' + b"x" * 50_000_000 + b'"}]}'
    refusal(http.post(CHAT, content=big), 413, "body_too_large")


def test_a_body_without_length_is_cut_off_too(http):
    def pieces():
        for _piece in range(50):
            yield b"x" * 1_000_000

    refusal(http.post(CHAT, content=pieces()), 413, "body_too_large")


def test_routes_of_the_engine_and_of_ray_are_not_there(http):
    for path in (
        "/tokenize", "/detokenize", "/inference/v1/generate", "/v1/load_lora_adapter", "/pooling", "/score", "/rerank",
        "/invocations", "/v1/audio/transcriptions", "/v1/responses", "/sleep", "/wake_up", "/collective_rpc", "/pause",
        "/reset_prefix_cache", "/server_info", "/ping", "/load", "/version", "/-/routes", "/-/healthz", "/api/jobs/",
    ):  # fmt: skip
        refusal(http.post(path, json={}), 404, "route_not_found")
    refusal(http.delete(CHAT), 405, "method_not_allowed")


def test_half_a_request_and_silence_hold_nothing_up(stack, http):
    host, port = stack.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as half:
        half.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        assert http.get("/healthz").status_code == 200


def test_errors_are_told_in_the_callers_language(stack):
    with stack.client(**{"Accept-Language": "zh-CN,zh;q=0.9"}) as client:
        message = refusal(client.post(CHAT, json=chat(n=10_000)), 400, "invalid_value", "n")
        assert any("\u4e00" <= char <= "\u9fff" for char in message)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(string.printable, max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    [
        "model", "messages", "stream", "max_tokens", "n", "stop", "temperature", "top_p", "seed", "logprobs", "tools",
        "top_logprobs", "tool_choice", "response_format", "stream_options", "user", "top_k", "frequency_penalty", "x",
    ]
)  # fmt: skip


@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(FIELDS, JSON, max_size=4), st.sampled_from([CHAT, "/v1/completions", "/v1/embeddings"]))
def test_no_generated_body_gives_a_5xx(http, fields, path):
    body = {**({"model": "general", "messages": HELLO} if path == CHAT else {"model": "general"}), **fields}
    if body.get("max_tokens") is None:  # else the model writes until its context is full
        body["max_tokens"] = 1
    response = http.post(path, json=body)
    assert response.status_code < 500, (body, response.text)
