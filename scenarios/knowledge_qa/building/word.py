"""Word files."""

import docx

from scenarios.knowledge_qa.building.blocks import blocks
from scenarios.knowledge_qa.building.package import AUTHOR, MADE_AT, saved


def make_docx(text: str) -> bytes:
    """Return a Word file with heading styles, list paragraphs and tables with a header row."""
    document = docx.Document()
    for kind, value in blocks(text):
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
            document.add_paragraph(value, style="List Bullet" if kind == "bullet" else None)
    properties = document.core_properties
    properties.author = AUTHOR
    properties.created = properties.modified = MADE_AT
    return saved(document)
