"""Judges a course by all rules: outcomes, alerts with their keys, and the score sheet of an ended call."""

import math
from collections.abc import Sequence

from ..models import Alert, Severity
from .compiled import Rule
from .conditions import holds_from
from .course import LONGEST_S, Course
from .found import Found, Moment
from .kinds import DECIDE
from .shapes import Judgement, Outcome, ScoreSheet, SheetItem

_QUOTE = 80
"""Characters of the words that an outcome rests on."""


def judge(
    rules: Sequence[Rule], course: Course, version: str, cap: float, *, ended: bool, now_s: float, language: str
) -> Judgement:
    """Judge a call as far as it has come; texts are in `language` (`zh_CN` or `en`)."""
    sound = math.isfinite(now_s) and now_s <= LONGEST_S
    moment = Moment(ended, max(now_s, course.last_end) if sound else course.last_end)
    tongue = "zh_CN" if language.startswith("zh") else "en"
    outcomes, alerts, found_of = [], [], []
    for rule in rules:
        found = _decide(rule, course, moment)
        outcomes.append(_outcome(rule, found, course, tongue))
        alerts += _alerts(rule, found, course, tongue)
        found_of.append(found)
    alerts.sort(key=lambda alert: alert.at_s)
    return Judgement(
        version=version,
        direction=course.direction,
        ended=ended,
        at_s=moment.now_s,
        outcomes=tuple(outcomes),
        alerts=tuple(alerts),
        sheet=_sheet(rules, outcomes, cap, tongue) if ended else None,
    )


def _decide(rule: Rule, course: Course, moment: Moment) -> Found:
    form = rule.form
    if not course.ids:
        return Found("not_applicable" if moment.ended else "open")
    begin = holds_from(form.when, rule, "when", course)
    if begin is None or (form.unless is not None and holds_from(form.unless, rule, "unless", course) is not None):
        return Found("not_applicable")
    return DECIDE[type(form)](rule, course, moment, begin)


def _outcome(rule: Rule, found: Found, course: Course, language: str) -> Outcome:
    return Outcome(
        rule=rule.form.name,
        state=found.state,
        turns=tuple(course.ids[number] for number in found.turns),
        at_s=found.at_s,
        said=tuple(course.quoted(number, span)[:_QUOTE] for number, span in found.said),
        value=found.value,
        note=found.note.render(language) if found.note else None,
    )


def _alerts(rule: Rule, found: Found, course: Course, language: str) -> list[Alert]:
    form = rule.form
    hint = form.hint.within(language) if form.hint else None
    if found.broken:
        text = form.alert.within(language)
        return [_alert(rule, form.severity, "broken", text, hint, turns, at_s, course) for turns, at_s in found.broken]
    if found.due is not None:
        turns, at_s = found.due
        return [_alert(rule, "notice", "due", hint or form.title.within(language), hint, turns, at_s, course)]
    return []


def _alert(
    rule: Rule,
    severity: Severity,
    what: str,
    text: str,
    hint: str | None,
    turns: tuple[int, ...],
    at_s: float,
    course: Course,
) -> Alert:
    ids = tuple(course.ids[number] for number in turns)
    key = ":".join((rule.form.name, what, *ids))
    return Alert(rule=rule.form.name, severity=severity, text=text, turns=ids, at_s=at_s, key=key, hint=hint)


def _sheet(rules: Sequence[Rule], outcomes: Sequence[Outcome], cap: float, language: str) -> ScoreSheet:
    """Add the points up: of the rules that were met or broken, the share that was met, of 100."""
    items = []
    for rule, outcome in zip(rules, outcomes, strict=True):
        form = rule.form
        if not form.points or outcome.state in ("not_applicable", "open"):
            continue
        items.append(
            SheetItem(
                rule=form.name,
                title=form.title.within(language),
                area=form.area,
                state=outcome.state,
                points=form.points,
                got=form.points if outcome.state == "met" else 0.0,
                critical=form.critical,
                turns=outcome.turns,
            )
        )
    possible = sum(item.points for item in items if item.state != "not_judged")
    got = sum(item.got for item in items)
    capped = tuple(
        rule.form.name
        for rule, outcome in zip(rules, outcomes, strict=True)
        if rule.form.critical and outcome.state == "broken"
    )
    score = 100 * got / possible if possible else 100.0
    score = round(min(score, cap) if capped else score, 1)
    return ScoreSheet(score=score, got=got, possible=possible, capped_by=capped, items=tuple(items))
