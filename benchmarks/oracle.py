"""What is wrong with an answer to a fuzzed request. Pure."""

import json
from collections.abc import Mapping
from typing import Any

_FIELDS = {"message", "type", "param", "code"}
_RPC_ROUTE = "/mcp"
_EMPTY = (202, 204, 304)


def fault_of(method: str, route: str, status: int, headers: Mapping[str, str], content: bytes) -> str | None:
    """Return in some words what an answer does wrong, or None. `headers` by lower-case names.

    Wrong is a 5xx, also one told inside a stream; an error that is not in OpenAI's shape or has no message; JSON that
    is none; a stream without an end; an answer without a request id.
    """
    if status >= 500:
        return f"status {status}"
    if not headers.get("x-request-id"):
        return "no request id"
    if method == "HEAD" or (status in _EMPTY and not content):
        return None
    kind = headers.get("content-type", "")
    if status >= 400:
        return _error_fault(route, content)
    if kind.startswith("text/event-stream"):
        return _stream_fault(content)
    if kind.startswith("application/json"):
        return None if _parsed(content) is not _NOTHING else "the answer is not JSON"
    return None


_NOTHING = object()


def _parsed(content: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(content.decode("utf-8"))
    except ValueError:
        return _NOTHING


def _error_fault(route: str, content: bytes) -> str | None:
    answer = _parsed(content)
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return "an error that is not in OpenAI's shape"
    if route == _RPC_ROUTE and answer.get("jsonrpc") == "2.0":  # MCP has errors of its own shape
        return None if error.get("message") else "an error without a message"
    if not error.keys() >= _FIELDS:
        return "an error that is not in OpenAI's shape"
    if not isinstance(error["message"], str) or not error["message"].strip():
        return "an error without a message"
    if not isinstance(error["type"], str) or not isinstance(error["code"], str):
        return "an error without a type or code"
    return None


def _stream_fault(content: bytes) -> str | None:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return "a stream that is not UTF-8"
    # An event stream's lines end at these two alone: Unicode has others, which may stand in a text.
    lines = text.replace("\r\n", "\n").split("\n")
    told = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
    for payload in told:
        if payload == "[DONE]":
            continue
        event = _parsed(payload.encode())
        if event is _NOTHING:
            return "an event that is not JSON"
        error = event.get("error") if isinstance(event, dict) else None
        if isinstance(error, dict) and error.get("type") == "server_error":
            return f"a stream that failed: {error.get('code')}"
    if not told:
        return "a stream without events"
    ended = told[-1] == "[DONE]" or "event: done" in lines or "event: error" in lines or '"error"' in told[-1]
    return None if ended else "a stream without an end"
