"""Takes turns into an open call: read, completed by a card, folded, kept, then sent to whoever follows."""

import asyncio
import math
from bisect import bisect_left
from collections.abc import Sequence

from appliance.core.errors import Conflict, NotFound, RequestError, Unavailable
from appliance.core.messages import _
from appliance.core.principal import Principal

from ..models import Analysis, Assist, Card, Flag, Turn
from . import limits
from .analysing import Analyst, Read
from .aside import aside
from .events import turn_events
from .fold import Heard
from .keeping import Keeper, KeptTurn
from .live import LiveCall
from .shapes import GivenTurn

_BEFORE = 12
"""Turns that a card is looked for with."""
_FEW = 3
"""Turns that are folded on the event loop, in two or three milliseconds each."""
_CARDS_AT_ONCE = 4
"""Searches of one request: other calls search at the same time."""
_NO_TIME = -1.0
"""Stands for a time that cannot be, such as one that is no number."""
_ROUNDING_S = 0.5
"""A turn may begin this long before its call, where the two clocks are not the same."""


class Turning:
    """Takes turns; whoever calls holds the call's lock."""

    def __init__(self, analyst: Analyst, keeper: Keeper) -> None:
        self._analyst = analyst
        self._keeper = keeper

    async def take(self, call: LiveCall, given: Sequence[GivenTurn], who: Principal) -> list[Assist]:
        """Return the assist of each turn, in the order given.

        A turn that is known in this or a higher revision changes nothing; its assist is the one that holds. Raises
        `Conflict` where the call is full.
        """
        fresh = _fresh(call, given)
        taken = await self._take_fresh(call, fresh, who) if fresh else {}
        return [taken.get(turn.id) or _known(call, turn.id) for turn in given]

    async def _take_fresh(self, call: LiveCall, fresh: Sequence[GivenTurn], who: Principal) -> dict[str, Assist]:
        check_room(call, fresh)
        read = await self._analyst.read(
            fresh, call.fold.books, today=call.today, language=call.language, spoken=call.spoken
        )
        heard = _placed(call, fresh, read)
        await self._add_cards(call, heard, who)
        costly = call.is_long or len(heard) > _FEW
        assists = await aside(_all_folded, call, heard) if costly else _all_folded(call, heard)
        if call.is_kept:
            kept = [
                KeptTurn(arrival=one.arrival, place_s=one.place_s, assist=assist)
                for one, assist in zip(heard, assists, strict=True)
            ]
            await self._keeper.add(call.record.tenant, call.record.id, kept)
        for assist in assists:
            call.listeners.send(turn_events(assist))
        return {assist.turn.id: assist for assist in assists}

    async def _add_cards(self, call: LiveCall, heard: Sequence[Heard], who: Principal) -> None:
        # The latest first: where a request catches up, the seat waits for that one.
        asking = [one for one in reversed(heard) if one.turn.speaker == "customer"]
        few = asyncio.Semaphore(_CARDS_AT_ONCE)
        befores = _befores(call, asking, heard)
        found = await asyncio.gather(
            *(self._card(call, one, before, who, few) for one, before in zip(asking, befores, strict=True))
        )
        for one, (card, flags) in zip(asking, found, strict=True):
            one.card = card
            one.flags += flags

    async def _card(
        self,
        call: LiveCall,
        heard: Heard,
        before: Sequence[tuple[Turn, Analysis]],
        who: Principal,
        few: asyncio.Semaphore,
    ) -> tuple[Card | None, tuple[Flag, ...]]:
        if call.finder is None:
            return None, ()
        try:
            async with asyncio.timeout(call.fold.books.settings.card_within_s), few:
                return await call.finder.card(who, heard.turn, heard.analysis, before), ()
        except TimeoutError:
            return None, ("card_late",)
        except (Unavailable, NotFound, RequestError):  # the base may be gone, or be somebody else's by now
            return None, ("card_unavailable",)


def check_room(call: LiveCall, fresh: Sequence[GivenTurn]) -> None:
    """Raise `Conflict` where turns would make a call longer than it may be."""
    known = sum(call.fold.get(turn.id) is not None for turn in fresh)
    characters = call.fold.characters + sum(len(turn.text) for turn in fresh)
    for what, most, number in (
        (_("turns"), limits.MOST_TURNS, len(call.fold) + len(fresh) - known),
        (_("corrections"), limits.MOST_CORRECTIONS, call.corrections + known),
        (_("characters"), limits.MOST_TEXT, characters),
    ):
        if number > most:
            raise Conflict(
                _("This call would have {number} {what}; it may have {most}.", number=number, what=what, most=most),
                _("End it, and begin another for what follows."),
                code="call_full",
            )


def _fresh(call: LiveCall, given: Sequence[GivenTurn]) -> list[GivenTurn]:
    """Return the turns that change something, each once in its highest revision."""
    highest: dict[str, GivenTurn] = {}
    for turn in given:
        known = call.fold.get(turn.id)
        before = highest.get(turn.id)
        least = max(known.turn.revision if known else 0, before.revision if before else 0)
        if turn.revision > least:
            highest[turn.id] = turn
    return list(highest.values())


def _placed(call: LiveCall, fresh: Sequence[GivenTurn], read: Sequence[Read]) -> list[Heard]:
    """Return turns with their places in the call."""
    heard = []
    last = call.fold.last_s
    for turn, what in zip(fresh, read, strict=True):
        known = call.fold.get(turn.id)
        if known is None:
            call.arrivals += 1
        start, end, sound = times_of(turn, None if known else last)
        place = start if sound else (known.place_s if known else last)
        last = max(last, place)
        heard.append(
            Heard(
                turn=Turn(
                    id=turn.id, revision=turn.revision, speaker=turn.speaker, text=what.text, start_s=start, end_s=end
                ),
                analysis=what.analysis,
                arrival=known.arrival if known else call.arrivals,
                place_s=place,
                flags=() if sound else ("clock",),
            )
        )
    return heard


def times_of(turn: GivenTurn, last: float | None) -> tuple[float, float, bool]:
    """Return start and end of a turn, and whether they can be right; `last` is the latest start that is known.

    A time that cannot be right stays as it is where it can be kept, so that rules see it.
    """
    start = _possible(turn.start_s)
    end = start if turn.end_s is None else _possible(turn.end_s)
    backwards = last is not None and start < last - limits.BACKWARDS_S
    return start, end, not (start == _NO_TIME or end == _NO_TIME or end < start or backwards)


def _possible(time: float) -> float:
    if -_ROUNDING_S <= time < 0:
        return 0.0
    return time if math.isfinite(time) and 0 <= time <= limits.LONGEST_S else _NO_TIME


def _befores(call: LiveCall, asking: Sequence[Heard], together: Sequence[Heard]) -> list[list[tuple[Turn, Analysis]]]:
    """Return for each of the turns, not folded yet, the last ones before it, those that came with it among them."""
    places = sorted({one.turn.id: one for one in (*call.fold.heard, *together)}.values(), key=lambda one: one.place)
    ends = [bisect_left(places, one.place, key=lambda other: other.place) for one in asking]
    return [[(one.turn, one.analysis) for one in places[max(0, end - _BEFORE) : end]] for end in ends]


def _all_folded(call: LiveCall, heard: Sequence[Heard]) -> list[Assist]:
    return [_folded(call, one) for one in heard]


def _folded(call: LiveCall, heard: Heard) -> Assist:
    """Put a turn into the course and return its assist."""
    fold = call.fold
    if fold.get(heard.turn.id) is not None:
        call.corrections += 1
    fold.put(heard)
    standing = fold.standing(ended=False, now_s=fold.end_s)
    customer = heard.turn.speaker == "customer"
    call.number += 1
    assist = Assist(
        number=call.number,
        turn=heard.turn,
        analysis=heard.analysis,
        mood=standing.mood,
        risk=standing.risk,
        card=heard.card,
        steps=fold.steps() if customer else (),
        replies=fold.replies(heard) if customer else (),
        alerts=call.fresh(standing.judgement.alerts),
        flags=heard.flags,
    )
    heard.show(assist)
    call.note(standing)
    return assist


def _known(call: LiveCall, turn_id: str) -> Assist:
    heard = call.fold.get(turn_id)
    assert heard is not None, "what is not fresh is there"
    return heard.assist
