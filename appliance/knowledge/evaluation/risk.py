"""Risk and coverage: what declining below a threshold costs in answers and saves in wrong ones."""

from collections.abc import Sequence


def risk_coverage(points: Sequence[tuple[float, bool]]) -> list[tuple[float, float, float]]:
    """Return (coverage, risk, threshold) for each confidence that occurs, from the highest down.

    `points` are (confidence, right) of every question. Coverage is the part that is answered at `threshold` or above,
    risk the part of those that is wrong (El-Yaniv and Wiener, 2010). Equal confidences make one point.
    """
    ordered = sorted(points, key=lambda point: -point[0])
    curve: list[tuple[float, float, float]] = []
    wrong = 0
    for answered, (confidence, right) in enumerate(ordered, start=1):
        wrong += not right
        if answered == len(ordered) or ordered[answered][0] < confidence:
            curve.append((answered / len(ordered), wrong / answered, confidence))
    return curve
