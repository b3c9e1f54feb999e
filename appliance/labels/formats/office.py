"""docx, xlsx and pptx: the custom property `AIGC` in `docProps/custom.xml`, registered as the format demands."""

import posixpath
import re
from collections.abc import Iterator

from lxml import etree

from appliance.core.messages import _
from appliance.labels.carried import Carried, damaged
from appliance.labels.content import LABEL_KEY, ContentLabel
from appliance.labels.office_zip import KIND, Parts, opened
from appliance.labels.wording import has_explicit
from appliance.labels.xml_parts import local_name, parse_xml, xml_bytes

_TYPES_PART = "[Content_Types].xml"
_RELATIONS_PART = "_rels/.rels"
_PART = "docProps/custom.xml"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_RELATION_TYPE = f"{_OFFICE}/relationships/custom-properties"
_RELATION_ENDINGS = ("/custom-properties", "/customProperties")  # transitional and strict
_PROPERTIES = f"{_OFFICE}/custom-properties"
_VALUES = f"{_OFFICE}/docPropsVTypes"
_CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_FORMAT_ID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"  # the set of properties that users define
_FIRST_PID = 2
_EMPTY = f'<Properties xmlns="{_PROPERTIES}" xmlns:vt="{_VALUES}"/>'.encode()
_SHOWN = re.compile(
    r"word/(?:document|header\d*|footer\d*)\.xml|xl/(?:sharedStrings|worksheets/sheet\d+)\.xml|ppt/slides/slide\d+\.xml"
)
_PASSAGES = ("p", "si", "is")
_MARGINS = ("oddHeader", "oddFooter", "firstHeader", "firstFooter", "evenHeader", "evenFooter")


def read(content: bytes) -> Carried:
    """Find the property, and the notice in the text, headers and footers. Raises `InvalidRequest`."""
    with opened(content) as parts:
        name = _custom_part(_relations(parts))
        values: list[str] = []
        if name in parts.names:
            values = ["".join(map(_text, found)) for found in _properties(_property_list(parts.read(name)))]
        return Carried(tuple(values), any(map(has_explicit, _shown(parts))))


def write(content: bytes, label: ContentLabel) -> bytes:
    """Set the property; every other part and property stays. Raises `InvalidRequest`."""
    with opened(content) as parts:
        relations = _relations(parts)
        name = _custom_part(relations)
        present = name in parts.names
        changes = {name: _with_property(parts.read(name) if present else _EMPTY, label)}
        if _relation(relations) is None:
            _relate(relations)
            changes[_RELATIONS_PART] = xml_bytes(relations)
        types = parse_xml(_needed(parts, _TYPES_PART), KIND)
        if _declare(types, name):
            changes[_TYPES_PART] = xml_bytes(types)
        return parts.rewritten(changes)


def _needed(parts: Parts, name: str) -> bytes:
    if name not in parts.names:
        raise damaged(KIND, _("the part {name} is missing", name=name))
    return parts.read(name)


def _relations(parts: Parts) -> etree._Element:
    return parse_xml(_needed(parts, _RELATIONS_PART), KIND)


def _relation(relations: etree._Element) -> etree._Element | None:
    return next((r for r in relations if str(r.get("Type", "")).endswith(_RELATION_ENDINGS)), None)


def _custom_part(relations: etree._Element) -> str:
    """Return the name of the part with the custom properties, the usual one where there is none yet."""
    relation = _relation(relations)
    if relation is None:
        return _PART
    return posixpath.normpath(str(relation.get("Target", _PART))).lstrip("/")


def _relate(relations: etree._Element) -> None:
    taken = {relation.get("Id") for relation in relations}
    number = next(n for n in range(1, len(taken) + 2) if f"rId{n}" not in taken)
    given = {"Id": f"rId{number}", "Type": _RELATION_TYPE, "Target": _PART}
    etree.SubElement(relations, f"{{{_RELATIONS}}}Relationship", given)


def _declare(types: etree._Element, name: str) -> bool:
    """Give the part its content type; tell whether that changed anything."""
    if any(override.get("PartName") == f"/{name}" for override in types):
        return False
    etree.SubElement(types, f"{{{_TYPES}}}Override", {"PartName": f"/{name}", "ContentType": _CONTENT_TYPE})
    return True


def _property_list(content: bytes) -> etree._Element:
    root = parse_xml(content, KIND)
    if local_name(root) != "Properties":
        raise damaged(KIND, _("its custom properties point to another part"))
    return root


def _properties(root: etree._Element) -> list[etree._Element]:
    return [child for child in root if (child.get("name") or "").upper() == LABEL_KEY]


def _with_property(content: bytes, label: ContentLabel) -> bytes:
    root = _property_list(content)
    space = etree.QName(root).namespace or _PROPERTIES
    for old in _properties(root):
        root.remove(old)
    numbers = [int(child.get("pid") or 0) for child in root if (child.get("pid") or "").isdecimal()]
    given = {"fmtid": _FORMAT_ID, "pid": str(max([_FIRST_PID - 1, *numbers]) + 1), "name": LABEL_KEY}
    added = etree.SubElement(root, f"{{{space}}}property", given)
    etree.SubElement(added, f"{{{_VALUES}}}lpwstr", nsmap={"vt": _VALUES}).text = label.to_value()
    return xml_bytes(root)


def _shown(parts: Parts) -> Iterator[str]:
    """Yield the visible passages: paragraphs of documents and slides, cells, headers and footers of sheets."""
    for name in filter(_SHOWN.fullmatch, parts.names):
        for element in parse_xml(parts.read(name), KIND).iter():
            kind = local_name(element)
            if kind in _PASSAGES:
                yield "".join(_text(run) for run in element.iter() if local_name(run) == "t")
            elif kind in _MARGINS:
                # &L, &C and &R begin the parts of a margin, other codes set its font.
                yield re.sub(r'&(?:"[^"]*"|\d+|K[0-9A-F]{6}|[A-Z])', "\n", element.text or "")


def _text(element: etree._Element) -> str:
    return element.text or ""
