"""Tries with a bad token, by source: each costs a moment, and after a few that source must wait."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from appliance.core.errors import TooManyRequests
from appliance.core.messages import _

PAUSE_AFTER: Final = 5
PAUSE_S: Final = 60.0
DELAY_S: Final = 1.0
"""How long the answer to a bad token is held back."""
_MOST_SOURCES: Final = 10_000


@dataclass
class _Tries:
    failed: int = 0
    last: float = 0.0


class Attempts:
    """Counts in memory; a restart forgets. A token's secret is too long to be guessed: this is against noise."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._tries: dict[str, _Tries] = {}

    def check(self, source: str) -> None:
        """Raise `TooManyRequests` for a source that has failed too often lately."""
        tries = self._tries.get(source)
        if tries is None or tries.failed < PAUSE_AFTER:
            return
        left = tries.last + PAUSE_S - self._monotonic()
        if left <= 0:
            del self._tries[source]
            return
        error = TooManyRequests(
            _("Too many attempts with a bad token."), _("Wait a minute, then try again with a new token.")
        )
        error.retry_after_s = left
        raise error

    def failed(self, source: str) -> None:
        """Count one."""
        if len(self._tries) >= _MOST_SOURCES:
            del self._tries[min(self._tries, key=lambda one: self._tries[one].last)]
        tries = self._tries.setdefault(source, _Tries())
        tries.failed += 1
        tries.last = self._monotonic()

    def succeeded(self, source: str) -> None:
        """Forget those of a source."""
        self._tries.pop(source, None)
