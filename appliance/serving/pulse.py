"""Whether an engine still works: what it gives is its pulse, and one that was quiet is asked for a sign of life."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

QUIET_S: Final = 10.0
"""An engine that gave something within these seconds is not asked."""
ANSWER_S: Final = 15.0
"""How long it may take to answer: longer than a step with a long prompt takes, on a busy machine too."""


class EngineGone(RuntimeError):
    """The engine's process has ended."""


class EngineSilent(RuntimeError):
    """The engine's process is there, and nothing comes out of it."""


class Pulse:
    """The signs of life of one engine; for the event loop alone. `now` is the clock in seconds."""

    def __init__(
        self, quiet_s: float = QUIET_S, answer_s: float = ANSWER_S, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._quiet_s = quiet_s
        self._answer_s = answer_s
        self._now = now
        self._last = now()
        self._asked = 0.0
        self._running = 0
        self._question: asyncio.Future[object] | None = None

    @property
    def running(self) -> int:
        """How many requests the engine works on."""
        return self._running

    def begin(self) -> None:
        """Begin a request."""
        self._running += 1

    def beat(self) -> None:
        """Note that the engine gave something."""
        self._last = self._now()

    def end(self) -> None:
        """End a request."""
        self._running -= 1

    async def check(self, ask: Callable[[], Awaitable[object]]) -> None:
        """Return for an engine that lives; `ask` wants a sign of it where it was quiet.

        Raises `EngineSilent` where none came in time, again at each check until one comes, and what `ask` raises.
        """
        if self._now() - self._last < self._quiet_s:
            return
        if self._question is None:
            self._question = asyncio.ensure_future(ask())
            self._asked = self._now()
        await asyncio.wait([self._question], timeout=max(0.0, self._deadline - self._now()))
        if self._question.done():
            answered, self._question = self._question, None
            answered.result()
            self.beat()
        elif self._now() >= self._deadline:
            raise EngineSilent(f"the engine has given nothing for {self._now() - self._last:.0f} s")

    @property
    def _deadline(self) -> float:
        return max(self._asked, self._last) + self._answer_s
