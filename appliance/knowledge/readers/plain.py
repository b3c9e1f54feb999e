"""Plain text: paragraphs apart by empty lines; short lines with a chapter or clause number are headings."""

import re

from appliance.knowledge.content import Extracted
from appliance.knowledge.readers.collect import Collector
from appliance.knowledge.readers.decode import decode
from appliance.knowledge.readers.limits import Limits

_ITEM = re.compile(r"^\s*(?:[-*•·]|\d{1,3}[.)、]|[（(][一二三四五六七八九十\d]{1,3}[)）])\s*")
_UNDERLINE = re.compile(r"^\s*([=\-~])\1{2,}\s*$")


def read(content: bytes, name: str, limits: Limits) -> Extracted:
    """Read `content` as text. Raises `InvalidRequest`."""
    collector = Collector(name, limits)
    add_text(decode(content, name), collector)
    return collector.finish()


def add_text(text: str, collector: Collector) -> None:
    """Add the paragraphs and headings of a text."""
    paragraph: list[str] = []

    def flush() -> None:
        collector.add("\n".join(paragraph))
        paragraph.clear()

    lines = text.splitlines()
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if _UNDERLINE.match(line):
            continue
        if not line.strip():
            flush()
        elif _UNDERLINE.match(following):
            flush()
            collector.add(line, "heading", level=1 if "=" in following else 2)
        elif _ITEM.match(line):
            flush()
            paragraph.append(line)
        else:
            paragraph.append(line)
    flush()
