"""What people remarked on a report, with where each remark belongs in this version."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..models import Paragraph, Report
from .wording import Wording, clean, one_line

if TYPE_CHECKING:
    from .arranging import Heading

_QUOTED: Final = 80
_LONGEST_NAME: Final = 100


@dataclass(frozen=True)
class Remark:
    """One remark. What it was about may have gone since: then it belongs to the section, else to the whole report."""

    by: str
    at: str
    """ISO time."""
    text: str
    sentence: str | None
    """Id of the sentence that it is about."""
    anchor: str | None
    """Anchor of the heading that it is about, where it is about no sentence."""
    where: str
    """The same in words: number and title of the section, and the beginning of the sentence."""


def remarks_of(report: Report, headings: Sequence["Heading"], words: Wording) -> tuple[Remark, ...]:
    """Return the remarks, the oldest first."""
    by_section = {section.id: heading for heading, section in zip(headings, report.sections, strict=True)}
    sentences = {
        sentence.id: (by_section[section.id], sentence.text)
        for section in report.sections
        for block in section.blocks
        if isinstance(block, Paragraph)
        for sentence in block.sentences
    }
    return tuple(_remark(one, by_section, sentences, words) for one in report.comments)


def _remark(
    given: dict[str, Any],
    sections: dict[str, "Heading"],
    sentences: dict[str, tuple["Heading", str]],
    words: Wording,
) -> Remark:
    sentence = given.get("sentence")
    found = sentences.get(sentence or "")
    heading = found[0] if found is not None else sections.get(given.get("section") or "")
    where = words("whole_report") if heading is None else f"{heading.number} {heading.title}"
    if found is not None:
        where = words("about_sentence", where=where, sentence=one_line(found[1], _QUOTED))
    return Remark(
        by=one_line(str(given["by"]), _LONGEST_NAME),
        at=str(given["at"]),
        text=clean(str(given["text"])).strip(),
        sentence=sentence if found is not None else None,
        anchor=heading.anchor if found is None and heading is not None else None,
        where=where,
    )
