"""The report as a Word document in the bank's own template."""

import io
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

from lxml import etree

from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.labels.content import ContentLabel

from ..models import Report
from .arranging import Layout, Pictured, arrange
from .labelling import labelled
from .template_file import HOUSE, read_template
from .template_tags import BLOCKS

_ROOM_LEAST: Final = 2000  # twentieths of a point; a page with less room for text is a mistake of the template
_MARK: Final = "0B0D1E{:02d}"


def to_docx(report: Report, template: Path | None, label: ContentLabel | None, draft: bool) -> bytes:
    """Return the report in the bank's template; None: in ours. Raises `ConfigError` for the template."""
    from .pdf import print_pages

    layout = arrange(report, draft=draft, labelled=label is not None)
    return labelled(write_docx(layout, template, print_pages(layout).pages), label, "report.docx")


def write_docx(layout: Layout, template: Path | None, pages: Mapping[str, int]) -> bytes:
    """Return the document; `pages` are those of the PDF by anchor, which the contents show until Word counts."""
    from .word_finish import finish

    path = template or HOUSE
    content = read_template(path)
    filled = _filled(path, content, layout)
    document = filled.docx
    blocks = _blocks(path, document)
    _write(layout, document, blocks, dict(pages), indented=template is None and layout.words.chinese)
    finish(document, layout)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _filled(path: Path, content: bytes, layout: Layout) -> Any:  # noqa: ANN401 - docxtpl has no types
    """Fill the simple tags. The tags were checked before; the sandbox is the second lock."""
    from docxtpl import DocxTemplate  # type: ignore[import-untyped]
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from markupsafe import Markup

    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    for names in (environment.globals, environment.filters, environment.tests):
        names.clear()
    values: dict[str, Any] = dict(layout.fields)
    for order, name in enumerate(BLOCKS):
        mark = f'<w:p w:rsidR="{_MARK.format(order)}"/>'
        values[name] = Markup(mark)  # noqa: S704 - our own text
    filled = DocxTemplate(io.BytesIO(content))
    try:
        filled.render(values, environment, autoescape=True)
    except (TemplateError, etree.XMLSyntaxError, KeyError, ValueError, AttributeError) as error:
        raise ConfigError(
            _("The template {path} cannot be filled: {reason}.", path=path, reason=str(error)[:200].rstrip(". ")),
            _("Let each if tag and its endif stand in one paragraph, or each alone in paragraphs of their own."),
        ) from error
    return filled


def _blocks(path: Path, document: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the paragraph that each block replaces."""
    from .word_styles import W

    found = {}
    for order, name in enumerate(BLOCKS):
        marks = [one for one in document.element.body if one.get(f"{W}rsidR") == _MARK.format(order)]
        if marks:
            found[name] = marks[0]
    if "body" not in found:
        raise ConfigError(
            _("The template {path} cannot be filled: {reason}.", path=path, reason=_("no place is left for the body")),
            _("Let the tag of the body stand outside conditions."),
        )
    return found


def _write(
    layout: Layout,
    document: Any,  # noqa: ANN401
    blocks: dict[str, Any],
    pages: dict[str, int],
    *,
    indented: bool,
) -> None:
    from .word_body import BodyWriter
    from .word_comments import add_comments
    from .word_finish import highest_id, page_of, section_of
    from .word_notes import add_notes
    from .word_styles import ensure_styles, number_headings, own_numbering

    styles = ensure_styles(document, chinese=layout.words.chinese)
    numbered = not own_numbering(document, styles)
    bullets = number_headings(document, styles)
    section = section_of(document, blocks["body"])
    writer = BodyWriter(
        layout=layout,
        styles=styles,
        note_ids=add_notes(document, layout.notes, styles),
        comments=add_comments(document, layout.remarks),
        pictures=_pictures(layout, document),
        page=page_of(section, _ROOM_LEAST),
        bullets=bullets,
        first_id=highest_id(document),
        pages=pages,
        numbers=numbered,
        indented=indented,
    )
    contents, imprint = writer.contents(), writer.imprint()
    before = contents if "contents" not in blocks else ""
    after = imprint if "imprint" not in blocks else ""
    _replace(blocks["body"], _sectioned(section, writer.body(), before, after))
    if "contents" in blocks:
        _replace(blocks["contents"], iter(_elements(contents)))
    if "imprint" in blocks:
        _replace(blocks["imprint"], iter(_elements(imprint)))


def _sectioned(section: Any, pieces: Iterator[tuple[str, bool]], before: str, after: str) -> Iterator[Any]:  # noqa: ANN401
    """Yield the elements of the body; wide tables stand in sections of their own, turned on their side."""
    from .word_finish import break_before, break_behind, continue_section

    waiting = [before]
    turned = broken = False
    for xml, wide in pieces:
        if wide != turned:
            yield from _elements("".join(waiting))
            waiting = []
            yield break_behind(section) if turned else break_before(deepcopy(section), first=not broken)
            turned, broken = wide, True
        waiting.append(xml)
    yield from _elements("".join(waiting))
    if turned:
        yield break_behind(section)
    if broken:
        continue_section(section)
    yield from _elements(after)


def _elements(xml: str) -> list[Any]:
    """Return the elements of a piece of XML as python-docx knows them."""
    from docx.oxml import parse_xml

    from .word_text import PREFIXES

    return list(parse_xml(f"<w:body {PREFIXES}>{xml}</w:body>")) if xml else []


def _replace(mark: Any, elements: Iterator[Any]) -> None:  # noqa: ANN401
    for element in elements:
        mark.addprevious(element)
    mark.getparent().remove(mark)


def _pictures(layout: Layout, document: Any) -> dict[int, str]:  # noqa: ANN401
    """Put the charts into the file; return their relationships by number. What is no picture is left out."""
    from docx.image.exceptions import InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError

    found = {}
    for piece in layout.pieces:
        if not isinstance(piece, Pictured) or not piece.png:
            continue
        try:
            relation, _image = document.part.get_or_add_image(io.BytesIO(piece.png))
        except (InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError):
            continue
        found[piece.number] = relation
    return found
