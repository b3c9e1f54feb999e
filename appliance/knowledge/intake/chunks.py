"""Passages that follow the document's structure, cut into sentences; every offset counts the document's text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from appliance.knowledge.content import Block, Box, Cell, Extracted
from appliance.knowledge.language.text import clean, is_wide, sentences

_PASSAGE_WIDTH = 900  # columns: a Chinese character takes two
_ROW_WIDTH = 1600  # a table row is not cut before
_CLAUSE = re.compile(
    r"^(第[一二三四五六七八九十百零〇\d]+条(?:之[一二三四五六七八九十]+)?"
    r"|(?:Clause|Article|Section) \d+[\d.]*|\d{1,2}(?:\.\d{1,2}){1,3}(?=\s))"
)
_CHAPTER = re.compile(r"^第[一二三四五六七八九十百零〇\d]+[编章节](?:\s|$)")
_HEADING_CHARACTERS = 40


@dataclass(frozen=True)
class Sentence:
    """One sentence or table row; `start`, `end` and the offsets of `cells` count the document's text.

    `boxes` are the printed lines that it touches; `caption` is its table's.
    """

    start: int
    end: int
    clause: str
    row: int | None
    table: int | None = None
    cells: tuple[Cell, ...] = ()
    boxes: tuple[Box, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Chunk:
    """Neighbouring sentences under the same headings on the same page."""

    start: int
    end: int
    page: int | None
    headings: tuple[str, ...]
    sentences: tuple[Sentence, ...]


@dataclass
class _Open:
    """A chunk being filled."""

    page: int | None
    headings: tuple[str, ...]
    sentences: list[Sentence] = field(default_factory=list)
    width: int = 0

    def close(self) -> Chunk:
        return Chunk(self.sentences[0].start, self.sentences[-1].end, self.page, self.headings, tuple(self.sentences))


def title_of(extracted: Extracted, name: str) -> str:
    """Return the document's title: its first top heading where it opens with one, else the file name without ending."""
    first = extracted.blocks[0]
    tops = [block for block in extracted.blocks if block.kind == "heading" and block.level == 1]
    if first.kind == "heading" and len(tops) == 1:
        return first.text
    return clean(name.rpartition(".")[0].replace("_", " ").replace("-", " ")) or name


def section_name(headings: Sequence[str], clause: str = "") -> str:
    """Return headings and clause as one path."""
    return " > ".join([*headings, clause] if clause else headings)


def _width(text: str) -> int:
    return sum(2 if is_wide(char) else 1 for char in text)


def _as_heading(block: Block) -> int:
    """Return the level of a heading, real or a short paragraph that reads as a chapter; 0 for others."""
    if block.kind == "heading":
        return block.level
    if block.kind == "text" and len(block.text) <= _HEADING_CHARACTERS and _CHAPTER.match(block.text):
        return 2
    return 0


def _cut_long(text: str, start: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    """Cut what no reader would take for a sentence into pieces of at most `most` columns."""
    if _width(text[start:end]) <= most:
        yield start, end
        return
    step = most // 2  # characters: each takes two columns at most
    for at in range(start, end, step):
        yield at, min(at + step, end)


def _boxes(block: Block, start: int, end: int) -> tuple[Box, ...]:
    """Return the boxes of the printed lines between two offsets of the block's text."""
    ends = [*(line.start for line in block.lines[1:]), len(block.text)]
    return tuple(
        line.box for line, line_end in zip(block.lines, ends, strict=False) if line.start < end and line_end > start
    )


def _cells(block: Block, start: int, end: int, offset: int) -> tuple[Cell, ...]:
    return tuple(
        replace(cell, start=offset + cell.start, end=offset + cell.end)
        for cell in block.cells
        if start <= cell.start and cell.end <= end
    )


def _sentences(block: Block, offset: int, clause: str, caption: str) -> list[Sentence]:
    whole = [(0, len(block.text))] if block.kind == "row" else sentences(block.text)
    most = _ROW_WIDTH if block.kind == "row" else _PASSAGE_WIDTH
    pieces = [piece for start, end in whole for piece in _cut_long(block.text, start, end, most)]
    return [
        Sentence(
            offset + start, offset + end, clause, block.row, block.table, _cells(block, start, end, offset),
            _boxes(block, start, end), caption,
        )
        for start, end in pieces
    ]  # fmt: skip


def _pieces(found: list[Sentence], block: Block, offset: int) -> Iterator[list[Sentence]]:
    """Keep a block whole where it fits into a passage, else fill passages with its sentences."""
    piece: list[Sentence] = []
    for sentence in found:
        text = block.text[(piece or [sentence])[0].start - offset : sentence.end - offset]
        if piece and _width(text) > _PASSAGE_WIDTH:
            yield piece
            piece = []
        piece.append(sentence)
    if piece:
        yield piece


def chunk(extracted: Extracted) -> list[Chunk]:
    """Return the passages of a document in order; headings belong to their passages and are none themselves."""
    chunks: list[Chunk] = []
    captions = dict(extracted.captions)
    headings: list[tuple[int, str]] = []
    current: _Open | None = None
    clause = ""
    offset = 0
    for block in extracted.blocks:
        level = _as_heading(block)
        if level:
            headings = [entry for entry in headings if entry[0] < level] + [(level, block.text)]
            clause = ""
        else:
            match = _CLAUSE.match(block.text)
            clause = match.group(1) if match else clause
            path = tuple(text for _level, text in headings)
            caption = "" if block.table is None else captions.get(block.table, "")
            for piece in _pieces(_sentences(block, offset, clause, caption), block, offset):
                width = _width(block.text[piece[0].start - offset : piece[-1].end - offset])
                full = current is not None and current.width + width > _PASSAGE_WIDTH
                if current is None or full or current.page != block.page or current.headings != path:
                    if current is not None and current.sentences:
                        chunks.append(current.close())
                    current = _Open(block.page, path)
                current.sentences.extend(piece)
                current.width += width
        offset += len(block.text) + 1
    if current is not None and current.sentences:
        chunks.append(current.close())
    return chunks
