"""How two versions of a report differ: section by section, in words, and Chinese signs one by one."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, Literal

from pydantic import Field

from ..models import Part, Report, Section

_WORD: Final = re.compile(r"[A-Za-z0-9_.,%'\-]+|\s+|.", re.DOTALL)
_MOST_WORDS: Final = 4000
"""Words of a changed stretch that are compared one by one; a longer one is shown as taken out and put in."""

Change = Literal["same", "changed", "added", "removed"]


class Stretch(Part):
    """A run of text that both versions have, or one of them."""

    op: Literal["equal", "delete", "insert"]
    text: str


class SectionDifference(Part):
    """One section in both versions."""

    id: str
    title: str
    change: Change
    parts: tuple[Stretch, ...] = Field(default=(), description="Of a changed section, in the order of the text.")


def differences(before: Report, after: Report) -> list[SectionDifference]:
    """Return every section of either version, in the order of the later one; sections that were removed come last."""
    old = {one.id: one for one in before.sections}
    told = []
    for section in after.sections:
        earlier = old.pop(section.id, None)
        told.append(_added(section) if earlier is None else _compared(earlier, section))
    told += [SectionDifference(id=one.id, title=one.title, change="removed") for one in old.values()]
    return told


def lines_of(section: Section) -> list[str]:
    """Return a section as lines of text: paragraphs, rows of tables, captions."""
    return list(_lines(section))


def _lines(section: Section) -> Iterator[str]:
    for block in section.blocks:
        if block.type == "paragraph":
            yield " ".join(one.text for one in block.sentences)
        elif block.type == "table":
            yield block.table.caption
            yield " | ".join(block.table.columns)
            for row in block.table.rows:
                yield " | ".join(cell.text for cell in row)
            if block.table.note:
                yield block.table.note
        else:
            yield block.picture.caption


def _added(section: Section) -> SectionDifference:
    return SectionDifference(id=section.id, title=section.title, change="added")


def _compared(before: Section, after: Section) -> SectionDifference:
    old, new = lines_of(before), lines_of(after)
    if old == new:
        return SectionDifference(id=after.id, title=after.title, change="same")
    parts: list[Stretch] = []
    for op, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if op == "equal":
            parts.append(Stretch(op="equal", text="\n".join(old[a:b]) + "\n"))
        else:
            parts += _words("\n".join(old[a:b]), "\n".join(new[c:d]))
    return SectionDifference(id=after.id, title=after.title, change="changed", parts=tuple(parts))


def _words(old: str, new: str) -> list[Stretch]:
    before, after = _WORD.findall(old), _WORD.findall(new)
    if max(len(before), len(after)) > _MOST_WORDS:
        return _stretches([("delete", old), ("insert", new)])
    told: list[tuple[str, str]] = []
    for op, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if op == "equal":
            told.append((op, "".join(before[a:b])))
        else:
            told += [("delete", "".join(before[a:b])), ("insert", "".join(after[c:d]))]
    return _stretches([*told, ("equal", "\n")])


def _stretches(told: Sequence[tuple[str, str]]) -> list[Stretch]:
    return [Stretch.model_validate({"op": op, "text": text}) for op, text in told if text]
