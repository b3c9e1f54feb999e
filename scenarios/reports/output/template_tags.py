"""The tags of a Word template: which there are, and where one stands that cannot be filled."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from appliance.core.messages import Message, _
from appliance.labels.xml_parts import local_name

from .arranging import FIELDS

BLOCKS: Final = ("contents", "body", "imprint")
"""Tags that stand for many paragraphs; `body` is needed, the others come with it where a template has none."""
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TAG: Final = re.compile(r"\{\{(?:(?!\}\}).)*?\}\}|\{%(?:(?!%\}).)*?%\}|\{#.*?#\}", re.DOTALL)
_STRAY: Final = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
_FIELD: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}", re.ASCII)
_BLOCK: Final = re.compile(r"\{\{p\s+(\w+)\s*\}\}", re.ASCII)
_IF: Final = re.compile(r"\{%(p|tr)?\s*if\s+(?:not\s+)?(\w+)\s*%\}", re.ASCII)
_ELSE: Final = re.compile(r"\{%(p|tr)?\s*else\s*%\}")
_END: Final = re.compile(r"\{%(p|tr)?\s*endif\s*%\}")
_MOST_TAGS: Final = 500
_IF_P, _END_P = "{%p if draft %}", "{%p endif %}"


@dataclass(frozen=True)
class TagFault:
    """What is wrong with a tag, and where: `paragraph` counts from 1 within its part, 0 stands for anywhere."""

    paragraph: int
    tag: str
    reason: Message
    hint: Message | None = None


@dataclass(frozen=True)
class _Open:
    """A condition that waits for its end; `prefix` is p for paragraphs, tr for rows, empty within one paragraph."""

    paragraph: int
    tag: str
    prefix: str


def tag_fault(root: etree._Element, *, with_blocks: bool) -> TagFault | None:
    """Return the first fault of a part's tags; `with_blocks`: it is the body, which alone may hold blocks."""
    found = 0
    blocks: list[str] = []
    opened: list[_Open] = []
    for number, paragraph, text in _paragraphs(root):
        fault = _broken(number, text)
        if fault is not None:
            return fault
        tags = _TAG.findall(text)
        found += len(tags)
        if found > _MOST_TAGS:
            return TagFault(number, "", _("it holds more than {most} tags", most=_MOST_TAGS))
        for tag in tags:
            fault = _fault(number, tag, text, opened)
            if fault is None and (block := _BLOCK.fullmatch(tag)):
                fault = _misplaced(number, tag, text, paragraph, with_blocks=with_blocks)
                if block[1] in blocks:
                    fault = TagFault(number, tag, _("it stands there twice"))
                blocks.append(block[1])
            if fault is not None:
                return fault
        if opened and not opened[-1].prefix:
            hint = _("To leave out whole paragraphs write {tag} and {end}, each alone in one.", tag=_IF_P, end=_END_P)
            return TagFault(number, opened[-1].tag, _("it is not closed in its paragraph"), hint)
    if opened:
        return TagFault(
            opened[-1].paragraph, opened[-1].tag, _("it is never closed"), _("Write an endif tag after it.")
        )
    if with_blocks and "body" not in blocks:
        return TagFault(0, "{{p body }}", _("it is missing"), _("It says where the sections go: give it a paragraph."))
    return None


def fault_of_text(text: str) -> TagFault | None:
    """Return the first fault of tags in a text that is no part of a document, such as a property."""
    opened: list[_Open] = []
    fault = _broken(0, text)
    for tag in _TAG.findall(text) if fault is None else ():
        fault = fault or _fault(0, tag, text, opened)
        if _BLOCK.fullmatch(tag):
            fault = fault or TagFault(0, tag, _("it cannot stand here"))
    return fault or (TagFault(0, opened[-1].tag, _("it is never closed")) if opened else None)


def hidden_tags(xml: str, shown: Sequence[str]) -> list[str]:
    """Return tags of a part, as docxtpl sees it, that are none of its paragraphs': in attributes or fields."""
    allowed = {_bare(tag) for tag in shown}
    return [tag for tag in (*_TAG.findall(xml), *_STRAY.findall(_TAG.sub("", xml))) if _bare(tag) not in allowed]


def tags_of(root: etree._Element) -> list[str]:
    """Return the tags of a part's paragraphs as written."""
    return [tag for _number, _paragraph, text in _paragraphs(root) for tag in _TAG.findall(text)]


def _bare(tag: str) -> str:
    """Return a tag without the letters and spaces that docxtpl takes out."""
    return re.sub(r"\s+", "", re.sub(r"^(\{[{%])(?:p|tr)\s", r"\1", tag))


def _paragraphs(root: etree._Element) -> Iterator[tuple[int, etree._Element, str]]:
    """Yield number, element and text of each paragraph; that of a text box is a paragraph of its own."""
    for number, paragraph in enumerate(root.iter(f"{_W}p"), start=1):
        yield number, paragraph, "".join(_texts(paragraph))


def _texts(element: etree._Element) -> Iterator[str]:
    for child in element:
        name = local_name(child)
        if name == "t":
            yield child.text or ""
        elif name in ("br", "tab", "cr"):
            yield " "
        elif name != "p":
            yield from _texts(child)


def _broken(number: int, text: str) -> TagFault | None:
    stray = _STRAY.search(_TAG.sub(lambda found: " " * len(found[0]), text))
    if stray is None:
        return None
    near = " ".join(text[max(0, stray.start() - 10) : stray.start() + 40].split())
    return TagFault(
        number,
        near,
        _("it is not closed, or has a brace too many or too few"),
        _("A tag reads {tag}.", tag="{{ title }}"),
    )


def _fault(number: int, tag: str, text: str, opened: list[_Open]) -> TagFault | None:
    """Check one tag of a paragraph, and keep the conditions that are open."""
    field, block, condition = _FIELD.fullmatch(tag), _BLOCK.fullmatch(tag), _IF.fullmatch(tag)
    other = _ELSE.fullmatch(tag) or _END.fullmatch(tag)
    prefix = ((condition or other) or {1: None})[1] or ""
    if prefix == "p" and text.strip() != tag:
        return TagFault(number, tag, _("it leaves out whole paragraphs"), _("Give it a paragraph of its own."))
    if condition:
        opened.append(_Open(number, tag, prefix))
        return _unknown(number, tag, condition[2], FIELDS)
    if other:
        if not opened or opened[-1].prefix != prefix:
            return TagFault(number, tag, _("no if tag of its kind stands before it"))
        if _END.fullmatch(tag):
            opened.pop()
        return None
    if field:
        if field[1] in BLOCKS:
            hint = _("Write {tag}, alone in its paragraph.", tag=f"{{{{p {field[1]} }}}}")
            return TagFault(number, tag, _("it stands for many paragraphs"), hint)
        return _unknown(number, tag, field[1], FIELDS)
    if block:
        return _unknown(number, tag, block[1], BLOCKS)
    return TagFault(
        number,
        tag,
        _("a tag is a name, or an if with a name; nothing is computed in a template"),
        _near(re.findall(r"[A-Za-z_]\w+", tag), (*FIELDS, *BLOCKS)),
    )


def _unknown(number: int, tag: str, name: str, names: Sequence[str]) -> TagFault | None:
    if name in names:
        return None
    return TagFault(number, tag, _("there is no such tag"), _near([name], (*FIELDS, *BLOCKS)))


def _near(words: Sequence[str], names: Sequence[str]) -> Message:
    for word in words:
        if near := difflib.get_close_matches(word, names, 1, 0.5):
            return _("Did you mean {near}?", near=near[0])
    return _("The tags are: {names}.", names=", ".join(names))


def _misplaced(number: int, tag: str, text: str, paragraph: etree._Element, *, with_blocks: bool) -> TagFault | None:
    parent = paragraph.getparent()
    if with_blocks and parent is not None and local_name(parent) == "body" and text.strip() == tag:
        return None
    return TagFault(number, tag, _("it stands for many paragraphs"), _("Give it a paragraph of its own in the body."))
