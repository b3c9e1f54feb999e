"""The contract check as a whole report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast

from appliance.core.clock import iso, utc_now
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

from ..composing import SectionDraft, Texts
from ..models import Gap, Language, Place, Reading, Report, Section
from .book import SHIPPED, ClauseBook, standards
from .checking import ContractCheck, check, texts

TEMPLATE: Final = "contract-check"
VERSION: Final = "1"
_TITLE_LINES: Final = 8


def report(
    readings: Sequence[Reading],
    *,
    report_id: str,
    author: str,
    language: str,
    as_of: str,
    own: Path | None,
    options: Mapping[str, str],
) -> Report:
    """Check the contracts among the files; `options["standard"]` names the standard, else their titles tell.

    Raises `InvalidRequest` for a standard that there is not, and where no file is a contract that one fits.
    """
    books, say = standards(SHIPPED, own), texts(language)
    chosen = _chosen(books, options.get("standard", ""))
    checks: list[tuple[Reading, ClauseBook, ContractCheck]] = []
    gaps: list[Gap] = []
    for reading in readings:
        book = chosen or fitting(reading, books)
        if _is_other(reading, readings) or (book is None and reading.file.fault is None):
            reason = say("gap.not_contract", name=reading.file.name)
            gaps.append(Gap(about=f"file:{reading.file.id}", title=say("gap.title"), reason=reason))
            continue
        book = book or next(iter(books.values()))  # of a file that cannot be read nothing is checked
        checks.append((reading, book, check(reading, book, language, as_of=as_of)))
    if not checks:
        raise InvalidRequest(
            _("No file is a contract that a standard fits."),
            _("Name the standard in options.standard: {names}.", names=", ".join(books)),
            param="options.standard",
        )
    book = next((one for _reading, one, done in checks if done.readable), checks[0][1])
    return Report(
        id=report_id,
        template=TEMPLATE,
        template_version=VERSION,
        title=say("title", standard=book.title.within(language)),
        subject=_subject(checks[0][0]),
        language=cast("Language", language),
        as_of=as_of,
        made_at=iso(utc_now()),
        author=author,
        sections=_sections(checks, gaps, say),
        figures=tuple(figure for _reading, _book, done in checks for figure in done.figures),
        conflicts=(),
        gaps=(*(gap for _reading, _book, done in checks for gap in done.gaps), *gaps),
        questions=(),
        files=tuple(reading.file for reading in readings),
    )


def _chosen(books: Mapping[str, ClauseBook], name: str) -> ClauseBook | None:
    if name and name not in books:
        raise InvalidRequest(
            _("There is no standard {name} for contracts.", name=name),
            _("There are: {names}.", names=", ".join(books)),
            param="options.standard",
        )
    return books[name] if name else None


def fitting(reading: Reading, books: Mapping[str, ClauseBook]) -> ClauseBook | None:
    """Return the standard whose words stand in the first lines or the name of a file; None: none, or several."""
    heads = [passage.text.lower() for passage in reading.passages[:_TITLE_LINES]]
    for head in [*heads, reading.file.name.lower()]:
        fits = [book for book in books.values() if any(word.lower() in head for word in book.fits)]
        if len(fits) == 1:
            return fits[0]
    return None


def _is_other(reading: Reading, readings: Sequence[Reading]) -> bool:
    """Whether a file was sorted as something else while others are contracts."""
    return reading.file.kind not in ("contract", "other") and any(one.file.kind == "contract" for one in readings)


def _subject(reading: Reading) -> str:
    title = next((passage.text.strip() for passage in reading.passages if passage.text.strip()), "")
    return title if 0 < len(title) <= 60 else reading.file.name


def _sections(
    checks: Sequence[tuple[Reading, ClauseBook, ContractCheck]], gaps: Sequence[Gap], say: Texts
) -> tuple[Section, ...]:
    made: list[Section] = []
    several = len(checks) > 1
    for reading, book, done in checks:
        if several:
            head = SectionDraft(f"{reading.file.id}.contract", reading.file.name)
            place = Place(file=reading.file.id, name=reading.file.name)
            head.say(say("head", standard=book.title.within(say.language)), "text", places=(place,))
            made.append(head.finish())
        made += [section.model_copy(update={"level": 2}) if several else section for section in done.sections]
    if gaps:
        rest = SectionDraft("rest", say("section.unread"))
        for gap in gaps:
            rest.say(gap.reason, "gap", style="item")
        made.append(rest.finish())
    return tuple(made)
