"""PowerPoint presentations: the title slide, then one slide for each second-level heading."""

from dataclasses import dataclass, field

from pptx import Presentation
from pptx.oxml.ns import qn
from pptx.slide import Slide
from pptx.util import Cm, Emu, Pt

from scenarios.knowledge_qa.building.blocks import blocks, title_of
from scenarios.knowledge_qa.building.package import AUTHOR, MADE_AT, saved

_TITLE, _CONTENT = 0, 1  # layouts of the default template
_LEFT, _TOP, _WIDTH, _BOTTOM = Cm(1.3), Cm(4.2), Cm(22.8), Cm(18.5)
_LINE, _PADDING, _GAP = Cm(0.55), Cm(0.3), Cm(0.6)  # of 12-point text in a table
_LETTER = Cm(0.22)


@dataclass
class _Page:
    title: str
    lines: list[tuple[str, str]] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)


def make_pptx(text: str) -> bytes:
    """Return a presentation; text goes into the body and tables below it."""
    presentation = Presentation()
    first, *pages = _pages(text)
    cover = presentation.slides.add_slide(presentation.slide_layouts[_TITLE])
    cover.shapes.title.text = first.title
    cover.placeholders[1].text = "\n".join(line for _kind, line in first.lines)
    for paragraph in cover.placeholders[1].text_frame.paragraphs:
        paragraph.font.size = Pt(18)
    for page in pages:
        _fill(presentation.slides.add_slide(presentation.slide_layouts[_CONTENT]), page)
    properties = presentation.core_properties
    properties.title = title_of(text)
    properties.author = properties.last_modified_by = AUTHOR
    properties.created = properties.modified = MADE_AT
    return saved(presentation)


def _pages(text: str) -> list[_Page]:
    pages = []
    for kind, value in blocks(text):
        if kind in ("h1", "h2"):
            pages.append(_Page(value))
        elif kind == "table":
            pages[-1].tables.append(value)
        else:
            pages[-1].lines.append((kind, value))
    return pages


def _fill(slide: Slide, page: _Page) -> None:
    title = slide.shapes.title
    assert title is not None, "the layout has one"
    title.text = page.title
    title.text_frame.paragraphs[0].font.size = Pt(32)
    body = slide.placeholders[1]
    top = _BOTTOM - sum(sum(_heights(table)) + _GAP for table in page.tables)
    if page.lines:
        body.left, body.top, body.width = _LEFT, _TOP, _WIDTH
        body.height = top - _TOP
        _write_lines(slide, page.lines)
    else:
        body.element.getparent().remove(body.element)
        top = _TOP
    for table in page.tables:
        _add_table(slide, table, top)
        top += sum(_heights(table)) + _GAP


def _write_lines(slide: Slide, lines: list[tuple[str, str]]) -> None:
    frame = slide.placeholders[1].text_frame
    for number, (kind, line) in enumerate(lines):
        paragraph = frame.add_paragraph() if number else frame.paragraphs[0]
        paragraph.text = line
        paragraph.font.size = Pt(18)
        if kind != "bullet":  # the layout puts a bullet before every paragraph
            properties = paragraph._p.get_or_add_pPr()
            properties.set("marL", "0")
            properties.set("indent", "0")
            properties.insert(0, properties.makeelement(qn("a:buNone"), {}))


def _heights(rows: list[list[str]]) -> list[int]:
    """Return the height that each row needs, from a rough width of its letters; Chinese ones are twice as wide."""
    letters = (_WIDTH // len(rows[0]) - _PADDING) // _LETTER
    lines = [max(-(-sum(1 + (char > "\u2e80") for char in cell) // letters) for cell in row) for row in rows]
    return [max(1, count) * _LINE + _PADDING for count in lines]


def _add_table(slide: Slide, rows: list[list[str]], top: int) -> None:
    heights = _heights(rows)
    shape = slide.shapes.add_table(len(rows), len(rows[0]), _LEFT, Emu(top), _WIDTH, Emu(sum(heights)))
    for line, height, words in zip(shape.table.rows, heights, rows, strict=True):
        line.height = Emu(height)
        for cell, word in zip(line.cells, words, strict=True):
            cell.text = word
            cell.text_frame.paragraphs[0].font.size = Pt(12)
