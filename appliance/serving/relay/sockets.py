"""WebSockets through the relay: one on each side, messages passed as they come, both closed when one ends."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, Final

import aiohttp
import structlog
from starlette.types import Receive, Scope, Send

from appliance.serving.gateway.socket_protocol import ABORT
from appliance.serving.relay.head import LOST, NOT_REACHED, Head, SocketRefused
from appliance.serving.relay.passing import answered_headers, socket_headers, target_of

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")

SEND_TIMEOUT_S: Final = 12.0
"""How long one side may take no byte; longer than the head waits, which then says why it ends."""
_LAST_WORDS_S: Final = 2.0
_GOING_AWAY, _TRY_AGAIN = 1001, 1013
_UNSAYABLE = (1005, 1006, 1015)  # codes that no frame may carry
_ENDS = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def relay_socket(head: Head, scope: Scope, receive: Receive, send: Send) -> None:
    """Open a WebSocket at the head and pass its messages on, or its refusal. Raises `Unavailable` before it is open."""
    offered = scope.get("subprotocols", [])
    tried = False
    while True:
        await head.present(tried=tried, patient=True)
        tried = True
        try:
            upper = await head.open_socket(target_of(scope), socket_headers(scope), offered)
            break
        except SocketRefused as refusal:
            await _refuse(refusal, send)
            return
        except NOT_REACHED as error:
            head.lost(error)
        except LOST as error:  # opening changes nothing there
            head.lost(error)
    try:
        await receive()  # websocket.connect
        await send({"type": "websocket.accept", "subprotocol": upper.protocol, "headers": []})
        await _pass(upper, scope, receive, send)
    finally:
        with contextlib.suppress(TimeoutError, *LOST):
            async with asyncio.timeout(_LAST_WORDS_S):
                await upper.close(code=_GOING_AWAY)


async def _refuse(refusal: SocketRefused, send: Send) -> None:
    headers = [(name, value) for name, value in answered_headers(refusal.raw_headers) if name != b"content-length"]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": refusal.body})


async def _pass(upper: aiohttp.ClientWebSocketResponse, scope: Scope, receive: Receive, send: Send) -> None:
    """Pass messages both ways until one side ends; then close the other. Nothing is kept but what is on its way."""
    steps: list[Coroutine[Any, Any, int | None]] = [_down(upper, send), _up(upper, receive)]
    tasks = [asyncio.ensure_future(step) for step in steps]
    code: int | None = None
    try:
        done, _rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        code = _code_of(next(task for task in tasks if task in done))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.exception()  # of two ends at once one counts
        if code is not None:
            await _close(code, scope, send)


def _code_of(task: "asyncio.Task[int | None]") -> int | None:
    """Return what the caller is closed with; None where the caller has gone."""
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, (*LOST, TimeoutError)):
        log.warning("socket broken off", reason=type(error).__name__)
        return _TRY_AGAIN
    raise error


async def _down(upper: aiohttp.ClientWebSocketResponse, send: Send) -> int | None:
    """Pass the head's messages to the caller; return the code that the head ended with."""
    while True:
        message = await upper.receive()
        if message.type in _ENDS:
            # Where the connection is lost right behind it, aiohttp forgets the code that came.
            code = message.data if message.type is aiohttp.WSMsgType.CLOSE else upper.close_code
            return _TRY_AGAIN if code is None or code in _UNSAYABLE else code
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            key = "text" if message.type is aiohttp.WSMsgType.TEXT else "bytes"
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await send({"type": "websocket.send", key: message.data})


async def _up(upper: aiohttp.ClientWebSocketResponse, receive: Receive) -> None:
    """Pass the caller's messages to the head until the caller ends."""
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        async with asyncio.timeout(SEND_TIMEOUT_S):
            if message.get("text") is not None:
                await upper.send_str(message["text"])
            else:
                await upper.send_bytes(message["bytes"])


async def _close(code: int, scope: Scope, send: Send) -> None:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_LAST_WORDS_S):
            await send({"type": "websocket.close", "code": code, "reason": ""})
            return
    if ABORT in scope:
        scope[ABORT]()
