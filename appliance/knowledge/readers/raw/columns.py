"""Tables without ruling lines: words apart by wide blanks are cells, blanks through all rows part the columns."""

import re
from collections.abc import Iterator, Sequence
from ctypes import byref, c_double
from dataclasses import dataclass
from itertools import groupby

import pypdfium2
from pypdfium2 import raw

from appliance.knowledge.content import Box
from appliance.knowledge.language.text import clean
from appliance.knowledge.readers.lookalikes import real_characters
from appliance.knowledge.readers.pdf_page import picture_places
from appliance.knowledge.readers.raw.model import Row
from appliance.knowledge.readers.tables import GridCell, cell_of

_AMOUNT = re.compile(r"[-−－(（]?\s?\d[\d,，]*(?:\.\d+)?[)）]?|[-—–－]{1,3}")
_AMOUNT_AT_END = re.compile(r"(?:^|\s)[-−－(（]?\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?[)）]?(?=\s|$)|\d\.\d\d[)）]?(?=\s|$)")
_WIDE = 0.9  # of the type's size: a blank that parts two cells
_SAME_LINE = 0.45  # of the type's size by which the middles of one line may differ
_NARROWEST = 2.5  # points between two columns
_STRAY = 0.03  # of the rows may reach over the blank between two columns
_FEWEST_ROWS = 4


@dataclass(frozen=True)
class Words:
    """Words of a line without a wide blank, and where they stand, in points from the left."""

    text: str
    left: float
    right: float


@dataclass(frozen=True)
class PageLines:
    """The lines of a page from the top, each in its cells."""

    page: int
    lines: tuple[tuple[Words, ...], ...]


def amounts_in(text: str) -> bool:
    """Tell whether a line holds an amount with thousands or decimals."""
    return _AMOUNT_AT_END.search(text) is not None


def lines_of(page: pypdfium2.PdfPage, ruled: Sequence[Box]) -> tuple[tuple[Words, ...], ...]:
    """Return the printed lines of a page outside `ruled` boxes, cut at wide blanks."""
    characters = [one for one in _characters(page) if not any(_inside(one[1], box) for box in ruled)]
    characters.sort(key=lambda one: (one[1][1] + one[1][3]) / 2)
    lines: list[list[tuple[str, Box]]] = []
    middle = -1e9
    for char, box in characters:
        at, size = (box[1] + box[3]) / 2, box[3] - box[1]
        if not lines or at - middle > max(size, 4.0) * _SAME_LINE:
            lines.append([])
            middle = at
        lines[-1].append((char, box))
    return tuple(words for line in lines if (words := tuple(_words(line))))


def _characters(page: pypdfium2.PdfPage) -> Iterator[tuple[str, Box]]:
    textpage = page.get_textpage()
    handle = textpage.raw
    to_picture = picture_places(page)
    left, right, bottom, top = c_double(), c_double(), c_double(), c_double()
    for index in range(raw.FPDFText_CountChars(handle)):
        code = raw.FPDFText_GetUnicode(handle, index)
        if code <= 32 or code in (0xFFFE, 0xFFFF, 0x3000, 0xA0) or 0xD800 <= code <= 0xDFFF:
            continue
        rect = raw.FS_RECTF()
        if raw.FPDFText_GetLooseCharBox(handle, index, byref(rect)):
            corners = (rect.left, rect.bottom, rect.right, rect.top)
        else:
            raw.FPDFText_GetCharBox(handle, index, byref(left), byref(right), byref(bottom), byref(top))
            corners = (left.value, bottom.value, right.value, top.value)
        (x0, y0), (x1, y1) = to_picture(corners[0], corners[1]), to_picture(corners[2], corners[3])
        yield chr(code), (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def _inside(box: Box, other: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return other[0] < x < other[2] and other[1] < y < other[3]


def _words(line: list[tuple[str, Box]]) -> Iterator[Words]:
    line.sort(key=lambda one: one[1][0])
    text, left, right = "", 0.0, 0.0
    for char, box in line:
        size = max(box[3] - box[1], 4.0)
        gap = box[0] - right
        if text and gap > size * _WIDE:
            yield Words(clean(real_characters(text)), left, right)
            text = ""
        if not text:
            left = box[0]
        elif gap > size * 0.2:
            text += " "
        text += char
        right = max(box[2], right) if text != char else box[2]
    if text:
        yield Words(clean(real_characters(text)), left, right)


def blank_tables(pages: Sequence[PageLines]) -> Iterator[tuple[list[Row], list[str]]]:
    """Yield a table for each run of neighbouring pages; every line of them is a row of it."""
    for _key, run in groupby(enumerate(pages), lambda one: one[1].page - one[0]):
        together = [page for _number, page in run]
        data = [line for page in together for line in page.lines if _is_data(line)]
        separators = _separators(data)
        if not separators:
            continue
        named = _named(data, separators)
        rows: list[Row] = []
        for page in together:
            rows.extend(
                (len(rows) + number, _strip(line, separators, named), page.page)
                for number, line in enumerate(page.lines, start=1)
            )
        yield rows, []


def _is_data(line: Sequence[Words]) -> bool:
    return len(line) > 1 and any(_AMOUNT.fullmatch(words.text) for words in line[1:])


def _separators(data: Sequence[Sequence[Words]]) -> list[float]:
    """Return where columns part: the middles of the blanks that go through nearly all rows with amounts."""
    if len(data) < _FEWEST_ROWS:
        return []
    end = int(max(words.right for line in data for words in line)) + 2
    covered = [0] * (end + 1)
    for line in data:
        for words in line:
            for x in range(max(0, int(words.left)), min(end, int(words.right) + 1)):
                covered[x] += 1
    most = len(data) * _STRAY
    start = next((x for x, count in enumerate(covered) if count > most), end)
    separators, blank = [], None
    for x in range(start, end):
        if covered[x] <= most:
            blank = x if blank is None else blank
        elif blank is not None:
            if x - blank >= _NARROWEST:
                separators.append((blank + x) / 2)
            blank = None
    return separators


def _named(data: Sequence[Sequence[Words]], separators: Sequence[float]) -> set[int]:
    """Return the columns that hold names rather than amounts."""
    counts: dict[int, list[bool]] = {}
    for line in data:
        for words in line:
            column = sum(1 for at in separators if at < (words.left + words.right) / 2)
            counts.setdefault(column, []).append(_AMOUNT.fullmatch(words.text) is None)
    return {column for column, words in counts.items() if sum(words) > len(words) / 2}


def _strip(line: Sequence[Words], separators: Sequence[float], named: set[int]) -> list[GridCell | None]:
    """Deal words out to columns; what reaches over several stands in each, a title above the amounts in the first."""
    texts: list[list[str]] = [[] for _column in range(len(separators) + 1)]
    edges = [-1e9, *separators, 1e9]
    for words in line:
        columns = [
            column
            for column in range(len(texts))
            if min(words.right, edges[column + 1]) - max(words.left, edges[column]) > _NARROWEST
        ] or [sum(1 for at in separators if at < (words.left + words.right) / 2)]
        if _AMOUNT.fullmatch(words.text):
            columns = columns[-1:]  # amounts stand to the right
        elif len(line) == 1:
            columns = columns[:1] if columns[0] in named else [0]
        for column in columns:
            texts[column].append(words.text)
    return [cell_of(" ".join(parts)) for parts in texts]
