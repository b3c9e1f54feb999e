"""PDF files and web pages."""

import io
from html import escape
from importlib.util import find_spec
from pathlib import Path

from markdown_it import MarkdownIt
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from scenarios.knowledge_qa.building.blocks import blocks, is_chinese, title_of
from scenarios.knowledge_qa.building.package import AUTHOR

_WIDTH = 160 * mm
_CHINESE_FONT = "NotoSansSC"


def make_html(text: str) -> bytes:
    """Return a page; numbered lists become `ol`."""
    title = title_of(text)
    body = MarkdownIt("commonmark").enable("table").render(text)
    language = "zh-CN" if is_chinese(text) else "en"
    head = (
        f'<meta charset="utf-8">\n<title>{escape(title)}</title>\n<style>table {{ border-collapse: collapse }}</style>'
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n{head}\n</head>\n<body>\n{body}</body>\n</html>\n'.encode()
    )


def make_pdf(text: str) -> bytes:
    """Return a PDF with running header and page numbers; the Chinese font is embedded, so that any viewer shows it."""
    chinese = is_chinese(text)
    font = _chinese_font() if chinese else "Helvetica"

    def running(canvas: Canvas, document: SimpleDocTemplate) -> None:
        canvas.setFont(font, 9)
        canvas.drawString(25 * mm, 285 * mm, "青岚银行 内部资料" if chinese else "Qinglan Bank - internal")
        canvas.drawCentredString(105 * mm, 12 * mm, f"第 {document.page} 页" if chinese else f"Page {document.page}")

    buffer = io.BytesIO()
    template = SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=25 * mm, rightMargin=25 * mm, topMargin=25 * mm, bottomMargin=25 * mm,
        title=title_of(text), author=AUTHOR, invariant=1,
    )  # fmt: skip
    template.build(_story(text, font, "CJK" if chinese else None), onFirstPage=running, onLaterPages=running)
    return buffer.getvalue()


def _chinese_font() -> str:
    """Return the name of the registered font; its file (OFL) comes inside a package that is only used for it."""
    if _CHINESE_FONT not in pdfmetrics.getRegisteredFontNames():
        package = find_spec("zhplot")
        if package is None or package.origin is None:
            raise SystemExit("The Chinese font is missing: install the development dependencies (make install-dev).")
        pdfmetrics.registerFont(TTFont(_CHINESE_FONT, Path(package.origin).parent / "fonts" / "NotoSansSC-Regular.ttf"))
    return _CHINESE_FONT


def _story(text: str, font: str, wrap: str | None) -> list[Flowable]:
    body = ParagraphStyle("body", fontName=font, fontSize=11, leading=19, spaceAfter=9, wordWrap=wrap)
    styles = {
        "h1": ParagraphStyle("h1", body, fontSize=18, leading=26, spaceAfter=12),
        "h2": ParagraphStyle("h2", body, fontSize=14, leading=21, spaceBefore=10, spaceAfter=8, keepWithNext=1),
        "p": body,
        "li": body,
        "bullet": ParagraphStyle("bullet", body, leftIndent=14),
    }
    cell = ParagraphStyle("cell", body, fontSize=9.5, leading=13, spaceAfter=0)
    story: list[Flowable] = []
    for kind, value in blocks(text):
        if kind == "table":
            story.extend([_table(value, cell), Spacer(1, 10)])
        else:
            bullet = "\u2022" if kind == "bullet" else None
            story.append(Paragraph(escape(value), styles[kind], bulletText=bullet))
    return story


def _table(rows: list[list[str]], style: ParagraphStyle) -> Table:
    """Return a grid over the whole width; the first column, which names the row, is the widest."""
    first = _WIDTH * max(0.26, 1 / len(rows[0]))
    widths = [first, *[(_WIDTH - first) / (len(rows[0]) - 1)] * (len(rows[0]) - 1)]
    look = TableStyle(
        [("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke)]
    )
    cells = [[Paragraph(escape(words), style) for words in row] for row in rows]
    return Table(cells, colWidths=widths, repeatRows=1, style=look)
