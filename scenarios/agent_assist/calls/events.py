"""Who follows a call: each stream has a queue of its own, and one that is not read holds up no other."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from pydantic import BaseModel

from appliance.core.errors import TooManyRequests
from appliance.core.messages import _

from ..models import Assist
from .limits import MOST_LISTENERS, MOST_WAITING
from .shapes import AlertEvent, LaggedEvent

Event = tuple[str, BaseModel]
FOLLOWING, ASSIST, ALERT, ENDED, LAGGED = "following", "assist", "alert", "ended", "lagged"


class Listener:
    """One stream of one call."""

    def __init__(self, missed: Sequence[Event], after: int) -> None:
        """Take the events that were before the stream began; they do not count as waiting."""
        self._missed = list(missed)
        self._last = after
        self._waiting: asyncio.Queue[Event | None] = asyncio.Queue(MOST_WAITING)
        self.lags = False

    def put(self, event: Event | None) -> bool:
        """Take an event, None ends the stream; return whether there was room."""
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            self.lags = True
            return False
        return True

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield the events up to the end of the call; after a lag those that waited, and `lagged` at last."""
        while self._missed:
            yield self._sent(self._missed.pop(0))
        while not (self.lags and self._waiting.empty()):
            event = await self._waiting.get()
            if event is None and not self.lags:
                return
            if event is not None:
                yield self._sent(event)
        yield LAGGED, LaggedEvent(after=self._last)

    def _sent(self, event: Event) -> Event:
        self._last = getattr(event[1], "number", self._last)
        return event


class Listeners:
    """The streams of one call."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def __len__(self) -> int:
        return len(self._listeners)

    def add(self, missed: Sequence[Event], after: int) -> Listener:
        """Begin a stream. Raises `TooManyRequests` where the call has as many as it may."""
        if len(self._listeners) >= MOST_LISTENERS:
            raise TooManyRequests(
                _("This call has {most} streams, and that is the most.", most=MOST_LISTENERS),
                _("Close one that is not needed."),
                code="too_many_streams",
            )
        listener = Listener(missed, after)
        self._listeners.add(listener)
        return listener

    def remove(self, listener: Listener) -> None:
        """End a stream that is not followed any more."""
        self._listeners.discard(listener)

    def send(self, events: Sequence[Event]) -> None:
        """Give events to every stream; one without room is dropped."""
        for event in events:
            self._listeners = {listener for listener in self._listeners if listener.put(event)}

    def close(self, *, lost: bool = False) -> None:
        """End every stream once it has sent what waits; with `lost` as if it lagged, so that it connects again."""
        for listener in self._listeners:
            listener.lags = listener.lags or lost
            listener.put(None)
        self._listeners = set()


def turn_events(assist: Assist) -> list[Event]:
    """Return the events of one turn: its assist, then each alert that is new with it, all with its number."""
    alerts = [(ALERT, AlertEvent(number=assist.number, alert=alert)) for alert in assist.alerts]
    return [(ASSIST, assist), *alerts]
