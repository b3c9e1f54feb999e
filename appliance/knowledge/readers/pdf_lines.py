"""Printed lines to paragraphs: where one ends, and which lines are the page's header and footer."""

import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from appliance.knowledge.language.text import is_wide
from appliance.knowledge.readers.pdf_page import PrintedLine

_STARTS_BLOCK = re.compile(
    r"^(?:[-•·▪●]|\d{1,2}[.)、](?!\d)|\d{1,2}\.\d{1,2}\s|[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}、"
    r"|第[一二三四五六七八九十百零〇\d]+[章节条]|[（(]?(?:金额)?单位[:：])"
)
_ENDS_PARAGRAPH = "。.：:！!?？"
_EDGE_LINES = 2  # at the top and at the bottom of a page
_SHARE = 0.6  # of the pages that a header or footer is on
_NEIGHBOURS = 8  # lines above and below that show how wide the column is
_SHORT = 3  # widths of a character by which the last line of a paragraph misses the margin


def pattern(text: str) -> str:
    """Return `text` with every number as `#`: headers and footers differ in the page's number."""
    return re.sub(r"\d+", "#", text)


def running_lines(pages: Sequence[Sequence[PrintedLine]]) -> set[str]:
    """Return the patterns of the outermost lines that most pages share: headers and footers."""
    if len(pages) < 2:
        return set()
    counts: Counter[str] = Counter()
    for lines in pages:
        ordered = sorted(lines, key=lambda line: line.baseline)
        outer = [*ordered[:_EDGE_LINES], *ordered[-_EDGE_LINES:]]
        counts.update({pattern(line.text) for line in outer})
    if len(pages) == 2:  # two lines with different numbers may be anything
        first, second = ({line.text for line in lines} for lines in pages)
        counts = Counter({text: count for text, count in counts.items() if text in first & second})
    return {text for text, count in counts.items() if count >= max(2, len(pages) * _SHARE)}


def paragraphs(lines: Sequence[PrintedLine]) -> Iterator[list[PrintedLine]]:
    """Yield the lines of each paragraph."""
    if not lines:
        return
    gaps = [below.baseline - above.baseline for above, below in pairwise(lines)]
    usual = statistics.median([gap for gap in gaps if gap > 0] or [0.0])
    paragraph = [lines[0]]
    for number, line in enumerate(lines[1:], start=1):
        last = paragraph[-1]
        if (
            abs(line.size - last.size) > 0.5
            or line.baseline - last.baseline > usual * 1.35
            or _STARTS_BLOCK.match(line.text) is not None
            or _ends_paragraph(lines, number - 1)
        ):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    yield paragraph


def _ends_paragraph(lines: Sequence[PrintedLine], number: int) -> bool:
    """Tell whether a line stops short of the margin; a Chinese one is filled up to it unless the paragraph is over."""
    line, following = lines[number], lines[number + 1]
    if line.text[-1] not in _ENDS_PARAGRAPH and not is_wide(line.text[-1]):
        return False
    near = lines[max(0, number - _NEIGHBOURS) : number + _NEIGHBOURS + 1]
    left, _top, right, _bottom = line.box
    margin = max(
        (
            other.box[2]
            for other in near
            if abs(other.size - line.size) <= 0.5 and other.box[0] < right and other.box[2] > left
        ),
        default=right,  # a line without width, as of a font whose widths are missing, overlaps nothing
    )
    if right >= margin - _SHORT * line.size:
        return False
    centred = abs(left + right - following.box[0] - following.box[2]) < line.size and abs(left - following.box[0]) > 1
    return line.text[-1] in _ENDS_PARAGRAPH or not centred
