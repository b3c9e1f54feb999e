"""Replays a recorded call: the same turns through the same steps, at speaking speed, faster, or at once."""

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Annotated

from pydantic import Field

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.scenario.actions import DONE
from appliance.scenario.pack import Caller

from ..models import Alert, Assist, CallFacts, Direction, Part
from .beginning import shown_in
from .book import CallBook
from .events import ALERT, ENDED, Event, turn_events
from .live import LiveCall
from .samples import sample
from .shapes import AfterCall, AlertEvent, BeginRequest, EndedEvent, GivenTurn, Language, Named, Request
from .telling import told

MOST_TURNS = 500
LONGEST_S = 3600.0
"""A replay may wait this long in all: a connection is held meanwhile."""


class ReplayRequest(Request):
    """A recorded call: one of the samples by its name, or its turns."""

    sample: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None, description="Name of a sample, see GET samples."
    )
    transcript: list[GivenTurn] | None = Field(default=None, min_length=1, max_length=MOST_TURNS)
    speed: float = Field(
        default=0, ge=0, le=1000, description="Of a stream: 1 is speaking speed, 2 twice that; 0 does not wait."
    )
    direction: Direction | None = Field(default=None, description="Of a transcript; inbound by default.")
    seat: Named | None = None
    language: Language | None = Field(
        default=None, description="Language of what the seat is shown; the sample's, or that of the request by default."
    )
    knowledge_base: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    keep: bool = Field(default=False, description="Keep the call, as if it had been told turn by turn.")
    stream: bool = Field(default=False, description="Answer with server-sent events.")


class Replayed(Part):
    """What a replayed call came to."""

    answer: str = Field(description="The whole call as lines to read: turns, cards, alerts, summary.")
    call: CallFacts
    after: AfterCall


class Replaying:
    """Replays calls."""

    def __init__(self, book: CallBook) -> None:
        self._book = book

    async def run(self, request: ReplayRequest, caller: Caller) -> Replayed:
        """Return what the call came to, without waiting between its turns. Raises as `stream`."""
        async with aclosing(self.stream(request.model_copy(update={"speed": 0}), caller)) as events:
            async for _name, data in events:
                if isinstance(data, Replayed):
                    return data
        raise RuntimeError("a replay ends with what the call came to")

    async def stream(self, request: ReplayRequest, caller: Caller) -> AsyncGenerator[Event, None]:
        """Yield `assist` and `alert` as the turns come, then `ended` and `done`.

        Raises `InvalidRequest` for neither or both of sample and transcript, `NotFound` for a sample that is none, and
        what `CallBook.begin` and `CallBook.turns` raise.
        """
        begin, turns = _told(request)
        _check_length(turns, request.speed)
        playing = _Kept(self._book, caller) if request.keep else _Passing(self._book, caller)
        await playing.begin(begin)
        assists: list[Assist] = []
        at_s = max(0.0, turns[0].start_s)
        for turn in turns:
            if request.speed:
                await asyncio.sleep(max(0.0, turn.start_s - at_s) / request.speed)
                at_s = max(at_s, turn.start_s)
            for assist in await playing.take(turn):
                assists.append(assist)
                for event in turn_events(assist):
                    yield event
        after, alerts = await playing.end()
        raised = {alert.key for assist in assists for alert in assist.alerts}
        for alert in alerts:
            if alert.key not in raised:
                yield ALERT, AlertEvent(number=len(assists) + 1, alert=alert)
        yield ENDED, EndedEvent(**dict(after), number=len(assists) + 1)
        language = shown_in(begin.language, caller.language)
        titles = (await self._book.shelf.now()).vocabulary.titles
        yield DONE, Replayed(answer=told(assists, alerts, after, language, titles), call=after.call, after=after)


class _Kept:
    """A replay that is kept as any call."""

    def __init__(self, book: CallBook, caller: Caller) -> None:
        self._book, self._caller = book, caller
        self._id = ""

    async def begin(self, request: BeginRequest) -> None:
        self._id = (await self._book.begin(request, self._caller)).id

    async def take(self, turn: GivenTurn) -> list[Assist]:
        return await self._book.take(self._id, [turn], self._caller)

    async def end(self) -> tuple[AfterCall, list[Alert]]:
        after = await self._book.end(self._id, self._caller, wanted=False)
        return after, (await self._book.show(self._caller.principal, self._id)).alerts


class _Passing:
    """A replay of which nothing is kept."""

    def __init__(self, book: CallBook, caller: Caller) -> None:
        self._book, self._caller = book, caller
        self._call: LiveCall | None = None

    async def begin(self, request: BeginRequest) -> None:
        self._call = await self._book.passing(request, self._caller)

    async def take(self, turn: GivenTurn) -> list[Assist]:
        assert self._call is not None, "it was begun"
        return await self._book.turning.take(self._call, [turn], self._caller.principal)

    async def end(self) -> tuple[AfterCall, list[Alert]]:
        assert self._call is not None, "it was begun"
        after = await self._book.open.end(self._call, "ended")
        return after, self._call.alerts


def _told(request: ReplayRequest) -> tuple[BeginRequest, list[GivenTurn]]:
    """Return what the call begins with, and its turns."""
    if (request.sample is None) == (request.transcript is None):
        raise InvalidRequest(
            _("A replay needs either a sample or a transcript."),
            _("Give the name of a sample, as GET samples lists them, or turns."),
            param="sample",
            code="missing_field",
        )
    more = {"language": request.language, "knowledge_base": request.knowledge_base}
    if request.transcript is not None:
        direction, seat = request.direction or "inbound", request.seat or "replay"
        return BeginRequest(direction=direction, seat=seat, **more), request.transcript  # type: ignore[arg-type]
    one = sample(request.sample or "")
    more["language"] = request.language or one.language
    seat = request.seat or one.seat
    return BeginRequest(direction=one.direction, seat=seat, product=one.product, **more), one.turns  # type: ignore[arg-type]


def _check_length(turns: Sequence[GivenTurn], speed: float) -> None:
    times = [turn.start_s for turn in turns]
    if speed and not all(math.isfinite(time) for time in times):
        raise InvalidRequest(_("A replay that waits needs times that are numbers."), param="transcript")
    if speed and (max(times) - min(times)) / speed > LONGEST_S:
        raise InvalidRequest(
            _("This replay would take longer than {seconds} s.", seconds=int(LONGEST_S)),
            _("Raise `speed`, or set it to 0 for all at once."),
            param="speed",
            code="invalid_value",
        )
