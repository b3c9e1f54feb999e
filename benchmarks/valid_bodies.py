"""A valid body for every route that takes one: what the fuzzing starts from. Plain data, no network."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FUZZ_BASE = "fuzz"
"""Knowledge base that the bodies name; the program makes it first."""
NOBODY = "none-such"
"""Stands in addresses for keys, users and documents that there are not: nothing real is revoked or deleted."""
MOST_TOKENS = 2
JSON_TYPE = ("content-type", "application/json")
_HELLO = {"role": "user", "content": "Hello"}
_TOOL = {
    "type": "function",
    "function": {
        "name": "rate",
        "description": "Interest rate on a day.",
        "parameters": {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]},
    },
}
_SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
_CALL = {"id": "call_1", "type": "function", "function": {"name": "rate", "arguments": '{"day": "2026-01-01"}'}}


@dataclass(frozen=True)
class Valid:
    """A request that the gateway takes; `body` is JSON, or the fields of a form that carries a file."""

    method: str
    route: str
    body: Any
    form: bool = False
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> str:
        """Address with names in place of the route's parameters."""
        path = self.route.replace("{base}", FUZZ_BASE).replace("{name}", "search_knowledge")
        return path.replace("{scenario}", "knowledge-qa") if "{" not in path else _without_parameters(path)


def _without_parameters(path: str) -> str:
    parts = (NOBODY if part.startswith("{") else part for part in path.split("/"))
    return "/".join(parts)


def _chat(**fields: Any) -> Valid:  # noqa: ANN401 - JSON
    body = {"model": "general", "messages": [_HELLO], "max_tokens": MOST_TOKENS, **fields}
    return Valid("POST", "/v1/chat/completions", body)


def _text(**fields: Any) -> Valid:  # noqa: ANN401 - JSON
    return Valid("POST", "/v1/completions", {"model": "general", "prompt": "1", "max_tokens": MOST_TOKENS, **fields})


_OPENAI = (
    _chat(),
    _chat(stream=True, stream_options={"include_usage": True}),
    _chat(temperature=0.5, top_p=0.9, n=2, stop=["x", "y"], seed=7, user="u", presence_penalty=0.1),
    _chat(top_k=5, min_p=0.1, repetition_penalty=1.1, frequency_penalty=0.2, max_completion_tokens=MOST_TOKENS),
    _chat(logprobs=True, top_logprobs=2),
    _chat(tools=[_TOOL], tool_choice="auto", parallel_tool_calls=False),
    _chat(tools=[_TOOL], tool_choice={"type": "function", "function": {"name": "rate"}}),
    _chat(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": _SCHEMA, "strict": True}}),
    _chat(response_format={"type": "json_object"}, stream=True),
    _chat(
        messages=[
            {"role": "system", "content": [{"type": "text", "text": "Be short."}]},
            _HELLO,
            {"role": "assistant", "content": None, "tool_calls": [_CALL]},
            {"role": "tool", "content": "1.5 %", "tool_call_id": "call_1"},
        ]
    ),
    _text(),
    _text(prompt=["a", "b"], n=2, logprobs=1, stop="x", stream=True),
    Valid("POST", "/v1/embeddings", {"model": "embedder", "input": ["a", "b"], "encoding_format": "base64"}),
    Valid("POST", "/v1/embeddings", {"model": "embedder", "input": "a", "input_type": "passage", "user": "u"}),
)
_RPC = {"jsonrpc": "2.0", "id": 1}
_MCP_CALL = {"name": "search_knowledge", "arguments": {"query": "fees", "knowledge_base": FUZZ_BASE}}
_MCP_HEADERS = (
    JSON_TYPE, ("accept", "application/json, text/event-stream"), ("mcp-protocol-version", "2025-06-18"),
)  # fmt: skip
_KNOWLEDGE = (
    Valid("POST", "/v1/scenarios/knowledge-qa/ask", {"question": "Fees?", "knowledge_base": FUZZ_BASE}),
    Valid(
        "POST",
        "/v1/scenarios/knowledge-qa/ask",
        {"question": "Fees?", "knowledge_base": FUZZ_BASE, "stream": True},
    ),
    Valid("POST", "/v1/knowledge-bases", {"name": FUZZ_BASE, "title": "Fuzzing", "shared_with": []}),
    Valid("PATCH", "/v1/knowledge-bases/{base}", {"title": "Fuzzing"}),
    Valid("PUT", "/v1/knowledge-bases/{base}/glossary", {"text": "年费|annual fee"}),
    Valid(
        "POST",
        "/v1/knowledge-bases/{base}/search",
        {"query": "fees", "k": 3, "as_of": "2026-01-01", "documents": ["d"], "departments": [], "media_types": []},
    ),
    Valid("POST", "/v1/knowledge-bases/{base}/documents", {"department": "retail", "effective_on": "2026-01-01"}, True),
    Valid("POST", "/v1/knowledge-bases/{base}/documents/{document}/versions", {"access": "role:caller"}, True),
    Valid("PATCH", "/v1/knowledge-bases/{base}/documents/{document}", {"department": "retail", "access": ["role:x"]}),
    Valid("POST", "/v1/tools/{name}", {"query": "fees", "knowledge_base": FUZZ_BASE, "k": 2, "as_of": "2026-01-01"}),
    Valid("POST", "/v1/tools/ask_knowledge", {"question": "Fees?", "knowledge_base": FUZZ_BASE}),
    Valid("POST", "/mcp", {**_RPC, "method": "tools/call", "params": _MCP_CALL}, headers=_MCP_HEADERS),
    Valid("POST", "/mcp", {**_RPC, "method": "tools/list", "params": {}}, headers=_MCP_HEADERS),
)
_ACCOUNTS = (
    Valid(
        "POST",
        "/v1/keys",
        {
            "name": "fuzz", "tenant": "default", "role": "caller", "scopes": {"models": ["general"]},
            "networks": ["10.0.0.0/8"], "expires_at": "2099-12-31T18:00:00Z", "priority": "batch",
        },
    ),
    Valid("POST", "/v1/keys/{key_id}/rotate", {"overlap_s": 60, "expires_at": "2099-12-31T18:00:00Z"}),
    Valid("POST", "/v1/tenants", {"name": "fuzz", "title": "Fuzzing", "parent": "default"}),
    Valid(
        "POST",
        "/v1/users",
        {"name": "fuzz", "password": "a long enough password 1", "display_name": "F", "role": "caller"},
    ),
    Valid("POST", "/v1/users/{user}/password", {"password": "a long enough password 1"}),
    Valid("POST", "/v1/auth/sign-in", {"name": "fuzz", "password": "wrong", "method": "password"}),
    Valid("POST", "/v1/auth/password", {"old": "wrong", "new": "a long enough password 1"}),
)  # fmt: skip
VALID = _OPENAI * 2 + _KNOWLEDGE + _ACCOUNTS
"""The routes to the engine stand in it twice: a body that ends the engine is the worst there can be."""


def all_valid(document: Mapping[str, Any] | None = None) -> tuple[Valid, ...]:
    """Return the list, and for routes of an OpenAPI `document` that it lacks a body made from their schema."""
    known = {(one.method, one.path) for one in VALID}
    return VALID + tuple(one for one in _from_document(document or {}) if (one.method, one.path) not in known)


def _from_document(document: Mapping[str, Any]) -> Iterator[Valid]:
    schemas = document.get("components", {}).get("schemas", {})
    for route, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                body = sample(content["application/json"].get("schema", {}), schemas)
                yield Valid(method.upper(), route, body)


def sample(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:  # noqa: ANN401 - JSON
    """Return a plain value that `schema` describes; `schemas` has what it refers to by name."""
    if depth > 8:
        return None
    if "$ref" in schema:
        return sample(schemas.get(schema["$ref"].rsplit("/", 1)[-1], {}), schemas, depth + 1)
    for word in ("const", "default"):
        if schema.get(word) is not None:
            return schema[word]
    for word in ("enum", "examples"):
        if schema.get(word):
            return schema[word][0]
    for word in ("anyOf", "oneOf", "allOf"):
        if schema.get(word):
            return sample(schema[word][0], schemas, depth + 1)
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: sample(inner, schemas, depth + 1) for name, inner in properties.items()}
        case "array":
            return [sample(schema.get("items", {}), schemas, depth + 1)]
        case "string":
            return "2026-01-01" if schema.get("format") == "date" else "x" * max(1, schema.get("minLength", 1))
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
    return {} if "properties" in schema else None
