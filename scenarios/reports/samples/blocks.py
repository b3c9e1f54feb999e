"""Texts of papers in a small markup, and what they become: PDF, Word, Markdown or a web page.

A line is a paragraph, or begins with `= ` (title), `# ` or `## ` (heading), `> ` (at the right), `- ` (item),
`@ ` (whose seal lies over the lines before it; PDF only),
`|name|value` (form), `||a|b|c` (header of a ruled table, rows `|…` follow) or is `---` (new page).
"""

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from . import pages
from .marks import mark

if TYPE_CHECKING:
    from docx.document import Document

_FONTS: Final = {"zh": "宋体", "en": "Times New Roman"}


@dataclass
class Block:
    """One block; `kind` is title, heading1, heading2, right, item, break, form, table or text."""

    kind: str
    text: str = ""
    rows: list[list[str]] = field(default_factory=list)


def parse(source: str) -> list[Block]:
    """Return the blocks of a text."""
    blocks: list[Block] = []
    for line in (line.strip() for line in source.splitlines()):
        kind, text = _kind(line)
        last = blocks[-1].kind if blocks else ""
        if kind == "row":
            if last not in ("form", "table"):
                blocks.append(Block("form"))
            blocks[-1].rows.append(text.split("|"))
        elif kind == "table":
            blocks.append(Block("table", rows=[text.split("|")]))
        elif kind:
            blocks.append(Block(kind, text))
        elif blocks and last in ("form", "table"):
            blocks.append(Block("gap"))  # an empty line ends a table
    return [block for block in blocks if block.kind != "gap"]


def _kind(line: str) -> tuple[str, str]:
    marks = {
        "= ": "title",
        "# ": "heading1",
        "## ": "heading2",
        "> ": "right",
        "- ": "item",
        "@ ": "seal",
        "||": "table",
        "|": "row",
    }
    if line == "---":
        return "break", ""
    for start, kind in marks.items():
        if line.startswith(start):
            return kind, line.removeprefix(start).removesuffix("|")
    return ("text", line) if line else ("", "")


def to_pdf(blocks: list[Block], title: str, language: str, *, head: str = "", size: float = 10.5) -> bytes:
    """Return the blocks as PDF pages."""
    return pages.pdf(pages.start(title, language, head=head, size=size) + to_typst(blocks))


def to_typst(blocks: list[Block]) -> str:
    """Return the blocks as markup of Typst."""
    parts = []
    signed = False
    for block in blocks:
        if signed != (block.kind in ("right", "seal")):  # signatures, day and seal stay on one page
            parts.append("]\n" if signed else "#block(breakable: false, width: 100%)[\n")
            signed = not signed
        if block.kind == "title":
            parts.append(pages.title(block.text))
        elif block.kind.startswith("heading"):
            parts.append(pages.heading(block.text, int(block.kind[-1])))
        elif block.kind == "right":
            parts.append(pages.right(block.text))
        elif block.kind == "break":
            parts.append("#pagebreak()\n")
        elif block.kind == "seal":
            parts.append(pages.seal(block.text))
        elif block.kind == "form":
            parts.append(_form(block))
        elif block.kind == "table":
            parts.append(_table(block))
        else:
            parts.append(pages.paragraph(("· " if block.kind == "item" else "") + block.text))
    return "".join([*parts, "]\n" if signed else ""])


def _form(block: Block) -> str:
    width = max(len(row) for row in block.rows)
    if width == 2:
        return pages.pairs([(row[0], row[1]) for row in block.rows])
    return pages.table(block.rows[0], block.rows[1:], f"({', '.join(['auto'] * width)})")


def _table(block: Block) -> str:
    header, *rows = block.rows
    numeric = [at for at in range(len(header)) if rows and all(_numeric(row[at]) for row in rows)]
    longest = [max(_wide(row[at]) for row in block.rows) for at in range(len(header))]
    free = [at for at in range(len(header)) if at not in numeric and longest[at] >= 13] or range(len(header))
    widths = ", ".join(f"{longest[at] ** 0.5:.2f}fr" if at in free else "auto" for at in range(len(header)))
    return pages.table(header, rows, f"({widths},)", numeric=numeric)


def _wide(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def _numeric(text: str) -> bool:
    return bool(text) and text.strip("-()%,.0123456789") == ""


def write_docx(path: Path, blocks: list[Block], language: str) -> None:
    """Write the blocks as a Word document with a footer that says that it is made up."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Pt

    document = docx.Document()
    font = _FONTS["zh" if language.startswith("zh") else "en"]
    for name in ("Normal", "Title", "Heading 1", "Heading 2"):
        style = document.styles[name]
        style.font.name = font
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    document.styles["Normal"].font.size = Pt(11)
    for block in blocks:
        if block.kind == "title":
            document.add_heading(block.text, 0).alignment = WD_ALIGN_PARAGRAPH.CENTER
        elif block.kind.startswith("heading"):
            document.add_heading(block.text, int(block.kind[-1]))
        elif block.kind == "right":
            document.add_paragraph(block.text).alignment = WD_ALIGN_PARAGRAPH.RIGHT
        elif block.kind == "break":
            document.add_page_break()
        elif block.kind == "seal":
            continue
        elif block.kind in ("form", "table"):
            _docx_table(document, block)
        elif block.kind == "item":
            document.add_paragraph(block.text, style="List Bullet")
        else:
            document.add_paragraph(block.text).paragraph_format.first_line_indent = Pt(22) if font == "宋体" else None
    document.sections[0].footer.paragraphs[0].text = mark(language)
    document.save(str(path))


def _docx_table(document: "Document", block: Block) -> None:
    width = max(len(row) for row in block.rows)
    table = document.add_table(rows=0, cols=width, style="Table Grid")
    for number, row in enumerate(block.rows):
        cells = table.add_row().cells
        for at, text in enumerate(row):
            run = cells[at].paragraphs[0].add_run(text)
            run.bold = block.kind == "table" and number == 0
    document.add_paragraph("")


def to_markdown(blocks: list[Block], language: str) -> str:
    """Return the blocks as Markdown, the notice at the end."""
    heads = {"title": "# ", "heading1": "## ", "heading2": "### ", "item": "- "}
    parts = []
    for block in blocks:
        if block.rows:
            width = max(len(row) for row in block.rows)
            first, *rest = block.rows if block.kind == "table" else [[""] * width, *block.rows]
            lines = [first, ["---"] * width, *rest]
            parts.append("\n".join("| " + " | ".join(line) + " |" for line in lines))
        elif block.kind not in ("break", "seal"):
            parts.append(heads.get(block.kind, "") + block.text)
    return "\n\n".join([*parts, "---", mark(language)]) + "\n"


def to_html(blocks: list[Block], title: str, language: str) -> str:
    """Return the blocks as a web page, as search sites save them."""
    names = {"title": "h1", "heading1": "h2", "heading2": "h3"}
    parts = []
    for block in blocks:
        if block.rows:
            rows = [
                (("th" if number == 0 and block.kind == "table" else "td"), row)
                for number, row in enumerate(block.rows)
            ]
            body = "".join(
                f"<tr>{''.join(f'<{tag}>{escape(text)}</{tag}>' for text in row)}</tr>\n" for tag, row in rows
            )
            parts.append(f'<table border="1" cellspacing="0" cellpadding="4">\n{body}</table>')
        elif block.kind not in ("break", "seal"):
            tag = names.get(block.kind, "p")
            parts.append(f"<{tag}>{escape(block.text)}</{tag}>")
    lang = "zh-CN" if language.startswith("zh") else "en"
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{escape(title)}</title></head>\n'
        f"<body>\n{body}\n<footer>{escape(mark(language))}</footer>\n</body></html>\n"
    )
