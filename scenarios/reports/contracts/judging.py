"""Each clause of the standard judged: there or not, its elements, its forbidden words, its wording."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ..models import Figure, Input, Place
from .book import ClauseBook, Forbidden, Order
from .comparing import Difference, differences
from .elements import ElementReading, read_element
from .finding import FoundClause, find_clauses, out_of_order
from .issues import Issue
from .text import ContractText, Line

State = Literal["present", "deviating", "unfilled", "missing", "absent"]
"""`absent` is a clause that is not there and need not be."""


@dataclass(frozen=True)
class Judged:
    """A clause of the standard with all that is to be said of it."""

    found: FoundClause
    state: State
    elements: tuple[ElementReading, ...]
    differences: tuple[Difference, ...]
    issues: tuple[Issue, ...]


def judge_all(text: ContractText, book: ClauseBook) -> tuple[Judged, ...]:
    """Return the standard's clauses judged, in its order."""
    found = find_clauses(text, book)
    moved = {one.rule.id for one in out_of_order(found, text)} if book.ordered else set()
    return tuple(_judge(one, text, book, moved=one.rule.id in moved) for one in found)


def _judge(found: FoundClause, text: ContractText, book: ClauseBook, *, moved: bool) -> Judged:
    rule = found.rule
    elements = tuple(read_element(element, found.lines, text) for element in rule.elements)
    if found.by == "nothing":
        issues: list[Issue] = []
        if rule.required:
            issues.append(Issue("clause_missing", rule.severity, {"clause": rule.title}, clause=rule.id))
        state: State = "missing" if rule.required else "absent"
        read = tuple(one for one in elements if one.state == "found")
        return Judged(found, state, read if not rule.required else elements, (), tuple(issues))
    compared: list[Difference] = []
    if rule.wording is not None and found.clause is not None and found.by == "heading":
        compared = differences(rule.wording.within("zh" if text.chinese else "en"), found.clause, book.weighty)
    issues = [*_element_issues(found, elements), *forbidden_issues(rule.forbidden, found.lines, rule.id)]
    issues += _wording_issues(found, compared)
    if moved and found.clause is not None:
        values = {"clause": rule.title, "printed": found.clause.name}
        issues.append(Issue("clause_moved", "info", values, (found.lines[0].place(),), clause=rule.id))
    serious = [one for one in issues if one.severity != "info" and one.rule != "element_unfilled"]
    unfilled = any(one.rule == "element_unfilled" for one in issues)
    state = "deviating" if serious else "unfilled" if unfilled else "present"
    return Judged(found, state, elements, tuple(compared), tuple(issues))


def _element_issues(found: FoundClause, elements: Sequence[ElementReading]) -> Iterator[Issue]:
    clause = found.rule
    for one in elements:
        values: dict[str, object] = {"clause": clause.title, "element": one.element.title, "printed": one.printed}
        places = () if one.place is None else (one.place,)
        if one.state == "missing" and one.element.required:
            yield Issue("element_missing", "warning", values, (found.lines[0].place(),), clause=clause.id)
        elif one.state == "unfilled":
            yield Issue("element_unfilled", "serious", values, places, clause=clause.id)
        elif one.state == "unread" and not one.allowed:
            yield Issue("element_worded", "warning", values, places, clause=clause.id)
        elif one.state == "unread" and one.element.required:
            yield Issue("element_unread", "warning", values, places, clause=clause.id)
        elif not one.allowed:
            yield Issue("element_out_of_range", "serious", values, places, clause=clause.id)
        if one.others:
            values["others"] = one.others
            all_places = (*places, *(place for _printed, place in one.others))
            yield Issue("element_differs", "serious", values, all_places, clause=clause.id)


def forbidden_issues(rules: Sequence[Forbidden], lines: Sequence[Line], clause: str = "") -> Iterator[Issue]:
    """Yield each forbidden wording that stands in `lines`, once a line."""
    for rule in rules:
        for line in lines:
            found = re.search(rule.words, line.text, re.IGNORECASE)
            if found is not None and found.group():
                around = line.text[max(0, found.start() - 40) : found.end() + 40]
                values = {"words": found.group(), "why": rule.why}
                yield Issue("forbidden", rule.severity, values, (line.place(around),), clause=clause)


def _wording_issues(found: FoundClause, compared: Sequence[Difference]) -> Iterator[Issue]:
    for kind in ("changed", "omitted", "added"):
        of_kind = [one for one in compared if one.kind == kind]
        if not of_kind:
            continue
        places = tuple(one.line.place(one.contract) for one in of_kind if one.line is not None)
        yield Issue(
            f"wording_{kind}",
            "warning" if any(one.weighty for one in of_kind) else "info",
            {"clause": found.rule.title},
            places or (found.lines[0].place(),),
            clause=found.rule.id,
        )


def order_issues(book: ClauseBook, readings: Sequence[ElementReading], period: str) -> Iterator[Issue]:
    """Yield dates in the wrong order, and terms that are not the time between their dates."""
    read = {one.element.id: one for one in readings if one.state == "found"}
    for order in book.dates:
        first, then = read.get(order.first), read.get(order.then)
        if first is None or then is None or first.day is None or then.day is None:
            continue
        places = tuple(one.place for one in (first, then) if one.place is not None)
        titles = {"first": first.element.title, "then": then.element.title}
        if then.day < first.day:
            values = {**titles, "first_day": first.printed, "then_day": then.printed}
            yield Issue("dates_reversed", "serious", values, places)
        elif order.term is not None and (term := read.get(order.term)) is not None:
            yield from _span(order, first, then, term, period)


def _span(
    order: Order, first: ElementReading, then: ElementReading, term: ElementReading, period: str
) -> Iterator[Issue]:
    if first.day is None or then.day is None or term.number is None:
        return
    months = (then.day.year - first.day.year) * 12 + then.day.month - first.day.month
    days_over = then.day.day - first.day.day
    exact = Decimal(months) + Decimal(days_over) / 30
    if abs(exact - term.number) <= Decimal("0.2"):
        return
    places = tuple(one.place for one in (first, then, term) if one.place is not None)
    figure = Figure(
        id=f"months_between.{order.first}@{period}",
        name="months_between",
        title=order.then,
        period=period,
        value=round(float(exact), 2),
        unit="count",
        shown=f"{exact:.1f}".removesuffix(".0"),
        formula="months(then) - months(first) + days / 30",
        inputs=tuple(_input(one) for one in (first, then)),
    )
    values = {
        "term": term.element.title,
        "printed": term.printed,
        "first_day": first.printed,
        "then_day": then.printed,
        "months": figure.shown,
    }
    yield Issue("term_mismatch", "serious", values, places, (figure,))


def _input(reading: ElementReading) -> Input:
    day = reading.day
    place: Place | None = reading.place
    return Input(
        symbol=reading.element.id, value=float(day.toordinal() if day else 0), shown=reading.printed, place=place
    )
