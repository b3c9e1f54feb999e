"""HTML: headings, paragraphs, lists and tables; scripts, styles, menus and hidden parts are left out."""

from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from appliance.knowledge.content import Extracted
from appliance.knowledge.readers.collect import Collector, unreadable
from appliance.knowledge.readers.decode import decode
from appliance.knowledge.readers.limits import Limits
from appliance.knowledge.readers.tables import GridCell, Strip, add_table, cell_of

_DROPPED = ["script", "style", "nav", "template", "noscript", "head", "svg", "iframe", "form", "button"]
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "ol", "p", "pre",
    "section", "summary", "table", "ul",
}  # fmt: skip
_DEEPEST = 200
_MOST_COLUMNS = 256


def read(content: bytes, name: str, limits: Limits) -> Extracted:
    """Read an HTML page. Raises `InvalidRequest`."""
    return read_markup(decode(content, name), name, limits)


def read_markup(markup: str, name: str, limits: Limits) -> Extracted:
    """Read HTML text. Raises `InvalidRequest`."""
    collector = Collector(name, limits)
    add_markup(markup, name, collector)
    return collector.finish()


def add_markup(markup: str, name: str, collector: Collector) -> None:
    """Add what HTML text shows. Raises `InvalidRequest`."""
    soup = BeautifulSoup(markup, "lxml")
    for tag in soup.find_all(_DROPPED):
        tag.decompose()
    for tag in soup.find_all(hidden=True):
        tag.decompose()
    _Walk(collector, name).visit(soup, 0)


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
        caption = table.find("caption")
        if caption is not None:
            self._collector.add(caption.get_text())  # directly above its table, and so its caption
        rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
        marked = _marked_rows(rows)
        add_table(self._collector, enumerate(strips_of(rows), start=1), header_rows=marked, count_data_only=True)


def _marked_rows(rows: list[Tag]) -> int | None:
    """Return how many rows at the top are marked as header; None where none is."""
    marked = 0
    for row in rows:
        cells = row.find_all(["th", "td"], recursive=False)
        if not (cells and all(cell.name == "th" for cell in cells)):
            break
        marked += 1
    return marked if 0 < marked < len(rows) else None


def strips_of(rows: list[Tag]) -> Iterator[Strip]:
    """Yield the rows; a cell is the same object in each column and row that it spans."""
    below: dict[int, tuple[GridCell | None, int]] = {}  # column → cell from above, rows that it still covers
    for row in rows:
        strip: list[GridCell | None] = []
        _from_above(strip, below)
        for tag in row.find_all(["th", "td"], recursive=False):
            cell = cell_of(tag.get_text(" ", strip=True))
            down = _span(tag, "rowspan")
            for _column in range(min(_span(tag, "colspan"), _MOST_COLUMNS)):
                if down > 1:
                    below[len(strip)] = (cell, down - 1)
                strip.append(cell)
            _from_above(strip, below)
            if len(strip) > _MOST_COLUMNS:
                break
        yield strip


def _from_above(strip: list[GridCell | None], below: dict[int, tuple[GridCell | None, int]]) -> None:
    """Append the cells that reach down into this row at its end."""
    while len(strip) in below:
        cell, left = below.pop(len(strip))
        if left > 1:
            below[len(strip)] = (cell, left - 1)
        strip.append(cell)


def _span(tag: Tag, name: str) -> int:
    value = str(tag.get(name, "1")).strip()
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) < 6 else 1


def _inline_text(child: PageElement) -> str:
    if isinstance(child, PreformattedString):
        return ""  # comments, the document type
    if isinstance(child, NavigableString):
        return " ".join(child.split("\n")) if str(child).strip() else " "
    if isinstance(child, Tag):
        return "\n" if child.name == "br" else child.get_text()
    return ""
