"""Statements as workbooks."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from .marks import mark
from .sheets import SIGNATURES, Cell, Sheet

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_CHARACTERS: Final = 12.0
"""Width of a column of width 1 in a sheet."""


def write_book(path: Path, sheets: list[Sheet], *, stacked: bool = False) -> None:
    """Write a workbook with one sheet a statement, or all below each other on one."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active or book.create_sheet())
    row = 1
    for sheet in sheets:
        if not stacked or not book.worksheets:
            page = book.create_sheet("报表" if stacked else sheet.name)
            row = 1 + sheet.layout.offset
        row = _fill(page, sheet, row) + 2
        page.oddFooter.center.text = mark(sheet.layout.language)
    page_of_notice = book.create_sheet("说明" if sheets[0].layout.language == "zh" else "Notice")
    page_of_notice["A1"] = mark(sheets[0].layout.language)
    book.save(path)


def _fill(page: "Worksheet", sheet: Sheet, row: int) -> int:
    """Write one statement from a row on; returns the first free row."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    first = 1 + sheet.layout.offset
    last = first + len(sheet.widths) - 1
    center = Alignment(horizontal="center", vertical="center", wrap_text=True)
    for text, font in ((sheet.title, Font(bold=True, size=15)), (sheet.middle, Font(size=10))):
        page.merge_cells(start_row=row, start_column=first, end_row=row, end_column=last)
        at = page.cell(row, first, text)
        at.font, at.alignment = font, center
        row += 1
    page.cell(row, first, sheet.left)
    page.cell(row, last, sheet.right).alignment = Alignment(horizontal="right")
    row = _header(page, sheet, row + 1)
    for cells in sheet.rows:
        for column, cell in enumerate(cells, first):
            _write(page, sheet, row, column, cell)
        row += 1
    page.cell(row, first, SIGNATURES[sheet.layout.language])
    for column, share in enumerate(sheet.widths, first):
        page.column_dimensions[get_column_letter(column)].width = share * _CHARACTERS
    return row + 1


def _header(page: "Worksheet", sheet: Sheet, row: int) -> int:
    from openpyxl.styles import Alignment, Font, PatternFill

    taken: set[tuple[int, int]] = set()
    for number, cells in enumerate(sheet.header):
        column = 1 + sheet.layout.offset
        for cell in cells:
            while (number, column) in taken:
                column += 1
            at = page.cell(row + number, column, cell.text)
            at.font, at.fill = Font(bold=True), PatternFill("solid", fgColor="E7EDF5")
            at.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
            if cell.across > 1 or cell.down > 1:
                page.merge_cells(
                    start_row=row + number, start_column=column, end_row=row + number + cell.down - 1,
                    end_column=column + cell.across - 1,
                )  # fmt: skip
            taken |= {(number + down, column + over) for down in range(cell.down) for over in range(cell.across)}
            column += cell.across
    return row + len(sheet.header)


def _write(page: "Worksheet", sheet: Sheet, row: int, column: int, cell: Cell) -> None:
    from openpyxl.styles import Alignment, Border, Font, Side

    layout = sheet.layout
    at = page.cell(row, column)
    thin = Side(style="thin", color="999999")
    at.border = Border(left=thin, right=thin, top=thin, bottom=thin)
    at.font = Font(bold=cell.strong, size=10)
    if cell.value is None:
        at.value = cell.text or None
        return
    at.alignment = Alignment(horizontal="right")
    number = round(cell.value / layout.factor, layout.decimals)
    if layout.as_text or (number == 0 and layout.zero != "number"):
        at.value = cell.text or None
        return
    at.value, at.number_format = number, layout.number_format
