"""What a reader of one kind of slot has found, and which of overlapping finds stand."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.core.messages import Message


@dataclass(frozen=True)
class Found:
    """A slot in a folded text; `shown` replaces its words where they must not be shown."""

    name: str
    value: str
    start: int
    end: int
    rank: int
    """The lower one stands where two overlap."""
    valid: bool = True
    note: Message | None = None
    shown: str | None = None


def settle(found: Iterable[Found]) -> list[Found]:
    """Return finds that do not overlap, in the order of the text: the lower rank stands, of equals the longer."""
    starts: list[int] = []
    taken: list[Found] = []
    for one in sorted(found, key=lambda one: (one.rank, one.start - one.end, one.start)):
        place = bisect_left(starts, one.start)
        free_before = place == 0 or taken[place - 1].end <= one.start
        if free_before and (place == len(taken) or one.end <= starts[place]):
            starts.insert(place, one.start)
            taken.insert(place, one)
    return taken
