"""One page of a PDF as pdfium sees it: printed lines and ruled tables in reading order, and whether it is a scan.

Every place is given as in the picture of the page: points from its upper left corner, rotation and crop box applied.
"""

from collections.abc import Callable, Iterator, Sequence
from ctypes import byref, c_double, c_int
from dataclasses import dataclass
from math import hypot

import pypdfium2
from pypdfium2 import raw

from appliance.knowledge.content import Box
from appliance.knowledge.language.text import clean
from appliance.knowledge.readers.lookalikes import real_characters
from appliance.knowledge.readers.pdf_drawn import drawn_on
from appliance.knowledge.readers.pdf_grid import Grid, grids_of
from appliance.knowledge.readers.tables import Strip

_SCAN_CHARACTERS = 20  # a scan may carry a stamp or a page number as text
_SCAN_SHARE = 0.5  # of the page that pictures cover
_PRECISION = 1000  # pdfium maps places to whole pixels

ToPicture = Callable[[float, float], tuple[float, float]]


@dataclass(frozen=True)
class PrintedLine:
    """One printed line; `size` is that of its type and `baseline` its distance from the page's top, in points."""

    text: str
    size: float
    box: Box
    baseline: float


@dataclass(frozen=True)
class PrintedTable:
    """A table between ruling lines; `columns` are the left edges of its columns."""

    strips: tuple[Strip, ...]
    box: Box
    columns: tuple[float, ...]


@dataclass(frozen=True)
class PrintedPage:
    """Lines and tables in reading order. `scan`: a picture stands where the text should be."""

    items: tuple[PrintedLine | PrintedTable, ...]
    scan: bool


def read_page(page: pypdfium2.PdfPage) -> PrintedPage:
    """Return what is printed on a page. Raises `PdfiumError`."""
    to_picture = picture_places(page)
    drawn = drawn_on(page)
    width, height = page.get_size()
    textpage = page.get_textpage()
    lines = [_box_of(to_picture, *edge) for edge in drawn.edges]
    # Shading behind words would cut cells apart where lines rule the table.
    grids = grids_of(lines) or grids_of(lines + [_box_of(to_picture, *side) for side in drawn.sides])
    text = _Text(textpage, to_picture, grids)
    items = tuple(text.items())
    scan = text.inked < _SCAN_CHARACTERS and drawn.picture_area > _SCAN_SHARE * width * height
    return PrintedPage(items, scan)


def picture_places(page: pypdfium2.PdfPage) -> ToPicture:
    """Return the map from the page's own coordinates to points from the upper left corner of its picture."""
    width, height = page.get_size()
    size = (round(width * _PRECISION), round(height * _PRECISION))

    def exactly(x: float, y: float) -> tuple[float, float]:
        left, top = c_int(), c_int()
        raw.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, byref(left), byref(top))
        return left.value / _PRECISION, top.value / _PRECISION

    x0, y0 = exactly(0, 0)
    far_x, far_y = exactly(1000, 0), exactly(0, 1000)
    a, b = (far_x[0] - x0) / 1000, (far_x[1] - y0) / 1000
    c, d = (far_y[0] - x0) / 1000, (far_y[1] - y0) / 1000
    return lambda x, y: (a * x + c * y + x0, b * x + d * y + y0)


def _box_of(to_picture: ToPicture, left: float, bottom: float, right: float, top: float) -> Box:
    (x0, y0), (x1, y1) = to_picture(left, bottom), to_picture(right, top)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def around(boxes: Sequence[Box]) -> Box:
    """Return the smallest box around boxes."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return round(min(lefts), 1), round(min(tops), 1), round(max(rights), 1), round(max(bottoms), 1)


class _Text:
    """Goes once through the characters of a page and deals them out to lines and table cells."""

    def __init__(self, textpage: pypdfium2.PdfTextPage, to_picture: ToPicture, grids: Sequence[Grid]) -> None:
        self._handle = textpage.raw
        self._textpage = textpage  # keeps the handle open
        self._to_picture = to_picture
        self._grids = grids
        self._items: list[PrintedLine | Grid] = []
        self._line: list[tuple[int, int]] = []
        self.inked = 0

    def items(self) -> Iterator[PrintedLine | PrintedTable]:
        self._deal()
        for item in self._items:
            if not isinstance(item, Grid):
                yield item
            elif strips := item.strips():
                yield PrintedTable(strips, item.box, item.columns)

    def _deal(self) -> None:
        handle, unicode_of = self._handle, raw.FPDFText_GetUnicode
        broken = False
        for index in range(raw.FPDFText_CountChars(handle)):
            code = unicode_of(handle, index)
            if code in (10, 13):
                self._close()
                broken = True
            elif code in (0, 0xFFFE, 0xFFFF):
                continue
            elif code == 32 or code == 9:
                self._line.append((code, index))
            else:
                self.inked += 1
                code = 45 if code == 2 else code  # 2 stands for a hyphen at a line's end
                if self._grids and self._into_table(code, index, broken):
                    self._close()
                else:
                    self._line.append((code, index))
                broken = False
        self._close()

    def _into_table(self, code: int, index: int, broken: bool) -> bool:
        box = self._char_box(index)
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        for grid in self._grids:
            left, top, right, bottom = grid.box
            if left < x < right and top < y < bottom:
                spaced = bool(self._line) and self._line[-1][0] in (32, 9)
                if not grid.put(x, y, chr(code), (index, broken, spaced)):
                    return False
                if grid not in self._items:
                    self._close()
                    self._items.append(grid)
                return True
        return False

    def _char_box(self, index: int) -> Box:
        left, right, bottom, top = c_double(), c_double(), c_double(), c_double()
        raw.FPDFText_GetCharBox(self._handle, index, byref(left), byref(right), byref(bottom), byref(top))
        return _box_of(self._to_picture, left.value, bottom.value, right.value, top.value)

    def _close(self) -> None:
        """Make a line of the characters since the last one."""
        characters, self._line = self._line, []
        inked = [index for code, index in characters if code not in (32, 9)]
        if not inked:
            return
        units = "".join(chr(code) for code, _index in characters)
        text = clean(real_characters(units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")))
        if not text:
            return
        x, y = c_double(), c_double()
        raw.FPDFText_GetCharOrigin(self._handle, inked[0], byref(x), byref(y))
        baseline = self._to_picture(x.value, y.value)[1]
        box = self._line_box(inked[0], inked[-1])
        self._items.append(PrintedLine(text, self._size(inked[0]), box, baseline))

    def _line_box(self, first: int, last: int) -> Box:
        boxes = []
        left, top, right, bottom = c_double(), c_double(), c_double(), c_double()
        for number in range(raw.FPDFText_CountRects(self._handle, first, last - first + 1)):
            raw.FPDFText_GetRect(self._handle, number, byref(left), byref(top), byref(right), byref(bottom))
            boxes.append(_box_of(self._to_picture, left.value, bottom.value, right.value, top.value))
        return around(boxes or [self._char_box(first), self._char_box(last)])

    def _size(self, index: int) -> float:
        matrix = raw.FS_MATRIX()
        scale = 1.0
        if raw.FPDFText_GetMatrix(self._handle, index, byref(matrix)):
            scale = hypot(matrix.c, matrix.d) or 1.0
        return float(raw.FPDFText_GetFontSize(self._handle, index)) * scale
