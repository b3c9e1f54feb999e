"""A line of a table or a list, drawn without what the toolkit does for texts that may wrap."""

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.visual import Visual

if TYPE_CHECKING:
    from textual.css.styles import RulesMap
    from textual.style import Style
    from textual.visual import RenderOptions

Part = tuple[str, str]
"""Text of one line, and its style as the toolkit's markup has it; "" for the line's own."""


class PartsLine(Visual):
    """One line of styled parts. It is never wrapped: what is behind the width is cut.

    Two of the same parts are equal, so that who draws them can see that nothing has changed.
    """

    def __init__(self, *parts: Part) -> None:
        self.parts = parts

    @property
    def plain(self) -> str:
        """The text without its styles."""
        return "".join(text for text, _style in self.parts)

    @property
    def content(self) -> Content:
        """The same for a text of several lines."""
        return Content.assemble(*self.parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PartsLine) and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.parts)

    def render_strips(self, width: int, height: int | None, style: "Style", options: "RenderOptions") -> list[Strip]:
        """Return the line, at most `width` cells of it."""
        segments, length, own = [], 0, style.rich_style
        for text, name in self.parts:
            if text:
                segments.append(Segment(text, (style + options.get_style(name)).rich_style if name else own))
                length += len(text) if text.isascii() else cell_len(text)
        strip = Strip(segments, length)
        return [strip if length <= width else strip.crop(0, width)]

    def get_optimal_width(self, rules: "RulesMap", container_width: int) -> int:
        """Return the cells of the text."""
        return cell_len(self.plain)

    def get_height(self, rules: "RulesMap", width: int) -> int:
        """Return 1."""
        return 1
