"""When to get in touch again: what the customer asks for, or what the seat proposes and the customer accepts."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Literal

from .clauses import Statement
from .outbound_cues import NO, YES
from .shapes import Heard, NextContact, When
from .when import when_said

Channel = Literal["call", "message", "email", "branch"]
_TOUCH = re.compile(
    r"打(?:给|电话|来|过来|回)?|回电|来电|致电|联系|电话|再聊|再说|通话|回访|沟通"
    r"|\b(?:call|ring|phone (?:me|you|back)|contact|speak|talk|chat|catch|reach|try|get back|follow up|touch base)\b",
    re.IGNORECASE,
)
_CHANNELS: tuple[tuple[Channel, re.Pattern[str]], ...] = (
    (
        "branch",
        re.compile(
            r"网点|支行|分行|柜台|到店|面谈|(?:过去|过来|去)(?:一趟|看看|办|签|找你)|\bbranch\b|\bcome (?:in"
            r"|by|over)\b|\bmeet(?:ing)?\b|\bvisit\b|\bstop by\b|\bin person\b|\bpop in\b",
            re.IGNORECASE,
        ),
    ),
    ("email", re.compile(r"邮件|邮箱|\be-?mail\b", re.IGNORECASE)),
    ("message", re.compile(r"短信|微信|信息|\btext\b|\bmessage\b|\bwhatsapp\b|\bsms\b", re.IGNORECASE)),
)
_ASKS_TIME = re.compile(
    r"(?:什么时(?:候|间)|几点|哪天|何时).{0,8}(?:方便|有空|有时间|合适|联系|打|来|可以)|(?:方便|有空"
    r"|合适).{0,6}(?:时间|时候|几点)|改(?:天|个时间)"
    r"|\bwhen (?:would|is|are|can|could|shall|should|will|suits)\b|\bwhat time\b|\bwhich day\b|\bbetter time\b"
    r"|\bgood time\b|\bwhat day\b|\bsuit\w*\b",
    re.IGNORECASE,
)
_REJECTED = re.compile(
    r"(?:不行|不方便|没空|没时间|有事|不在|要开会|上班|出差|不用|别)|\b(?:not|don't|can't|won't|busy|away"
    r"|no good|doesn't work)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"昨天|前天|上(?:周|个?月|次)|去年|\b(?:yesterday|last|ago|got|was|were|went|had|did|sent|paid|bought"
    r"|received|lost|happened|made)\b",
    re.IGNORECASE,
)
_ALLOWED = re.compile(  # what a rule allows within a time is no time to be in touch
    r"可以.{0,16}(?:天|日|月|年)之?内|超过.{0,8}(?:天|日|月|年)|\b(?:can|may)\b.{0,40}\bwithin\b", re.IGNORECASE
)
_REACH = 3  # turns within which an hour goes with a day that was said before it


def next_contact(said: Sequence[Statement], turns: Sequence[Heard], today: date | None) -> NextContact | None:
    """Return the last time that both sides were agreed on, or that the customer named; None where there was none."""
    found: NextContact | None = None
    at = -_REACH
    for one in said:
        when = _time_of(one, today)
        if when is None:
            continue
        ids = _agreed(one, said, turns)
        if ids is None:
            if found and one.at - at <= 1 and one.speaker == "customer" and _REJECTED.search(one.text):
                found = None
            continue
        channel = _channel(one, turns)
        if found and when.date is None and one.at - at <= _REACH:
            when = _joined(found.when, when)
            ids = (*found.turns, *ids)
            channel = found.channel if channel == "call" else channel
        found, at = NextContact(when=when, channel=channel, turns=tuple(dict.fromkeys(ids))), one.at
    return found


def _time_of(one: Statement, today: date | None) -> When | None:
    """Return the time in a statement that is not one of the past."""
    if _PAST.search(one.text):
        return None
    clauses = re.split(r"[，,；;]|\b(?:but|if)\b|但", one.text)
    kept = [clause for clause in clauses if not (_REJECTED.search(clause) and when_said(clause, today))]
    return when_said("，".join(kept), today)


def _agreed(one: Statement, said: Sequence[Statement], turns: Sequence[Heard]) -> tuple[str, ...] | None:
    """Return the turns that make a time an agreement, or None where it is none."""
    before = turns[one.at - 1][0] if one.at else None
    asked = before is not None and before.speaker == "seat" and bool(_ASKS_TIME.search(before.text[-200:]))
    about = _is_about(one.text)
    if one.speaker == "customer":
        if about or asked or _proposed(one, said):
            return (one.turn,)
        return None
    if not about or _ALLOWED.search(one.text):
        return None
    if one.at + 1 >= len(turns):
        return None if one.question else (one.turn,)
    answer = turns[one.at + 1][0]
    if answer.speaker == "seat":
        return None if one.question else (one.turn,)
    bare = answer.text.strip(" ，。,.嗯啊哦").lower()
    if NO.search(bare) or (_REJECTED.search(bare) and not YES.search(bare)):
        return None
    if one.question and not YES.search(bare) and re.search(r"谢|再见|bye|thank", bare) is None:
        return None
    return (one.turn, answer.id)


def _is_about(text: str) -> bool:
    return bool(_TOUCH.search(text)) or any(pattern.search(text) for _name, pattern in _CHANNELS)


def _proposed(one: Statement, said: Sequence[Statement]) -> bool:
    """Tell whether the seat has just proposed another time for a contact, which the customer corrects."""
    return any(
        other.speaker == "seat" and other.at == one.at - 1 and _is_about(other.text) and when_said(other.text, None)
        for other in said
    )


def _channel(one: Statement, turns: Sequence[Heard]) -> Channel:
    before = turns[one.at - 1][0].text[-200:] if one.at and one.speaker == "customer" else ""
    for text in (one.text, "" if _TOUCH.search(one.text) else before):
        for name, pattern in _CHANNELS:
            if pattern.search(text):
                return name
    return "call"


def _joined(day: When, hour: When) -> When:
    return When(
        said=f"{day.said} {hour.said}", date=day.date, time=hour.time or day.time,
        part=None if hour.time else hour.part or day.part,
    )  # fmt: skip
