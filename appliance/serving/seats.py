"""How many requests one process has at a model: as many as it works on at once and as may wait, and no more.

Serve's own limit counts what waits in its router, and there every request waits a moment until a replica has said that
it has room: in a burst it refuses although places are free. So whoever sends counts, and Serve's limit is wider.
"""

from appliance.core.errors import TooManyRequests
from appliance.core.messages import _


def queue_full(target: str) -> TooManyRequests:
    """Return the error for a model that has no place left."""
    return TooManyRequests(
        _("{target} has as many requests waiting as it may have.", target=target),
        _("Try again in a moment."),
        code="queue_full",
    )


class Seats:
    """The `most` places of one application; for the event loop alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0

    @property
    def taken(self) -> int:
        """How many requests have one."""
        return self._taken

    def take(self, target: str, *, moved: bool = False) -> None:
        """Take a place; one that has `moved` from another version was let in there, and gets one in any case.

        Raises `TooManyRequests`.
        """
        if self._taken >= self._most and not moved:
            raise queue_full(target)
        self._taken += 1

    def leave(self) -> None:
        """Give a place back."""
        self._taken -= 1
