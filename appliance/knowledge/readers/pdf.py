"""PDF: text by page. Lines are joined to paragraphs by their place, larger type is a heading, ruled tables are rows."""

import re
import statistics
from collections.abc import Iterator, Sequence

import pypdfium2

from appliance.core.messages import Message, _
from appliance.knowledge.content import Extracted
from appliance.knowledge.readers import ocr
from appliance.knowledge.readers.collect import Collector, encrypted, scanned, unreadable
from appliance.knowledge.readers.formats import scans_can_be_read
from appliance.knowledge.readers.limits import Limits
from appliance.knowledge.readers.pdf_lines import paragraphs, pattern, running_lines
from appliance.knowledge.readers.pdf_page import PrintedLine, PrintedPage, PrintedTable, read_page
from appliance.knowledge.readers.tables import TableWriter, add_table

PAGE_NUMBER = re.compile(r"^[-—–\s]*(?:page|第)?\s*\d{1,4}\s*(?:页|/\s*\d+|of\s+\d+)?[,，\s共\d页]*[-—–\s]*$", re.I)
_HEADING_CHARACTERS = 120
_SAME_COLUMN = 4.0  # points by which a column may move from page to page

_Item = PrintedLine | PrintedTable


def read(content: bytes, name: str, limits: Limits) -> Extracted:
    """Read a PDF's text, and its scanned pages where OCR is installed. Raises `InvalidRequest`."""
    document = open_pdf(content, name)
    collector = Collector(name, limits)
    count = len(document)
    if count > limits.pages:
        raise collector.too_large(f"{limits.pages} pages")
    pages = list(pages_of(document, name))
    scans = [number for number, page in enumerate(pages, start=1) if page.scan]
    if scans and scans_can_be_read():
        scans = _recognise(document, pages, scans, limits)
    if scans and not any(page.items for number, page in enumerate(pages, start=1) if number not in scans):
        raise scanned(name, _hint())
    write_pages([page.items for page in pages], collector)
    return collector.finish(count, scans)


def open_pdf(content: bytes, name: str) -> pypdfium2.PdfDocument:
    """Open a PDF. Raises `InvalidRequest` for one that is damaged or has a password."""
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise encrypted(name) from error
        raise unreadable(name, str(error)) from error


def pages_of(document: pypdfium2.PdfDocument, name: str) -> Iterator[PrintedPage]:
    """Yield each page as it is printed. Raises `InvalidRequest`."""
    for number in range(len(document)):
        try:
            yield read_page(document[number])
        except pypdfium2.PdfiumError as error:
            raise unreadable(name, f"page {number + 1}: {error}") from error


def _recognise(
    document: pypdfium2.PdfDocument, pages: list[PrintedPage], scans: Sequence[int], limits: Limits
) -> list[int]:
    """Put recognised lines in the place of scans; return the pages that stay without text."""
    left = []
    for number, lines in ocr.recognise(document, scans, limits):
        if lines:
            pages[number - 1] = PrintedPage(tuple(lines), scan=False)
        else:
            left.append(number)
    return left


def _hint() -> Message:
    if scans_can_be_read():
        return _("No words were found in its pictures: scan it again, upright and with at least 200 dots an inch.")
    return _(
        'Add it as a PDF with text, or have the appliance installed with text recognition (the extra "ocr") and add it '
        "again."
    )


def write_pages(pages: Sequence[Sequence[_Item]], collector: Collector) -> None:
    """Give paragraphs, headings and tables of all pages to the collector."""
    lines = [[item for item in page if isinstance(item, PrintedLine)] for page in pages]
    running = running_lines(lines)
    sizes = [line.size for page in lines for line in page for _char in line.text]
    body = statistics.median(sizes) if sizes else 0.0
    larger = sorted({round(size) for size in sizes if size > body * 1.1}, reverse=True)
    tables = _Tables(collector)
    for number, page in enumerate(pages, start=1):
        waiting: list[PrintedLine] = []
        for item in page:
            if isinstance(item, PrintedTable):
                _write_lines(waiting, number, larger, collector)
                tables.add(item, number)
                waiting = []
            elif pattern(item.text) not in running and not PAGE_NUMBER.match(item.text):
                tables.interrupt()
                waiting.append(item)
        _write_lines(waiting, number, larger, collector)


def _write_lines(lines: Sequence[PrintedLine], page: int, larger: Sequence[int], collector: Collector) -> None:
    for paragraph in paragraphs(lines):
        size = round(paragraph[-1].size)
        long = sum(len(line.text) for line in paragraph) >= _HEADING_CHARACTERS
        level = larger.index(size) + 1 if size in larger and not long else 0
        placed = [(line.text, line.box) for line in paragraph]
        collector.add_lines(placed, "heading" if level else "text", level=min(level, 6), page=page)


class _Tables:
    """Writes tables, and joins the parts of one that goes on over pages."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._last: tuple[TableWriter, PrintedTable, int] | None = None

    def interrupt(self) -> None:
        """Note that text follows the last table."""
        self._last = None

    def add(self, table: PrintedTable, page: int) -> None:
        if self._last is not None and self._last[2] == page - 1 and same_columns(self._last[1], table):
            writer = self._last[0]
            writer.carry_on(table.strips, page)
        else:
            new = add_table(self._collector, list(enumerate(table.strips, start=1)), page=page, count_data_only=True)
            if new is None:
                self.interrupt()
                return
            writer = new
        self._last = (writer, table, page)


def same_columns(one: PrintedTable, other: PrintedTable) -> bool:
    """Tell whether two tables part their columns at the same places."""
    return len(one.columns) == len(other.columns) and all(
        abs(left - right) <= _SAME_COLUMN for left, right in zip(one.columns, other.columns, strict=True)
    )
