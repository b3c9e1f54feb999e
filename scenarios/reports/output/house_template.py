"""Makes `house.docx`, the template of reports whose own folder has none.

Run `python -m scenarios.reports.output.house_template` after a change.
"""

import io
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from .template_file import HOUSE
from .word_styles import ACCENT, NS, ensure_styles
from .word_text import PREFIXES, run
from .word_text import field as word_field

_THIN: Final = '<w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/>'
_QUIET: Final = '<w:color w:val="5B6875"/>'
_AMBER: Final = '<w:b/><w:color w:val="A8480C"/>'
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_FONTS: Final = '<w:rFonts w:ascii="{latin}" w:hAnsi="{latin}" w:cs="{latin}" w:eastAsia="{chinese}"/>'
_RULE: Final = '<w:pBdr><w:{side} w:val="single" w:sz="4" w:space="4" w:color="C3CCD6"/></w:pBdr>'
_UNUSED: Final = ("thumbnail", "extended-properties", "stylesWithEffects", "customXml", "webSettings")
_HEADINGS: Final = ("heading 1", "heading 2", "heading 3", "Report Contents Title", "Report Table Head", "caption")
_MARGINS: Final = {"top": 1531, "right": 1417, "bottom": 1361, "left": 1417, "header": 794, "footer": 680, "gutter": 0}
_COVER: Final = ("as_of", "version", "author", "sign_off", "report_id", "made_at")


def house_template() -> bytes:
    """Return the template; the same bytes at every run."""
    from docx import Document

    document = Document()
    body: Any = document.element.body
    for element in list(body):
        body.remove(element)
    _set_styles(document)
    for element in _elements(_cover() + _pages()):
        body.append(element)
    _set_margins(document)
    _drop_parts(document)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = "{{ title }}", "{{ author }}", ""
    properties.created = properties.modified = datetime(2026, 1, 1)  # noqa: DTZ001 - without a zone, in UTC
    out = io.BytesIO()
    document.save(out)
    return _same_every_time(out.getvalue())


def main() -> None:
    """Write the template beside this module, or to the path that is given."""
    Path(sys.argv[1] if len(sys.argv) > 1 else HOUSE).write_bytes(house_template())


def _elements(xml: str) -> list[Any]:
    from docx.oxml import parse_xml

    return list(parse_xml(f"<w:body {PREFIXES}>{xml}</w:body>"))


def _line(content: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{content}</w:p>"


def _sized(half_points: int, more: str = "") -> str:
    return f'{more}<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'


def _space(before: int, after: int = 0, line: int = 264) -> str:
    return f'<w:spacing w:before="{before}" w:after="{after}" w:line="{line}" w:lineRule="auto"/>'


def _cover() -> str:
    """Return the cover page; it ends a section of its own, so that only it has no header."""
    title = f'<w:b/><w:bCs/><w:color w:val="{ACCENT}"/>'
    bar = f'<w:pBdr><w:top w:val="single" w:sz="24" w:space="14" w:color="{ACCENT}"/></w:pBdr>'
    lines = [
        _line(run("{{ bank }}", _sized(26, _QUIET)), _space(600)),
        _line(run("{{ title }}", _HEAD + _sized(48, title)), bar + _space(2800, 160)),
        _line(run("{{ subtitle }}", _sized(30)), _space(0, 2300)),
        _line(run("{%p if draft %}")),
        _line(run("{{ draft }}", _sized(24, _AMBER)), _space(0, 200)),
        _line(run("{%p endif %}")),
    ]
    tab = '<w:tabs><w:tab w:val="left" w:pos="1900"/></w:tabs>' + _space(60, 60)
    for name in _COVER:
        content = run(f"{{{{ {name}_label }}}}", _QUIET) + "<w:r><w:tab/></w:r>" + run(f"{{{{ {name} }}}}")
        lines.append(_line(content, tab))
    lines += [
        _line(run("{{ confidential }}", _sized(17, _QUIET)), _RULE.format(side="top") + _space(700)),
        _line(run("{{ notice }}", _sized(17, _QUIET)), _space(0)),
        _line("", _space(0) + f"<w:sectPr>{_page()}</w:sectPr>"),
    ]
    return "".join(lines)


def _pages() -> str:
    """Return where contents, sections and imprint go."""
    blocks = "".join(_line(run(f"{{{{p {name} }}}}")) for name in ("contents", "body", "imprint"))
    return f"{blocks}<w:sectPr>{_page()}</w:sectPr>"


def _page() -> str:
    margins = " ".join(f'w:{name}="{size}"' for name, size in _MARGINS.items())
    return f'<w:pgSz w:w="11906" w:h="16838"/><w:pgMar {margins}/>'


def _set_margins(document: Any) -> None:  # noqa: ANN401 - python-docx has no types here
    """Give the pages behind the cover header and footer."""
    cover, pages = document.sections[0], document.sections[1]
    for part in (cover.header, cover.footer):
        part.is_linked_to_previous = False
    pages.header.is_linked_to_previous = pages.footer.is_linked_to_previous = False
    small = _sized(16, _QUIET)
    # One run: a condition must not be torn.
    mark = run("{% if draft %}{{ draft }}{% else %}{{ confidential }}{% endif %}", small)
    head = ((run("{{ running }}", small), "left", 3600), (mark, "right", 1400))
    number = word_field("PAGE", "1", small) + run(" / ", small) + word_field("NUMPAGES", "1", small)
    foot = (
        (run("{{ report_id }} · {{ version_label }} {{ version }}", small), "left", 1900),
        (number, "center", 1200),
        (run("{{ notice }}", small), "right", 1900),
    )
    for part, cells, side in ((pages.header, head, "bottom"), (pages.footer, foot, "top")):
        empty = part.paragraphs[0]._p
        empty.addprevious(_elements(_margin_table(cells, side))[0])
        empty.addprevious(
            _elements(_line("", '<w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/>'))[0]
        )
        empty.getparent().remove(empty)


def _margin_table(cells: tuple[tuple[str, str, int], ...], side: str) -> str:
    """Return what stands in header or footer as a table as wide as the text, also on pages turned on their side."""
    border = f'<w:tblBorders><w:{side} w:val="single" w:sz="4" w:space="0" w:color="C3CCD6"/></w:tblBorders>'
    margins = (
        "<w:tblCellMar>"
        + "".join(f'<w:{edge} w:w="0" w:type="dxa"/>' for edge in ("left", "right"))
        + "</w:tblCellMar>"
    )
    grid = "".join(f'<w:gridCol w:w="{round(width * 1.8144)}"/>' for _content, _side, width in cells)
    row = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="pct"/></w:tcPr>'
        f'{_line(content, _space(40, 40, 240) + f"""<w:jc w:val="{place}"/>""")}</w:tc>'
        for content, place, width in cells
    )
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/>{border}<w:tblLayout w:type="fixed"/>{margins}</w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid><w:tr>{row}</w:tr></w:tbl>"
    )


def _drop_parts(document: Any) -> None:  # noqa: ANN401
    """Take out what python-docx brings along and nothing here needs."""
    for holder in (document.part.package, document.part):
        for name in [name for name, one in holder.rels.items() if one.reltype.rsplit("/", 1)[-1] in _UNUSED]:
            del holder.rels[name]
    lists = document.part.numbering_part.element
    for child in list(lists):
        lists.remove(child)


def _set_styles(document: Any) -> None:  # noqa: ANN401
    """Set the fonts of a Chinese bank's paper, and our styles instead of those that python-docx brings."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import qn

    root = document.styles.element
    kept = {"Normal", "Default Paragraph Font", "Normal Table", "No List", "header", "footer"}
    for style in list(root.iter(qn("w:style"))):
        if style.find(qn("w:name")).get(qn("w:val")) not in kept:
            root.remove(style)
    for defaults in root.findall(qn("w:docDefaults")):
        root.remove(defaults)
    fonts = _FONTS.format(latin="Times New Roman", chinese="SimSun")
    run_defaults = (
        f'{fonts}<w:sz w:val="21"/><w:szCs w:val="21"/><w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/>'
    )
    root.insert(
        0,
        parse_xml(
            f'<w:docDefaults xmlns:w="{NS}"><w:rPrDefault><w:rPr>{run_defaults}</w:rPr></w:rPrDefault>'
            "<w:pPrDefault/></w:docDefaults>"
        ),
    )
    normal = document.styles["Normal"].element
    for part in (qn("w:rPr"), qn("w:pPr")):
        for found in normal.findall(part):
            normal.remove(found)
    ids = ensure_styles(document, chinese=False, replace=True)
    for name in _HEADINGS:
        style = next(one for one in root.iter(qn("w:style")) if one.get(qn("w:styleId")) == ids[name])
        style.get_or_add_rPr().insert(0, parse_xml(_HEAD.replace("<w:rFonts", f'<w:rFonts xmlns:w="{NS}"')))


_HEAD: Final = _FONTS.format(latin="Arial", chinese="SimHei")


def _same_every_time(content: bytes) -> bytes:
    """Return the file with the times of its parts set."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            info = zipfile.ZipInfo(entry.filename, _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(entry))
    return out.getvalue()


if __name__ == "__main__":
    main()
