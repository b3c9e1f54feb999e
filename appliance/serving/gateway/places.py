"""How many requests one replica works on at a time, and how many may wait for their turn."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from appliance.core.errors import Unavailable
from appliance.core.messages import _

PLACES: Final = "appliance.places"
"""Key of a WebSocket's scope that holds the `Places` which its messages take."""


def place_in(scope: Scope) -> AbstractAsyncContextManager[None]:
    """Return what gives a message of a WebSocket its place. Entering raises as `Places`."""
    places: Places | None = scope.get(PLACES)
    return nullcontext() if places is None else places.place()


class Places:
    """ASGI middleware: `running` requests at once, `waiting` more in the order they came; others are refused.

    A WebSocket takes a place for each message alone. Raises `Unavailable` for those refused, before anything is sent.
    """

    def __init__(self, app: ASGIApp, running: int, waiting: int) -> None:
        self._app = app
        self._free = running
        self._most_waiting = waiting
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when it has a place."""
        if scope.get("type") == "websocket":
            await self._app({**scope, PLACES: self}, receive, send)
            return
        async with self.place():
            await self._app(scope, receive, send)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Give a place for the block, when there is one. Raises `Unavailable`."""
        if self._free:
            self._free -= 1
        else:
            await self._turn()
        try:
            yield
        finally:
            self._leave()

    async def _turn(self) -> None:
        """Return with a place."""
        if len(self._waiting) >= self._most_waiting:
            raise Unavailable(
                _("The gateway has as many requests waiting as it may have."),
                _("Try again in a moment."),
                code="gateway_unavailable",
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting.remove(turn)
            else:  # the place had been given to it
                self._leave()
            raise

    def _leave(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
