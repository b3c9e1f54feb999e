"""Makes `documents/` from `sources/`: the same words in Markdown, text, HTML, Word, PDF and Excel.

Needs reportlab (a development dependency). The output is the same bytes at each run.
"""

import io
import shutil
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import docx
import openpyxl
import yaml
from markdown_it import MarkdownIt
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "sources"
DOCUMENTS = HERE / "documents"
MADE_AT = datetime(2026, 5, 1)  # noqa: DTZ001 - Office files hold naive times
FORMATS = {
    "个人定期存款产品条款.md": ".pdf",
    "反洗钱工作通知.md": ".pdf",
    "mortgage-guide.md": ".pdf",
    "个人贷款管理办法.md": ".docx",
    "对公账户开立指南.md": ".docx",
    "credit-card-terms.md": ".docx",
    "客户投诉处理办法.md": ".html",
    "理财产品风险揭示书.md": ".html",
    "international-remittance.md": ".html",
    "个人业务收费标准.yaml": ".xlsx",
    "branch-directory.yaml": ".xlsx",
}


def parts(text: str) -> Iterator[tuple[str, Any]]:
    """Yield (`h1`..`h3` | `p` | `li` | `table`, text or rows) for the plain Markdown that the sources use."""
    table: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            if not set(line) <= set("|-: "):
                table.append([cell.strip() for cell in line.strip("|").split("|")])
            continue
        if table:
            yield "table", table
            table = []
        if line.startswith("#"):
            marks, _space, title = line.partition(" ")
            yield f"h{len(marks)}", title
        elif line[:1].isdigit() and line.split(" ")[0].rstrip(".").isdigit():
            yield "li", line
        elif line.strip():
            yield "p", line


def make_html(text: str) -> bytes:
    """Return a page; numbered lists become `ol`."""
    title = text.splitlines()[0].removeprefix("# ")
    body = MarkdownIt("commonmark").enable("table").render(text)
    language = "zh-CN" if any("\u4e00" <= char <= "\u9fff" for char in title) else "en"
    head = (
        f'<meta charset="utf-8">\n<title>{escape(title)}</title>\n<style>table {{ border-collapse: collapse }}</style>'
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n{head}\n</head>\n<body>\n{body}</body>\n</html>\n'.encode()
    )


def make_docx(text: str) -> bytes:
    """Return a Word file with heading styles, list paragraphs and tables with a header row."""
    document = docx.Document()
    for kind, value in parts(text):
        if kind == "table":
            table = document.add_table(rows=0, cols=len(value[0]), style="Table Grid")
            for row in value:
                for cell, words in zip(table.add_row().cells, row, strict=True):
                    cell.text = words
        elif kind.startswith("h"):
            document.add_heading(value, int(kind[1]))
        elif kind == "li":
            document.add_paragraph(value.partition(" ")[2], style="List Number")
        else:
            document.add_paragraph(value)
    properties = document.core_properties
    properties.author = "Qinglan Bank"
    properties.created = properties.modified = MADE_AT
    buffer = io.BytesIO()
    document.save(buffer)
    return _same_times(buffer.getvalue())


def make_xlsx(description: dict[str, Any]) -> bytes:
    """Return a workbook: a note above each table, wide columns, vertically merged categories where asked."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
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
    workbook.properties.creator = "Qinglan Bank"
    workbook.properties.created = workbook.properties.modified = MADE_AT
    buffer = io.BytesIO()
    workbook.save(buffer)
    return _same_times(buffer.getvalue())


def _merge_equal(sheet: Worksheet, column: int, first: int, last: int) -> None:
    start = first
    for row in range(first + 1, last + 2):
        if row > last or sheet.cell(row, column).value != sheet.cell(start, column).value:
            if row - 1 > start:
                sheet.merge_cells(start_row=start, end_row=row - 1, start_column=column, end_column=column)
                sheet.cell(start, column).alignment = Alignment(vertical="center")
            start = row


def _same_times(archive: bytes) -> bytes:
    """Return the zip with one fixed time in every entry and in the core properties."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml" and b"<dcterms:modified" in content:
                before, _mark, rest = content.partition(b"<dcterms:modified")
                attributes, _close, after = rest.partition(b">")
                stamp = MADE_AT.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                content = before + _mark + attributes + b">" + stamp + after[after.index(b"<") :]
            new.writestr(zipfile.ZipInfo(entry.filename, (2026, 5, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def make_pdf(text: str) -> bytes:
    """Return a PDF with running header and page numbers; Chinese in a font that every viewer has."""
    chinese = any("\u4e00" <= char <= "\u9fff" for char in text.splitlines()[0])
    font = "STSong-Light" if chinese else "Helvetica"
    if chinese:
        pdfmetrics.registerFont(UnicodeCIDFont(font))
    wrap = "CJK" if chinese else None
    body = ParagraphStyle("body", fontName=font, fontSize=11, leading=19, spaceAfter=9, wordWrap=wrap)
    styles = {
        "h1": ParagraphStyle("h1", body, fontSize=18, leading=26, spaceAfter=12),
        "h2": ParagraphStyle("h2", body, fontSize=14, leading=21, spaceBefore=10, spaceAfter=8),
        "p": body,
        "li": body,
    }
    story: list[Flowable] = []
    for kind, value in parts(text):
        if kind == "table":
            cells = [[Paragraph(escape(cell), body) for cell in row] for row in value]
            story.extend([Table(cells, style=TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.grey)])), Spacer(1, 8)])
        else:
            story.append(Paragraph(escape(value), styles[kind]))
    title = text.splitlines()[0].removeprefix("# ")

    def running(canvas: Canvas, document: SimpleDocTemplate) -> None:
        canvas.setFont(font, 9)
        canvas.drawString(25 * mm, 285 * mm, "青岚银行 内部资料" if chinese else "Qinglan Bank - internal")
        canvas.drawCentredString(105 * mm, 12 * mm, f"第 {document.page} 页" if chinese else f"Page {document.page}")

    buffer = io.BytesIO()
    template = SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=25 * mm, rightMargin=25 * mm, topMargin=25 * mm, bottomMargin=25 * mm,
        title=title, author="Qinglan Bank", invariant=1,
    )  # fmt: skip
    template.build(story, onFirstPage=running, onLaterPages=running)
    return buffer.getvalue()


def build(folder: Path) -> list[Path]:
    """Write every document into `folder` and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for source in sorted(SOURCES.iterdir()):
        ending = FORMATS.get(source.name, source.suffix)
        target = folder / f"{source.stem}{ending}"
        text = source.read_text(encoding="utf-8")
        if ending == source.suffix:
            shutil.copyfile(source, target)
        elif ending == ".xlsx":
            target.write_bytes(make_xlsx(yaml.safe_load(text)))
        else:
            make = {".html": make_html, ".docx": make_docx, ".pdf": make_pdf}[ending]
            target.write_bytes(make(text))
        made.append(target)
    return made


if __name__ == "__main__":
    for path in build(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS):
        sys.stdout.write(f"{path}\n")
