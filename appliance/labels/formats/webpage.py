"""HTML: `<meta name="AIGC">` in the head. Only this element is touched; the rest keeps its bytes."""

import html
from html.parser import HTMLParser
from itertools import accumulate

from appliance.labels.carried import Carried
from appliance.labels.content import LABEL_KEY, ContentLabel
from appliance.labels.formats.decoded import decoded, for_writing
from appliance.labels.wording import has_explicit

_UNSEEN = ("script", "style", "template", "title")


class _Page(HTMLParser):
    """Notes where the label elements and the head stand, and which text can be seen."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.values: list[str] = []
        self.spans: list[tuple[int, int]] = []
        self.head_end = 0
        self.shown: list[str] = []
        self._unseen = ""
        self._line_starts = [0, *accumulate(len(line) + 1 for line in source.split("\n"))]
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line, column = self.getpos()
        start = self._line_starts[line - 1] + column
        end = start + len(self.get_starttag_text() or "")
        given = dict(attrs)
        if tag == "head" or (tag == "html" and not self.head_end):
            self.head_end = end
        elif tag == "meta" and (given.get("name") or "").upper() == LABEL_KEY:
            self.values.append(given.get("content") or "")
            self.spans.append((start, end))
        elif tag in _UNSEEN:
            self._unseen = tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._unseen = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = ""

    def handle_decl(self, decl: str) -> None:
        line, column = self.getpos()
        self.head_end = self.head_end or self._line_starts[line - 1] + column + len(decl) + len("<!>")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.shown.append(data)


def read(content: bytes) -> Carried:
    """Find the label elements. Raises `InvalidRequest`."""
    source = decoded(content, "HTML")
    page = _Page(source)
    return Carried(tuple(page.values), has_explicit("\n".join(page.shown)), _without(source, page))


def write(content: bytes, label: ContentLabel) -> bytes:
    """Put the label first into the head, or after what the page begins with where it has none."""
    source = without_label(for_writing(content))
    place = _Page(source).head_end
    element = f'<meta name="{LABEL_KEY}" content="{html.escape(label.to_value())}">'
    return f"{source[:place]}{element}{source[place:]}".encode()


def without_label(source: str) -> str:
    """Return the page without label elements: what the integrity code covers."""
    return _without(source, _Page(source))


def _without(source: str, page: _Page) -> str:
    for start, end in reversed(page.spans):
        source = source[:start] + source[end:]
    return source
