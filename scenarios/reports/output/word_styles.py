"""The styles of a report in Word: a template's own where it has them by name, ours where it has not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from docx.document import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml

NS: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
W: Final = f"{{{NS}}}"
ACCENT: Final = "1D4E7E"
_AMBER: Final = "A8480C"
_QUIET: Final = "5B6875"
_HAIR: Final = "C3CCD6"
_BAR: Final = (
    '<w:pBdr><w:left w:val="single" w:sz="24" w:space="8" w:color="{tint}"/></w:pBdr>'
    '<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>'
)
_LEFT: Final = '<w:jc w:val="left"/>'
TOC_TABS: Final = (420, 860, 1400)
_SPACED: Final = '<w:spacing w:before="{before}" w:after="{after}" w:line="{line}" w:lineRule="auto"/>'


@dataclass(frozen=True)
class _Style:
    """A style as we would make it: paragraph and run properties in the order that the format demands."""

    name: str
    id: str
    kind: str = "paragraph"
    based_on: str = "Normal"
    next: str = ""
    paragraph: str = ""
    run: str = ""


def _spacing(before: int, after: int, line: int = 300) -> str:
    return _SPACED.format(before=before, after=after, line=line)


def _heading(level: int, size: int, before: int) -> _Style:
    paragraph = f'<w:keepNext/><w:keepLines/>{_spacing(before, 120)}<w:outlineLvl w:val="{level - 1}"/>'
    run = f'<w:b/><w:bCs/><w:color w:val="{ACCENT}"/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/>'
    return _Style(f"heading {level}", f"Heading{level}", next="ReportText", paragraph=paragraph, run=run)


def _toc(level: int) -> _Style:
    before = 80 if level == 1 else 20
    left, right = (
        f'<w:tab w:val="left" w:pos="{TOC_TABS[level - 1]}"/>',
        '<w:tab w:val="right" w:leader="dot" w:pos="9070"/>',
    )
    tabs = f"<w:tabs>{left}{right}</w:tabs>"
    indent = f'<w:ind w:left="{240 * (level - 1)}"/>'
    paragraph = f"{tabs}{_spacing(before, 20, 250)}{indent}"
    return _Style(f"toc {level}", f"TOC{level}", paragraph=paragraph, run="<w:b/>" if level == 1 else "")


def _text(name: str, paragraph: str, run: str = "", based_on: str = "ReportText") -> _Style:
    return _Style(name, name.replace(" ", ""), based_on=based_on, paragraph=paragraph, run=run)


def _sized(half_points: int, color: str = "") -> str:
    tint = f'<w:color w:val="{color}"/>' if color else ""
    return f'{tint}<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'


def _box(tint: str, fill: str) -> str:
    return (
        _BAR.format(tint=tint, fill=fill)
        + _spacing(120, 120)
        + '<w:ind w:left="220" w:right="120" w:firstLine="0" w:firstLineChars="0"/>'
        + _LEFT
    )


_INDENT: Final = '<w:ind w:firstLine="{first}" w:firstLineChars="{chars}"/>'


def _styles(*, chinese: bool) -> tuple[_Style, ...]:
    """Return our styles; Chinese paragraphs begin two characters in."""
    first = _INDENT.format(first=420, chars=200) if chinese else ""
    return (
        _heading(1, 34, 480),
        _heading(2, 26, 360),
        _heading(3, 22, 280),
        *(_toc(level) for level in (1, 2, 3)),
        _text("Report Text", f'{_spacing(0, 100, 288)}{first}<w:jc w:val="both"/>', based_on="Normal"),
        _text(
            "Report Item",
            f'{_spacing(0, 80)}<w:ind w:left="420" w:hanging="280" w:hangingChars="0" w:firstLineChars="0"/>' + _LEFT,
        ),
        _text("Report Opinion", _box(ACCENT, "EEF4FA")),
        _text("Report Warning", _box(_AMBER, "FDF3EA")),
        _text(
            "Report Quotation",
            f'{_spacing(60, 120)}<w:ind w:left="420" w:right="420" w:firstLine="0" w:firstLineChars="0"/>' + _LEFT,
            _sized(20, _QUIET),
        ),
        _text(
            "Report Note", f'{_spacing(60, 200, 252)}<w:ind w:firstLine="0" w:firstLineChars="0"/>', _sized(17, _QUIET)
        ),
        _text("Report Picture", f'<w:keepNext/>{_spacing(120, 60, 240)}<w:jc w:val="center"/>', based_on="Normal"),
        _text("Report Plain", _spacing(0, 100), based_on="Normal"),
        _text("Report Contents Title", _spacing(0, 240), f"<w:b/>{_sized(34, ACCENT)}", based_on="Normal"),
        _text(
            "Report Table Head",
            f"<w:keepNext/>{_spacing(30, 30, 240)}",
            f"<w:b/><w:bCs/>{_sized(18)}",
            based_on="Normal",
        ),
        _text("Report Table Text", f"{_spacing(20, 20, 240)}", _sized(18), based_on="Normal"),
        _text("Report Table Number", f'{_spacing(20, 20, 240)}<w:jc w:val="right"/>', _sized(18), based_on="Normal"),
        _Style("caption", "Caption", paragraph=f'{_spacing(160, 80, 252)}<w:jc w:val="center"/>', run=_sized(19)),
        _Style(
            "footnote text",
            "FootnoteText",
            paragraph=f'<w:snapToGrid w:val="0"/>{_spacing(0, 0, 240)}',
            run=_sized(15, _QUIET),
        ),
        _Style("footnote reference", "FootnoteReference", kind="character", run='<w:vertAlign w:val="superscript"/>'),
        _Style("Report Table", "ReportTable", kind="table"),
    )


NAMES: Final = tuple(style.name for style in _styles(chinese=False))
"""Styles that a template may have; the documentation lists them."""


def ensure_styles(document: Document, *, chinese: bool, replace: bool = False) -> dict[str, str]:
    """Return the id of each style by its name; those that are missing are made, with `replace` ours stand for all."""
    root: Any = document.styles.element
    known = {_name(style): style for style in root.iter(f"{W}style")}
    ids: dict[str, str] = {}
    taken = {style.get(f"{W}styleId") for style in known.values()}
    ours = _styles(chinese=chinese)
    for style in ours:
        if (found := known.get(style.name.lower())) is not None and not replace:
            ids[style.name] = found.get(f"{W}styleId")
            continue
        if found is not None:
            root.remove(found)
            taken.discard(found.get(f"{W}styleId"))
        ids[style.name] = style.id if style.id not in taken else f"{style.id}OfReports"
    by_ours = {style.id: ids[style.name] for style in ours}
    by_ours["Normal"] = _normal(known)
    for style in ours:
        if style.name.lower() not in known or replace:
            root.append(parse_xml(_xml(style, ids[style.name], by_ours)))
    return ids


def own_numbering(document: Document, ids: Mapping[str, str]) -> bool:
    """Tell whether the template numbers its headings itself."""
    root: Any = document.styles.element
    wanted = ids["heading 1"]
    return any(
        style.find(f"{W}pPr/{W}numPr") is not None
        for style in root.iter(f"{W}style")
        if style.get(f"{W}styleId") == wanted
    )


def number_headings(document: Document, ids: Mapping[str, str]) -> int:
    """Number the headings 1, 1.1, 1.1.1 where the template does not; return the number of the list of bullets."""
    root = _numbering(document)
    first = 1 + max((int(found.get(f"{W}abstractNumId")) for found in root.iter(f"{W}abstractNum")), default=0)
    number = 1 + max((int(found.get(f"{W}numId")) for found in root.findall(f"{W}num")), default=0)
    lists = [_bullets(first)]
    if not own_numbering(document, ids):
        lists.append(_levels(first + 1, [ids[f"heading {level}"] for level in (1, 2, 3)]))
        for level in (1, 2, 3):
            _give_number(document, ids[f"heading {level}"], number + 1, level - 1)
    for order, xml in enumerate(lists):
        num = f'<w:num xmlns:w="{NS}" w:numId="{number + order}"><w:abstractNumId w:val="{first + order}"/></w:num>'
        before = root.findall(f"{W}abstractNum") or root.findall(f"{W}numPicBullet")
        root.insert(root.index(before[-1]) + 1 if before else 0, parse_xml(xml))
        behind = root.findall(f"{W}num") or root.findall(f"{W}abstractNum")
        behind[-1].addnext(parse_xml(num))
    return number


def _name(style: Any) -> str:  # noqa: ANN401 - python-docx has no types here
    name = style.find(f"{W}name")
    return str(name.get(f"{W}val")).lower() if name is not None else ""


def _normal(known: Mapping[str, Any]) -> str:
    """Return the id of the style that paragraphs have by default."""
    for style in known.values():
        if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in ("1", "true"):
            return str(style.get(f"{W}styleId"))
    return "Normal"


def _xml(style: _Style, style_id: str, ids: Mapping[str, str]) -> str:
    head = f'<w:style xmlns:w="{NS}" w:type="{style.kind}" w:styleId="{style_id}"'
    custom = "" if style.name[0].islower() else ' w:customStyle="1"'
    name = f'{custom}><w:name w:val="{style.name}"/>'
    if style.kind == "table":
        return head + name + _TABLE.format(accent=ACCENT, hair=_HAIR) + "</w:style>"
    based = f'<w:basedOn w:val="{ids.get(style.based_on, style.based_on)}"/>' if style.kind == "paragraph" else ""
    after = f'<w:next w:val="{ids.get(style.next, style.next)}"/>' if style.next else ""
    shown = '<w:uiPriority w:val="39"/>' + ("<w:qFormat/>" if style.kind == "paragraph" else "")
    paragraph = f"<w:pPr>{style.paragraph}</w:pPr>" if style.paragraph else ""
    run = f"<w:rPr>{style.run}</w:rPr>" if style.run else ""
    return f"{head}{name}{based}{after}{shown}{paragraph}{run}</w:style>"


_TABLE: Final = (
    '<w:uiPriority w:val="99"/><w:tblPr><w:tblBorders><w:top w:val="single" w:sz="8" w:space="0" w:color="{accent}"/>'
    '<w:bottom w:val="single" w:sz="8" w:space="0" w:color="{accent}"/>'
    '<w:insideH w:val="single" w:sz="4" w:space="0" w:color="{hair}"/></w:tblBorders>'
    '<w:tblCellMar><w:top w:w="20" w:type="dxa"/><w:left w:w="80" w:type="dxa"/><w:bottom w:w="20" w:type="dxa"/>'
    '<w:right w:w="80" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tcPr><w:vAlign w:val="center"/></w:tcPr>'
    '<w:tblStylePr w:type="firstRow"><w:tblPr/><w:tcPr><w:tcBorders>'
    '<w:bottom w:val="single" w:sz="6" w:space="0" w:color="{accent}"/></w:tcBorders>'
    '<w:shd w:val="clear" w:color="auto" w:fill="EAF0F6"/></w:tcPr></w:tblStylePr>'
)


def _numbering(document: Document) -> Any:  # noqa: ANN401
    """Return the root of the template's lists, made where it has none."""
    part: Any = document.part
    try:
        related = part.part_related_by(RELATIONSHIP_TYPE.NUMBERING)
    except KeyError:
        from docx.parts.numbering import NumberingPart

        blob = f'<w:numbering xmlns:w="{NS}"/>'.encode()
        related = NumberingPart.load(PackURI("/word/numbering.xml"), CONTENT_TYPE.WML_NUMBERING, blob, part.package)
        part.relate_to(related, RELATIONSHIP_TYPE.NUMBERING)
    return related.element


def _give_number(document: Document, style_id: str, number: int, level: int) -> None:
    root: Any = document.styles.element
    style = next(found for found in root.iter(f"{W}style") if found.get(f"{W}styleId") == style_id)
    properties = style.get_or_add_pPr()
    given = properties.get_or_add_numPr()
    given.get_or_add_ilvl().val = level
    given.get_or_add_numId().val = number


def _levels(number: int, styles: list[str]) -> str:
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
        + (f'<w:pStyle w:val="{styles[level]}"/>' if level < len(styles) else "")
        + f'<w:suff w:val="space"/><w:lvlText w:val="{".".join(f"%{n + 1}" for n in range(level + 1))}"/>'
        '<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="0" w:firstLine="0"/></w:pPr></w:lvl>'
        for level in range(9)
    )
    return _list(number, "multilevel", levels)


def _bullets(number: int) -> str:
    level = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/><w:lvlJc w:val="left"/>'
        f'<w:pPr><w:ind w:left="420" w:hanging="280"/></w:pPr><w:rPr><w:color w:val="{ACCENT}"/></w:rPr></w:lvl>'
    )
    return _list(number, "hybridMultilevel", level)


def _list(number: int, kind: str, levels: str) -> str:
    head = f'<w:abstractNum xmlns:w="{NS}" w:abstractNumId="{number}"><w:multiLevelType w:val="{kind}"/>'
    return f"{head}{levels}</w:abstractNum>"


def part_of(document: Document, kind: str) -> Part | None:
    """Return the part of the document with a relationship of this kind; None: it has none."""
    part: Any = document.part
    try:
        found: Part = part.part_related_by(kind)
    except KeyError:
        return None
    return found
