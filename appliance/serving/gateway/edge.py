"""What the proxies do before a request reaches the gateway: cap its size, drop headers meant for Serve itself."""

import json
import os
from typing import Any

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from appliance.core.errors import ApplianceError, BodyTooLarge, NotFound, Unavailable
from appliance.core.ids import new_id
from appliance.core.messages import _, negotiate
from appliance.core.units import human_bytes
from appliance.serving.edge_settings import LIMITS_VARIABLE
from appliance.serving.gateway.errors import error_body, error_headers, status_of

# Serve reads these from any caller: a model id, a session to route by, a timeout, "go on after I hang up".
_SERVE_HEADERS = (b"serve_multiplexed_model_id", b"serve-multiplexed-model-id")
_SERVE_PREFIXES = (b"x-serve-", b"x-request-timeout", b"x-request-disconnect", b"x-session-id", b"serve-", b"serve_")
_REQUEST_ID = b"x-request-id"
_MAX_REQUEST_ID = 64
_SERVE_ROUTES = "/-/"  # Serve's own: its route table
_UPLOADS = ("/documents", "/versions")  # only there a form may be larger than a JSON body
_FILES = "/v1/files"
_FORM_BYTES = 16 * 1024  # of a form around its file


def _keep(name: bytes, value: bytes) -> bool:
    if name == _REQUEST_ID:
        return 0 < len(value) <= _MAX_REQUEST_ID and all(byte in _ID_BYTES for byte in value)
    return name not in _SERVE_HEADERS and not name.startswith(_SERVE_PREFIXES)


_ID_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")


class Edge:
    """ASGI middleware in the proxy process."""

    def __init__(
        self, app: ASGIApp, *, max_body_bytes: int, max_upload_bytes: int, max_file_bytes: int, language: str
    ) -> None:
        self._app = app
        self._max_body = max_body_bytes
        self._max_upload = max_upload_bytes
        self._max_file = max_file_bytes + _FORM_BYTES
        self._language = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer in its place."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["headers"] = [(name, value) for name, value in scope["headers"] if _keep(name.lower(), value)]
        if all(name != _REQUEST_ID for name, _value in scope["headers"]):
            # Serve's own middleware comes behind this one and takes it over.
            scope["headers"].append((_REQUEST_ID, new_id("req").encode()))
        headers = Headers(scope=scope)
        limit = self._limit(scope["path"], headers)
        declared = headers.get("content-length", "")
        if scope["path"].startswith(_SERVE_ROUTES):
            await self._answer(_no_route(scope), headers, send)
        elif declared.isdecimal() and int(declared) > limit:
            await self._answer(_too_large(limit), headers, send)
        else:
            exchange = _Passage(receive, send, limit)
            await self._app(scope, exchange.receive, exchange.send)
            if exchange.error is not None:
                await self._answer(exchange.error, headers, send)

    def _limit(self, path: str, headers: Headers) -> int:
        form = headers.get("content-type", "").lower().startswith("multipart/form-data")
        if not form:
            return self._max_body
        if path == _FILES:
            return self._max_file
        return self._max_upload if path.endswith(_UPLOADS) else self._max_body

    async def _answer(self, error: ApplianceError, headers: Headers, send: Send) -> None:
        language = negotiate(headers.get("accept-language"), self._language)
        body = json.dumps(error_body(error, language), ensure_ascii=False).encode()
        told = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
        told |= {_REQUEST_ID.decode(): headers[_REQUEST_ID.decode()], **error_headers(error)}
        start: dict[str, Any] = {
            "type": "http.response.start",
            "status": status_of(error),
            "headers": [(name.lower().encode(), value.encode()) for name, value in told.items()],
        }
        await send(start)
        await send({"type": "http.response.body", "body": body})


class _Passage:
    """One request on its way through: counts its body, and holds back what Serve itself would answer in plain text."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._seen = 0
        self._started = False
        self.error: ApplianceError | None = None
        """What is to be answered instead."""

    async def receive(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > self._limit:
            if not self._started:  # an answer that has begun goes on: a second one cannot follow it
                self.error = _too_large(self._limit)
            # Serve reads in a task of its own, so an exception would be lost there; a disconnect ends the request.
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self._started and self.error is None:
            kind = Headers(raw=list(message["headers"])).get("content-type", "text/plain")
            if message["status"] >= 400 and kind.startswith("text/plain"):
                self.error = _unavailable()
        if self.error is None:
            self._started = True
            await self._send(message)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        _("The request body is larger than {limit}.", limit=human_bytes(limit)),
        _(
            "Send less, or let the operator raise gateway.max_body_bytes, gateway.max_upload_bytes or "
            "batch.max_file_bytes."
        ),
    )


def _no_route(scope: Scope) -> NotFound:
    return NotFound(
        _("There is no route {method} {path} here.", method=scope["method"], path=scope["path"]),
        _("/docs lists the routes."),
        code="route_not_found",
    )


def _unavailable() -> Unavailable:
    """What Serve says for itself: no gateway replica runs, or as many requests wait for one as may."""
    return Unavailable(
        _("The gateway cannot take this request now: it is starting or has too many waiting."),
        _("Try again in a moment; `appliance status` shows its state."),
        code="gateway_unavailable",
    )


def proxy_middlewares() -> list[Middleware]:
    """Return the proxies' middlewares: Serve calls this in each proxy process, which gets settings no other way."""
    return [Middleware(Edge, **json.loads(os.environ[LIMITS_VARIABLE]))]
