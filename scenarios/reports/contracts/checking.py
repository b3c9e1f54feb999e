"""A contract against its standard and against itself: the one entry of this part."""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import Field

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_words

from ..composing import Texts
from ..models import Fact, Figure, Finding, Gap, Part, Place, Reading, Section
from .amounts import amount_issues, day_issues
from .blanks import blanks
from .book import ClauseBook, standards
from .counting import counts
from .elements import ElementReading
from .issues import Issue
from .judging import Judged, forbidden_issues, judge_all, order_issues
from .parties import Party, parties, party_issues, undefined_labels
from .presenting import ContractView, sections
from .structure import numbering_issues, reference_issues, term_issues
from .text import ContractText, contract_text

__all__ = ["ContractCheck", "check", "standards"]

TEXTS: Final = Path(__file__).with_name("texts.yaml")
STANDARD: Final = "standard"
"""What stands in `Place.file` for a wording of the standard itself."""


class ContractCheck(Part):
    """What a check gave. `readable` is false where nothing of the file could be checked."""

    sections: tuple[Section, ...]
    findings: tuple[Finding, ...] = ()
    facts: tuple[Fact, ...] = ()
    figures: tuple[Figure, ...] = ()
    gaps: tuple[Gap, ...] = ()
    readable: bool = Field(default=True)


@cache
def _words() -> dict[str, Words]:
    return read_words(TEXTS)


def texts(language: str) -> Texts:
    """Return the texts of this part in a language."""
    return Texts(_words(), language)


def check(reading: Reading, standard: ClauseBook, language: str, *, as_of: str = "") -> ContractCheck:
    """Check one contract. A file that cannot be read gives a gap that says why, and never a verdict."""
    say = texts(language)
    text = contract_text(reading)
    gaps = tuple(_gaps(reading, text, say))
    if reading.file.fault is not None or not text.lines:
        view = ContractView(reading, text, standard, say, (), (), (), gaps)
        return ContractCheck(sections=sections(view), gaps=gaps, readable=False)
    key = f"{reading.file.id}@{as_of}"
    named = parties(text, standard)
    judged = judge_all(text, standard)
    issues = tuple(_issues(text, standard, judged, named, language, key, partly=bool(reading.file.scanned)))
    figures = (*counts(judged, issues, standard, say, key), *(one for issue in issues for one in issue.figures))
    view = ContractView(reading, text, standard, say, judged, issues, figures, gaps)
    return ContractCheck(
        sections=sections(view),
        findings=tuple(view.finding(issue) for issue in issues),
        facts=tuple(_facts(judged, named, say)),
        figures=figures,
        gaps=gaps,
    )


def _issues(
    text: ContractText,
    standard: ClauseBook,
    judged: tuple[Judged, ...],
    named: tuple[Party, ...],
    language: str,
    key: str,
    *,
    partly: bool,
) -> Iterator[Issue]:
    """Yield all that was found. `partly` read, a clause that is not there may be on a page that was not."""
    for one in judged:
        for issue in one.issues:
            unseen = partly and issue.rule == "clause_missing"
            yield Issue("clause_unseen", "warning", issue.values, (), (), issue.clause) if unseen else issue
    readings = [reading for one in judged for reading in one.elements]
    yield from order_issues(standard, readings, key)
    yield from forbidden_issues(standard.forbidden, text.lines)
    yield from party_issues(text, standard, named)
    yield from amount_issues(text, language, key)
    yield from day_issues(text)
    yield from numbering_issues(text)
    yield from reference_issues(text)
    yield from term_issues(text, standard)
    yield from undefined_labels(text, named)
    yield from blanks(text)


def _gaps(reading: Reading, text: ContractText, say: Texts) -> Iterator[Gap]:
    file = reading.file
    about = f"file:{file.id}"

    def gap(name: str, *, required: bool = False, **values: object) -> Gap:
        reason = say(f"gap.{name}", name=file.name, **values)
        return Gap(about=about, title=say("gap.title"), reason=reason, required=required)

    if file.fault is not None:
        yield gap("fault", reason=file.fault, required=True)
    elif not text.lines:
        yield gap("empty", required=True)
    else:
        if file.scanned:
            yield gap("scanned")
        if not any(clause.number for clause in text.clauses):
            yield gap("unnumbered")
        if not text.signing:
            yield gap("unsigned")


def _facts(judged: Iterable[Judged], named: Iterable[Party], say: Texts) -> Iterator[Fact]:
    said: set[str] = set()
    for party in named:
        if party.name and party.rule.id not in said:
            said.add(party.rule.id)
            yield Fact(
                name=party.rule.id,
                title=party.rule.title.within(say.language),
                value=party.name,
                shown=party.name,
                confidence=1.0,
                place=party.line.place(),
            )
    for one in judged:
        for reading in one.elements:
            if reading.state == "found" and reading.place is not None:
                yield _fact(reading, reading.place, say)


def _fact(reading: ElementReading, place: Place, say: Texts) -> Fact:
    number = None if reading.number is None else float(reading.number)
    units = {"money": "CNY", "rate": "share", "months": "count", "days": "count"}
    return Fact(
        name=reading.element.id,
        title=reading.element.title.within(say.language),
        value=reading.day.isoformat() if reading.day is not None else reading.printed,
        number=number,
        unit=units.get(reading.unit, ""),
        shown=reading.printed,
        confidence=1.0,
        place=place,
    )
