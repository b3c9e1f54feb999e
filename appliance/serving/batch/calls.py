"""A row's request to the gateway's application, in the same process: the same chain as any request, but no key."""

import asyncio
import json
from dataclasses import replace
from typing import Any, Final

import structlog
from starlette.types import ASGIApp, Message, Scope

from appliance.core.principal import Principal
from appliance.serving.batch.runner import Answer
from appliance.serving.gateway.app import PRINCIPAL
from appliance.state.batches.records import Result

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")

_INTERNAL: Final = {"error": {"message": "no answer", "type": "server_error", "param": None, "code": "internal_error"}}


class _Exchange:
    """ASGI's `receive` and `send` of one request."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self.status: int | None = None
        self.headers: dict[bytes, bytes] = {}
        self.content = bytearray()

    async def receive(self) -> Message:
        if self._body is None:
            await asyncio.Event().wait()  # nobody goes away
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.lower(): value for name, value in message["headers"]}
        else:
            self.content += message.get("body", b"")


class InProcess:
    """Calls `app` as a principal."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, who: Principal, path: str, body: bytes, request_id: str) -> Answer:
        """Return the answer to a POST of JSON; a failure that nobody foresaw is logged and a 500."""
        scope = _scope(replace(who, priority="batch"), path, body, request_id)
        exchange = _Exchange(body)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception as error:
            # The application has answered 500 already, or could not: the other rows must go on.
            if exchange.status is None:
                log.exception("batch row", request_id=request_id, error=type(error).__name__)
        status = exchange.status or 500
        told = getattr(scope["state"].get("exchange"), "entry", None)
        result = Result(
            status, request_id, _json_text(bytes(exchange.content)), [] if told is None else list(told.verdicts)
        )  # fmt: skip
        return Answer(result, _seconds(exchange.headers.get(b"retry-after")))


def _scope(who: Principal, path: str, body: bytes, request_id: str) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", request_id.encode()),
        ],
        "client": None,
        "server": None,
        "state": {},
        PRINCIPAL: who,
    }


def _json_text(content: bytes) -> str:
    """Return an answer's JSON on one line."""
    try:
        value: Any = json.loads(content)
    except ValueError:
        value = _INTERNAL
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _seconds(header: bytes | None) -> float | None:
    return float(header) if header is not None and header.isdigit() else None
