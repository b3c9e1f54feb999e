"""Excel (.xlsx): each sheet a section, each row a line of `header: value`."""

import io
import itertools
from collections.abc import Iterator
from datetime import date, datetime, time
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import openpyxl
from lxml.etree import XMLSyntaxError
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from appliance.core.units import MIB
from appliance.knowledge.content import Extracted, row_text
from appliance.knowledge.limits import Limits
from appliance.knowledge.readers import office_zip
from appliance.knowledge.readers.collect import Collector, unreadable

_MERGES_UP_TO = 8 * MIB  # merged cells are only known when a sheet is read whole; larger workbooks are streamed
_EMPTY_ROWS = 1000  # after so many empty rows in a run a sheet is over

_Row = tuple[int, list[str]]


def read(content: bytes, name: str, limits: Limits) -> Extracted:
    """Read an xlsx: the values that were saved, not the formulas. Raises `InvalidRequest`."""
    sizes = office_zip.check(content, name, limits, "xl/workbook.xml")
    whole = sum(size for part, size in sizes.items() if part.startswith("xl/worksheets/")) <= _MERGES_UP_TO
    collector = Collector(name, limits)
    try:
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=not whole, data_only=True)
        for sheet in workbook.worksheets:
            if sheet.sheet_state != "visible":
                continue
            merged = _merged_values(sheet) if whole else {}
            _sheet(sheet.title, _rows(sheet.iter_rows(values_only=True), merged), collector)
    except (InvalidFileException, BadZipFile, XMLSyntaxError, ParseError, KeyError, ValueError, TypeError) as error:
        raise unreadable(name, str(error)) from error
    return collector.finish()


def _merged_values(sheet: Worksheet) -> dict[tuple[int, int], str]:
    """Return (row, column) → text for cells hidden below a merge, counted from 1; whole-row titles are not spread."""
    values = {}
    for area in sheet.merged_cells.ranges:
        text = _cell_text(sheet.cell(area.min_row, area.min_col).value)
        if area.max_row > area.min_row and (area.max_row - area.min_row) < _EMPTY_ROWS:
            for row, column in itertools.product(range(area.min_row, area.max_row + 1), [area.min_col]):
                values[row, column] = text
    return values


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


def _rows(rows: Iterator[tuple[object, ...]], merged: dict[tuple[int, int], str]) -> Iterator[_Row]:
    """Yield the number and texts of each row that is not empty."""
    empty = 0
    for number, cells in enumerate(rows, start=1):
        texts = [_cell_text(cell) or merged.get((number, column), "") for column, cell in enumerate(cells, start=1)]
        if any(text.strip() for text in texts):
            empty = 0
            yield number, texts
        else:
            empty += 1
            if empty >= _EMPTY_ROWS:
                return


def _sheet(title: str, rows: Iterator[_Row], collector: Collector) -> None:
    """The first row with two or more texts names the columns; lone texts above it are the sheet's own words."""
    collector.add(title, "heading", level=1)
    headers: list[str] | None = None
    for number, texts in rows:
        filled = [text for text in texts if text.strip()]
        if headers is None and len(filled) > 1:
            headers = texts
        elif headers is None or len(filled) == 1:
            collector.add(filled[0], row=number)
        else:
            collector.add(row_text(headers, texts), "row", row=number)
