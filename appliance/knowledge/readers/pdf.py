"""PDF: text by page. Lines are joined to paragraphs by their place; larger type is a heading."""

import re
import statistics
from collections import Counter
from collections.abc import Iterator
from ctypes import byref, c_double
from dataclasses import dataclass
from itertools import pairwise

import pypdfium2
from pypdfium2 import raw

from appliance.knowledge.content import Extracted
from appliance.knowledge.limits import Limits
from appliance.knowledge.readers.collect import Collector, encrypted, unreadable
from appliance.knowledge.text import clean, join_lines

_STARTS_BLOCK = re.compile(
    r"^(?:[-•·▪●]|\d{1,2}[.)、](?!\d)|\d{1,2}\.\d{1,2}\s|[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}、"
    r"|第[一二三四五六七八九十百零〇\d]+[章节条])"
)
_PAGE_NUMBER = re.compile(r"^[-—–\s]*(?:page|第)?\s*\d{1,4}\s*(?:页|/\s*\d+|of\s+\d+)?[,，\s共\d页]*[-—–\s]*$", re.I)


@dataclass(frozen=True)
class _Line:
    """One printed line; left, right, and bottom are points from the page's lower left corner."""

    text: str
    size: float
    left: float
    right: float
    bottom: float


def read(content: bytes, name: str, limits: Limits) -> Extracted:
    """Read a PDF's text. Raises `InvalidRequest`, for scans too, which hold none."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise encrypted(name) from error
        raise unreadable(name, str(error)) from error
    collector = Collector(name, limits)
    count = len(document)
    if count > limits.pages:
        raise collector.too_large(f"{limits.pages} pages")
    pages = []
    for number in range(count):
        try:
            pages.append(_lines(document[number]))
        except pypdfium2.PdfiumError as error:
            raise unreadable(name, f"page {number + 1}: {error}") from error
    running = _running_lines(pages)
    sizes = [line.size for lines in pages for line in lines for _char in line.text]
    body = statistics.median(sizes) if sizes else 0.0
    larger = sorted({round(size) for size in sizes if size > body * 1.1}, reverse=True)
    for number, lines in enumerate(pages, start=1):
        kept = [line for line in lines if line.text not in running and not _PAGE_NUMBER.match(line.text)]
        for text, size in _paragraphs(kept):
            level = larger.index(round(size)) + 1 if round(size) in larger and len(text) < 120 else 0
            collector.add(text, "heading" if level else "text", level=min(level, 6), page=number)
    return collector.finish(count)


def _lines(page: pypdfium2.PdfPage) -> list[_Line]:
    textpage = page.get_textpage()
    lines: list[_Line] = []
    characters: list[tuple[str, int]] = []
    for index in range(textpage.count_chars()):
        code = raw.FPDFText_GetUnicode(textpage, index)
        if code in (10, 13):
            _close(textpage, characters, lines)
            characters = []
        elif code not in (0, 2, 0xFFFE, 0xFFFF):  # 2 stands for a hyphen at a line's end
            characters.append((chr(code), index))
        elif code == 2:
            characters.append(("-", index))
    _close(textpage, characters, lines)
    return lines


def _close(textpage: pypdfium2.PdfTextPage, characters: list[tuple[str, int]], lines: list[_Line]) -> None:
    units = "".join(char for char, _index in characters)
    text = clean(units.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    inked = [index for char, index in characters if not char.isspace()]
    if not text or not inked:
        return
    left, _right, bottom = _box(textpage, inked[0])
    _left, right, _bottom = _box(textpage, inked[-1])
    lines.append(_Line(text, raw.FPDFText_GetFontSize(textpage, inked[0]), left, right, bottom))


def _box(textpage: pypdfium2.PdfTextPage, index: int) -> tuple[float, float, float]:
    """Return left and right edge and the baseline of a character."""
    left, right, bottom, top = c_double(), c_double(), c_double(), c_double()
    raw.FPDFText_GetCharBox(textpage, index, byref(left), byref(right), byref(bottom), byref(top))
    x, baseline = c_double(), c_double()
    raw.FPDFText_GetCharOrigin(textpage, index, byref(x), byref(baseline))
    return left.value, right.value, baseline.value


def _running_lines(pages: list[list[_Line]]) -> set[str]:
    """Return the first and last lines that most pages share: headers and footers."""
    if len(pages) < 2:
        return set()
    edges = Counter(text for lines in pages for text in {line.text for line in lines[:1] + lines[-1:]})
    return {text for text, count in edges.items() if count >= max(2, len(pages) * 0.6)}


def _paragraphs(lines: list[_Line]) -> Iterator[tuple[str, float]]:
    """Yield (text, type size) of each paragraph of a page."""
    if not lines:
        return
    widest = max(line.right for line in lines)
    gaps = [above.bottom - below.bottom for above, below in pairwise(lines)]
    usual = statistics.median([gap for gap in gaps if gap > 0] or [0.0])
    text, last = "", lines[0]
    for line in lines:
        new = (
            not text
            or abs(line.size - last.size) > 0.5
            or last.bottom - line.bottom > usual * 1.35
            or _STARTS_BLOCK.match(line.text) is not None
            or (last.right < widest - 3 * last.size and last.text[-1] in "。.：:！!?？")
        )
        if new and text:
            yield text, last.size
            text = ""
        text = join_lines(text, line.text)
        last = line
    yield text, last.size
