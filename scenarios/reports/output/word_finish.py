"""What concerns a Word document as a whole: its sections and pages, ids, properties, the watermark of a draft."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, Final

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from lxml import etree

from .arranging import Layout
from .word_body import Page
from .word_styles import NS, W
from .word_text import PREFIXES, attribute
from .wording import display_width, one_line

_HEADERS: Final = (f"{W}headerReference", f"{W}footerReference")
_A4: Final = (11906, 16838)
_MARGIN: Final = 1417
_LONGEST_PROPERTY: Final = 250
_HIGH: Final = 110  # points, of the watermark
_BEFORE_UPDATE: Final = ("hdrShapeDefaults", "footnotePr", "endnotePr", "compat", "docVars", "rsids", "mathPr")
_SHAPE: Final = (
    '<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" path="m@7,l@8,m@5,21600l@6,21600e">'
    '<v:formulas><v:f eqn="sum #0 0 10800"/><v:f eqn="prod #0 2 1"/><v:f eqn="sum 21600 0 @1"/><v:f eqn="sum 0 0 @2"/>'
    '<v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/><v:f eqn="if @0 21600 @1"/><v:f eqn="if @0 0 @2"/>'
    '<v:f eqn="if @0 @4 21600"/><v:f eqn="mid @5 @6"/><v:f eqn="mid @8 @5"/><v:f eqn="mid @7 @8"/>'
    '<v:f eqn="mid @6 @7"/><v:f eqn="sum @6 0 @5"/></v:formulas><v:path textpathok="t" o:connecttype="custom" '
    'o:connectlocs="@9,0;@10,10800;@11,21600;@12,10800" o:connectangles="270,180,90,0"/><v:textpath on="t" '
    'fitshape="t"/><o:lock v:ext="edit" text="t" shapetype="t"/></v:shapetype>'
)


def section_of(document: Document, mark: Any) -> Any:  # noqa: ANN401 - python-docx has no types here
    """Return the properties of the section that an element of the body stands in."""
    for element in mark.itersiblings():
        if element.tag == f"{W}sectPr":
            return element
        found = element.find(f"{W}pPr/{W}sectPr")
        if found is not None:
            return found
    made = parse_xml(f'<w:sectPr xmlns:w="{NS}"/>')
    body: Any = document.element.body
    body.append(made)
    return made


def page_of(section: Any, least: int) -> Page:  # noqa: ANN401
    """Return the room for text on the pages of a section; `least` is what a page has at any rate."""
    width, height = _size(section)
    left, right = _margin(section, "left"), _margin(section, "right")
    top, bottom = _margin(section, "top"), _margin(section, "bottom")
    if width > height:  # the template's pages are turned already
        return Page(max(least, width - left - right), max(least, width - left - right))
    return Page(max(least, width - left - right), max(least, height - top - bottom))


def break_before(section: Any, *, first: bool) -> Any:  # noqa: ANN401
    """Return a paragraph that ends an upright section here; `section` is a copy of the one that goes on."""
    if not first:
        continue_section(section)
    return _ending(section)


def break_behind(section: Any) -> Any:  # noqa: ANN401
    """Return a paragraph that ends a section of pages turned on their side."""
    turned = deepcopy(section)
    continue_section(turned)
    for reference in [child for child in turned if child.tag in _HEADERS]:
        turned.remove(reference)  # without its own a section has those before it
    width, height = _size(section)
    edges = {side: _margin(section, side) for side in ("top", "right", "bottom", "left")}
    size = turned.find(f"{W}pgSz")
    if size is None:
        size = parse_xml(f'<w:pgSz xmlns:w="{NS}"/>')
        turned.insert(0, size)
    size.set(f"{W}w", str(max(width, height)))
    size.set(f"{W}h", str(min(width, height)))
    size.set(f"{W}orient", "landscape")
    margins = turned.find(f"{W}pgMar")
    if margins is not None and width < height:
        for side, given in {"top": "left", "right": "top", "bottom": "right", "left": "bottom"}.items():
            margins.set(f"{W}{side}", str(edges[given]))
    return _ending(turned)


def continue_section(section: Any) -> None:  # noqa: ANN401
    """Let a section go on where the one before it ended: on a new page, no first page of its own, no new count."""
    for name in ("titlePg", "type"):
        for found in section.findall(f"{W}{name}"):
            section.remove(found)
    count = section.find(f"{W}pgNumType")
    if count is not None:
        count.attrib.pop(f"{W}start", None)


def highest_id(document: Document) -> int:
    """Return a number above all ids of bookmarks and drawings in the body."""
    body: Any = document.element.body
    found = [int(one.get(f"{W}id") or 0) for one in body.iter(f"{W}bookmarkStart", f"{W}bookmarkEnd")]
    drawn = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
    found += [int(one.get("id") or 0) for one in body.iter(drawn)]
    return max([1000, *found])


def finish(document: Document, layout: Layout) -> None:
    """Set title, author, language and dates, let Word count the pages of the contents, and mark a draft."""
    properties, report = document.core_properties, layout.report
    properties.title = one_line(f"{report.title} - {report.subject}", _LONGEST_PROPERTY)
    properties.subject = one_line(report.subject, _LONGEST_PROPERTY)
    properties.author = one_line(report.author, _LONGEST_PROPERTY)
    properties.last_modified_by = properties.author
    properties.language = "zh-CN" if layout.words.chinese else "en-GB"
    properties.identifier = one_line(report.id, _LONGEST_PROPERTY)
    properties.version = str(report.version)
    properties.created = properties.modified = _time(report.made_at)
    if layout.with_contents:
        _ask_to_update(document)
    if layout.draft:
        _mark_draft(document, layout.words("draft"))


def _ending(section: Any) -> Any:  # noqa: ANN401
    made = parse_xml(
        f'<w:p xmlns:w="{NS}"><w:pPr><w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/></w:pPr></w:p>'
    )
    made[0].append(section)
    return made


def _size(section: Any) -> tuple[int, int]:  # noqa: ANN401
    size = section.find(f"{W}pgSz")
    if size is None:
        return _A4
    return int(size.get(f"{W}w") or _A4[0]), int(size.get(f"{W}h") or _A4[1])


def _margin(section: Any, side: str) -> int:  # noqa: ANN401
    margins = section.find(f"{W}pgMar")
    return abs(int(margins.get(f"{W}{side}") or _MARGIN)) if margins is not None else _MARGIN


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return datetime(2000, 1, 1)  # noqa: DTZ001 - python-docx writes times without a zone, in UTC
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def _ask_to_update(document: Document) -> None:
    settings: Any = document.settings.element
    if settings.find(f"{W}updateFields") is not None:
        return
    made = parse_xml(f'<w:updateFields xmlns:w="{NS}" w:val="true"/>')
    behind = next((child for child in settings if etree.QName(child).localname in _BEFORE_UPDATE), None)
    if behind is not None:
        behind.addprevious(made)
    else:
        settings.append(made)


def _mark_draft(document: Document, text: str) -> None:
    """Put the word across every page: a shape in each header, where Word's own watermarks are."""
    first = document.sections[0].header
    if first.is_linked_to_previous:
        first.is_linked_to_previous = False  # makes one
    # docxtpl put new parts in the place of the template's; only the relationships know them.
    headers = [one.target_part for one in document.part.rels.values() if one.reltype == RELATIONSHIP_TYPE.HEADER]
    for order, part in enumerate(headers, start=1):
        root: Any = part.element
        paragraph = next(root.iterchildren(f"{W}p"), None)
        if paragraph is None:
            paragraph = parse_xml(f'<w:p xmlns:w="{NS}"/>')
            root.append(paragraph)
        paragraph.append(_watermark(text, 2048 + order))


def _watermark(text: str, number: int) -> Any:  # noqa: ANN401
    style = (
        f"position:absolute;margin-left:0;margin-top:0;width:{_HIGH * display_width(text) // 2}pt;height:{_HIGH}pt;"
        "rotation:315;z-index:-251658752;"
        "mso-position-horizontal:center;mso-position-horizontal-relative:margin;mso-position-vertical:center;"
        "mso-position-vertical-relative:margin"
    )
    return parse_xml(
        f'<w:r {PREFIXES}><w:rPr><w:noProof/></w:rPr><w:pict>{_SHAPE}<v:shape id="PowerPlusWaterMarkObject{number}" '
        f'o:spid="_x0000_s{number}" type="#_x0000_t136" style="{style}" o:allowincell="f" fillcolor="#d8dce0" '
        f'stroked="f"><v:fill opacity=".5"/><v:textpath style="font-family:&quot;SimHei&quot;;font-size:1pt" '
        f"string={attribute(text)}/></v:shape></w:pict></w:r>"
    )
