"""How often something was started again, and how long to wait before the next time."""

from dataclasses import dataclass, field
from typing import Final

WINDOW_S: Final = 600.0
"""Restarts in so many seconds are told."""
_LONGEST_WAIT_S = 60.0
_STEADY_S = 60.0


@dataclass
class Restarts:
    """Failures of one part. Times are seconds of one monotonic clock.

    The first wait is one second and each further one twice the last, up to 60; a part that ran for a minute begins
    anew.
    """

    in_a_row: int = 0
    last_failure: str | None = None
    due: float = 0.0
    """When to start again."""
    _times: list[float] = field(default_factory=list)

    def failed(self, now: float, ran_s: float, reason: str) -> None:
        """Note that the part ended after `ran_s` seconds."""
        self.in_a_row = 1 if ran_s >= _STEADY_S else self.in_a_row + 1
        self.last_failure = reason
        self.due = now + min(2.0 ** (self.in_a_row - 1), _LONGEST_WAIT_S)
        self._times = [at for at in self._times if now - at < WINDOW_S] + [now]

    def recent(self, now: float) -> int:
        """Return how many there were in the last `WINDOW_S` seconds."""
        return sum(now - at < WINDOW_S for at in self._times)
