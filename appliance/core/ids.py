"""Identifiers: sortable by time, unguessable enough to be shown, never secret."""

import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_RANDOM_BITS = 80
_STEP_BITS = 64


class _Ascending:
    """Numbers of 128 bits that only grow within a process: milliseconds, then random bits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def take(self) -> int:
        """Return the next number; within one millisecond, or after the clock was set back, a random step further."""
        now = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        with self._lock:
            self._last = now if now > self._last else self._last + 1 + secrets.randbits(_STEP_BITS)
            return self._last


_ASCENDING = _Ascending()


def new_id(prefix: str) -> str:
    """Return `prefix_` and 26 characters: 48 bits of milliseconds, then 80 random bits (the layout of a ULID).

    Identifiers made one after the other by one process sort in that order.
    """
    value, digits = _ASCENDING.take(), []
    for _step in range(26):
        value, rest = divmod(value, 32)
        digits.append(_ALPHABET[rest])
    return f"{prefix}_{''.join(reversed(digits))}"
