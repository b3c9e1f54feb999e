"""Word (.docx): headings by style, clauses, lists, and tables row by row with their headers, in document order."""

import io
import re
from collections.abc import Iterator

import docx
from docx.document import Document as WordDocument
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml.etree import XMLSyntaxError

from appliance.knowledge.content import BlockKind, Extracted, row_text
from appliance.knowledge.limits import Limits
from appliance.knowledge.readers import office_zip
from appliance.knowledge.readers.collect import Collector, unreadable

_HEADING = re.compile(r"^(?:heading|标题)\s*(\d)$", re.IGNORECASE)


def read(content: bytes, name: str, limits: Limits) -> Extracted:
    """Read a docx. Raises `InvalidRequest`."""
    office_zip.check(content, name, limits, "word/document.xml")
    try:
        document = docx.Document(io.BytesIO(content))
    except (PackageNotFoundError, XMLSyntaxError, KeyError, ValueError) as error:
        raise unreadable(name, str(error)) from error
    collector = Collector(name, limits)
    for part in _parts(document):
        if isinstance(part, Table):
            _table(part, collector)
        else:
            level = _heading_level(part)
            kind: BlockKind = "item" if "list" in _style(part).lower() else "text"
            collector.add(part.text, "heading" if level else kind, level=level)
    return collector.finish()


def _parts(document: WordDocument) -> Iterator[Paragraph | Table]:
    yield from document.iter_inner_content()


def _style(paragraph: Paragraph) -> str:
    style = paragraph.style
    return (style.name or "") if style is not None else ""


def _heading_level(paragraph: Paragraph) -> int:
    style = _style(paragraph)
    if style.lower() in ("title", "标题"):
        return 1
    match = _HEADING.match(style)
    return int(match.group(1)) if match else 0


def _table(table: Table, collector: Collector) -> None:
    rows = []
    for row in table.rows:
        # A merged cell appears once for each column it spans; its text belongs to every one of them.
        rows.append([cell.text.replace("\n", " ").strip() for cell in row.cells])
    headed = len(rows) > 1
    headers = rows[0] if headed else [""] * max((len(row) for row in rows), default=0)
    for number, cells in enumerate(rows[1:] if headed else rows, start=1):
        collector.add(row_text(headers, cells), "row", row=number)
