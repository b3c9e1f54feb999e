"""Values that were said more than once: which one holds in the end, and which were said before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.core.messages import Message, _

from ..models import Slot
from . import cues
from .shapes import Heard, OtherValue

_YES = re.compile(
    r"^\W*(?:嗯+[，,\s]*)?(?:对(?!不)|是的|没错|正确|好的|可以|是$|就是)|^\W*(?:yes|yeah|yep|correct|right"
    r"|that's (?:right|correct|it)|exactly)\b",
    re.IGNORECASE,
)
_NO = re.compile(r"^\W*(?:不是|不对|错了|没有)|^\W*(?:no|nope|not)\b|\bthat's (?:wrong|not)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Mention:
    """A value where it was said."""

    value: str
    text: str
    turn: str
    at: int
    by_customer: bool
    valid: bool = True
    note: str | None = None
    corrects: bool = False
    asked: bool = False


@dataclass
class Settled:
    """The value that holds, and those that differ."""

    name: str
    value: str
    text: str
    turns: list[str]
    confirmed: bool
    valid: bool = True
    note: str | None = None
    others: list[OtherValue] = field(default_factory=list)
    texts_before: list[str] = field(default_factory=list)
    """How the other values were said."""

    def title(self) -> Message | str:
        """Return the slot's title, or the name that the bank gave it."""
        return {
            "amount": _("Amount"), "date": _("Date"), "card": _("Card"), "product": _("Product"), "branch": _("Branch"),
        }.get(self.name, self.name)  # fmt: skip


def settled_values(turns: Sequence[Heard]) -> dict[str, Settled]:
    """Return for each slot of a call that was corrected or said once the value that holds, by slot name.

    Several values of one name need not contradict each other: only those that a correction replaces are `others`.
    """
    found = {}
    for name in dict.fromkeys(slot.name for _turn, analysis in turns for slot in analysis.slots):
        mentions = [mention_of(turns, at, slot) for at, slot in _slots(turns, name)]
        if any(one.corrects for one in mentions) or len({one.value for one in mentions}) == 1:
            found[name] = settle(name, mentions, turns)
    return found


def _slots(turns: Sequence[Heard], name: str) -> list[tuple[int, Slot]]:
    return [(at, slot) for at, (_turn, analysis) in enumerate(turns) for slot in analysis.slots if slot.name == name]


def mention_of(turns: Sequence[Heard], at: int, slot: Slot) -> Mention:
    """Return a slot as a mention in its call."""
    turn = turns[at][0]
    before = turn.text[max(0, slot.start - 24) : slot.start]
    corrects = turn.speaker == "customer" and cues.CORRECTION.search(turn.text[: slot.end]) is not None
    denied = re.search(r"(?:不是|别|not)\s*$", before, re.IGNORECASE) is not None
    asked = turn.speaker == "seat" and turn.text.rstrip().endswith(("?", "？", "吗", "吧", "right", "correct", "对吗"))
    return Mention(
        slot.value, slot.text, turn.id, at, turn.speaker == "customer",
        slot.valid and not denied, slot.note, corrects and not denied, asked,
    )  # fmt: skip


def settle(name: str, mentions: Sequence[Mention], turns: Sequence[Heard]) -> Settled:
    """Return which of the mentions, at least one, holds: the last that the other side confirmed, or else the last.

    A correction outdoes what was confirmed before it. What the seat asks and the customer denies does not count.
    """
    standing = [one for one in mentions if not _denied(one, turns)] or list(mentions)
    last_correction = max((one.at for one in standing if one.corrects), default=-1)
    eligible = [one for one in standing if one.at >= last_correction and one.valid] or standing
    confirmed = [one for one in eligible if is_confirmed(one, mentions, turns)]
    own = [one for one in eligible if one.by_customer]
    best = (confirmed or own or eligible)[-1]
    others: dict[str, list[str]] = {}
    for one in mentions:
        if one.value != best.value:
            others.setdefault(one.value, []).append(one.turn)
    same = [one for one in mentions if one.value == best.value]
    return Settled(
        name, best.value, best.text, list(dict.fromkeys(one.turn for one in same)), bool(confirmed), best.valid,
        best.note, [OtherValue(value=value, turns=tuple(dict.fromkeys(ids))) for value, ids in others.items()],
        list(dict.fromkeys(one.text or one.value for one in mentions if one.value != best.value)),
    )  # fmt: skip


def is_confirmed(one: Mention, mentions: Sequence[Mention], turns: Sequence[Heard]) -> bool:
    """Tell whether the other side has said the same value afterwards, or has agreed to it in its next words."""
    if any(
        other.value == one.value and other.at > one.at and other.by_customer != one.by_customer for other in mentions
    ):
        return not _denied(one, turns)
    answer = _next(one, turns)
    return not one.by_customer and answer is not None and _YES.search(answer) is not None


def _denied(one: Mention, turns: Sequence[Heard]) -> bool:
    """Tell whether the seat said it and the customer's next words say no."""
    answer = _next(one, turns)
    return not one.by_customer and answer is not None and _NO.search(answer) is not None


def _next(one: Mention, turns: Sequence[Heard]) -> str | None:
    if one.at + 1 >= len(turns):
        return None
    turn = turns[one.at + 1][0]
    return turn.text if (turn.speaker == "customer") != one.by_customer else None
