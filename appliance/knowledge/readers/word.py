"""Word (.docx): headings by style, clauses, lists, and tables row by row with their headers, in document order."""

import io
import re
from collections.abc import Iterator

import docx
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.simpletypes import ST_Merge
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from lxml.etree import XMLSyntaxError

from appliance.knowledge.content import BlockKind, Extracted
from appliance.knowledge.readers import office_zip
from appliance.knowledge.readers.collect import Collector, unreadable
from appliance.knowledge.readers.limits import Limits
from appliance.knowledge.readers.tables import GridCell, add_table, cell_of

_HEADING = re.compile(r"^(?:heading|标题)\s*(\d)$", re.IGNORECASE)
_MOST_COLUMNS = 200
_DEEPEST = 3  # tables within cells


def read(content: bytes, name: str, limits: Limits) -> Extracted:
    """Read a docx. Raises `InvalidRequest`."""
    office_zip.check(content, name, limits, "word/document.xml")
    collector = Collector(name, limits)
    try:
        document = docx.Document(io.BytesIO(content))
        styles = {style.style_id: str(style.name or "") for style in document.styles}
        for part in document.iter_inner_content():
            if isinstance(part, Table):
                _table(part, collector)
            else:
                _paragraph(part, styles.get(part._p.style or "", ""), collector)
    except (PackageNotFoundError, XMLSyntaxError, KeyError, ValueError, IndexError, AttributeError, OSError) as error:
        raise unreadable(name, str(error)) from error
    return collector.finish()


def _paragraph(paragraph: Paragraph, style: str, collector: Collector) -> None:
    level = _heading_level(style)
    kind: BlockKind = "item" if _is_item(paragraph, style) else "text"
    collector.add(paragraph.text, "heading" if level else kind, level=level)


def _is_item(paragraph: Paragraph, style: str) -> bool:
    """Tell a list item, by its style or by a numbering of its own, at any depth."""
    properties = paragraph._p.pPr
    return "list" in style.lower() or (properties is not None and properties.numPr is not None)


def _heading_level(style: str) -> int:
    if style.lower() in ("title", "标题"):
        return 1
    match = _HEADING.match(style)
    return int(match.group(1)) if match else 0


def _table(table: Table, collector: Collector) -> None:
    marked = sum(1 for row in table._tbl.tr_lst if row.xpath("./w:trPr/w:tblHeader"))
    strips = enumerate(strips_of(table, 0), start=1)
    add_table(collector, strips, header_rows=marked or None, count_data_only=True)


def strips_of(table: Table, depth: int) -> Iterator[list[GridCell | None]]:
    """Yield the rows; a merged cell is the same object in each column and row that it covers."""
    above: list[GridCell | None] = []
    for row in table._tbl.tr_lst:
        strip: list[GridCell | None] = [None] * min(row.grid_before, _MOST_COLUMNS)
        for tc in row.tc_lst:
            at = len(strip)
            if tc.vMerge == ST_Merge.CONTINUE and at < len(above):
                cell = above[at]
            else:
                cell = cell_of(_text(_Cell(tc, table), depth))
            strip.extend([cell] * min(tc.grid_span, _MOST_COLUMNS))
        yield strip
        above = strip


def _text(cell: _Cell, depth: int) -> str:
    """Return the words of a cell, those of tables inside it too."""
    words = []
    for part in cell.iter_inner_content():
        if isinstance(part, Paragraph):
            words.append(part.text)
        elif depth < _DEEPEST:
            words.extend(cell.line for strip in strips_of(part, depth + 1) for cell in dict.fromkeys(strip) if cell)
    return "\n".join(words)
