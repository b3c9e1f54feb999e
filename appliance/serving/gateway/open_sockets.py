"""How many WebSockets are open at one gateway replica, and for each key."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from appliance.core.errors import TooManyRequests, Unavailable
from appliance.core.messages import _

MOST_SOCKETS: Final = 4096
"""WebSockets that one gateway replica has open at once."""
MOST_OF_A_KEY: Final = 2048
"""WebSockets that one key has open at once at one gateway replica."""


class OpenSockets:
    """Counts them; for one event loop."""

    def __init__(self, most: int = MOST_SOCKETS, most_of_a_key: int = MOST_OF_A_KEY) -> None:
        self._most = most
        self._most_of_a_key = most_of_a_key
        self._by_key: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many are open."""
        return self._by_key.total()

    @contextmanager
    def place(self, key_id: str) -> Iterator[None]:
        """Count one for the block. Raises `TooManyRequests` for the key, `Unavailable` for all."""
        if self._by_key[key_id] >= self._most_of_a_key:
            raise TooManyRequests(
                _("This key has {limit} WebSockets open, as many as it may have.", limit=self._most_of_a_key),
                _("Close some, or use another key."),
                code="too_many_sockets",
            )
        if self.count >= self._most:
            raise Unavailable(
                _("The gateway has as many WebSockets open as it may have."),
                _("Try again in a moment."),
                code="gateway_unavailable",
            )
        self._by_key[key_id] += 1
        try:
            yield
        finally:
            self._by_key[key_id] -= 1
            if not self._by_key[key_id]:
                del self._by_key[key_id]
