"""Sentences of an outline's lines: references filled in, with their sources, or a sentence about what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ..models import Paragraph, Sentence, SentenceKind
from ..outlines.models import Line
from ..outlines.references import Reference, pieces
from .conditions import Basis, basis, direction, holds, merged, tests
from .resolving import about, resolve
from .sources import Sources, Value


@dataclass
class Missing:
    """What the lines of a paragraph lack, said in one sentence at its end."""

    sentence_id: str = ""
    references: list[Reference] = field(default_factory=list)


def paragraphs(
    lines: Sequence[Line], sentence_id: str, sources: Sources, said: set[str], group: str | None = None
) -> list[Paragraph]:
    """Return the lines as paragraphs: sentences of one style stand together, items each alone.

    `said` holds what the section has said of gaps already, so that it is not said twice.
    """
    missing = Missing()
    written: list[tuple[str, Sentence]] = []
    for number, line in enumerate(lines, start=1):
        own = _sentence(line, f"{sentence_id}.{number}", sources, missing, group)
        if own is not None:
            written.append((line.style, own))
    written.extend(("text", one) for one in _gaps(missing, sources, said))
    found: list[Paragraph] = []
    for style, one in written:
        joins = found and style != "item" and found[-1].style in (style, "item" if group is not None else style)
        if joins:
            found[-1] = Paragraph(style=found[-1].style, sentences=(*found[-1].sentences, one))
        else:
            found.append(Paragraph.model_validate({"style": style, "sentences": (one,)}))
    return found


def _sentence(line: Line, sentence_id: str, sources: Sources, missing: Missing, group: str | None) -> Sentence | None:
    if not holds(line.when, sources, group):
        return None
    words, moved = line.words, ""
    bases = [basis(line.when, sources, group)]
    if line.compare is not None:
        change, compared = direction(line.compare, sources, group)
        bases.append(compared)
        if change == 0 and line.same is not None:
            words = line.same
        moved = _moved(line, change, sources)
    text, values = filled(words.within(sources.language), sources, group, moved)
    lacking = [one.reference for one in values if one.text is None]
    if not lacking and not (line.compare is not None and not moved):
        return built(sentence_id, text, values, merged(bases), tested=tests(line.when))
    if line.otherwise == "gap":
        missing.sentence_id = missing.sentence_id or sentence_id
        missing.references.extend(one for one in lacking if one not in missing.references)
    elif line.otherwise != "leave":
        text, values = filled(line.otherwise.within(sources.language), sources, group)
        if all(one.text is not None for one in values):
            gaps = tuple(f"gap:{about(one, sources)}" for one in lacking)
            return built(sentence_id, text, values, merged([*bases, Basis(rests_on=gaps)]))
    return None


def _moved(line: Line, change: int | None, sources: Sources) -> str:
    if change is None or line.compare is None:
        return ""
    own = {1: line.compare.up, -1: line.compare.down}.get(change)
    if own is not None:
        return own.within(sources.language)
    return sources.say({1: "rose", -1: "fell"}.get(change, "unchanged"))


def filled(text: str, sources: Sources, group: str | None = None, moved: str = "") -> tuple[str, list[Value]]:
    """Return a text with its references written out, and what each of them was."""
    values: list[Value] = []
    written: list[str] = []
    for piece in pieces(text):
        if isinstance(piece, str):
            written.append(piece)
        elif piece.form == "moved":
            written.append(moved)
        else:
            values.append(resolve(piece, sources, group))
            written.append(values[-1].text or "")
    whole = _tidied("".join(written))
    # An English sentence begins with a capital whatever a field begins with.
    return (whole if sources.language.startswith("zh") else f"{whole[:1].upper()}{whole[1:]}"), values


def _tidied(text: str) -> str:
    """Return a text without the second full stop behind a value that ends with one."""
    return text.replace("。。", "。").replace("..", ".")


def built(
    sentence_id: str,
    text: str,
    values: Sequence[Value],
    beside: Basis,
    kind: SentenceKind | None = None,
    *,
    tested: bool = False,
) -> Sentence:
    """Return a sentence with the sources of its values and of its condition, each once.

    Without values of its own, and unless its condition `tested` one, it states nothing: it is of kind text.
    """
    within = merged([Basis(one.figures, one.places, _listed(one)) for one in values])
    own = merged([within, beside])
    if kind is None:
        valued = any(one.reference.form in _STATING for one in values if one.places)
        kind = "text"
        if within.figures or (tested and own.figures):
            kind = "figure"
        elif valued or (tested and own.places):
            kind = "fact"
        if any(one.startswith("gap:") for one in own.rests_on):
            kind = "gap"
        if kind == "text" and not tested:  # what a condition only found to be there is no source of these words
            own = within
    return Sentence(id=sentence_id, text=text, kind=kind, figures=own.figures, places=own.places, rests_on=own.rests_on)


_STATING: Final = ("item", "fact", "series", "list", "subject", "period")
"""References that state something of the subject by places alone."""


def _listed(value: Value) -> tuple[str, ...]:
    """Return what a count rests on: the list that it counts."""
    return (f"list:{value.reference.name}",) if value.reference.form == "count" and value.text is not None else ()


def _gaps(missing: Missing, sources: Sources, said: set[str]) -> list[Sentence]:
    """Return few sentences on what is missing: what disagrees, what cannot be computed, what is not there."""
    grouped: dict[tuple[str, str], list[Reference]] = {}
    for reference in missing.references:
        grouped.setdefault(_reason(reference, sources), []).append(reference)
    found = []
    for number, ((name, note), of) in enumerate(grouped.items()):
        titles = sources.joined(list(dict.fromkeys(_title(one, sources) for one in of)))
        text = sources.say(name, titles=titles, note=note)
        if text in said:
            continue
        said.add(text)
        conflicts = [sources.conflict(about(one, sources)) for one in of]
        places = tuple(place for one in conflicts if one is not None for place in one.places)
        figures = [sources.figure(one.name, one.period) for one in of if one.form == "figure"]
        found.append(
            Sentence(
                id=f"{missing.sentence_id}{f'-{number}' if number else ''}",
                text=text,
                kind="conflict" if name == "gap_conflict" else "gap",
                figures=tuple(one.id for one in figures if one is not None),
                places=places,
                rests_on=tuple(f"gap:{about(one, sources)}" for one in of),
            )
        )
    return found


def _reason(reference: Reference, sources: Sources) -> tuple[str, str]:
    if sources.conflict(about(reference, sources)) is not None:
        return "gap_conflict", ""
    if reference.form == "figure":
        own = sources.figure(reference.name, reference.period)
        if own is not None and own.note:
            # Notes begin by saying that nothing was computed; so does the sentence.
            return "gap_figure", own.note.rpartition("：" if "：" in own.note else ": ")[2].rstrip("。.")
    return "gap_values", ""


def _title(reference: Reference, sources: Sources) -> str:
    if reference.form in ("item", "figure", "fact"):
        title = sources.title(reference.form, reference.name, reference.period)
        day = sources.period(reference.period)
        shown = sources.period_title(day) if day in sources.years and reference.form != "fact" else ""
        if not shown or reference.period in (None, "last"):
            return title
        return f"{shown}{title}" if sources.language.startswith("zh") else f"{title} of {shown}"
    return reference.name or reference.form
