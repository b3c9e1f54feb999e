"""How many requests one replica works on at a time, and how many may wait for their turn."""

import asyncio
from collections import deque

from starlette.types import ASGIApp, Receive, Scope, Send

from appliance.core.errors import Unavailable
from appliance.core.messages import _


class Places:
    """ASGI middleware: `running` requests at once, `waiting` more in the order they came; others are refused.

    Raises `Unavailable` for those, before anything is sent.
    """

    def __init__(self, app: ASGIApp, running: int, waiting: int) -> None:
        self._app = app
        self._free = running
        self._most_waiting = waiting
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when it has a place."""
        if self._free:
            self._free -= 1
        else:
            await self._turn()
        try:
            await self._app(scope, receive, send)
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
