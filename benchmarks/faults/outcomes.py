"""What became of each request of a load, and what follows from it. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from figures import percentile

Kind = Literal["whole", "error event", "silent end", "broken off", "refused", "failed", "no connection", "hung"]
"""whole: ended with [DONE]. error event: told in the stream. silent end: the stream ended well, without either: never
allowed. broken off: the connection broke, as a caller's client sees. refused: 429, or 503 with Retry-After. failed:
another status. hung: neither ended nor failed."""


@dataclass(frozen=True)
class Outcome:
    """One request. Times in seconds of the monotonic clock."""

    request_id: str
    kind: Kind
    sent: float
    ended: float
    first: float | None = None
    """When its first text came."""
    status: int | None = None
    tokens: int = 0
    """Of the prompt and the answer, as the answer told."""
    told: str = ""
    """What the error said."""

    @property
    def whole(self) -> bool:
        """Whether the whole answer came."""
        return self.kind == "whole"


@dataclass(frozen=True)
class Measured:
    """What came of a fault: in words, and whether it is what must hold."""

    text: str
    met: bool


def counted(outcomes: Iterable[Outcome]) -> str:
    """Return how many there are of each kind, in words."""
    kinds = Counter(one.kind for one in outcomes)
    return ", ".join(f"{number} {kind}" for kind, number in kinds.most_common()) or "none"


def failed(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return those whose whole answer did not come."""
    return [one for one in outcomes if not one.whole]


def silent(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return those that ended without a word, or not at all."""
    return [one for one in outcomes if one.kind in ("silent end", "hung")]


def open_at(outcomes: Iterable[Outcome], at: float) -> list[Outcome]:
    """Return those that had text at `at` and had not ended."""
    return [one for one in outcomes if one.first is not None and one.first < at < one.ended]


def sent_after(outcomes: Iterable[Outcome], at: float) -> list[Outcome]:
    """Return those that were sent from `at` on."""
    return [one for one in outcomes if one.sent >= at]


def back_after(outcomes: Iterable[Outcome], at: float) -> float | None:
    """Return the seconds from `at` to the first whole answer to a request sent after it; None: there was none."""
    times = [one.ended - at for one in outcomes if one.whole and one.sent >= at]
    return min(times, default=None)


def well_after(outcomes: Iterable[Outcome], at: float) -> float:
    """Return the seconds from `at` to when the last request was sent that failed; 0: none was sent after `at`."""
    return max((one.sent - at for one in failed(outcomes) if one.sent >= at), default=0.0)


def seconds(value: float | None) -> str:
    """Return seconds in words."""
    return "never" if value is None else f"{value:.1f} s"


def first_text(outcomes: Sequence[Outcome], share: float) -> float:
    """Return the time to the first text, in seconds, that `share` (0..1) of the answered do not exceed."""
    return percentile([one.first - one.sent for one in outcomes if one.whole and one.first is not None], share)
