"""Places of a text that hold personal data, and which of overlapping ones stand."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from appliance.guardrails.personal.kinds import Kind


@dataclass(frozen=True)
class Span:
    """One place; `start` and `end` count characters of the text, `score` is 0..1."""

    kind: Kind
    start: int
    end: int
    score: float


def settle(spans: Iterable[Span]) -> list[Span]:
    """Return spans that do not overlap, in the order of the text: the surer one stands, of equals the longer."""
    starts: list[int] = []
    taken: list[Span] = []
    for span in sorted(spans, key=lambda span: (-round(span.score, 2), span.start - span.end, span.start)):
        place = bisect_left(starts, span.start)
        free_before = place == 0 or taken[place - 1].end <= span.start
        if free_before and (place == len(taken) or span.end <= starts[place]):
            starts.insert(place, span.start)
            taken.insert(place, span)
    return taken
