"""Passages into sentences, each with its place; tables into what may be computed from them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from appliance.knowledge.language.text import sentences
from appliance.knowledge.models import Passage

from .files import Head, is_head

_CELL: Final = re.compile(r"[：:]\s*")
_BREAK: Final = re.compile(r"[；;]\s*")
_ENDS: Final = re.compile(r"[。！？.!?][”’\"')）]*$")
_NUMBER: Final = re.compile(r"-?[\d,]+(?:\.\d+)?%?")


@dataclass(frozen=True)
class Said:
    """A sentence of a file."""

    text: str
    start: int
    """Offset in the file's text."""
    passage: Passage
    head: Head

    @property
    def heading(self) -> str:
        """The headings above it but the title, or the title where there are no others."""
        parts = self.passage.section.split(" > ")
        return " > ".join(parts[1:] if len(parts) > 1 else ())


@dataclass(frozen=True)
class Row:
    """A row of a table: what it is about, and its columns with numbers, as the table names them."""

    label: str
    columns: tuple[str, ...]
    passage: Passage
    head: Head


def said_in(passages: Iterable[Passage], head: Head) -> Iterator[Said]:
    """Yield the sentences of a file's passages, without its head and its tables."""
    for passage in passages:
        for start, end in sentences(passage.text):
            line = passage.text[start:end]
            text = line.strip()
            if len(text) > 3 and not is_head(text) and _row(text) is None and not _title(text):
                yield Said(text, passage.start + start + len(line) - len(line.lstrip()), passage, head)


def rows_in(passages: Iterable[Passage], head: Head) -> Iterator[Row]:
    """Yield the rows of tables whose columns have two numbers or more."""
    for passage in passages:
        for line in passage.text.splitlines():
            row = _row(line.strip())
            if row is not None:
                yield Row(row[0], row[1], passage, head)


def _row(line: str) -> tuple[str, tuple[str, ...]] | None:
    """Read `Item: Revenue; Third quarter 2026: 1840; …`, as tables stand in a file's text."""
    cells = [_CELL.split(cell, maxsplit=1) for cell in _BREAK.split(line)]
    if len(cells) < 3 or any(len(cell) != 2 for cell in cells):
        return None
    numbers = tuple(name for name, value in cells[1:] if _NUMBER.fullmatch(value.strip()))
    return (cells[0][1].strip(), numbers) if len(numbers) >= 2 else None


def _title(text: str) -> bool:
    """Tell whether a line is a heading or a table's caption: it ends like no sentence."""
    return _ENDS.search(text) is None
