"""What a person is asked: units, days and scopes that no file states, names and amounts that are not sure."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ..composing import Texts
from ..models import SURE, Place, Question
from .headers import UNITS
from .merging import Merged, about, title_of
from .models import Block, Draft, Near
from .resolving import Entry, span_of
from .scales import Misfit

_MOST: Final = 60
"""Questions about single values; more of them are one fault of a file, which other questions name."""


def question(why: str, what: str, text: str, choices: Sequence[str] = (), places: Sequence[Place] = ()) -> Question:
    """Return a question; its id is the same for the same reason and thing in every language."""
    digest = hashlib.sha256(f"{what}\n{why}".encode()).hexdigest()[:12]
    return Question(id=f"q_{digest}", text=text, about=what, choices=tuple(choices), places=tuple(places)[:10])


def where(block: Block) -> str:
    """Return file and sheet of a block in words."""
    return f"{block.name} / {block.sheet}" if block.sheet else block.name


def place_of(block: Block) -> Place:
    """Return the place of a whole block."""
    return Place(file=block.file, name=block.name, sheet=block.sheet, quote=block.title[:600])


def about_units(blocks: Mapping[str, Block], wrong: Sequence[Misfit], texts: Texts) -> list[Question]:
    """Ask for units that nobody states and for those that do not fit; one question for a file that is all alike."""
    asked = []
    files: dict[str, list[Block]] = defaultdict(list)
    for block in blocks.values():
        files[block.file].append(block)
    silent = {block.id for block in blocks.values() if _has_no_unit(block)}
    for file, members in files.items():
        open_ones = [block for block in members if block.id in silent]
        for what, block in _named(file, members, open_ones):
            asked.append(
                question("unit", f"unit:{what}", texts("unit", place=where(block)), tuple(UNITS), [place_of(block)])
            )
    by_block = {one.block: one for one in wrong if one.block not in silent}
    for file, members in files.items():
        for what, block in _named(file, members, [block for block in members if block.id in by_block]):
            misfit = by_block[block.id]
            times = f"{max(misfit.times, 1 / misfit.times):,.0f}"
            other = blocks[misfit.other]
            text = texts("unit_differs", place=where(block), unit=block.unit or "元", times=times, other=where(other))
            asked.append(
                question("unit_differs", f"unit:{what}", text, tuple(UNITS), [place_of(block), place_of(other)])
            )
    return asked


def _has_no_unit(block: Block) -> bool:
    return not block.unit and not any(column.unit for column in block.columns)


def _named(file: str, members: Sequence[Block], chosen: Sequence[Block]) -> list[tuple[str, Block]]:
    if chosen and len(chosen) == len(members):
        return [(file, chosen[0])]
    return [(block.id, block) for block in chosen]


def about_days(blocks: Mapping[str, Block], drafts: Sequence[Draft], texts: Texts) -> list[Question]:
    """Ask for the closing day of statements whose columns nothing dates."""
    filled = {(draft.block, draft.column) for draft in drafts}
    asked = []
    files: dict[str, list[Block]] = defaultdict(list)
    for block in blocks.values():
        files[block.file].append(block)
    for file, members in files.items():
        open_ones = [
            block
            for block in members
            if any((block.id, column.number) in filled and span_of(block, column) is None for column in block.columns)
        ]
        for what, block in _named(file, members, open_ones):
            name = "period" if block.day is None else "column"
            asked.append(question(name, f"period:{what}", texts(name, place=where(block)), (), [place_of(block)]))
    return asked


def about_scopes(pairs: Sequence[tuple[Block, Block]], texts: Texts) -> list[Question]:
    """Ask which of two statements of a file is the group's."""
    choices = (texts("consolidated_scope"), texts("parent_scope"))
    return [
        question(
            "scope", f"scope:{one.id}/{other.id}", texts("scope", place=_first(one)),
            choices, [place_of(one), place_of(other)],
        )
        for one, other in pairs
    ]  # fmt: skip


def about_values(results: Iterable[Merged], near: Sequence[tuple[Near, Block]], titles: Mapping[str, str], texts: Texts,
                 answered: Iterable[str]) -> list[Question]:  # fmt: skip
    """Ask for values whose sources differ without a reason, that were not surely read, or whose name is only alike."""
    asked: dict[str, Question] = {}
    known = set(answered)
    have = set()
    for one in results:
        what = about(one.key)
        have.add((one.key[0], one.key[1]))
        title = title_of(one.key, titles, texts)
        choices = tuple(dict.fromkeys(_choice(entry) for entry in one.entries))
        places = tuple(dict.fromkeys(entry.draft.place for entry in one.entries))
        if one.conflict is not None and one.item is None:
            asked[what] = question("conflict", what, texts("conflict", title=title), choices, places)
        elif one.item is not None and one.item.confidence < SURE and not _explained(one.entries):
            printed = one.item.printed
            text = texts("unsure", title=title, place=_in_words(one.item.place), printed=printed)
            asked[what] = question("unsure", what, text, choices, places)
    for candidate, block in near:
        column = next(column for column in block.columns if column.number == candidate.column)
        span = span_of(block, column)
        if span is None or (candidate.account, span.period) in have:
            continue
        scope = column.scope if column.scope != "unknown" else block.scope
        key = (candidate.account, span.period, span.months, scope)
        text = texts(
            "near", title=title_of(key, titles, texts), place=_in_words(candidate.place), label=candidate.label,
            printed=candidate.printed,
        )  # fmt: skip
        unit = column.unit or block.unit or ""
        what = about(key)
        asked.setdefault(what, question("near", what, text, (f"{candidate.printed}{unit}",), (candidate.place,)))
    return [one for what, one in asked.items() if what.removeprefix("item:") not in known][:_MOST]


def _explained(entries: Sequence[Entry]) -> bool:
    """Tell whether the doubt is about the whole file, for which there is a question."""
    return all(not entry.block.unit_from and not entry.column.unit for entry in entries)


def about_cells(
    drafts: Sequence[Draft], blocks: Mapping[str, Block], titles: Mapping[str, str], texts: Texts, have: set[str]
) -> list[Question]:
    """Ask for values whose cell cannot be read."""
    asked: dict[str, Question] = {}
    for draft in drafts:
        if draft.number is not None:
            continue
        block = blocks[draft.block]
        column = next(column for column in block.columns if column.number == draft.column)
        span = span_of(block, column)
        if span is None:
            continue
        key = (draft.account, span.period, span.months, column.scope if column.scope != "unknown" else block.scope)
        what = about(key)
        if what in have:
            continue
        text = texts(
            "unreadable", title=title_of(key, titles, texts), place=_in_words(draft.place), printed=draft.printed
        )
        asked[what] = question("unreadable", what, text, (), (draft.place,))
    return list(asked.values())[:_MOST]


def _first(block: Block) -> str:
    """Return the first of two statements in words: its place among the tables of the file too."""
    return f"{where(block)} ({block.title or block.statement}, {block.id.split(':')[1]})"


def _choice(entry: Entry) -> str:
    return f"{entry.draft.printed}{entry.unit}"


def _in_words(place: Place) -> str:
    parts = [place.name, place.sheet or "", place.cell or ""]
    return " / ".join(part for part in parts if part)
