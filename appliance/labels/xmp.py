"""The label in an XMP packet, the metadata of PNG and JPEG: property `AIGC` of the namespace of TC260."""

from lxml import etree

from appliance.labels.carried import damaged
from appliance.labels.content import LABEL_KEY, ContentLabel
from appliance.labels.xml_parts import parse_xml

NAMESPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_META = "adobe:ns:meta/"
_PROPERTY = f"{{{NAMESPACE}}}{LABEL_KEY}"
_DESCRIPTION = f"{{{_RDF}}}Description"
_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_END = '<?xpacket end="w"?>'
_EMPTY = f'<x:xmpmeta xmlns:x="{_META}"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'.encode()


def labels_in(packet: bytes) -> tuple[str, ...]:
    """Return the label texts of a packet. Raises `InvalidRequest` for a packet that is no XML."""
    root = _root(packet)
    elements = [element.text or "" for element in root.iter(_PROPERTY)]
    attributes = [str(element.get(_PROPERTY)) for element in root.iter(_DESCRIPTION) if element.get(_PROPERTY)]
    return (*elements, *attributes)


def with_label(packet: bytes | None, label: ContentLabel) -> bytes:
    """Return `packet`, or a new one, with this label as its only one; its other properties stay."""
    root = _root(packet or _EMPTY)
    for element in list(root.iter(_PROPERTY)):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)
    rdf = root if root.tag == f"{{{_RDF}}}RDF" else next(root.iter(f"{{{_RDF}}}RDF"), None)
    if rdf is None:
        raise damaged("XMP", "no rdf:RDF")
    for description in rdf.iter(_DESCRIPTION):
        description.attrib.pop(_PROPERTY, None)
    _drop_empty(rdf)
    description = etree.SubElement(rdf, _DESCRIPTION, {f"{{{_RDF}}}about": ""}, nsmap={"TC260": NAMESPACE})
    etree.SubElement(description, _PROPERTY).text = label.to_value()
    return f"{_BEGIN}{etree.tostring(root, encoding='unicode')}{_END}".encode()


def _drop_empty(rdf: etree._Element) -> None:
    """Remove descriptions that held nothing but an old label."""
    for description in list(rdf.findall(_DESCRIPTION)):
        if not len(description) and set(description.attrib) <= {f"{{{_RDF}}}about"}:
            rdf.remove(description)


def _root(packet: bytes) -> etree._Element:
    return parse_xml(packet.strip(b"\x00 \t\r\n"), "XMP")
