"""Sections of a report, each written alone: the same dossier gives the same section."""

from ..models import Analysis, Block, Dossier, Paragraph, Section, Sentence
from ..outlines.models import Outline, SectionPlan
from .counting import counted
from .parts import part_blocks
from .sentences import filled
from .sources import Sources
from .summing import CLOSING, closing


def write_section(outline: Outline, section_id: str, dossier: Dossier, analysis: Analysis) -> Section:
    """Return a section of an outline, or one of those that close a report (closing-gaps).

    Pure: it reads nothing but YAML files that ship with us, and the same input gives the same output. Raises `KeyError`
    for a section that there is not.
    """
    sources = Sources(dossier, counted(analysis, dossier, outline))
    if section_id.startswith("closing-"):
        found = {one.id: one for one in closing(outline, sources)}
        return found[section_id]
    plan = outline.section(section_id)
    blocks: list[Block] = list(_needs(plan, sources))
    said: set[str] = set()
    for number, part in enumerate(plan.parts, start=1):
        blocks.extend(part_blocks(part, f"{plan.id}.{number}", outline, sources, said, tuple(blocks)))
    if not blocks and plan.parts:
        blocks.append(_gap(f"{plan.id}.0.0", sources.say("gap_section"), f"gap:section:{plan.id}"))
    title = filled(plan.title.within(sources.language), sources)[0]
    return Section(id=plan.id, title=title, level=plan.level, blocks=tuple(blocks))


def section_ids(outline: Outline) -> tuple[str, ...]:
    """Return the ids of all sections of a report in order, those that close it at the end."""
    written = {part.table.of for section in outline.sections for part in section.parts if part.table is not None}
    return (
        *(one.id for one in outline.sections),
        *(f"closing-{name}" for name in CLOSING if name not in written),
    )


def _needs(plan: SectionPlan, sources: Sources) -> list[Paragraph]:
    missing = [kinds for kinds in plan.needs if not sources.has_kind(kinds)]
    return [
        _gap(
            f"{plan.id}.0.{number}",
            sources.say("gap_kind", title=sources.kind_title(kinds)),
            *(f"gap:kind:{kind}" for kind in kinds.split("|")),
        )
        for number, kinds in enumerate(missing, start=1)
    ]


def _gap(sentence_id: str, text: str, *rests_on: str) -> Paragraph:
    return Paragraph(style="warning", sentences=(Sentence(id=sentence_id, text=text, kind="gap", rests_on=rests_on),))
