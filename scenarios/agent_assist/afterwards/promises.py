"""What the seat promised: who is to do it, what, and by when."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from . import cues
from .clauses import Statement
from .outbound_cues import YES
from .shapes import Heard, When
from .when import when_said

_WHO = re.compile(
    r"专员|同事|客户经理|理财经理|经理|主管|相关部门|后台|技术(?:人员|部门)|工作人员|专人|网点|分行|支行"
    r"|\b(?:our|the|a) (?P<who>(?:[\w-]+ ){0,2}(?:team|department|branch|specialist|manager|colleague|supervisor))\b"
    r"|\b(?:someone|somebody)\b",
    re.IGNORECASE,
)

_CUSTOMERS = re.compile(
    r"您(?:本人|自己)?(?:也|就|都)?(?:可以|能|需要?|要|得|应该?|须)|请您|本人可以"
)  # who acts there
_OURS = re.compile(r"[我会将]|[a-z]", re.IGNORECASE)


@dataclass(frozen=True)
class Promise:
    """A statement of the seat that promises something; `by` is "seat", or whom it named."""

    said: Statement
    by: str
    due: When | None


def promises_in(said: Sequence[Statement], turns: Sequence[Heard], today: date | None) -> list[Promise]:
    """Return the promises of a call in order; one that is said again is taken with the later time, at its later place.

    What is done at once, what would be under a condition, and an offer that the customer does not take are none.
    """
    found: list[Promise] = []
    for one in said:
        if one.speaker != "seat" or not (is_promise(one) or _is_taken_up(one, turns)):
            continue
        due = when_said(one.text, today)
        who = _WHO.search(one.text)
        found.append(Promise(one, (who.group("who") or who.group()) if who else "seat", due))
    return _with_time_first(found)


def is_promise(one: Statement) -> bool:
    """Tell whether a statement of the seat says what will be done."""
    return not one.question and _is_made(one)


def _is_taken_up(one: Statement, turns: Sequence[Heard]) -> bool:
    """Tell whether a statement offers something with its time, to which the customer says yes."""
    if not one.question or when_said(one.text, None) is None or not _is_made(one):
        return False
    answer = turns[one.at + 1][0] if one.at + 1 < len(turns) else None
    return (
        answer is not None and answer.speaker == "customer" and YES.search(answer.text.lstrip(" 嗯啊哦，,")) is not None
    )


def _is_made(one: Statement) -> bool:
    match = cues.PROMISE.search(one.text)
    if match is None and (when_said(one.text, None) or cues.SOON.search(one.text)):
        match = cues.DIRECTED.search(one.text)
    if match is None or re.search(r"已经?(?:为|给|帮)您", one.text[max(0, match.start() - 2) : match.end()]):
        return False
    if not _OURS.search(match.group()) and _CUSTOMERS.search(one.text[: match.end()]):
        return False
    if cues.REFUSED.search(match.group()) or _is_conditional(one.text, match.start()):
        return False
    now = cues.NOW.search(one.text)
    return now is None or when_said(one.text, None) is not None


def _is_conditional(text: str, start: int) -> bool:
    """Tell whether what stands before a promise in its sentence makes it a mere possibility."""
    return re.search(r"如果|若是|假如|的话|要是|\bif\b|\bunless\b|\bin case\b", text[:start], re.IGNORECASE) is not None


def _with_time_first(found: Sequence[Promise]) -> list[Promise]:
    """Keep the order of the call, but with more than three those that name a time are more worth keeping."""
    if len(found) <= 3:
        return list(found)
    kept = sorted(found, key=lambda one: (one.due is None, -one.said.at))[:3]
    return sorted(kept, key=lambda one: one.said.at)
