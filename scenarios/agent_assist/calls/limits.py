"""How much one call, one tenant and one replica may hold, and how fast turns may come."""

import math
from typing import Final

from appliance.core.errors import TooManyRequests
from appliance.core.messages import _

MOST_CHARACTERS: Final = 4_000
"""Of one turn. Somebody who speaks fast for ten minutes without a break says less."""
MOST_AT_ONCE: Final = 100
"""Turns in one request: what gathers while a line is down for some minutes."""
MOST_TURNS: Final = 3_000
"""Of one call: four hours with a turn every five seconds."""
MOST_CORRECTIONS: Final = 3_000
"""Of one call, besides its turns: each is a record."""
MOST_TEXT: Final = 500_000
"""Characters of one call: four hours of speech have about 250,000. It bounds what a call holds in memory."""
TURNS_PER_S: Final = 20.0
"""Of one call for long. Two people take about one turn every five seconds; recognition may revise each a few times."""
BURST: Final = 100
"""Turns of one call at once, for a request that catches up."""
MOST_OPEN: Final = 10_000
"""Open calls of one replica: more seats than the largest call centres have. One that is not in memory takes 5 KB."""
MOST_TURNS_IN_MEMORY: Final = 160_000
"""Turns of all calls that are in memory, about 1 GB: calls that nobody touched for longest leave it first."""
MOST_OPEN_OF_TENANT: Final = 5_000
"""Open calls of one tenant: one that forgets to end its calls leaves half to the others."""
MOST_BETWEEN: Final = 200
"""Alerts of one call that no turn raised, such as of silences: they stand in the call's own record."""
MOST_LISTENERS: Final = 16
"""Streams of one call at once: its seat, a few supervisors, and lines that broke and came back."""
MOST_WAITING: Final = 256
"""Events that wait for one stream: several minutes of a call."""
CARD_WITHIN_S: Final = 1.5
"""After that a turn goes out without a card: the seat has answered by then."""
LONGEST_S: Final = 24 * 3600.0
"""A turn that begins later than that has a wrong clock."""
BACKWARDS_S: Final = 120.0
"""A turn that begins this long before one that came earlier has a wrong clock; less is a late delivery."""


class TurnRate:
    """How fast turns of one call may come: a bucket that fills with `TURNS_PER_S` up to `BURST`."""

    def __init__(self, now: float) -> None:
        self._left = float(BURST)
        self._at = now

    def take(self, turns: int, now: float) -> None:
        """Take turns. Raises `TooManyRequests`, which says when as many may come again."""
        self._left = min(float(BURST), self._left + max(0.0, now - self._at) * TURNS_PER_S)
        self._at = now
        if turns > self._left:
            error = TooManyRequests(
                _(
                    "This call sends turns too fast: {rate} a second are allowed, and {burst} at once.",
                    rate=f"{TURNS_PER_S:g}",
                    burst=BURST,
                ),
                _("Send them again after the time in Retry-After; other calls go on."),
                code="too_many_turns",
            )
            error.retry_after_s = max(1.0, math.ceil((turns - self._left) / TURNS_PER_S))
            raise error
        self._left -= turns
