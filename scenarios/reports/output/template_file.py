"""A bank's Word template as a file: what must not be in it is found before anything is filled in."""

import re
from pathlib import Path
from typing import Final, NoReturn

from lxml import etree

from appliance.core.errors import ConfigError, InvalidRequest
from appliance.core.messages import Message, _
from appliance.core.units import MIB, human_bytes
from appliance.labels.office_zip import Parts, opened
from appliance.labels.xml_parts import local_name, parse_xml

from .template_tags import TagFault, fault_of_text, hidden_tags, tag_fault, tags_of

HOUSE: Final = Path(__file__).with_name("house.docx")
"""The template of a report whose own folder has none."""
_LARGEST: Final = 20 * MIB
_LARGEST_PART: Final = 5 * MIB
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DOCUMENT: Final = "word/document.xml"
_TYPES: Final = "[Content_Types].xml"
_RELATIONS: Final = re.compile(r"(?:.*/)?_rels/[^/]+\.rels")
_RUNS: Final = re.compile(
    r"vbaProject|vbaData|activeX|/embeddings/|oleObject|\.bin$|\.exe$|\.dll$|afchunk", re.IGNORECASE
)
_ACTIVE_TYPES: Final = re.compile(r"macroEnabled|vbaProject|activeX|oleObject", re.IGNORECASE)
_ACTIVE_RELATIONS: Final = (
    "/vbaProject",
    "/oleObject",
    "/package",
    "/control",
    "/aFChunk",
    "/attachedTemplate",
    "/frame",
)
_FETCHING: Final = re.compile(
    r"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|IMPORT|LINK|DATABASE|MACROBUTTON)\b", re.IGNORECASE
)
_HARMLESS_LINK: Final = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_PROPERTIES: Final = "docProps/core.xml"
_FILLED: Final = ("document", "hdr", "ftr", "footnotes")


def read_template(path: Path) -> bytes:
    """Return the content of a template whose every tag can be filled and that fetches and runs nothing.

    Raises `ConfigError` that names the part, the paragraph and the tag.
    """
    try:
        size = path.stat().st_size
        if size > _LARGEST:
            _refuse(path, _("it is larger than {limit}", limit=human_bytes(_LARGEST)))
        content = path.read_bytes()
    except OSError as error:
        _refuse(path, _("it cannot be read: {reason}", reason=error.strerror or error))
    try:
        with opened(content) as parts:
            _check(path, parts)
    except InvalidRequest as error:
        raise ConfigError(
            _("The template {path} cannot be used: {reason}", path=path, reason=error.message),
            _("Save it in Word as a document (.docx) without a password."),
        ) from error
    return content


def _check(path: Path, parts: Parts) -> None:
    if _DOCUMENT not in parts.names or _TYPES not in parts.names:
        _refuse(path, _("it is no Word document"), _("Save it in Word as a document (.docx)."))
    for name in parts.names:
        if name.startswith(("/", "\\")) or ".." in name.split("/") or "\\" in name:
            _refuse(path, _("the name of its part {name} leads elsewhere", name=ascii(name)))
        if _RUNS.search(name):
            _refuse(path, _("it holds a program or an embedded file, {name}", name=name), _clean_copy())
    _check_types(path, parts)
    for name in parts.names:
        if _RELATIONS.fullmatch(name):
            _check_relations(path, name, parse_xml(parts.read(name), "Word"))
        elif name.lower().endswith(".xml"):
            _check_part(path, name, parts.read(name))


def _check_types(path: Path, parts: Parts) -> None:
    """Refuse programs, and text in parts whose names say that they are pictures."""
    for entry in parse_xml(parts.read(_TYPES), "Word"):
        kind = entry.get("ContentType") or ""
        if _ACTIVE_TYPES.search(kind):
            _refuse(path, _("it may hold macros or other programs"), _clean_copy())
        named = entry.get("PartName") or f".{entry.get('Extension')}"
        if "xml" in kind.lower() and not named.lower().endswith((".xml", ".rels")):
            _refuse(path, _("its part {name} is something else", name=named))


def _check_relations(path: Path, name: str, root: etree._Element) -> None:
    for relation in root:
        kind, target = relation.get("Type") or "", relation.get("Target") or ""
        if kind.endswith(_ACTIVE_RELATIONS):
            said = _("{name} points to {target}, which could run or replace something", name=name, target=target[:100])
            _refuse(path, said, _clean_copy())
        outside = (relation.get("TargetMode") or "").lower() == "external"
        if outside and not (kind.endswith("/hyperlink") and _HARMLESS_LINK.match(target)):
            said = _("{name} fetches {target} from outside the file", name=name, target=target[:100])
            _refuse(path, said, _("Insert pictures instead of linking them, and take the attached template off."))


def _check_part(path: Path, name: str, content: bytes) -> None:
    root = parse_xml(content, "Word")
    for paragraph in root.iter(f"{_W}p", f"{_W}fldSimple"):
        code = "".join(found.text or "" for found in paragraph.iter(f"{_W}instrText"))
        if fetched := _FETCHING.search(f"{code} {paragraph.get(f'{_W}instr') or ''}"):
            said = _("{name} has a field {field} that fetches or runs something", name=name, field=fetched[0].upper())
            _refuse(path, said, _("Remove the field."))
    if name == _PROPERTIES:
        for element in root.iter():
            _tell(path, _("the properties"), fault_of_text(element.text or ""))
    kind = local_name(root)
    if kind not in _FILLED:  # what docxtpl fills is told by its root, not by its name
        return
    if len(content) > _LARGEST_PART:
        _refuse(path, _("its part {name} is larger than {limit}", name=name, limit=human_bytes(_LARGEST_PART)))
    if (kind == "document") != (name == _DOCUMENT):
        _refuse(path, _("its part {name} is something else", name=name))
    part = _part_title(kind, name.rsplit("/", 1)[-1])
    _tell(path, part, tag_fault(root, with_blocks=kind == "document"))
    hidden = hidden_tags(_as_filled(root), tags_of(root))
    if hidden:
        _tell(path, part, TagFault(0, hidden[0], _("it stands where no text is, or is broken by the layout")))


def _as_filled(root: etree._Element) -> str:
    """Return a part as docxtpl gives it to Jinja."""
    from docxtpl import DocxTemplate  # type: ignore[import-untyped]

    xml = etree.tostring(root, encoding="unicode")
    patched: str = DocxTemplate("").patch_xml(xml)
    return patched


def _part_title(kind: str, file: str) -> Message:
    if kind == "hdr":
        return _("the header {name}", name=file)
    if kind == "ftr":
        return _("the footer {name}", name=file)
    return _("the footnotes") if kind == "footnotes" else _("the body")


def _tell(path: Path, part: Message, fault: TagFault | None) -> None:
    if fault is None:
        return
    where = _("{part}, paragraph {number}", part=part, number=fault.paragraph) if fault.paragraph else part
    tag = " ".join(fault.tag.split())[:80]
    said = _("{where}: the tag {tag}: {reason}", where=where, tag=tag, reason=fault.reason)
    _refuse(path, said, fault.hint)


def _clean_copy() -> Message:
    return _("Copy the pages into a new document, save that as .docx and use it.")


def _refuse(path: Path, reason: Message, hint: Message | None = None) -> NoReturn:
    raise ConfigError(
        _("The template {path} cannot be used: {reason}.", path=path, reason=reason),
        hint or _("The documentation of reports lists the tags of a template."),
    )
