"""Charts as vectors, made safe to stand inside a page: no scripts, nothing from elsewhere, ids of their own."""

import re
from typing import Final

from lxml import etree

from appliance.core.errors import InvalidRequest
from appliance.labels.xml_parts import local_name, parse_xml

_SPACE: Final = "http://www.w3.org/2000/svg"
_LINK: Final = "{http://www.w3.org/1999/xlink}href"
_DRAWN: Final = frozenset(
    {
        "svg", "g", "defs", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "use", "clipPath",
        "mask", "linearGradient", "radialGradient", "stop", "text", "tspan", "title", "desc",
        "symbol", "style", "pattern",
    }
)  # fmt: skip

_REFERENCE: Final = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")
_ELSEWHERE: Final = re.compile(r"url\((?!\s*['\"]?#)|@import|expression\(|javascript:|[\\<]", re.IGNORECASE)
_LARGEST: Final = 5_000_000


def safe_svg(svg: str, prefix: str) -> str | None:
    """Return the drawing alone, its ids beginning with `prefix`; None where it is no drawing that can be used."""
    if not svg.strip() or len(svg) > _LARGEST:
        return None
    try:
        root = parse_xml(_without_doctype(svg).encode(), "SVG")
    except InvalidRequest:
        return None
    if root.tag != f"{{{_SPACE}}}svg":
        return None
    for element in list(root.iter()):
        if local_name(element) not in _DRAWN or etree.QName(element).namespace != _SPACE:
            _drop(element)
        else:
            _keep_harmless(element, prefix)
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="unicode")


def _without_doctype(svg: str) -> str:
    """Drop declaration and document type, which matplotlib writes; one with entities stays, and is refused."""
    bare = re.sub(r"^\s*<\?xml[^>]*\?>", "", svg)
    return re.sub(r"<!DOCTYPE\s+svg\s+PUBLIC\s+\"[^\"\[]*\"\s+\"[^\"\[]*\"\s*>", "", bare, count=1)


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    if element.tail and element.tail.strip():  # text of a drawing stands in elements of its own
        element.tail = None
    parent.remove(element)


def _keep_harmless(element: etree._Element, prefix: str) -> None:
    if local_name(element) == "style" and _ELSEWHERE.search(element.text or ""):
        element.text = ""
    for name, value in list(element.attrib.items()):
        plain = etree.QName(str(name)).localname.lower()
        text = str(value)
        if plain == "href":
            del element.attrib[name]
            if text.startswith("#"):
                element.set(_LINK, f"#{prefix}{text[1:]}")
        elif plain.startswith("on") or _ELSEWHERE.search(text):
            del element.attrib[name]
        elif plain == "id":
            element.set("id", prefix + text)
        else:
            element.set(name, _REFERENCE.sub(lambda found: f"url(#{prefix}{found[1]})", text))
