"""HTML: headings, paragraphs, lists and tables; scripts, styles, menus and hidden parts are left out."""

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from appliance.knowledge.content import Extracted, row_text
from appliance.knowledge.limits import Limits
from appliance.knowledge.readers.collect import Collector, unreadable
from appliance.knowledge.readers.decode import decode

_DROPPED = ["script", "style", "nav", "template", "noscript", "head", "svg", "iframe", "form", "button"]
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "ol", "p", "pre",
    "section", "summary", "table", "ul",
}  # fmt: skip
_DEEPEST = 200


def read(content: bytes, name: str, limits: Limits) -> Extracted:
    """Read an HTML page. Raises `InvalidRequest`."""
    return read_markup(decode(content, name), name, limits)


def read_markup(markup: str, name: str, limits: Limits) -> Extracted:
    """Read HTML text. Raises `InvalidRequest`."""
    soup = BeautifulSoup(markup, "lxml")
    for tag in soup.find_all(_DROPPED):
        tag.decompose()
    for tag in soup.find_all(hidden=True):
        tag.decompose()
    collector = Collector(name, limits)
    _Walk(collector, name).visit(soup, 0)
    return collector.finish()


class _Walk:
    """Goes down the tree; text between block elements is a paragraph."""

    def __init__(self, collector: Collector, name: str) -> None:
        self._collector = collector
        self._name = name

    def visit(self, parent: Tag, depth: int) -> None:
        if depth > _DEEPEST:
            raise unreadable(self._name, f"elements nested deeper than {_DEEPEST}")
        inline: list[str] = []

        def flush() -> None:
            self._collector.add("".join(inline), "item" if parent.name == "li" else "text")
            inline.clear()

        for child in parent.children:
            if isinstance(child, Tag) and (child.name in _BLOCKS or child.find(list(_BLOCKS)) is not None):
                flush()
                self._block(child, depth + 1)
            else:
                inline.append(_inline_text(child))
        flush()

    def _block(self, tag: Tag, depth: int) -> None:
        if tag.name in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self._collector.add(tag.get_text(), "heading", level=int(tag.name[1]))
        elif tag.name == "table":
            self._table(tag)
        else:
            self.visit(tag, depth)

    def _table(self, table: Tag) -> None:
        rows = [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")]
        rows = [row for row in rows if any(row)]
        caption = table.find("caption")
        if caption is not None:
            self._collector.add(caption.get_text())
        headed = len(rows) > 1
        headers = rows[0] if headed else [""] * max((len(row) for row in rows), default=0)
        for number, row in enumerate(rows[1:] if headed else rows, start=1):
            self._collector.add(row_text(headers, row), "row", row=number)


def _inline_text(child: PageElement) -> str:
    if isinstance(child, PreformattedString):
        return ""  # comments, the document type
    if isinstance(child, NavigableString):
        return " ".join(child.split("\n")) if str(child).strip() else " "
    if isinstance(child, Tag):
        return "\n" if child.name == "br" else child.get_text()
    return ""
