"""How a call goes for the customer, turn after turn."""

from collections.abc import Sequence
from statistics import median
from typing import Literal

from ..models import Emotion, Mood

_WEIGHT = 0.4  # of the latest turn that says anything
_CALM_WEIGHT = 0.12  # a plain sentence tells little of the mood
_RECENT = 3  # turns on each side that the trend compares
_LATEST = 60  # turns; what was before them weighs less than a thousandth
_STEP = 0.15  # between the two sides


def mood_of(emotions: Sequence[Emotion]) -> Mood:
    """Return the mood after a customer's turns, in their order; it costs the same however long the call.

    The score is an exponentially weighted mean. The trend compares the median of the last three turns with
    that of the three before (of none: with calm), so that one odd turn makes none.
    """
    score = 0.0
    for emotion in emotions[-_LATEST:]:
        weight = _CALM_WEIGHT if emotion.label == "calm" else _WEIGHT
        score += weight * (emotion.score - score)
    recent = [emotion.score for emotion in emotions[-2 * _RECENT :]]
    return Mood(score=round(max(-1.0, min(score, 1.0)), 3), trend=_trend(recent))


def _trend(scores: Sequence[float]) -> Literal["better", "steady", "worse"]:
    if len(scores) < _RECENT:
        return "steady"
    after, before = scores[-_RECENT:], scores[:-_RECENT] or [0.0]
    step = median(after) - median(before)
    return "better" if step >= _STEP else "worse" if step <= -_STEP else "steady"
