"""Markdown, by rendering it to HTML: headings, lists and tables then have one reader."""

import re

from markdown_it import MarkdownIt

from appliance.knowledge.content import Extracted
from appliance.knowledge.readers.decode import decode
from appliance.knowledge.readers.limits import Limits
from appliance.knowledge.readers.webpage import read_markup

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


def read(content: bytes, name: str, limits: Limits) -> Extracted:
    """Read CommonMark with tables; HTML inside is shown as text. Raises `InvalidRequest`."""
    source = _FRONT_MATTER.sub("", decode(content, name).replace("\r\n", "\n"))
    markup = MarkdownIt("commonmark", {"html": False}).enable("table").render(source)
    return read_markup(markup, name, limits)
