"""Real footnotes of a Word document: the part that holds them, beside those that a template has."""

from collections.abc import Sequence
from typing import Any, Final

from docx.document import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from lxml import etree

from appliance.labels.xml_parts import xml_bytes

from .notes import Note
from .word_styles import NS, W, part_of
from .word_text import run

_PART: Final = PackURI("/word/footnotes.xml")
_LINES: Final = (("separator", -1), ("continuationSeparator", 0))
# What must stand behind the mention of footnotes in the settings.
_AFTER: Final = (
    "endnotePr",
    "compat",
    "docVars",
    "rsids",
    "mathPr",
    "themeFontLang",
    "clrSchemeMapping",
    "decimalSymbol",
)


def add_notes(document: Document, notes: Sequence[Note], styles: dict[str, str]) -> dict[int, int]:
    """Write the footnotes; return the id of each in the file by its number."""
    part = part_of(document, RELATIONSHIP_TYPE.FOOTNOTES)
    root = etree.fromstring(part.blob) if part is not None else _empty()
    first = 1 + max((int(note.get(f"{W}id") or 0) for note in root), default=0)
    ids = {note.number: max(first, 1) + order for order, note in enumerate(notes)}
    written = "".join(_note(ids[note.number], note.text, styles) for note in notes)
    for made in etree.fromstring(f'<w:footnotes xmlns:w="{NS}">{written}</w:footnotes>'):
        root.append(made)
    if part is None:
        added = Part(_PART, CONTENT_TYPE.WML_FOOTNOTES, xml_bytes(root), document.part.package)
        document.part.relate_to(added, RELATIONSHIP_TYPE.FOOTNOTES)
        _tell_settings(document)
    else:
        part._blob = xml_bytes(root)
    return ids


def reference(note_id: int, styles: dict[str, str]) -> str:
    """Return the mark of a footnote in the text."""
    return (
        f'<w:r><w:rPr><w:rStyle w:val="{styles["footnote reference"]}"/></w:rPr>'
        f'<w:footnoteReference w:id="{note_id}"/></w:r>'
    )


def _note(note_id: int, text: str, styles: dict[str, str]) -> str:
    mark = f'<w:r><w:rPr><w:rStyle w:val="{styles["footnote reference"]}"/></w:rPr><w:footnoteRef/></w:r>'
    return (
        f'<w:footnote w:id="{note_id}"><w:p><w:pPr><w:pStyle w:val="{styles["footnote text"]}"/></w:pPr>'
        f"{mark}{run(' ' + text)}</w:p></w:footnote>"
    )


def _empty() -> etree._Element:
    lines = "".join(
        f'<w:footnote w:type="{kind}" w:id="{number}"><w:p><w:pPr><w:spacing w:after="0" w:line="240" '
        f'w:lineRule="auto"/></w:pPr><w:r><w:{kind}/></w:r></w:p></w:footnote>'
        for kind, number in _LINES
    )
    return etree.fromstring(f'<w:footnotes xmlns:w="{NS}">{lines}</w:footnotes>')


def _tell_settings(document: Document) -> None:
    settings: Any = document.settings.element
    if settings.find(f"{W}footnotePr") is not None:
        return
    lines = "".join(f'<w:footnote w:id="{number}"/>' for _kind, number in _LINES)
    made = parse_xml(f'<w:footnotePr xmlns:w="{NS}">{lines}</w:footnotePr>')
    behind = next((child for child in settings if etree.QName(child).localname in _AFTER), None)
    if behind is not None:
        behind.addprevious(made)
    else:
        settings.append(made)
