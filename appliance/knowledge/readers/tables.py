"""From the grid of a table to rows with named columns; every format with tables ends here."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise

from appliance.knowledge.content import Box
from appliance.knowledge.language.text import one_line
from appliance.knowledge.readers.collect import Collector, has_words

_HEADER_ROWS = 4  # deeper headers are data
_LOOKED_AT = 16  # rows at the top in which titles and header are found
_SECTION_CHARACTERS = 40
_AMOUNT = re.compile(r"^[-−+(（]?\s*[¥￥$€£]?\s*\d[\d,，]*(?:\.\d+)?\s*%?\s*[)）]?$")
_YEAR = re.compile(r"^(?:19|20)\d\d$")
_SENTENCE_END = re.compile(r"[。；;!！?？]|\.\s|\.$")


@dataclass(frozen=True, eq=False)
class GridCell:
    """A filled cell of a grid; a merged cell is the same object wherever it covers. Made by `cell_of`."""

    line: str
    has_words: bool
    box: Box | None = None


def cell_of(text: str, box: Box | None = None) -> GridCell | None:
    """Return the cell with `text` on one clean line and its place on the page; None for an empty one."""
    line = one_line(text)
    return GridCell(line, has_words(line), box) if line else None


Strip = Sequence[GridCell | None]
"""One row of a grid, all its columns."""


@dataclass(frozen=True)
class Header:
    """The names of a table's columns, and the rows that gave them."""

    names: tuple[str, ...]
    rows: tuple[Strip, ...]


def strip_of(texts: Iterable[str]) -> list[GridCell | None]:
    """Return a row without merged cells."""
    return [cell_of(text) for text in texts]


def add_table(
    collector: Collector,
    strips: Iterable[tuple[int, Strip]],
    *,
    page: int | None = None,
    header_rows: int | None = None,
    count_data_only: bool = False,
) -> "TableWriter | None":
    """Add a table to the text; return what wrote it, so that it can go on, None where it was no more than words.

    `strips` are (row number, row); rows are counted anew from 1 below the header where `count_data_only`.
    `header_rows` is given where the format marks them.
    """
    rows = iter(strips)
    top = list(islice(rows, _LOOKED_AT))
    width = max((len(strip) for _number, strip in top), default=0)
    first = 0
    while first < len(top) and (not _filled(top[first][1]) or (width > 1 and _is_title(top[first][1]))):
        first += 1
    if first == len(top):  # a frame around words
        for number, strip in chain(top, rows):
            for text in dict.fromkeys(_texts(strip)):
                collector.add(text, page=page, row=number)
        return None
    titles = [(number, _filled(strip)[0].line) for number, strip in top[:first] if _filled(strip)]
    body = [(number, strip) for number, strip in top[first:]]
    if header_rows is not None:
        header_rows = max(0, header_rows - first)
    depth = _header_depth([strip for _number, strip in body], header_rows)
    table = collector.open_table()
    for number, text in titles:
        collector.add(text, page=page, row=number)
        collector.add_note(table, text)
    writer = TableWriter(collector, table, _header([strip for _number, strip in body[:depth]], width), count_data_only)
    writer.add(chain(body[depth:], rows), page)
    return writer


class TableWriter:
    """Writes the rows of one table below its header."""

    def __init__(self, collector: Collector, table: int, header: Header, count_data_only: bool) -> None:
        self._collector = collector
        self._table = table
        self.header = header
        self._count_data_only = count_data_only
        self._rows = 0

    def add(self, strips: Iterable[tuple[int, Strip]], page: int | None = None) -> None:
        """Add rows; a lone cell at the front is a heading inside the table, or a note where it is a sentence."""
        for number, strip in strips:
            filled = _filled(strip)
            if not filled:
                continue
            self._rows += 1
            row = self._rows if self._count_data_only else number
            if self._is_header_again(strip):
                self.header = _header([strip], len(self.header.names))
            elif len(self.header.names) > 1 and _is_title(strip):
                lone = filled[0]
                if len(lone.line) > _SECTION_CHARACTERS or _SENTENCE_END.search(lone.line):
                    self._collector.add(lone.line, page=page, row=row)
                else:
                    self._collector.add_row([""], [lone.line], self._table, row, page, [lone.box])
            else:
                texts = [cell.line if cell is not None else "" for cell in strip]
                boxes = [cell.box if cell is not None else None for cell in strip]
                self._collector.add_row(self._names(len(strip)), texts, self._table, row, page, boxes)

    def carry_on(self, strips: Sequence[Strip], page: int) -> None:
        """Add the rows of the table's part on a further page, without its header where that is repeated."""
        start = 0
        for known in self.header.rows:
            if start < len(strips) and _row_texts(strips[start]) == _row_texts(known):
                start += 1
        self.add(((self._rows + number, strip) for number, strip in enumerate(strips[start:], start=1)), page)

    def _is_header_again(self, strip: Strip) -> bool:
        """Tell a row within the table that names the columns anew, from the same word at its front."""
        first = self.header.names[0] if self.header.names else ""
        front = strip[0] if strip else None
        if (
            first == ""
            or front is None
            or front.line != first
            or any(row and row[0] is front for row in self.header.rows)
        ):
            return False
        return len(_filled(strip)) > 1 and not _is_data(strip)

    def _names(self, width: int) -> tuple[str, ...]:
        names = self.header.names
        return names + ("",) * (width - len(names))


def _filled(strip: Strip) -> list[GridCell]:
    """Return the cells with words, each once."""
    return list(dict.fromkeys(cell for cell in strip if cell is not None and cell.has_words))


def _texts(strip: Strip) -> Iterator[str]:
    return (cell.line for cell in _filled(strip))


def _row_texts(strip: Strip) -> tuple[str, ...]:
    return tuple(cell.line if cell is not None else "" for cell in strip)


def _is_title(strip: Strip) -> bool:
    """Tell a row whose only words stand at its front, merged over the others or with empty cells beside them."""
    front = strip[0] if strip else None
    return front is not None and front.has_words and all(cell is None or cell is front for cell in strip)


def _is_data(strip: Strip) -> bool:
    """Tell a row that holds amounts, which a header does not; years may head a column."""
    return any(_AMOUNT.match(text) and not _YEAR.match(text) for text in _texts(strip[1:]))


def _header_depth(strips: Sequence[Strip], marked: int | None) -> int:
    """Return how many rows at the top name the columns."""
    if marked is not None:
        return min(marked, len(strips))
    if len(strips) < 2 or _is_data(strips[0]) or all(text.endswith(("：", ":")) for text in _front(strips)):
        return 0
    depth = 1
    while depth < min(len(strips) - 1, _HEADER_ROWS) and _goes_on(strips[depth - 1], strips[depth]):
        depth += 1
    return depth


def _front(strips: Sequence[Strip]) -> list[str]:
    """Return the texts of the first column: labels with a colon belong to a form, not to a table with a header."""
    return [strip[0].line if strip and strip[0] is not None else "" for strip in strips]


def _goes_on(above: Strip, below: Strip) -> bool:
    """Tell whether the row below a header row is part of the header too."""
    if any(cell is not None and cell is other for cell, other in zip(above, below, strict=False)):
        return True
    if _is_data(below):
        return False
    if any(left is not None and left is right for left, right in pairwise(above)):
        return True
    unlabelled = not below or below[0] is None or not below[0].line
    gaps = any(cell is None for cell in above[1:])
    return unlabelled and gaps and bool(_filled(below))


def _header(strips: Sequence[Strip], width: int) -> Header:
    """Return the column names: the levels of each column from the top, joined by ` / `."""
    levels = []
    for level, strip in enumerate(strips):
        padded = [*strip, *[None] * (width - len(strip))]
        if level < len(strips) - 1:  # an upper name without merged cells stands over the empty ones on its right
            for column in range(2, width):
                if padded[column] is None:
                    padded[column] = padded[column - 1]
        levels.append(_row_texts(padded))
    names = [" / ".join(dict.fromkeys(filter(None, parts))) for parts in zip(*levels, strict=True)]
    return Header(tuple(names or [""] * width), tuple(strips))
