"""What stands before the gateway's application: request ids, the limits of bodies, and the last resort."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from appliance.core.errors import ApplianceError, BodyTooLarge
from appliance.core.ids import new_id
from appliance.core.messages import _, negotiate
from appliance.core.units import human_bytes
from appliance.serving.gateway.errors import deny, error_body, error_headers, status_of
from appliance.serving.gateway.exchange import unforeseen

_REQUEST_ID = b"x-request-id"
_MAX_REQUEST_ID = 64
_UPLOADS = ("/documents", "/versions")  # only there a form may be larger than a JSON body
_FILES = "/v1/files"
_FORM_BYTES = 16 * 1024  # of a form around its file
_LINGER_S = 5.0
_ID_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")


@dataclass(frozen=True)
class BodyLimits:
    """The most bytes that a request may have: as JSON, as a form with a document, as a form with a batch's file."""

    json: int
    upload: int
    file: int


class Edge:
    """ASGI middleware around everything else; `language` is for callers who name none.

    An `ApplianceError` that comes out of the application before its answer begins is answered here.
    """

    def __init__(self, app: ASGIApp, limits: BodyLimits, language: str) -> None:
        self._app = app
        self._limits = limits
        self._language = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer in its place."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _identified(scope)
        found = dict(scope["headers"])
        limit = self._limit(scope["path"], found)
        declared = found.get(b"content-length", b"")
        passage = _Passage(receive, send, limit, request_id)
        error: ApplianceError | None = None
        try:
            if declared.isdigit() and int(declared) > limit:
                raise _too_large(limit)
            await self._app(scope, passage.receive, passage.send)
        except ApplianceError as refusal:
            error = refusal
        except Exception as failure:  # noqa: BLE001 - the last resort of this process
            # The application's own comes first: then the answer has begun.
            if not passage.started:
                error = unforeseen(failure, request_id.decode(), scope["path"])
        if not passage.started and (error := passage.error or error) is not None:
            await self._answer(error, Headers(scope=scope), send)
            await passage.read_out()
            await send({"type": "http.response.body", "body": b""})

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a WebSocket on; what comes out of the application before it is open is told as an answer."""
        request_id = _identified(scope)
        started = False

        async def named(message: Message) -> None:
            nonlocal started
            if message["type"] in ("websocket.accept", "websocket.http.response.start"):
                message["headers"] = [*message.get("headers", ()), (_REQUEST_ID, request_id)]
            started = True
            await send(message)

        try:
            await self._app(scope, receive, named)
        except ApplianceError as error:
            refusal = error
        except Exception as failure:  # noqa: BLE001 - the last resort of this process
            refusal = unforeseen(failure, request_id.decode(), scope["path"])
        else:
            return
        if not started:
            language = negotiate(Headers(scope=scope).get("accept-language"), self._language)
            await deny(scope, named, refusal, language)

    def _limit(self, path: str, found: Mapping[bytes, bytes]) -> int:
        if not found.get(b"content-type", b"").lower().startswith(b"multipart/form-data"):
            return self._limits.json
        if path == _FILES:
            return self._limits.file + _FORM_BYTES
        return self._limits.upload if path.endswith(_UPLOADS) else self._limits.json

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
        await send({"type": "http.response.body", "body": body, "more_body": True})


def _identified(scope: Scope) -> bytes:
    """Return the request's id: the caller's, where it is harmless, or one that the headers get here."""
    named: list[bytes] = [value for name, value in scope["headers"] if name == _REQUEST_ID]
    if len(named) == 1 and 0 < len(named[0]) <= _MAX_REQUEST_ID and _ID_BYTES.issuperset(named[0]):
        return named[0]
    made = new_id("req").encode()
    kept = [(name, value) for name, value in scope["headers"] if name != _REQUEST_ID] if named else scope["headers"]
    scope["headers"] = [*kept, (_REQUEST_ID, made)]
    return made


class _Passage:
    """One request on its way through: counts its body, and names it in the answer."""

    def __init__(self, receive: Receive, send: Send, limit: int, request_id: bytes) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._request_id = request_id
        self._seen = 0
        self._over = False
        self.started = False
        """The answer has begun."""
        self.error: ApplianceError | None = None
        """What is to be answered, whatever the application makes of it."""

    async def receive(self) -> Message:
        message = await self._receive()
        self._over = not message.get("more_body")
        self._seen += len(message.get("body", b""))
        if self._seen > self._limit:
            self.error = self.error or _too_large(self._limit)
            raise self.error
        return message

    async def read_out(self) -> None:
        """Let the caller send the rest of its body, for a while: many read no answer before, and a reset loses it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                while not self._over:
                    self._over = not (await self._receive()).get("more_body")

    async def send(self, message: Message) -> None:
        if not self.started:
            if self.error is not None:
                return
            self.started = True
            message["headers"] = [*message.get("headers", ()), (_REQUEST_ID, self._request_id)]
        await self._send(message)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        _("The request body is larger than {limit}.", limit=human_bytes(limit)),
        _(
            "Send less, or let the operator raise gateway.max_body_bytes, gateway.max_upload_bytes or "
            "batch.max_file_bytes."
        ),
    )
