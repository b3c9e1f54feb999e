"""A text in a frame whose long lines go on below their own text, not below its time or its mark."""

import re

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.content import Content

from appliance.tui.widgets.content_panel import ContentPanel
from appliance.tui.widgets.lines import Lines

_BEFORE_TEXT = re.compile(r" *(?:\d+:\d\d  |- )?")
_CLOSING = frozenset("，。、；：？！）》”’…,.;:?!)")
"""Never the first of a line."""


def hung(line: Content, width: int) -> list[Content]:
    """Return a line in pieces of at most `width` cells; those after the first begin where its text begins."""
    found = _BEFORE_TEXT.match(line.plain)
    indent = 0 if found is None else found.end()
    if line.cell_length <= width or not 0 < indent <= width // 2:
        return [line]
    text, pieces = line.plain, list[Content]()
    start, room = 0, width
    while start < len(text):
        end = start + _fitting(text[start:], room)
        piece = line[start : start + len(text[start:end].rstrip())]
        pieces.append(Content(" " * indent) + piece if pieces else piece)
        start, room = end, width - indent
    return pieces


def _fitting(text: str, width: int) -> int:
    """Return how many characters fit: up to a space, or between two of which one is wide, as Chinese has no spaces."""
    cells = best = 0
    for number, char in enumerate(text, start=1):
        cells += cell_len(char)
        if cells > width and char != " ":
            return best or max(1, number - 1)
        after = text[number : number + 1]
        wide = cell_len(char) > 1 or cell_len(after) > 1
        if (char == " " and after != " ") or (wide and after not in _CLOSING and cell_len(after)):
            best = number
    return len(text)


class HangingLines(Lines):
    """Lays its text out anew when it is made wider or narrower."""

    _text = Content("")

    def say(self, text: Content) -> None:
        """Draw `text`."""
        self._text = text
        super().say(self._laid_out())

    def on_resize(self) -> None:
        """Another width."""
        super().say(self._laid_out())

    def _laid_out(self) -> Content:
        width = self.content_size.width
        if not width:
            return self._text
        return Content("\n").join([piece for line in self._text.split("\n") for piece in hung(line, width)])


class HangingPanel(ContentPanel):
    """Shows such a text."""

    def compose(self) -> ComposeResult:
        """One text."""
        yield HangingLines()
