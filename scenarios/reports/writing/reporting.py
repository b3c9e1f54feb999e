"""A report put together from its sections."""

from collections.abc import Sequence

from ..models import Analysis, Dossier, Report, Section, SignOff
from ..outlines.models import Outline
from .counting import counted
from .sentences import filled
from .sources import Sources
from .summing import all_gaps


def report_title(outline: Outline, dossier: Dossier) -> str:
    """Return the title of a report."""
    return filled(outline.title.within(dossier.language), Sources(dossier, Analysis()))[0]


def assemble(
    outline: Outline,
    dossier: Dossier,
    analysis: Analysis,
    sections: Sequence[Section],
    *,
    report_id: str,
    author: str,
    made_at: str,
    version: int = 1,
    bank: str = "",
    sign_off: SignOff | None = None,
) -> Report:
    """Return the report of sections that were written from one dossier; figures and gaps are complete."""
    sentences = (one for section in sections for block in section.blocks if block.type == "paragraph"
                 for one in block.sentences)  # fmt: skip
    return Report(
        id=report_id,
        version=version,
        template=outline.name,
        template_version=outline.version,
        title=report_title(outline, dossier),
        subject=dossier.subject,
        language=dossier.language,
        as_of=dossier.as_of,
        made_at=made_at,
        author=author,
        bank=bank,
        sections=tuple(sections),
        figures=Sources(dossier, analysis).with_units(counted(analysis, dossier, outline).figures),
        conflicts=dossier.conflicts,
        gaps=all_gaps(outline, dossier),
        questions=dossier.questions,
        files=dossier.files,
        by_model=any(one.by == "model" for one in sentences),
        sign_off=sign_off,
    )
