"""Who waits for an answer and goes away ends the work on it, also where the answer is not a stream."""

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NO_BODY: Final[Message] = {"type": "http.request", "body": b"", "more_body": False}
_GONE: Final[Message] = {"type": "http.disconnect"}


class Cancelling:
    """ASGI middleware that cancels the application's task when the caller's connection is lost before the answer ends.

    It looks out for that once the body has been read; a request without a body is watched from the beginning.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; return quietly where its caller has gone."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        task = asyncio.current_task()
        assert task is not None, "a server runs each request in a task"
        # Its promise, that to send to a caller who has gone fails, is kept by the cancellation: streams need no
        # listener of their own.
        scope["asgi"] = {**scope.get("asgi", {}), "spec_version": "2.4"}
        caller = _Caller(receive, send, task, has_body=_has_body(scope))
        try:
            await self._app(scope, caller.receive, caller.send)
        except asyncio.CancelledError:
            if not caller.gone or task.uncancel():
                raise
        else:
            if caller.gone:
                task.uncancel()
        finally:
            caller.look_away()


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


class _Caller:
    """The connection of one request, and who looks out for its loss."""

    def __init__(self, receive: Receive, send: Send, task: asyncio.Task[object], *, has_body: bool) -> None:
        self._receive = receive
        self._send = send
        self._task = task
        self._answered = False
        self._told = has_body
        self._lookout: asyncio.Task[None] | None = None
        self.gone = False
        """The caller has gone, and the task was cancelled for it."""
        if not has_body:
            self._look_out()

    async def receive(self) -> Message:
        if not self._told:
            self._told = True
            return _NO_BODY
        if self._lookout is not None:
            await asyncio.wait([self._lookout])
            return _GONE
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._leave()
            await asyncio.get_running_loop().create_future()  # the cancellation ends it
        elif not message.get("more_body"):
            self._look_out()
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._answered = True  # from here on a server says "disconnect" of every request
        await self._send(message)

    def look_away(self) -> None:
        if self._lookout is not None:
            self._lookout.cancel()

    def _look_out(self) -> None:
        self._lookout = asyncio.get_running_loop().create_task(self._wait_for_loss())

    async def _wait_for_loss(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    def _leave(self) -> None:
        if not self._answered and not self.gone:
            self.gone = True
            self._task.cancel()
