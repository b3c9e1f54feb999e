"""What the proxies do before a request reaches the gateway: cap its size, drop headers meant for Serve itself."""

import json
import os
from typing import Any

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from appliance.core.errors import BodyTooLarge
from appliance.core.ids import new_id
from appliance.core.messages import _, negotiate
from appliance.core.units import human_bytes
from appliance.serving.edge_settings import LIMITS_VARIABLE
from appliance.serving.gateway.errors import error_body

# Serve reads these from any caller: a model id, a session to route by, a timeout, "go on after I hang up".
_SERVE_HEADERS = (b"serve_multiplexed_model_id", b"serve-multiplexed-model-id")
_SERVE_PREFIXES = (b"x-serve-", b"x-request-timeout", b"x-request-disconnect", b"x-session-id", b"serve-", b"serve_")
_REQUEST_ID = b"x-request-id"
_MAX_REQUEST_ID = 64
_UPLOADS = "/documents"  # only there a form may be larger than a JSON body


def _keep(name: bytes, value: bytes) -> bool:
    if name == _REQUEST_ID:
        return 0 < len(value) <= _MAX_REQUEST_ID and all(byte in _ID_BYTES for byte in value)
    return name not in _SERVE_HEADERS and not name.startswith(_SERVE_PREFIXES)


_ID_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")


class Edge:
    """ASGI middleware in the proxy process."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, max_upload_bytes: int, language: str) -> None:
        self._app = app
        self._max_body = max_body_bytes
        self._max_upload = max_upload_bytes
        self._language = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["headers"] = [(name, value) for name, value in scope["headers"] if _keep(name.lower(), value)]
        headers = Headers(scope=scope)
        if _REQUEST_ID.decode() not in headers:  # Serve's own middleware comes behind this one and takes it over
            scope["headers"].append((_REQUEST_ID, new_id("req").encode()))
            headers = Headers(scope=scope)
        form = headers.get("content-type", "").lower().startswith("multipart/form-data")
        upload = form and scope["path"].endswith(_UPLOADS)
        limit = self._max_upload if upload else self._max_body
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            await self._refuse(limit, headers, send)
            return
        seen = 0
        over = False
        started = False

        async def counted() -> Message:
            nonlocal seen, over
            message = await receive()
            seen += len(message.get("body", b""))
            over = over or seen > limit
            # Serve reads in a task of its own, so an exception would be lost there; a disconnect ends the request.
            return {"type": "http.disconnect"} if over else message

        async def passed(message: Message) -> None:
            nonlocal started
            if started or not over:  # an answer that has begun goes on: a second one cannot follow it
                started = True
                await send(message)

        await self._app(scope, counted, passed)
        if over and not started:
            await self._refuse(limit, headers, send)

    async def _refuse(self, limit: int, headers: Headers, send: Send) -> None:
        error = BodyTooLarge(
            _("The request body is larger than {limit}.", limit=human_bytes(limit)),
            _("Send less, or let the operator raise gateway.max_body_bytes or gateway.max_upload_bytes."),
        )
        language = negotiate(headers.get("accept-language"), self._language)
        body = json.dumps(error_body(error, language), ensure_ascii=False).encode()
        start: dict[str, Any] = {
            "type": "http.response.start",
            "status": 413,
            "headers": [
                (b"content-type", b"application/json"),
                (b"connection", b"close"),
                (_REQUEST_ID, headers[_REQUEST_ID.decode()].encode()),
            ],
        }
        await send(start)
        await send({"type": "http.response.body", "body": body})


def proxy_middlewares() -> list[Middleware]:
    """Return the proxies' middlewares: Serve calls this in each proxy process, which gets settings no other way."""
    return [Middleware(Edge, **json.loads(os.environ[LIMITS_VARIABLE]))]
