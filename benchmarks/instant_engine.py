"""A DOUBLE of an engine, for benchmarks only: it answers every chat request at once with the same words.

Three forms of it: a Serve deployment as the appliance's gateway calls it, an engine inside `ray.serve.llm`, and an
OpenAI server of its own (`uvicorn instant_engine:app`). Each yields one event a token and waits for nothing.
"""

import json
import os
import time
from collections.abc import AsyncIterator
from typing import Any

TOKENS = int(os.environ.get("INSTANT_TOKENS", "16"))
_PROMPT_TOKENS = 10
_WORD = "word "
USAGE = {"prompt_tokens": _PROMPT_TOKENS, "completion_tokens": TOKENS, "total_tokens": _PROMPT_TOKENS + TOKENS}
_DONE = "data: [DONE]\n\n"


def _event(**fields: Any) -> str:  # noqa: ANN401 - JSON
    head = {"id": "chatcmpl-double", "object": "chat.completion.chunk", "created": 1, "model": "general"}
    return f"data: {json.dumps({**head, **fields}, separators=(',', ':'))}\n\n"


def _piece(delta: dict[str, Any], finish: str | None = None) -> str:
    return _event(choices=[{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}])


TEXT_EVENTS = (
    _piece({"role": "assistant", "content": ""}),
    *(_piece({"content": _WORD}) for _number in range(TOKENS)),
    _piece({}, "stop"),
)
USAGE_CHUNK = {
    "id": "chatcmpl-double", "object": "chat.completion.chunk", "created": 1, "model": "general", "choices": [],
    "usage": USAGE,
}  # fmt: skip
USAGE_EVENT = f"data: {json.dumps(USAGE_CHUNK, separators=(',', ':'))}\n\n"


def whole() -> dict[str, Any]:
    """Return the whole answer."""
    message = {"role": "assistant", "content": _WORD * TOKENS}
    return {
        "id": "chatcmpl-double", "object": "chat.completion", "created": int(time.time()), "model": "general",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": dict(USAGE),
    }  # fmt: skip


class InstantModel:
    """In place of the deployment `Model` of the appliance."""

    async def generate(self, _operation: str, body: dict[str, Any], _request_id: str) -> AsyncIterator[Any]:
        """Yield what `ModelServer.generate` would."""
        if not body.get("stream"):
            yield {"result": whole()}
            return
        for text in TEXT_EVENTS:
            yield text
        yield {"usage": USAGE_CHUNK}

    async def canary(self) -> str:
        """Return a token."""
        return _WORD


class InstantEngine:
    """In place of vLLM inside `ray.serve.llm`."""

    def __init__(self, llm_config: object) -> None:
        self.llm_config = llm_config

    async def start(self) -> None:
        """Be ready."""

    async def check_health(self) -> None:
        """Be well."""

    async def shutdown(self) -> None:
        """End."""

    def routing_stats(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    async def resolve_lora(self, _model: object) -> None:
        """Load nothing."""

    async def chat(self, request: Any, _info: object = None) -> AsyncIterator[Any]:  # noqa: ANN401 - vLLM's class
        """Yield what an engine of `ray.serve.llm` would."""
        if not request.stream:
            from ray.llm._internal.serve.core.configs.openai_api_models import ChatCompletionResponse

            yield ChatCompletionResponse.model_validate(whole())
            return
        for text in TEXT_EVENTS:
            yield text
        if request.stream_options is not None and request.stream_options.include_usage:
            yield USAGE_EVENT
        yield _DONE


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's three
    """Answer as an OpenAI server, from memory."""
    if scope["type"] != "http":
        return
    raw, more = b"", True
    while more:
        message = await receive()
        raw, more = raw + message.get("body", b""), message.get("more_body", False)
    streaming = bool(raw) and json.loads(raw).get("stream") is True
    kind = b"text/event-stream" if streaming else b"application/json"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    if streaming:
        for text in (*TEXT_EVENTS, USAGE_EVENT):
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
    last = _DONE.encode() if streaming else json.dumps(whole()).encode()
    await send({"type": "http.response.body", "body": last})
