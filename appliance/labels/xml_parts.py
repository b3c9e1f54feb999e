"""XML inside files from anywhere: refused where it declares entities, rewritten with its own prefixes."""

from defusedxml import ElementTree as Defused  # type: ignore[import-untyped]
from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from lxml import etree

from appliance.labels.carried import damaged


def parse_xml(content: bytes, kind: str) -> etree._Element:
    """Return the root of `content`. Raises `InvalidRequest` for XML that is broken or declares a document type."""
    try:
        Defused.fromstring(content, forbid_dtd=True)
        return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except (DefusedXmlException, SyntaxError, ValueError, LookupError) as error:
        raise damaged(kind, repr(error)) from error


def xml_bytes(root: etree._Element) -> bytes:
    """Return the document of `root` in UTF-8 with its declaration."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace; comments and instructions have none."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
