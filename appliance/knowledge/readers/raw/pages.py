"""PDF as it stands: ruled tables, tables that only blanks set apart, and the text; with the page of each row."""

from collections.abc import Iterator, Sequence

import pypdfium2

from appliance.knowledge.content import Box
from appliance.knowledge.readers.collect import Collector
from appliance.knowledge.readers.pdf import PAGE_NUMBER, open_pdf, pages_of, same_columns, write_pages
from appliance.knowledge.readers.pdf_lines import pattern, running_lines
from appliance.knowledge.readers.pdf_page import PrintedLine, PrintedPage, PrintedTable
from appliance.knowledge.readers.raw.columns import PageLines, amounts_in, blank_tables, lines_of
from appliance.knowledge.readers.raw.model import Gatherer, Row
from appliance.knowledge.readers.tables import Strip

_FEWEST_LINES = 4  # with an amount, on a page that may hold a table without rules


def gather(content: bytes, into: Gatherer) -> tuple[int, list[int]]:
    """Add text and tables of a PDF; return how many pages it has and which are scans. Raises `InvalidRequest`."""
    document = open_pdf(content, into.name)
    collector = Collector(into.name, into.limits)
    if len(document) > into.limits.pages:
        raise collector.too_large(f"{into.limits.pages} pages")
    pages = list(pages_of(document, into.name))
    write_pages([page.items for page in pages], collector)
    scans = [number for number, page in enumerate(pages, start=1) if page.scan]
    if any(page.items for page in pages):
        into.add_blocks(collector.finish(len(pages)).blocks)
    running = running_lines([[item for item in page.items if isinstance(item, PrintedLine)] for page in pages])
    for rows, above in _ruled(pages, running):
        into.add_grid(rows, above=above)
    for rows, above in blank_tables(list(_without_rules(document, pages))):
        into.add_grid(rows, above=above)
    return len(pages), scans


def _ruled(pages: Sequence[PrintedPage], running: set[str]) -> Iterator[tuple[list[Row], list[str]]]:
    """Yield the ruled tables and the lines above each; what goes on over pages is one table."""
    rows: list[Row] = []
    above: list[str] = []
    last: tuple[PrintedTable, int] | None = None  # the table that may go on
    for number, page in enumerate(pages, start=1):
        lines: list[str] = []
        for item in page.items:
            if isinstance(item, PrintedLine):
                lines.append(item.text)
                if pattern(item.text) not in running and not PAGE_NUMBER.match(item.text):
                    last = None
                continue
            if last is not None and last[1] == number - 1 and same_columns(last[0], item):
                rows.extend(_numbered(item.strips, number, len(rows)))
            else:
                if rows:
                    yield rows, above
                rows, above = _numbered(item.strips, number, 0), lines
            last, lines = (item, number), []
    if rows:
        yield rows, above


def _numbered(strips: Sequence[Strip], page: int, before: int) -> list[Row]:
    return [(number, strip, page) for number, strip in enumerate(strips, start=before + 1)]


def _without_rules(document: pypdfium2.PdfDocument, pages: Sequence[PrintedPage]) -> Iterator[PageLines]:
    """Yield the lines of the pages that show many amounts outside ruled tables."""
    for number, page in enumerate(pages, start=1):
        lines = [item for item in page.items if isinstance(item, PrintedLine)]
        if sum(amounts_in(line.text) for line in lines) < _FEWEST_LINES:
            continue
        ruled: list[Box] = [item.box for item in page.items if isinstance(item, PrintedTable)]
        yield PageLines(number, lines_of(document[number - 1], ruled))
