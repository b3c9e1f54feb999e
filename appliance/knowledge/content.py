"""What a reader gives: a document as a flat run of blocks, each with its place in the original."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

BlockKind = Literal["heading", "text", "item", "row"]
Box = tuple[float, float, float, float]
"""Left, top, right and bottom in points (1/72 inch), counted from the page's upper left corner."""


@dataclass(frozen=True)
class Line:
    """One printed line of a block: from `start` (an offset in the block's text) to the next line's start."""

    start: int
    box: Box


@dataclass(frozen=True)
class Cell:
    """One filled cell of a table row; `start` and `end` are the offsets of its own text in the block's text.

    `column` counts from 1; `header` names the column, the levels of a header of several rows joined by ` / `.
    """

    column: int
    header: str
    start: int
    end: int


@dataclass(frozen=True)
class Block:
    """One heading, paragraph, list item or table row. `text` is one line.

    `level` is the depth of a heading (1 is the document's title), 0 for the rest; `page` counts from 1 and is known for
    PDF and slides; `row` is the row's number in its sheet or table, counted from 1. `table` numbers the tables and
    sheets of the document from 1; rows of one table have one number, and `cells` in the order of their columns.
    `lines` are known for PDF.
    """

    text: str
    kind: BlockKind = "text"
    level: int = 0
    page: int | None = None
    row: int | None = None
    table: int | None = None
    cells: tuple[Cell, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Extracted:
    """The blocks of one document; `pages` is None for formats without pages.

    `pictures` are the pages that hold a scan instead of text, and whose words are therefore missing; `captions` maps a
    table's number to its caption, note and unit, where it has any (`单位：万元`, `CNY million`).
    """

    blocks: tuple[Block, ...]
    pages: int | None = None
    pictures: tuple[int, ...] = ()
    captions: tuple[tuple[int, str], ...] = ()

    @property
    def text(self) -> str:
        """The whole text: the blocks, one a line. Every offset that is cited counts characters of it."""
        return "\n".join(block.text for block in self.blocks)

    def to_json(self) -> dict[str, Any]:
        """Return plain values; `from_json` reads them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Extracted":
        """Read what `to_json` gave."""
        blocks = tuple(_block(block) for block in value["blocks"])
        captions = tuple((int(number), str(text)) for number, text in value["captions"])
        return cls(blocks, value["pages"], tuple(value["pictures"]), captions)


def _block(value: dict[str, Any]) -> Block:
    cells = tuple(Cell(**cell) for cell in value["cells"])
    lines = tuple(Line(line["start"], tuple(line["box"])) for line in value["lines"])
    return Block(**{**value, "cells": cells, "lines": lines})


@dataclass(frozen=True)
class Row:
    """A table row as text, and where each cell stands in it."""

    text: str
    cells: tuple[Cell, ...]


def row_of(headers: Iterable[str], cells: Iterable[str]) -> Row:
    """Return a table row as `header: value; header: value`, with Chinese punctuation for a Chinese table.

    Empty cells are left out; a cell without a header stands alone. Headers and cells are single clean lines.
    """
    filled = [
        (column, header.strip(), cell.strip())
        for column, (header, cell) in enumerate(zip(headers, cells, strict=False), start=1)
        if cell.strip()
    ]
    chinese = any("\u4e00" <= char <= "\u9fff" for _column, header, cell in filled for char in (header or cell))
    colon, semicolon = ("：", "；") if chinese else (": ", "; ")
    text = ""
    placed = []
    for column, header, cell in filled:
        text += (semicolon if text else "") + (header + colon if header else "")
        placed.append(Cell(column, header, len(text), len(text) + len(cell)))
        text += cell
    return Row(text, tuple(placed))
