"""What an outbound call came to: interest, objections, consent and the next contact, each with its turns."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from . import outbound_cues as cues
from .clauses import Statement, statements
from .consent import consent_of
from .contacts import next_contact
from .shapes import Heard, Interest, Interested, Objection, ObjectionKind, OutboundResult, Product

_MOST_REASONS = 4
_QUESTION = re.compile(r"[?？]\s*$|(?:吗|呢|多少|几年|怎么样|什么)[^，。]{0,6}[？?。]?$")


def outbound_result(turns: Sequence[Heard], language: str, today: date | None = None) -> OutboundResult | None:
    """Return what an outbound call came to, or None where nothing was said. Words stay as said, masked for keeping.

    `today` is the day of the call, which next contacts are put on the calendar from.

    - `none`: refuses, and asks nothing about it, or does not want to be called.
    - `low`: puts it off, or refuses after asking about it.
    - `medium`: asks about it, wants to read about it or to think it over.
    - `high`: wants to go ahead, or agrees to an appointment for it.
    """
    said = statements(turns)
    if not said:
        return None
    consent = consent_of(turns)
    reached = not any(one.speaker == "customer" and cues.NOT_THEM.search(one.text) for one in said)
    contact = None if consent.do_not_call else next_contact(said, turns, today)
    interest = _interest(said, turns, appointed=contact is not None and contact.channel == "branch")
    if consent.do_not_call:
        interest = Interested(level="none", reasons=interest.reasons, turns=interest.turns or consent.turns)
    return OutboundResult(
        reached=reached,
        interest=interest,
        objections=_objections(said, turns),
        consent=consent,
        next_contact=contact,
        products=_products(said, turns),
    )


def schema_of_result() -> dict[str, Any]:
    """Return the JSON schema of the result."""
    return OutboundResult.model_json_schema()


def _interest(said: Sequence[Statement], turns: Sequence[Heard], *, appointed: bool) -> Interested:
    """Weigh what the customer says: the last clear stance counts, and whether they asked about it before."""
    stances = [(stance, one) for one in said if (stance := _stance(one, turns)) is not None]
    engaged = [one for stance, one in stances if stance in ("medium", "high")]
    if not stances:
        return Interested(level="medium" if appointed else "low" if _talked(said) else "none")
    final = _final(stances)
    level: Interest = final
    if final == "none" and engaged:
        level = "low"
    if appointed and final != "none":
        level = "high"
    evidence = [one for stance, one in stances if stance == final or (level == "low" and one in engaged)]
    evidence = evidence[-_MOST_REASONS:]
    return Interested(
        level=level,
        reasons=tuple(dict.fromkeys(one.text for one in evidence)),
        turns=tuple(dict.fromkeys(one.turn for one in evidence)),
    )


def _final(stances: Sequence[tuple[Interest, Statement]]) -> Interest:
    """Return the stance that holds in the end.

    Wanting to go ahead is not undone by a question after it, a refusal not by a mere courtesy.
    """
    final: Interest = stances[0][0]
    for level, one in stances[1:]:
        if level == "medium" and final == "high":
            continue
        if level == "medium" and final in ("none", "low") and not (one.question or cues.WARM.search(one.text)):
            continue
        final = level
    return final


def _stance(one: Statement, turns: Sequence[Heard]) -> Interest | None:
    if one.speaker != "customer":
        return None
    if cues.GO_AHEAD.search(one.text) and not cues.HELD_BACK.search(one.text):
        return "high"
    if cues.PUT_OFF.search(one.text):
        return "low"
    if cues.REFUSE.search(one.text):
        return "none"
    if cues.WARM.search(one.text):
        return "medium"
    if (one.question or _QUESTION.search(one.text)) and cues.ABOUT_IT.search(one.text):
        return "medium"
    return _answered(one, turns)


def _answered(one: Statement, turns: Sequence[Heard]) -> Interest | None:
    """Return what a short answer says to the seat's offer just before it."""
    if one.at == 0 or turns[one.at - 1][0].speaker != "seat":
        return None
    offer = turns[one.at - 1][0].text[-200:]
    if not cues.OFFER.search(offer):
        return None
    if cues.NO.search(one.text):
        return "none"
    if cues.YES.search(one.text):
        return "high" if cues.STEP.search(offer) else "medium"
    return None


def _talked(said: Sequence[Statement]) -> bool:
    return sum(one.speaker == "customer" for one in said) > 1


def _objections(said: Sequence[Statement], turns: Sequence[Heard]) -> tuple[Objection, ...]:
    """Return each kind of objection once, with the first words for it and all its turns."""
    found: dict[ObjectionKind, list[Statement]] = {}
    for one in said:
        if one.speaker != "customer":
            continue
        for kind, pattern in cues.OBJECTIONS.items():
            match = pattern.search(one.text)
            if (
                match
                and not _only_asked(one, kind, match.group())
                and not (kind == "no_need" and _is_about_contact(one, turns))
            ):
                found.setdefault(kind, []).append(one)
    return tuple(
        Objection(kind=kind, text=ones[0].text, turns=tuple(dict.fromkeys(one.turn for one in ones)))
        for kind, ones in found.items()
    )


def _is_about_contact(one: Statement, turns: Sequence[Heard]) -> bool:
    """Tell whether a customer answers to the offer of another call, not to that of a product."""
    before = turns[one.at - 1][0] if one.at else None
    return before is not None and before.speaker == "seat" and bool(cues.KEEP_IN_TOUCH.search(before.text[-60:]))


def _only_asked(one: Statement, kind: ObjectionKind, words: str) -> bool:
    """Tell whether it is a plain question: 利率高吗 objects to nothing, 会不会亏 does."""
    return (
        kind in ("price", "risk")
        and one.question
        and cues.WORRY.search(one.text) is None
        and cues.STRONG.search(words) is None
    )


def _products(said: Sequence[Statement], turns: Sequence[Heard]) -> tuple[Product, ...]:
    """Return the products that slots name; where there are none, those that are named by a common word."""
    named: dict[str, list[str]] = {}
    for turn, analysis in turns:
        for slot in analysis.slots:
            if slot.name == "product" and slot.valid:
                named.setdefault(slot.value, []).append(turn.id)
    if not named:
        for one in said:
            for match in cues.PRODUCT.finditer(one.text):
                named.setdefault(match.group().lower(), []).append(one.turn)
    return tuple(Product(name=name, turns=tuple(dict.fromkeys(ids))) for name, ids in named.items())
