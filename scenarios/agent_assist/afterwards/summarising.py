"""The summary of a call, without a model: the statements that say it, and what can be worked out of them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from appliance.core.messages import Message, _
from appliance.knowledge.language.text import is_wide
from appliance.scenario.words import Words

from ..models import Direction
from . import cues
from .clauses import Statement, keepable, statements
from .contacts import next_contact
from .promises import Promise, is_promise, promises_in
from .settled import Settled, settled_values
from .shapes import Heard, Line, Outcome, Section, SectionName, Summary
from .when import when_said

_MOST: Mapping[SectionName, int] = {"reason": 2, "facts": 4, "promised": 3, "follow_up": 3, "outcome": 1}
_LEAST = {"reason": 1.0, "facts": 0.5}  # scores below which nothing is worth a line
_ADEQUATE = {"zh": 5, "en": 14}  # characters that a reason has at least
_EARLY = (1.7, 0.4, -0.5, -1.0, -1.5, -2.0)  # by place: most people say at once why they call
_SHORT = {"zh": 12, "en": 32}  # characters; a reason that short goes with what was said beside it
_LONGEST_JOINED = 120
_OPENING = 8  # statements of the customer among which the reason of a call is looked for first
_ALIKE = 0.6  # of the shorter one's character pairs; two such statements say the same


def summarise(
    turns: Sequence[Heard],
    *,
    direction: Direction,
    titles: Mapping[str, Words],
    language: str,
    today: date | None = None,
) -> Summary:
    """Return what a call came to, at most 13 lines; quoted words stay as they were said, masked for keeping.

    `titles` are those of intents by name; `today` is the day of the call, for what "tomorrow" comes to. An intent names
    the reason only where no statement of the customer does.
    """
    said = _joined([one for one in statements(turns) if not cues.SMALL_TALK.search(one.text)])
    lines = _Lines()
    promises = promises_in(said, turns, today)
    outcome, outcome_line = _outcome(said, turns, promises, language)
    chosen: dict[SectionName, list[Line]] = {
        "reason": lines.take(_reasons(turns, said, direction, titles, language), _MOST["reason"]),
        "promised": lines.take((_promise_line(one) for one in promises), _MOST["promised"]),
    }
    chosen["follow_up"] = lines.take(_follow_ups(turns, said, promises, today), _MOST["follow_up"])
    chosen["facts"] = lines.take(_facts(turns, said, language), _MOST["facts"])
    chosen["outcome"] = [outcome_line] if outcome_line else []
    return Summary(
        sections=tuple(
            Section(name=name, title=title.render(_catalogue(language)), lines=tuple(chosen[name]))
            for name, title in section_titles().items()
        ),
        outcome=outcome,
    )


def section_titles() -> dict[SectionName, Message]:
    """Return the titles of the sections, in their order."""
    return {
        "reason": _("Reason of the call"),
        "facts": _("Facts"),
        "promised": _("Promised"),
        "follow_up": _("Follow-up"),
        "outcome": _("Outcome"),
    }


_BACK = re.compile(r"^(?:这|那|它)|\b(?:it|them|that one|this one|him|her)\W*$", re.IGNORECASE)


def _joined(said: Sequence[Statement]) -> list[Statement]:
    """Return the statements, a short one that only points back together with the one before it in its turn."""
    joined: list[Statement] = []
    for one in said:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.turn == one.turn
            and not (last.question or one.question)
            and len(one.text) <= _SHORT[one.language]
            and len(last.text) + len(one.text) <= _LONGEST_JOINED
            and _BACK.search(one.text)
        ):
            between = "" if last.text[-1] in "。！？；" else " "
            joined[-1] = replace(last, text=f"{last.text}{between}{one.text}")
        else:
            joined.append(one)
    return joined


class _Lines:
    """Takes lines that say something new."""

    def __init__(self) -> None:
        self._taken: list[set[str]] = []

    def take(self, offered: Iterable[Line], most: int) -> list[Line]:
        """Return the first `most` of the lines that none before them says already, in the order of the call."""
        taken: list[Line] = []
        for line in offered:
            if len(taken) == most:
                break
            pairs = _pairs(line.text)
            if not any(_same(pairs, other) for other in self._taken):
                self._taken.append(pairs)
                taken.append(line)
        return taken


def _pairs(text: str) -> set[str]:
    bare = re.sub(r"\W+", "", text.lower())
    size = 2 if any(map(is_wide, bare)) else 4  # any two English texts share most pairs of letters
    return {bare[at : at + size] for at in range(max(1, len(bare) - size + 1))}


def _same(one: set[str], other: set[str]) -> bool:
    return len(one & other) >= _ALIKE * min(len(one), len(other))


def _quoted(one: Statement) -> Line:
    return Line(text=one.text, turns=(one.turn,), kind="quoted")


def _promise_line(one: Promise) -> Line:
    return Line(text=one.said.text, turns=(one.said.turn,), kind="quoted", by=one.by, due=one.due)


def _reasons(
    turns: Sequence[Heard], said: Sequence[Statement], direction: Direction, titles: Mapping[str, Words], language: str
) -> list[Line]:
    """Return why there was a call, best first, then in order: on an outbound call the seat says it."""
    if direction == "outbound":
        seat = [one for one in said if one.speaker == "seat"]
        purpose = [one for one in seat if cues.PURPOSE.search(one.text)][:1] or seat[:1]
        if purpose:
            return [_quoted(one) for one in purpose]
    own = [one for one in said if one.speaker == "customer" and len(one.text) >= _ADEQUATE[one.language]]
    scored = [(_reason_score(one, place, turns), one) for place, one in enumerate(own)]
    first = max(scored[:_OPENING], key=lambda entry: entry[0], default=None)
    found = []
    if first and first[0] >= _LEAST["reason"]:
        found.append(first[1])
        if len(first[1].text) < _SHORT[first[1].language]:
            found += [one for score, one in scored if one.turn == first[1].turn and one is not first[1] and score > 0][
                :1
            ]
        found += [
            one
            for score, one in scored
            if one.at > first[1].at
            and score - _EARLY[min(own.index(one), len(_EARLY) - 1)] >= _LEAST["reason"]
            and cues.ALSO.search(one.text)
        ]
    if found:
        return [_quoted(one) for one in found]
    return _intended(turns, titles, language) or [_quoted(one) for one in own[:1]]


def _reason_score(one: Statement, place: int, turns: Sequence[Heard]) -> float:
    score = 1.5 * bool(cues.REQUEST.search(one.text)) + 1.5 * bool(cues.PROBLEM.search(one.text))
    score += 0.3 * bool(cues.FIGURE.search(one.text) or cues.TIME.search(one.text)) + 0.8 * one.question
    intent = turns[one.at][1].intent
    if intent is not None:
        score += 0.5 * intent.confidence
    return score + _EARLY[min(place, len(_EARLY) - 1)]


def _intended(turns: Sequence[Heard], titles: Mapping[str, Words], language: str) -> list[Line]:
    """Return the most certain intent of the call as a line."""
    known = [(heard[1].intent.confidence, -at, heard) for at, heard in enumerate(turns) if heard[1].intent]
    if not known:
        return []
    turn, analysis = max(known, key=lambda entry: entry[:2])[2]
    assert analysis.intent is not None, "chosen because it has one"
    name = analysis.intent.name
    title = titles[name].within(language) if name in titles else analysis.intent.title
    text = _("The customer asked about: {intent}", intent=title).render(_catalogue(language))
    return [Line(text=text, turns=(turn.id,), kind="computed")]


def _facts(turns: Sequence[Heard], said: Sequence[Statement], language: str) -> list[Line]:
    """Return what happened and how much it is about: the best statements in order, then corrected values."""
    changed = [one for one in settled_values(turns).values() if one.others]
    corrected = [_corrected(one, language) for one in changed]
    replaced = [text for one in changed for text in one.texts_before]
    best = sorted(
        (
            (score, one)
            for score, one in ((_fact_score(one, turns), one) for one in said)
            if score >= _LEAST["facts"]
            and not any(text in one.text for text in replaced)
            and not (changed and cues.CORRECTION.search(one.text) and any(value.text in one.text for value in changed))
        ),
        key=lambda entry: (-entry[0], entry[1].at),
    )
    room = max(1, _MOST["facts"] - len(corrected))
    quoted = sorted((one for _score, one in best[: room + 2]), key=lambda one: one.at)
    return [*corrected, *(_quoted(one) for one in quoted)]


def _fact_score(one: Statement, turns: Sequence[Heard]) -> float:
    slots = [slot for slot in turns[one.at][1].slots if slot.text and slot.text in one.text]
    score = 0.7 * min(len(slots), 2) + 0.9 * bool(cues.FIGURE.search(one.text)) + 0.6 * bool(cues.TIME.search(one.text))
    score += 0.6 * bool(cues.EVENT.search(one.text)) + 0.6 * bool(cues.PROBLEM.search(one.text))
    score += 0.5 * bool(cues.CORRECTION.search(one.text))
    if one.speaker == "seat":
        score += 0.6 * bool(cues.EXPLAINED.search(one.text)) - 0.1
        score += 0.4 * bool(cues.FOUND.search(turns[one.at][0].text[:200]))
        if one.at and turns[one.at - 1][0].speaker == "customer" and _asks(turns[one.at - 1][0].text):
            score += 1.2
    if one.question:
        score -= 0.3 if re.search(r"[，,；;]", one.text) and one.speaker == "customer" else 1
    if one.speaker == "seat" and (cues.TO_DO.search(one.text) or is_promise(one)):
        score = 0  # it is told elsewhere
    return score


def _asks(text: str) -> bool:
    return text.rstrip().endswith(("?", "？", "吗", "呢"))


def _corrected(value: Settled, language: str) -> Line:
    others = keepable(", ".join(dict.fromkeys(value.texts_before)))
    said, exact = keepable(value.text), keepable(value.value)
    shown = said if said == exact else f"{said} = {exact}"
    text = _("{name}: {value} (said before: {others})", name=value.title(), value=shown, others=others)
    turns = [*(turn for one in value.others for turn in one.turns), *value.turns]
    return Line(text=text.render(_catalogue(language)), turns=tuple(dict.fromkeys(turns)), kind="computed")


def _follow_ups(
    turns: Sequence[Heard], said: Sequence[Statement], promises: Sequence[Promise], today: date | None
) -> list[Line]:
    """Return what is open: what the customer must do, what was left unanswered, when to be in touch again."""
    promised = {one.said for one in promises}
    seat = [one for one in said if one.speaker == "seat" and one not in promised]
    to_do = [one for one in seat if _is_to_do(one)]
    found = [*to_do[-2:], *_unanswered(turns, said), *(one for one in seat if cues.DONT_KNOW.search(one.text))]
    dated = max((one.said.at for one in promises if one.due), default=-1)
    contact = [one for one in said if one.at > dated and _is_contact(one)]
    agreed = next_contact(said, turns, today)
    if agreed and not any(one.due and one.due.date == agreed.when.date for one in promises):
        contact += [one for one in said if one.turn == agreed.turns[0] and when_said(one.text, today)]
    ordered = sorted(dict.fromkeys([*contact[-1:], *found]), key=lambda one: one.at)
    return [_quoted(one).model_copy(update={"due": when_said(one.text, today)}) for one in ordered]


_CONTACT = re.compile(
    r"(?:再|给我|跟我|和我)(?:打|回|联系|来电|致电)|(?:打|回)(?:个)?(?:给我|电话|过来)|再(?:说|聊)|联系我"
    r"|\b(?:call|ring|phone|contact|text|e-?mail) me\b|\bget back to (?:me|you)\b|\btry (?:me|again)\b"
    r"|\bspeak (?:again|then)\b",
    re.IGNORECASE,
)


def _is_contact(one: Statement) -> bool:
    return one.speaker == "customer" and bool(_CONTACT.search(one.text)) and when_said(one.text, None) is not None


def _is_to_do(one: Statement) -> bool:
    return bool(cues.TO_DO.search(one.text)) and not one.question and not cues.RESOLVED.search(one.text)


def _unanswered(turns: Sequence[Heard], said: Sequence[Statement]) -> list[Statement]:
    """Return the customer's last question where the seat has said nothing of substance behind it."""
    asked = [one for one in said if one.speaker == "customer" and one.question]
    if not asked or any(one.speaker == "seat" and one.at > asked[-1].at for one in said):
        return []
    return asked[-1:]


def _outcome(
    said: Sequence[Statement], turns: Sequence[Heard], promises: Sequence[Promise], language: str
) -> tuple[Outcome, Line | None]:
    """Return how the call ended and the line that says so: the last word of either side on it counts."""
    if not turns:
        return "unclear", None
    resolved = _last(said, lambda one: bool(cues.RESOLVED.search(one.text)) and not one.question)
    unresolved = _last(said, lambda one: one.speaker == "customer" and _is_unresolved(one.text))
    late = [one.said for one in promises if resolved is None or one.said.at >= resolved.at]
    outcome: Outcome
    if unresolved and (resolved is None or unresolved.at > resolved.at) and not _calmed(unresolved, promises):
        outcome, evidence = "not_resolved", [unresolved]
    elif late and not (resolved and resolved.speaker == "customer" and resolved.at >= late[-1].at):
        outcome, evidence = "pending", [late[-1]]
    elif resolved:
        outcome, evidence = "resolved", [resolved]
    elif refused := _last(said, _is_refusal):
        outcome, evidence = "not_resolved", [refused]
    else:
        outcome, evidence = "unclear", []
    ids = tuple(dict.fromkeys(one.turn for one in evidence)) or (turns[-1][0].id,)
    text = _outcome_texts()[outcome].render(_catalogue(language))
    return outcome, Line(text=text, turns=ids, kind="computed")


def _is_refusal(one: Statement) -> bool:
    return one.speaker == "seat" and not one.question and bool(cues.REFUSAL.search(one.text))


def _is_unresolved(text: str) -> bool:
    return bool(cues.UNRESOLVED.search(text)) and not cues.CONDITIONAL.search(text)


def _calmed(unresolved: Statement, promises: Sequence[Promise]) -> bool:
    """Tell whether the seat has promised something behind the customer's complaint."""
    return any(one.said.at > unresolved.at for one in promises)


def _last(said: Sequence[Statement], wanted: Callable[[Statement], bool]) -> Statement | None:
    return next((one for one in reversed(said) if wanted(one)), None)


def _outcome_texts() -> dict[Outcome, Message]:
    return {
        "resolved": _("Resolved, by what was said."),
        "pending": _("Not settled yet: something was promised."),
        "not_resolved": _("Not resolved, by what was said."),
        "unclear": _("Whether it was resolved was not said."),
    }


def _catalogue(language: str) -> str:
    return "zh_CN" if language.startswith("zh") else "en"
