"""The sections of a report as Word's XML."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ..models import Cell
from .arranging import TALL_CELL, Heading, Layout, Pictured, Prose, Tabled
from .notes import Note
from .word_comments import WordComments, commented
from .word_notes import reference
from .word_styles import TOC_TABS
from .word_text import BOLD, attribute, paragraph, run
from .word_text import field as word_field
from .wording import has_long_run

_EMU: Final = 635  # in a twentieth of a point
_PROSE: Final = {
    "text": "Report Text",
    "item": "Report Item",
    "opinion": "Report Opinion",
    "warning": "Report Warning",
    "quotation": "Report Quotation",
}
_TINTS: Final = {"opinion": "1D4E7E", "warning": "A8480C"}
_CHART_WIDTH: Final = 0.86
_HIGHEST: Final = 0.62
_SMALL_FROM: Final = 7  # columns from which the text of a table is smaller
_SMALL: Final = '<w:sz w:val="16"/><w:szCs w:val="16"/>'
_SMALLEST_FROM: Final = 10
_SMALLEST: Final = '<w:sz w:val="14"/><w:szCs w:val="14"/>'
_TIGHT: Final = '<w:tblCellMar><w:left w:w="40" w:type="dxa"/><w:right w:w="40" w:type="dxa"/></w:tblCellMar>'
_NEW_PAGE: Final = '<w:pageBreakBefore/><w:spacing w:before="0"/>'
_INDENT: Final = '<w:ind w:firstLine="420" w:firstLineChars="200"/>'
_GAP: Final = '<w:spacing w:before="0" w:after="60" w:line="120" w:lineRule="exact"/>'
_LEFT: Final = '<w:jc w:val="left"/>'
ABOUT: Final = "_TocReport_about"


@dataclass(frozen=True)
class Page:
    """The room for text, in twentieths of a point."""

    width: int
    wide: int
    """On a page turned on its side."""


@dataclass
class BodyWriter:
    """Writes the pieces of a layout; `pictures` are the relationships of the charts by their number."""

    layout: Layout
    styles: dict[str, str]
    note_ids: dict[int, int]
    comments: WordComments
    pictures: dict[int, str]
    page: Page
    bullets: int
    first_id: int
    pages: dict[str, int]
    numbers: bool
    """Whether headings are numbered by our list, so that the contents may show the numbers."""
    indented: bool
    """Whether paragraphs begin two characters in though their style does not: our template is for both languages."""
    _ids: int = field(default=0)

    def contents(self) -> str:
        """Return the table of contents as a field, with its entries; empty for a short report."""
        if not self.layout.with_contents:
            return ""
        words = self.layout.words
        entries = [(one.level, one.number, one.title, _bookmark(one), one.anchor) for one in self.layout.headings]
        entries.append((1, "", words("about"), ABOUT, "about"))
        begin = (
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> '
            'TOC \\o "1-3" \\h \\z </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        )
        lines = []
        for order, entry in enumerate(entries):
            lines.append(self._entry(*entry, begin if order == 0 else ""))
        end = paragraph(self.styles["Report Plain"], '<w:r><w:fldChar w:fldCharType="end"/></w:r>')
        title = paragraph(self.styles["Report Contents Title"], run(words("contents")))
        return (
            '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/><w:docPartUnique/>'
            f"</w:docPartObj></w:sdtPr><w:sdtContent>{title}{''.join(lines)}{end}</w:sdtContent></w:sdt>"
        )

    def body(self) -> Iterator[tuple[str, bool]]:
        """Yield the XML of each piece, and whether it needs a page turned on its side."""
        first = True
        for piece in self.layout.pieces:
            if isinstance(piece, Heading):
                # Behind the contents the first chapter begins on a page of its own.
                yield self._heading(piece, new_page=piece.new_page or (first and self.layout.with_contents)), False
                first = False
            elif isinstance(piece, Prose):
                yield self._prose(piece), False
            elif isinstance(piece, Tabled):
                yield self._table(piece), piece.wide
            else:
                yield self._picture(piece), False

    def imprint(self) -> str:
        """Return what stands at the end: which report it is, and who wrote what."""
        layout, plain = self.layout, self.styles["Report Plain"]
        mark = self._marked(ABOUT, commented(run(layout.words("about")), self.comments.whole))
        parts = [paragraph(self.styles["heading 1"], mark, '<w:numPr><w:numId w:val="0"/></w:numPr>')]
        gap = "：" if layout.words.chinese else ": "
        parts += [paragraph(plain, run(f"{name}{gap}", BOLD) + run(value)) for name, value in layout.imprint]
        parts += [paragraph(plain, run(text)) for text in layout.about]
        if layout.notice:
            parts.append(paragraph(plain, run(layout.notice, BOLD)))
        return "".join(parts)

    def _entry(self, level: int, number: str, title: str, bookmark: str, anchor: str, begin: str) -> str:
        text = run(title)
        if number and self.numbers:
            text = run(f"{number}\t") + text
        shown = str(self.pages.get(anchor, ""))
        page = word_field(f"PAGEREF {bookmark} \\h", shown)
        link = f'<w:hyperlink w:anchor="{bookmark}" w:history="1">{text}<w:r><w:tab/></w:r>{page}</w:hyperlink>'
        return paragraph(self.styles[f"toc {level}"], begin + link, _toc_tabs(level, self.page.width, bool(number)))

    def _heading(self, heading: Heading, *, new_page: bool) -> str:
        style = self.styles[f"heading {heading.level}"]
        title = commented(run(heading.title), self.comments.anchors.get(heading.anchor, ()))
        made = paragraph(style, self._marked(_bookmark(heading), title), _NEW_PAGE if new_page else "")
        edited = paragraph(self.styles["Report Note"], run(heading.edited), "<w:keepNext/>") if heading.edited else ""
        return made + edited

    def _marked(self, bookmark: str, content: str) -> str:
        number = self._next()
        return f'<w:bookmarkStart w:id="{number}" w:name="{bookmark}"/>{content}<w:bookmarkEnd w:id="{number}"/>'

    def _prose(self, prose: Prose) -> str:
        mark = ""
        if prose.mark:
            mark = run(f"{prose.mark}  ", f'{BOLD}<w:color w:val="{_TINTS[prose.style]}"/>')
        bullet = (
            f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{self.bullets}"/></w:numPr>' if prose.style == "item" else ""
        )
        # An address that fills a line would leave the one above it torn apart.
        indent = _INDENT if self.indented and prose.style == "text" else ""
        left = _LEFT if prose.style == "text" and has_long_run(prose.text) else ""
        content = mark + self._text(prose) + self._note(prose.note)
        return paragraph(self.styles[_PROSE[prose.style]], content, bullet + indent + left)

    def _text(self, prose: Prose) -> str:
        """Return the text as one run, or sentence by sentence where people remarked on one of them."""
        about = self.comments.sentences
        if not any(sentence.id in about for sentence in prose.sentences):
            return run(prose.text)
        gap = run(self.layout.words.sentence_gap) if self.layout.words.sentence_gap else ""
        parts = (commented(run(one.text.strip()), about.get(one.id, ())) for one in prose.sentences)
        return gap.join(parts)

    def _note(self, note: Note | None) -> str:
        if note is None:
            return ""
        mark = f"_ReportNote{note.number}"
        if not note.again:
            return self._marked(mark, reference(self.note_ids[note.number], self.styles))
        style = f'<w:rStyle w:val="{self.styles["footnote reference"]}"/>'
        return word_field(f"NOTEREF {mark} \\f \\h", str(note.number), style)

    def _caption(self, name: str, number: int, text: str, note: Note | None, *, above: bool) -> str:
        """Write a caption whose number is a field; what stands around the number is of the language."""
        before, after = self.layout.words(name, number="\x00").split("\x00")
        kind = before.strip() or name.capitalize()
        label = run(before, BOLD) + word_field(f"SEQ {kind} \\* ARABIC", str(number), BOLD) + run(f"{after}  ", BOLD)
        return paragraph(self.styles["caption"], label + run(text) + self._note(note), "<w:keepNext/>" if above else "")

    def _table(self, piece: Tabled) -> str:
        table = piece.table
        room = self.page.wide if piece.wide else self.page.width
        widths = [max(1, round(room * share)) for share in piece.widths]
        count = len(widths)
        small = _SMALLEST if count >= _SMALLEST_FROM else _SMALL if count >= _SMALL_FROM else ""
        numeric = [*table.numeric, *[False] * len(widths)][: len(widths)]
        rows = [self._row([Cell(text=text) for text in table.columns], widths, numeric, small, head=True)]
        last = len(table.rows) - 1
        for order, row in enumerate(table.rows):
            keep = piece.whole and order < last
            rows.append(self._row(list(piece.cells(row)), widths, numeric, small, keep=keep))
        grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
        note = table.note.strip()
        after = paragraph(self.styles["Report Note"], run(note) if note else "", "" if note else _GAP)
        return (
            self._caption("table", piece.number, table.caption, piece.note, above=True)
            + f'<w:tbl><w:tblPr><w:tblStyle w:val="{self.styles["Report Table"]}"/><w:tblW w:w="{sum(widths)}" '
            'w:type="dxa"/><w:jc w:val="center"/><w:tblLayout w:type="fixed"/>'
            f'{_TIGHT if small else ""}<w:tblLook w:val="0020" w:firstRow="1" '
            'w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>'
            f"<w:tblCaption w:val={attribute(table.caption)}/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>"
            f"{''.join(rows)}</w:tbl>" + after
        )

    def _row(
        self,
        cells: list[Cell],
        widths: list[int],
        numeric: list[bool],
        small: str,
        *,
        head: bool = False,
        keep: bool = False,
    ) -> str:
        whole = "" if any(len(cell.text) > 3 * TALL_CELL for cell in cells) else "<w:cantSplit/>"
        out = [f"<w:tr><w:trPr>{whole}{'<w:tblHeader/>' if head else ''}</w:trPr>"]
        for cell, width, number in zip(cells, widths, numeric, strict=True):
            name = "Report Table Head" if head else "Report Table Number" if number else "Report Table Text"
            properties = "<w:keepNext/>" if keep or head else ""
            if head and number:
                properties += '<w:jc w:val="right"/>'
            content = run(cell.text, (BOLD if cell.strong else "") + small)
            made = paragraph(self.styles[name], content, properties)
            out.append(f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{made}</w:tc>')
        return "".join((*out, "</w:tr>"))

    def _picture(self, piece: Pictured) -> str:
        drawing = self._drawing(piece)
        shown = drawing or run(piece.picture.alt)
        note = piece.picture.note.strip()
        return (
            paragraph(self.styles["Report Picture"], shown)
            + self._caption("figure", piece.number, piece.picture.caption, piece.note, above=False)
            + (paragraph(self.styles["Report Note"], run(note)) if note else "")
        )

    def _drawing(self, piece: Pictured) -> str:
        relation = self.pictures.get(piece.number)
        if relation is None:
            return ""
        width = round(self.page.width * _EMU * min(_CHART_WIDTH, _HIGHEST / piece.ratio))
        height = round(width * piece.ratio)
        number = self._next()
        name = (
            f'id="{number}" name="chart-{piece.number}" descr={attribute(piece.picture.alt or piece.picture.caption)}'
        )
        return (
            '<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">'
            f'<wp:extent cx="{width}" cy="{height}"/><wp:docPr {name}/><wp:cNvGraphicFramePr>'
            '<a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr><a:graphic>'
            '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
            f'<pic:cNvPr id="{number}" name="chart-{piece.number}.png"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
            f'<a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>'
            f'<a:off x="0" y="0"/><a:ext cx="{width}" cy="{height}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/>'
            "</a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
        )

    def _next(self) -> int:
        self._ids += 1
        return self.first_id + self._ids


def _bookmark(heading: Heading) -> str:
    return f"_TocReport_{heading.anchor}"


def _toc_tabs(level: int, width: int, numbered: bool) -> str:
    left = f'<w:tab w:val="left" w:pos="{TOC_TABS[level - 1]}"/>' if numbered else ""
    return f'<w:tabs>{left}<w:tab w:val="right" w:leader="dot" w:pos="{width}"/></w:tabs>'
