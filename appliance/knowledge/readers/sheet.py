"""Excel (.xlsx): each sheet a section, each row a line of `header: value`."""

import io
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import IO, cast
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from lxml.etree import XMLSyntaxError
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from appliance.knowledge.content import Extracted
from appliance.knowledge.readers import office_zip
from appliance.knowledge.readers.collect import Collector, unreadable
from appliance.knowledge.readers.limits import Limits
from appliance.knowledge.readers.tables import GridCell, Strip, add_table, strip_of

_EMPTY_ROWS = 1000  # after so many empty rows in a run a sheet is over
_MOST_MERGES = 20_000
_PIECE = 1 << 20
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_LONGEST_TAG = 200

_Area = tuple[int, int, int, int]
"""First column, first row, last column, last row of merged cells, counted from 1."""


def read(content: bytes, name: str, limits: Limits) -> Extracted:
    """Read an xlsx: the values that were saved, not the formulas. Raises `InvalidRequest`."""
    office_zip.check(content, name, limits, "xl/workbook.xml")
    collector = Collector(name, limits)
    try:
        # Streamed: a sheet may name cells and merges by the million and hold nothing.
        reader = ExcelReader(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        reader.read()
        parts = {sheet.name: relation.target for sheet, relation in reader.parser.find_sheets()}
        for sheet in reader.wb.worksheets:
            if sheet.sheet_state != "visible":
                continue
            with reader.archive.open(parts[sheet.title]) as part:
                merges = merges_of(part)
            sheet.reset_dimensions()
            collector.add(sheet.title, "heading", level=1)
            add_table(collector, strips_of(sheet.iter_rows(values_only=True), merges))
    except (
        InvalidFileException, BadZipFile, XMLSyntaxError, ParseError, KeyError, ValueError, TypeError, AttributeError,
        IndexError, OSError,
    ) as error:  # fmt: skip
        raise unreadable(name, str(error)) from error
    return collector.finish()


def merges_of(part: IO[bytes]) -> list[_Area]:
    """Return the merged areas, which stand behind the cells in a sheet's XML, in the order of their first row."""
    areas: list[_Area] = []
    rest = b""
    while (piece := part.read(_PIECE)) and len(areas) < _MOST_MERGES:
        text = rest + piece
        end = 0
        for match in _MERGE.finditer(text):
            areas.append(cast("_Area", range_boundaries(match.group(1).decode())))
            end = match.end()
        rest = text[max(end, len(text) - _LONGEST_TAG) :]
    return sorted(areas[:_MOST_MERGES], key=lambda area: area[1])


def strips_of(rows: Iterator[tuple[object, ...]], merges: list[_Area]) -> Iterator[tuple[int, Strip]]:
    """Yield number and cells of each row that is not empty; merged cells are filled in."""
    empty = 0
    waiting = iter(merges)
    upcoming = next(waiting, None)
    covering: list[tuple[_Area, GridCell]] = []
    for number, values in enumerate(rows, start=1):
        strip = strip_of(_cell_text(value) for value in values)
        covering = [(area, cell) for area, cell in covering if area[3] >= number]
        while upcoming is not None and upcoming[1] <= number:
            first = strip[upcoming[0] - 1] if upcoming[0] <= len(strip) else None
            if upcoming[1] == number and first is not None:
                covering.append((upcoming, first))
            upcoming = next(waiting, None)
        for (left, _top, right, _bottom), cell in covering:
            for column in range(left - 1, min(right, len(strip))):
                strip[column] = strip[column] or cell
        if any(strip):
            empty = 0
            yield number, strip
        else:
            empty += 1
            if empty >= _EMPTY_ROWS:
                return


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)
