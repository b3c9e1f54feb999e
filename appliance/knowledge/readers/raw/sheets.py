"""Excel (.xlsx) as it stands: the saved values in full precision, and the formulas that have none."""

import io
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import IO, Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from lxml.etree import XMLSyntaxError
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.exceptions import InvalidFileException

from appliance.knowledge.readers import office_zip
from appliance.knowledge.readers.collect import unreadable
from appliance.knowledge.readers.raw.model import Gatherer
from appliance.knowledge.readers.sheet import merges_of, strips_of
from appliance.knowledge.readers.tables import GridCell, Strip

_PIECE = 1 << 20
_LONGEST_CELL = 4096
_MOST_UNSAVED = 1000
_MOST_DIGITS = 40
_TALLEST = 200
_Area = tuple[int, int, int, int]
_UNSAVED = re.compile(
    rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3}\d{1,7})"[^>]*>\s*'
    rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


def gather(content: bytes, into: Gatherer, within: str = "") -> None:
    """Add the visible sheets of a workbook; `within` is put before their names. Raises `InvalidRequest`."""
    office_zip.check(content, into.name, into.limits, "xl/workbook.xml")
    try:
        reader = ExcelReader(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        reader.read()
        parts = {sheet.name: relation.target for sheet, relation in reader.parser.find_sheets()}
        for sheet in reader.wb.worksheets:
            if sheet.sheet_state != "visible":
                continue
            with reader.archive.open(parts[sheet.title]) as part:
                merges = merges_of(part)
            with reader.archive.open(parts[sheet.title]) as part:
                unsaved = _unsaved(part)
            sheet.reset_dimensions()
            title = f"{within}{sheet.title}"
            into.add_text(title, level=1)
            rows = [(number, list(strip), None) for number, strip in strips_of(_texts(sheet.iter_rows()), merges)]
            _fill_ends(rows, merges)
            for _number, strip, _page in rows:
                _add_lone(strip, into)
            into.add_grid(rows, sheet=title, unsaved=unsaved)
    except (
        InvalidFileException, BadZipFile, XMLSyntaxError, ParseError, KeyError, ValueError, TypeError, AttributeError,
        IndexError, OSError,
    ) as error:  # fmt: skip
        raise unreadable(into.name, str(error)) from error


def _fill_ends(rows: list[tuple[int, list[GridCell | None], None]], merges: Iterable[_Area]) -> None:
    """Fill merged areas that reach beyond the last cell that a row names."""
    width = max((len(strip) for _number, strip, _page in rows), default=0)
    by_number = {number: strip for number, strip, _page in rows}
    for left, top, right, bottom in merges:
        anchor = by_number.get(top, [])
        cell = anchor[left - 1] if left <= len(anchor) else None
        if cell is None:
            continue
        for number in range(top, min(bottom, top + _TALLEST) + 1):
            strip = by_number.get(number)
            if strip is not None and len(strip) < min(right, width):
                strip.extend([None] * (left - 1 - len(strip)))
                strip.extend([cell] * (min(right, width) - len(strip)))


def _add_lone(strip: Strip, into: Gatherer) -> None:
    """Add the words of a row of one cell to the text: titles, notes."""
    filled = list(dict.fromkeys(cell for cell in strip if cell is not None))
    if len(filled) == 1 and filled[0].has_words:
        into.add_text(filled[0].line)


def _texts(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield tuple(_text(cell.value, cell) for cell in row)


def _text(value: object, cell: Any) -> object:  # noqa: ANN401 - openpyxl's read-only cells share no type
    """Return a number in full precision, a percentage as one; other values stay for `strips_of`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    number = Decimal(repr(value))
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        return str(value)
    if "%" in str(cell.number_format):
        return f"{_plain(number * 100)}%"
    return _plain(number)


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _unsaved(part: IO[bytes]) -> list[str]:
    """Return the cells whose formula has no saved value."""
    cells: list[str] = []
    rest = b""
    while (piece := part.read(_PIECE)) and len(cells) < _MOST_UNSAVED:
        text = rest + piece
        end = 0
        if b"<f" in text or b":f" in text:
            for match in _UNSAVED.finditer(text):
                cells.append(match.group(1).decode())
                end = match.end()
        rest = text[max(end, len(text) - _LONGEST_CELL) :]
    return cells[:_MOST_UNSAVED]
