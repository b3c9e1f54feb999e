"""Whether a rule concerns a call, and from which turn on."""

from typing import cast

from ..models import Speaker
from .compiled import Rule
from .course import Course
from .forms import Condition

START = -1
"""The number of the turn before the first."""


def holds_from(condition: Condition | None, rule: Rule, field: str, course: Course) -> int | None:
    """Return the turn from which on a condition holds, `START` from the beginning, None where it does not."""
    if condition is None:
        return START
    if condition.direction is not None and condition.direction != course.direction:
        return None
    from_turn = START
    wanted: list[tuple[str, list[str]]] = [("intent", condition.intent), ("slot", condition.slot)]
    wanted += [("product", condition.product), ("emotion", cast("list[str]", condition.emotion))]
    if condition.language is not None:
        wanted.append(("language", [condition.language]))
    for kind, names in wanted:
        if names:
            numbers = [course.first[kind, name] for name in names if (kind, name) in course.first]
            if not numbers:
                return None
            from_turn = max(from_turn, min(numbers))
    for words, speaker in (("customer_said", "customer"), ("seat_said", "seat")):
        group = rule.groups.get(f"{field}.{words}")
        if group is not None:
            hits = course.at(group, cast("Speaker", speaker))
            if not hits:
                return None
            from_turn = max(from_turn, hits[0][0])
    return from_turn
