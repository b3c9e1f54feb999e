"""Word, web pages, Markdown, CSV and plain text as they stand."""

import csv
import io
import re
from collections.abc import Iterator

import docx
from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table
from lxml.etree import XMLSyntaxError
from markdown_it import MarkdownIt

from appliance.knowledge.language.text import one_line
from appliance.knowledge.readers import office_zip, plain, separated, webpage, word
from appliance.knowledge.readers.collect import Collector, unreadable
from appliance.knowledge.readers.decode import decode
from appliance.knowledge.readers.raw.model import Gatherer, Row
from appliance.knowledge.readers.tables import strip_of

_ABOVE = 6
_FEWEST_ROWS = 3
_CELL_BREAK = re.compile(r"\t+|\s{2,}|\s*\|\s*|\u3000{2,}")
_AMOUNT = re.compile(r"[-−－(（]?\d[\d,，]*(?:\.\d+)?[)）]?")


def gather_word(content: bytes, into: Gatherer) -> None:
    """Add paragraphs and tables of a docx. Raises `InvalidRequest`."""
    office_zip.check(content, into.name, into.limits, "word/document.xml")
    above: list[str] = []
    try:
        document = docx.Document(io.BytesIO(content))
        for part in document.iter_inner_content():
            if isinstance(part, Table):
                into.add_grid(_rows(word.strips_of(part, 0)), above=above)
                above = []
            else:
                above = [*above[1 - _ABOVE :], one_line(part.text)]
    except (PackageNotFoundError, XMLSyntaxError, KeyError, ValueError, IndexError, AttributeError, OSError) as error:
        raise unreadable(into.name, str(error)) from error
    into.add_blocks(word.read(content, into.name, into.limits).blocks)


def gather_markup(markup: str, into: Gatherer) -> None:
    """Add text and tables of HTML. Raises `InvalidRequest`."""
    collector = Collector(into.name, into.limits)
    webpage.add_markup(markup, into.name, collector)
    into.add_blocks(collector.finish().blocks)
    soup = BeautifulSoup(markup, "lxml")
    for tag in soup.find_all(["script", "style", "template", "noscript"]):
        tag.decompose()
    for table in soup.find_all("table"):
        if table.find("table") is None:  # one that holds others is a frame
            rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
            into.add_grid(_rows(webpage.strips_of(rows)), above=_lines_above(table))


def gather_markdown(text: str, into: Gatherer) -> None:
    """Add text and tables of Markdown. Raises `InvalidRequest`."""
    gather_markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(text), into)


def gather_csv(content: bytes, into: Gatherer, sheet: str | None = None) -> None:
    """Add the records of a CSV as one table. Raises `InvalidRequest`."""
    text = decode(content, into.name)
    csv.field_size_limit(1_000_000)
    collector = Collector(into.name, into.limits)
    try:
        records = csv.reader(io.StringIO(text, newline=""), delimiter=separated.separator_of(text))
        rows: list[Row] = [(number, strip, None) for number, strip in separated.strips_of(records, collector)]
    except csv.Error as error:
        raise unreadable(into.name, str(error)) from error
    for _number, strip, _page in rows:
        filled = [cell for cell in strip if cell is not None]
        if len(filled) == 1 and filled[0].has_words:
            into.add_text(filled[0].line)
    into.add_grid(rows, sheet=sheet)


def gather_plain(text: str, into: Gatherer) -> None:
    """Add paragraphs, and the tables that tabs, bars or wide blanks set apart. Raises `InvalidRequest`."""
    collector = Collector(into.name, into.limits)
    plain.add_text(text, collector)
    into.add_blocks(collector.finish().blocks)
    rows: list[Row] = []
    above: list[str] = []
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        cells = _CELL_BREAK.split(line.strip().strip("|"))
        if len(cells) > 1:
            rows.append((number, strip_of(cells), None))
            continue
        if not line.strip() and rows and number <= len(text.splitlines()):
            continue
        if len(rows) >= _FEWEST_ROWS and any(_AMOUNT.fullmatch(cell.line) for row in rows for cell in row[1] if cell):
            into.add_grid(rows, above=above)
            above = []
        above = [*above[1 - _ABOVE :], one_line(line)] if line.strip() else above
        rows = []


def _rows(strips: Iterator[list[object]] | Iterator[object]) -> Iterator[Row]:
    for number, strip in enumerate(strips, start=1):
        yield number, strip, None  # type: ignore[misc]


def _lines_above(table: Tag) -> list[str]:
    """Return the caption of a table and the last words before it, not those of another table."""
    caption = table.find("caption")
    lines = [one_line(caption.get_text())] if caption is not None else []
    for text in table.find_all_previous(string=True, limit=40):
        if not isinstance(text, NavigableString) or not text.strip():
            continue
        if text.find_parent("table") is not None or len(lines) >= _ABOVE:
            break
        lines.append(one_line(text))
    return lines[::-1]
