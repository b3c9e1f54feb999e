"""The relay as an ASGI application: one request, passed to the head and answered with what it answers."""

from collections.abc import AsyncIterator, Callable
from typing import Final

import aiohttp
import structlog
from multidict import CIMultiDict
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from appliance.core.errors import Unavailable
from appliance.core.messages import _, negotiate
from appliance.serving.gateway.errors import error_body
from appliance.serving.gateway.events import event
from appliance.serving.gateway.inner import ALIVE_PATH
from appliance.serving.relay.head import LOST, NOT_REACHED, Head
from appliance.serving.relay.passing import (
    WholeEvents,
    answered_headers,
    asked_headers,
    declared_length,
    error_event_name,
    is_upload,
    may_repeat,
    target_of,
)
from appliance.serving.relay.sockets import relay_socket

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")

LOST_CODE: Final = "head_lost"
"""Code of the error that callers get where the connection broke while the head worked on their request."""

_READY_PATH: Final = "/readyz"  # who asks there wants to know it now


class Relay:
    """ASGI application that passes requests to `head`; `language` is for callers who name none.

    `leaving` tells whether the node is drained: then `/readyz` says so, and callers' balancers choose another.

    It stands behind `gateway.edge`, which answers the `Unavailable` that it raises before an answer has begun.
    """

    def __init__(self, head: Head, language: str, leaving: Callable[[], bool] = lambda: False) -> None:
        self._head = head
        self._language = language
        self._leaving = leaving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass a WebSocket's messages. Raises `Unavailable`."""
        if scope["type"] == "websocket":
            await relay_socket(self._head, scope, receive, send)
            return
        if scope["path"] == ALIVE_PATH:
            await JSONResponse({"status": "ok", "head": "up" if self._head.answers else "away"})(scope, receive, send)
            return
        if scope["path"] == _READY_PATH and self._leaving():
            raise Unavailable(
                _("This node is being drained: it goes on answering, but send new requests to another one."),
                _("`appliance node list` on the head shows the others."),
                code="node_draining",
            )
        response = await self._asked(scope, receive)
        try:
            await self._answer(response, scope, send)
        finally:
            response.close()  # one that was read to its end has given its connection back

    async def _asked(self, scope: Scope, receive: Receive) -> aiohttp.ClientResponse:
        """Return the beginning of the head's answer. Raises `Unavailable`."""
        headers = asked_headers(scope)
        body = _Upload(receive) if is_upload(scope) else await _read(receive)
        if isinstance(body, _Upload) and (length := declared_length(scope)) is not None:
            headers["Content-Length"] = length
        repeatable, tried = may_repeat(scope) and not isinstance(body, _Upload), False
        while True:
            await self._head.present(tried=tried, patient=scope["path"] != _READY_PATH)
            tried = True
            try:
                return await self._ask_once(scope, headers, body)
            except NOT_REACHED as error:
                self._head.lost(error)
            except LOST as error:
                if isinstance(body, _Upload) and body.refused is not None:
                    raise body.refused from error
                self._head.lost(error)
                log.warning("request lost", method=scope["method"], again=repeatable, reason=type(error).__name__)
                if not repeatable:
                    raise _unknown_end() from error
                repeatable = False

    async def _ask_once(
        self, scope: Scope, headers: CIMultiDict[str], body: "bytes | _Upload | None"
    ) -> aiohttp.ClientResponse:
        content = body.pieces() if isinstance(body, _Upload) else body
        return await self._head.ask(scope["method"], target_of(scope), headers, content)

    async def _answer(self, response: aiohttp.ClientResponse, scope: Scope, send: Send) -> None:
        """Pass on an answer. Raises `Unavailable` where it breaks and its form has no room for an error."""
        await send({
            "type": "http.response.start",
            "status": response.status,
            "headers": answered_headers(response.raw_headers),
        })  # fmt: skip
        told = response.headers
        if response.content_type == "text/event-stream" and "Content-Encoding" not in told:
            last = await self._events(response, scope, send)
        else:
            last = b""
            try:
                async for piece in response.content.iter_any():
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            except LOST as error:
                self._broke(error)
                raise _broken() from error  # the server closes the caller's connection before the answer's end
        await send({"type": "http.response.body", "body": last})

    async def _events(self, response: aiohttp.ClientResponse, scope: Scope, send: Send) -> bytes:
        """Pass on events as they come, and return what is to be sent last: an error, where the stream broke."""
        events = WholeEvents()
        try:
            async for piece in response.content.iter_any():
                if whole := events.take(piece):
                    await send({"type": "http.response.body", "body": whole, "more_body": True})
        except LOST as error:
            self._broke(error)
            language = negotiate(Headers(scope=scope).get("accept-language"), self._language)
            return event(error_body(_broken(), language), error_event_name(scope)).encode()
        return events.rest()

    def _broke(self, error: BaseException) -> None:
        log.warning("answer broken off", reason=type(error).__name__)
        self._head.lost(error)


class _Upload:
    """A body that is passed on as it comes: it cannot be sent again once a piece of it was taken."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.refused: Exception | None = None
        """Why no more of it is taken."""

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the pieces; each is taken when the one before is on its way."""
        more = True
        while more:
            try:
                message = await self._receive()
            except Exception as error:
                self.refused = error  # the client would report a broken connection
                raise
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]


async def _read(receive: Receive) -> bytes | None:
    """Return a whole body, which `gateway.edge` limits; None where there is none."""
    pieces, more = [], True
    while more:
        message = await receive()
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(pieces) or None


def _unknown_end() -> Unavailable:
    return Unavailable(
        _("The connection to the head node broke; it is not known whether the request was carried out."),
        _("Look whether it was before you send it again."),
        code=LOST_CODE,
    )


def _broken() -> Unavailable:
    return Unavailable(
        _("The connection to the head node broke before this answer's end."), _("Send the request again."),
        code=LOST_CODE,
    )  # fmt: skip
