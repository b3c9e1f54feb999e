"""Excel workbooks."""

from typing import Any

import openpyxl
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from scenarios.knowledge_qa.building.package import AUTHOR, MADE_AT, saved


def make_xlsx(description: dict[str, Any]) -> bytes:
    """Return a workbook: a note above each table, wide columns, vertically merged categories where asked."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for sheet_description in description["sheets"]:
        sheet = workbook.create_sheet(sheet_description["name"])
        sheet.append([sheet_description["note"]])
        sheet.append(sheet_description["headers"])
        for cell in sheet[2]:
            cell.font = Font(bold=True)
        for row in sheet_description["rows"]:
            sheet.append(row)
        for column in sheet_description.get("merge", []):
            _merge_equal(sheet, column, 3, sheet.max_row)
        for column in sheet.columns:
            sheet.column_dimensions[column[1].column_letter].width = 24
    workbook.properties.creator = AUTHOR
    workbook.properties.created = workbook.properties.modified = MADE_AT
    return saved(workbook)


def _merge_equal(sheet: Worksheet, column: int, first: int, last: int) -> None:
    start = first
    for row in range(first + 1, last + 2):
        if row > last or sheet.cell(row, column).value != sheet.cell(start, column).value:
            if row - 1 > start:
                sheet.merge_cells(start_row=start, end_row=row - 1, start_column=column, end_column=column)
                sheet.cell(start, column).alignment = Alignment(vertical="center")
            start = row
