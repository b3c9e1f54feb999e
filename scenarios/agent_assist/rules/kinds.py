"""How each kind of rule is decided: pure functions of a rule and the course of a call."""

from bisect import bisect_right
from collections.abc import Callable
from typing import cast

from ..models import Speaker
from .compiled import Rule
from .course import Course
from .forms import (
    Answer,
    Interruption,
    MustNotSay,
    MustSay,
    Order,
    Repeat,
    RuleForm,
    Silence,
    TalkRatio,
    Within,
)
from .found import MAX_NAMED, Found, Moment, Quote, broken_at


def _between(course: Course, speaker: Speaker, after: int, until: int) -> int:
    """Count a side's turns behind turn `after` up to and with turn `until`."""
    turns = course.of[speaker]
    return bisect_right(turns, until) - bisect_right(turns, after)


def must_say(rule: Rule, course: Course, moment: Moment, begin: int) -> Found:
    """Decide a duty that is due from turn `begin` on."""
    form = cast("MustSay", rule.form)
    hits = course.at(rule.groups["say"], form.by)
    if form.last_turns is not None:
        return _must_close(rule, form, course, moment)
    hit = next((hit for hit in hits if not form.anew or hit[0] > begin), None)
    began_s = course.ends[begin] if begin >= 0 else 0.0
    key = (begin,) if begin >= 0 else ()
    if hit is not None:
        number, spans = hit
        late = _late(form.within, course, form.by, begin, number, course.starts[number] - began_s)
        if late is None:
            return Found("not_judged", (number,), note=course.wrong_times)
        if late:
            return broken_at((number,), course.starts[number], key=key, said=((number, spans[0]),))
        return Found("met", (number,), course.starts[number], ((number, spans[0]),))
    waited = moment.now_s - began_s
    overdue = _late(form.within, course, form.by, begin, len(course.ids) - 1, waited, count_next=True)
    if moment.ended or overdue:
        return broken_at(key, moment.now_s)
    due = _is_due(form.within, course, form.by, begin, waited)
    return Found("open", key, due=(key, moment.now_s) if due else None)


def _late(
    within: Within | None,
    course: Course,
    by: Speaker,
    begin: int,
    until: int,
    seconds: float,
    *,
    count_next: bool = False,
) -> bool | None:
    """Tell whether a duty came, or still is missing, too late; None where only a wrong clock could tell.

    With `count_next` nothing was said yet up to turn `until`, so that the last turn allowed is used up as well.
    """
    if within is None:
        return False
    if within.turns is not None and _between(course, by, begin, until) + count_next > within.turns:
        return True
    if within.seconds is None:
        return False
    if course.wrong_times is not None:
        return None
    return seconds > within.seconds


def _is_due(within: Within | None, course: Course, by: Speaker, begin: int, waited: float) -> bool:
    """Tell whether to remind: at once of what the call has brought up, else when half of the time or turns is over.

    Of the turns that a call may begin with the customer's first answer ends the wait too.
    """
    if within is not None and within.seconds is not None:
        return waited >= within.seconds / 2
    if begin >= 0 or within is None or within.turns is None:
        return begin >= 0
    answered = any(speaker != by for speaker in course.speakers)
    return answered or 2 * len(course.of[by]) >= within.turns


def _must_close(rule: Rule, form: MustSay, course: Course, moment: Moment) -> Found:
    hits = course.at(rule.groups["say"], form.by)
    turns = course.of[form.by]
    last = turns[-(form.last_turns or 1) :]
    hit = hits[-1] if hits and last and hits[-1][0] >= last[0] else None
    if hit is not None:
        quote = ((hit[0], hit[1][0]),)
        return Found("met" if moment.ended else "open", (hit[0],), course.starts[hit[0]], quote)
    if moment.ended:
        return broken_at((), moment.now_s)
    near = course.at(rule.groups["remind_when"], "customer") if "remind_when" in rule.groups else []
    return Found("open", due=((near[-1][0],), course.ends[near[-1][0]]) if near else None)


def must_not_say(rule: Rule, course: Course, moment: Moment, _begin: int) -> Found:
    """Decide what must never be said."""
    form = cast("MustNotSay", rule.form)
    hits = course.at(rule.groups["say"], form.by)[:MAX_NAMED]
    if not hits:
        return Found("met" if moment.ended else "open")
    return Found(
        "broken",
        tuple(number for number, _spans in hits),
        course.starts[hits[0][0]],
        tuple((number, span) for number, spans in hits for span in spans)[:MAX_NAMED],
        float(len(hits)),
        broken=tuple(((number,), course.starts[number]) for number, _spans in hits),
    )


def order(rule: Rule, course: Course, moment: Moment, _begin: int) -> Found:
    """Decide whether `first` came before the first `then`."""
    form = cast("Order", rule.form)
    firsts, thens = course.at(rule.groups["first"], form.by), course.at(rule.groups["then"], form.by)
    if not thens:
        return Found("not_applicable")
    number, spans = thens[0]
    quote: Quote = (number, spans[0])
    earlier = [(at, found[0]) for at, found in firsts[:1] if (at, found[0]) < quote]
    if not earlier:
        return broken_at((number,), course.starts[number], said=(quote,))
    other: Speaker = "customer" if form.by == "seat" else "seat"
    if form.answered and not _between(course, other, earlier[0][0], number):
        return broken_at((number,), course.starts[number], said=(earlier[0], quote))
    return Found("met", (earlier[0][0], number), course.starts[number], (earlier[0], quote))


def within(rule: Rule, course: Course, moment: Moment, _begin: int) -> Found:
    """Decide whether each `after` was answered in time; `value` is the longest wait."""
    form = cast("Answer", rule.form)
    asked = [number for number, _spans in course.at(rule.groups["after"], form.after_by)]
    answers = course.of[form.by]
    if form.say is not None:
        answers = [number for number, _spans in course.at(rule.groups["say"], form.by)]
    if not asked:
        return Found("not_applicable")
    broken: list[int] = []
    unsure = waiting = False
    longest, due = 0.0, None
    for number in asked:
        place = bisect_right(answers, number)
        answer = answers[place] if place < len(answers) else None
        until = course.starts[answer] if answer is not None else moment.now_s
        waited = max(0.0, until - course.ends[number])
        last = answer if answer is not None else len(course.ids) - 1
        missing = answer is None and form.say is not None
        late = _late(form.within, course, form.by, number, last, waited, count_next=missing)
        longest = max(longest, waited)
        unsure = unsure or late is None
        if late or (missing and moment.ended):
            broken.append(number)
        elif answer is None:
            waiting = True
            due = ((number,), moment.now_s) if _is_due(form.within, course, form.by, number, waited) else due
    return _answered(course, moment, broken[:MAX_NAMED], longest, due=due, unsure=unsure, waiting=waiting)


def _answered(
    course: Course,
    moment: Moment,
    broken: list[int],
    longest: float,
    *,
    due: tuple[tuple[int, ...], float] | None,
    unsure: bool,
    waiting: bool,
) -> Found:
    value = None if course.wrong_times else round(longest, 3)
    if broken:
        alerts = tuple(((number,), course.ends[number]) for number in broken)
        return Found("broken", tuple(broken), alerts[0][1], value=value, broken=alerts)
    if unsure:
        return Found("not_judged", note=course.wrong_times)
    if moment.ended:
        return Found("met", value=value)
    return Found("open", value=value, due=due if waiting else None)


def silence(rule: Rule, course: Course, moment: Moment, _begin: int) -> Found:
    """Decide whether nobody spoke for too long between two turns; `value` is the longest such time."""
    form = cast("Silence", rule.form)
    if wrong := course.wrong_times or course.wrong_lengths:
        return Found("not_judged", note=wrong)
    announced = set()
    if "not_after" in rule.groups:
        announced = {number for number, _spans in course.at(rule.groups["not_after"], "seat")}
    long = [
        (number, gap)
        for number, gap in course.gaps
        if gap > form.longer_than_s and not _announced(course, announced, number)
    ][:MAX_NAMED]
    if long:
        return Found(
            "broken",
            tuple(number for number, _gap in long),
            course.starts[long[0][0]],
            value=round(max(gap for _number, gap in long), 3),
            broken=tuple(((number - 1,), course.starts[number]) for number, _gap in long),
        )
    number = len(course.ids)
    waited = moment.now_s - course.last_end
    due = not moment.ended and waited > form.longer_than_s and not _announced(course, announced, number)
    return Found("met" if moment.ended else "open", due=((number - 1,), moment.now_s) if due else None)


def _announced(course: Course, announced: set[int], before: int) -> bool:
    """Tell whether the seat's last turn before turn `before` has announced a silence."""
    place = bisect_right(course.of["seat"], before - 1)
    return place > 0 and course.of["seat"][place - 1] in announced


def interruption(rule: Rule, course: Course, moment: Moment, _begin: int) -> Found:
    """Decide whether a side broke in too often; `value` counts it."""
    form = cast("Interruption", rule.form)
    if wrong := course.wrong_times or course.wrong_lengths:
        return Found("not_judged", note=wrong)
    turns = sorted(
        {
            overlap.at
            for overlap in course.overlaps[form.by]
            if overlap.seconds >= form.overlap_s and course.words[overlap.at] > form.ignore_words
        }
    )
    if len(turns) <= form.at_most:
        return Found("met" if moment.ended else "open", tuple(turns), value=float(len(turns)))
    over = turns[form.at_most]
    named = tuple(turns[:MAX_NAMED])
    return broken_at(named, course.starts[over], key=(over,), value=float(len(turns)))


def talk_ratio(rule: Rule, course: Course, moment: Moment, _begin: int) -> Found:
    """Decide at the end whether the seat spoke too much or too little; `value` is its share."""
    form = cast("TalkRatio", rule.form)
    if wrong := course.wrong_times or course.wrong_lengths:
        return Found("not_judged", note=wrong)
    seat, total = course.speech["seat"], sum(course.speech.values())
    if total <= 0 or total < form.after_s:
        return Found("not_applicable" if moment.ended else "open")
    share = round(seat / total, 3)
    if form.lowest <= share <= form.highest:
        return Found("met" if moment.ended else "open", value=share)
    if moment.ended:
        return broken_at((), moment.now_s, value=share)
    return Found("open", value=share, due=((), moment.now_s))


def repeat(rule: Rule, course: Course, moment: Moment, _begin: int) -> Found:
    """Decide whether something was said too often; `value` counts it."""
    form = cast("Repeat", rule.form)
    quotes = [(number, span) for number, spans in course.at(rule.groups["say"], form.by) for span in spans]
    turns = tuple(dict.fromkeys(number for number, _span in quotes))[:MAX_NAMED]
    if len(quotes) <= form.at_most:
        return Found("met" if moment.ended else "open", turns, value=float(len(quotes)))
    over = quotes[form.at_most][0]
    said = tuple(quotes[:MAX_NAMED])
    return broken_at(turns, course.starts[over], key=(over,), said=said, value=float(len(quotes)))


Decide = Callable[[Rule, Course, Moment, int], Found]
DECIDE: dict[type[RuleForm], Decide] = {
    MustSay: must_say,
    MustNotSay: must_not_say,
    Order: order,
    Answer: within,
    Silence: silence,
    Interruption: interruption,
    TalkRatio: talk_ratio,
    Repeat: repeat,
}
