"""Parts of a section: paragraphs, entries of a group, findings, quotations and opinions."""

from collections.abc import Iterable, Sequence
from itertools import chain

from ..models import Block, Paragraph, Sentence
from ..outlines.models import EachPart, FindingsPart, OpinionPart, Outline, Part, QuotesPart
from ..outlines.references import parse
from .conditions import Basis, basis, holds, merged
from .pictures import picture_blocks
from .resolving import resolve
from .sentences import built, filled, paragraphs
from .sources import Sources
from .tables import table_blocks


def part_blocks(
    part: Part, block_id: str, outline: Outline, sources: Sources, said: set[str], before: Sequence[Block]
) -> list[Block]:
    """Return what a part writes; `before` are the section's blocks so far, on which an opinion may rest."""
    if not holds(part.when, sources):
        return []
    if part.text is not None:
        return list(paragraphs(part.text, block_id, sources, said))
    if part.table is not None:
        return table_blocks(part.table, block_id, outline, sources)
    if part.chart is not None:
        return picture_blocks(part.chart, block_id, sources)
    if part.quotes is not None:
        return list(_quotes(part.quotes, block_id, sources))
    if part.findings is not None:
        return list(_findings(part.findings, block_id, sources))
    if part.each is not None:
        return list(_each(part.each, block_id, sources, said))
    return list(_opinion(part.opinion, block_id, sources, before)) if part.opinion is not None else []


def _each(part: EachPart, block_id: str, sources: Sources, said: set[str]) -> Iterable[Paragraph]:
    entries = sources.groups(part.group)
    if not entries and part.none is not None:
        text, values = filled(part.none.within(sources.language), sources)
        yield Paragraph(sentences=(built(f"{block_id}.0", text, values, Basis(rests_on=(f"gap:field:{part.group}",))),))
    for entry in entries[: part.most]:
        number = entry.rpartition(".")[2]
        yield from paragraphs(part.text, f"{block_id}.{number}", sources, said, entry)


def _findings(part: FindingsPart, block_id: str, sources: Sources) -> Iterable[Paragraph]:
    found = [one for one in sources.findings(part.source) if one.severity in part.severity][: part.most]
    if not found and part.none is not None:
        text, values = filled(part.none.within(sources.language), sources)
        places = chain.from_iterable(sources.figure_places(one) for one in sources.analysis.figures[:3])
        rests_on = Basis(places=tuple(dict.fromkeys(places))[:3], rests_on=(f"rules:{part.source}",))
        yield Paragraph(sentences=(built(f"{block_id}.0", text, values, rests_on, "text"),))
    for number, one in enumerate(found, start=1):
        sentence = Sentence(
            id=f"{block_id}.{number}",
            text=sources.say("titled", title=f"{one.title[:1].upper()}{one.title[1:]}", text=one.text),
            kind="finding",
            figures=one.figures,
            places=sources.places_of(one),
            rests_on=(f"finding:{one.rule}",),
        )
        yield Paragraph(style="item" if one.severity == "info" else "warning", sentences=(sentence,))


def _quotes(part: QuotesPart, block_id: str, sources: Sources) -> Iterable[Paragraph]:
    facts = [one for name in part.facts for one in sources.entries(name)][: part.most]
    if facts and part.about is not None:
        text, values = filled(part.about.within(sources.language), sources)
        places = tuple(dict.fromkeys(sources.place(one.place, one.value) for one in facts))
        yield Paragraph(sentences=(built(f"{block_id}.0", text, values, Basis(places=places), "text"),))
    for number, one in enumerate(facts, start=1):
        place = sources.place(one.place, one.value)
        text = sources.say("quote", text=one.value, name=place.name)
        sentence = Sentence(id=f"{block_id}.{number}", text=text, kind="quotation", places=(place,))
        yield Paragraph(style="quotation", sentences=(sentence,))


def _opinion(part: OpinionPart, block_id: str, sources: Sources, before: Sequence[Block]) -> Iterable[Paragraph]:
    if not holds(part.when, sources):
        return
    text, values = filled(part.words.within(sources.language), sources)
    bases = [basis(part.when, sources)]
    for name in part.rests_on:
        own = _basis_of(name, sources)
        if own is None:
            return
        bases.append(own)
    if not part.rests_on:
        own_sentences = [one for block in before if isinstance(block, Paragraph) for one in block.sentences]
        resting = tuple(one.id for one in own_sentences if one.kind not in ("text", "opinion", "gap"))
        bases.append(Basis(rests_on=resting))
    whole = merged(bases)
    if any(one.text is None for one in values) or not (whole.figures or whole.places or whole.rests_on):
        return
    yield Paragraph(style="opinion", sentences=(built(f"{block_id}.1", text, values, whole, "opinion"),))


def _basis_of(name: str, sources: Sources) -> Basis | None:
    """Return what an entry of `rests_on` stands for; None: it is missing."""
    if name in ("warnings", "payments") or name.startswith("finding:"):
        rule = name.removeprefix("finding:") if name.startswith("finding:") else None
        found = [one for one in sources.findings("all" if rule else name) if rule in (None, one.rule)]
        if rule and not found:
            return None
        return merged(Basis(one.figures, sources.places_of(one), (f"finding:{one.rule}",)) for one in found)
    value = resolve(parse(name), sources)
    listed = (f"list:{value.reference.name}",) if value.reference.form == "count" else ()
    return Basis(value.figures, value.places, listed) if value.text is not None else None
