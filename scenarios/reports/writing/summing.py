"""What closes a report: contradictions, missing documents, open questions, and the list of documents."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from .. import showing
from ..models import (
    Block,
    Cell,
    Check,
    Conflict,
    Dossier,
    Gap,
    Paragraph,
    Place,
    Section,
    Sentence,
    SourceFile,
    Table,
    TableBlock,
)
from ..outlines.models import Outline
from .naming import HASH, capital, place_title, places_title, section_titles
from .sources import Sources
from .titles import kind_title
from .worded_table import worded_table

CLOSING: Final = ("conflicts", "gaps", "questions", "sources")


def all_gaps(outline: Outline, dossier: Dossier) -> tuple[Gap, ...]:
    """Return the dossier's gaps, those of documents that the outline asks for and the folder lacks before them."""
    read = {one.kind for one in dossier.files if one.fault is None}
    kinds = {one.id: one.kind for one in dossier.files}
    told = {one.about for one in dossier.gaps}
    found: list[Gap] = []
    for document in outline.documents:
        wanted = document.kind.split("|")
        if read.intersection(wanted) or told.intersection(f"kind:{one}" for one in wanted):
            continue
        found.append(
            Gap(
                about=f"kind:{wanted[0]}",
                title=kind_title(document.kind, dossier.language),
                reason=document.why.within(dossier.language),
                needed_for=tuple(one.id for one in outline.sections if _needs(one.needs, wanted)),
                required=document.required,
            )
        )
    return (*found, *(_with_sections(one, outline, kinds) for one in dossier.gaps))


def _needs(needs: Sequence[str], kinds: Sequence[str]) -> bool:
    return any(set(one.split("|")) & set(kinds) for one in needs)


def _with_sections(gap: Gap, outline: Outline, kinds: Mapping[str, str]) -> Gap:
    """Return a gap with the sections that ask for its kind, where whoever found it did not know them."""
    form, _colon, name = gap.about.partition(":")
    kind = kinds.get(name) if form == "file" else name.partition("@")[0] if form == "kind" else None
    if gap.needed_for or kind is None:
        return gap
    return gap.model_copy(update={"needed_for": tuple(one.id for one in outline.sections if _needs(one.needs, [kind]))})


def closing(outline: Outline, sources: Sources) -> tuple[Section, ...]:
    """Return a section for each closing table that no part of the outline writes."""
    written = {part.table.of for section in outline.sections for part in section.parts if part.table is not None}
    found = []
    for name in CLOSING:
        if name in written:
            continue
        section_id = f"closing-{name}"
        title = sources.say(f"title_{name}")
        blocks = closing_blocks(name, f"{section_id}.1", title, outline, sources)
        found.append(Section(id=section_id, title=title, level=1, blocks=tuple(blocks)))
    return tuple(found)


def closing_blocks(name: str, block_id: str, caption: str, outline: Outline, sources: Sources) -> list[Block]:
    """Return the table of conflicts, gaps, questions, sources or checks, or a sentence where there is none."""
    table = _TABLES[name](block_id, caption, outline, sources)
    if not table.rows:
        rests_on = tuple(f"file:{one.id}" for one in sources.dossier.files)
        kind = "text" if rests_on else "gap"
        sentence = Sentence.model_validate(
            {"id": block_id, "text": sources.say(f"no_{name}"), "kind": kind, "rests_on": rests_on or ("gap:files",)}
        )
        return [Paragraph(sentences=(sentence,))]
    return [TableBlock(table=table)]


def _conflicts(block_id: str, caption: str, outline: Outline, sources: Sources) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for conflict in sources.dossier.conflicts:
        for at, (value, place) in enumerate(zip(conflict.values, conflict.places, strict=True)):
            held = sources.place(place, value)
            rows.append(
                (
                    Cell(
                        text=capital(conflict.title, sources) if at == 0 else "",
                        place=held if at == 0 else None,
                        strong=True,
                    ),
                    Cell(text=value, place=held, strong=at == conflict.used),
                    Cell(text=place_title(place, sources), place=held),
                    Cell(text=_usage(conflict, at, sources), place=held),
                )
            )
    return worded_table(block_id, caption, {"matter": 0.2, "says": 0.22, "source": 0.3, "used": 0.28}, rows, sources)


def _usage(conflict: Conflict, at: int, sources: Sources) -> str:
    if conflict.used is None:
        return sources.say("used_none") if at == 0 else ""
    if conflict.used != at:
        return sources.say("used_same" if conflict.values[at] == conflict.values[conflict.used] else "used_no")
    colon = "：" if sources.language.startswith("zh") else ": "
    return sources.say("used_yes") + (f"{colon}{conflict.reason}" if conflict.reason else "")


def _gaps(block_id: str, caption: str, outline: Outline, sources: Sources) -> Table:
    titles = section_titles(outline, sources)
    names = {one.id: one for one in sources.dossier.files}
    rows = []
    for gap in all_gaps(outline, sources.dossier):
        file = names.get(gap.about.removeprefix("file:"))
        place = Place(file=file.id, name=file.name) if file is not None else None
        suffering = sources.joined([titles[one] for one in gap.needed_for if one in titles])
        rows.append(
            (
                Cell(text=capital(gap.title, sources), place=place, strong=gap.required),
                Cell(text=gap.reason, place=place),
                Cell(text=sources.say("required_yes" if gap.required else "required_no")),
                Cell(text=suffering or "—"),
            )
        )
    columns = {"document": 0.22, "why": 0.4, "required": 0.1, "sections": 0.28}
    return worded_table(block_id, caption, columns, rows, sources)


def _questions(block_id: str, caption: str, outline: Outline, sources: Sources) -> Table:
    rows = []
    for one in sources.dossier.questions:
        place = one.places[0] if one.places else None
        rows.append(
            (
                Cell(text=one.text, place=place),
                Cell(text=(" / ").join(one.choices) or "—", place=place),
                Cell(
                    text=places_title(one.places, sources) or "—",
                    place=place,
                    places=one.places,
                ),
            )
        )
    return worded_table(block_id, caption, {"question": 0.45, "choices": 0.25, "source": 0.3}, rows, sources)


def check_figure(check: Check, side: str) -> str:
    """Return the id of the figure that holds a side of a check: left, right or difference."""
    return f"check.{side}.{check.name}.{check.scope}@{check.period}"


def _sources(block_id: str, caption: str, outline: Outline, sources: Sources) -> Table:
    rows = [_source_row(one, sources) for one in sources.dossier.files]
    columns = {"file": 0.07, "name": 0.31, "kind": 0.14, "pages": 0.08, "hash": 0.22, "state": 0.18}
    return worded_table(block_id, caption, columns, rows, sources, numeric=("pages",))


def _source_row(file: SourceFile, sources: Sources) -> tuple[Cell, ...]:
    place = Place(file=file.id, name=file.name)
    state = file.fault or sources.say("scanned" if file.scanned else "read")
    texts = (
        file.id,
        file.name,
        capital(sources.kind_title(file.kind), sources),
        showing.rounded(float(file.pages), 0) if file.pages is not None else "—",
        file.sha256[:HASH],
        state,
    )
    return tuple(Cell(text=text, place=place) for text in texts)


def _checks(block_id: str, caption: str, outline: Outline, sources: Sources) -> Table:
    unit = showing.table_unit("CNY", sources.language)
    rows = []
    for check in sorted(
        sources.dossier.checks, key=lambda one: (one.holds, one.information, one.name, one.period, one.scope)
    ):
        place = check.places[0] if check.places else None
        sides = [
            Cell(
                text=showing.in_table(float(getattr(check, side)), "CNY", sources.language),
                figure=check_figure(check, side),
                place=place,
            )
            for side in ("left", "right", "difference")
        ]
        result = sources.say("holds_yes" if check.holds else "holds_note" if check.information else "holds_no")
        period = Cell(text=sources.period_title(check.period), figure=check_figure(check, "left"))
        rows.append(
            (
                Cell(text=check.title, figure=period.figure),
                period,
                *sides,
                Cell(text=result, strong=not (check.holds or check.information)),
            )
        )
    columns = {"check": 0.3, "period": 0.1, "left": 0.17, "right": 0.17, "difference": 0.15, "holds": 0.11}
    numeric = ("left", "right", "difference")
    return worded_table(block_id, caption, columns, rows, sources, numeric=numeric, unit=unit)


_TABLES: Final[dict[str, Callable[[str, str, Outline, Sources], Table]]] = {
    "conflicts": _conflicts,
    "gaps": _gaps,
    "questions": _questions,
    "sources": _sources,
    "checks": _checks,
}
