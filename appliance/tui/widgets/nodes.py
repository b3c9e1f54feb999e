"""The machines, one below the other: many are folded to one line each, and only what is seen is drawn."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message as Event
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual

from appliance.core.messages import _
from appliance.tui import commands
from appliance.tui.drawing import MUTED
from appliance.tui.view import View
from appliance.tui.widgets.node_lines import folded_columns, folded_line, node_lines, node_state
from appliance.tui.widgets.parts import PartsLine

if TYPE_CHECKING:
    from appliance.core.status import NodeStatus

_UNFOLDED: Final = 4
"""So many nodes are shown whole without being asked to."""
_TALL: Final = 30


class NodesPanel(ScrollView, can_focus=True):
    """All nodes in a frame. One of them is chosen; Enter opens it, Space folds it."""

    auto_links = False  # there are none
    COMPONENT_CLASSES = {"nodes--chosen"}  # noqa: RUF012 - Textual reads the class attribute
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding()
        for command in (
            commands.OPEN, commands.FOLD, commands.FOLD_ALL, commands.FIND, commands.UP, commands.DOWN,
            commands.ROWS_UP, commands.ROWS_DOWN, commands.FIRST, commands.LAST,
        )
    ]  # fmt: skip

    class Opened(Event):
        """A node is to be shown on a screen of its own."""

        def __init__(self, address: str) -> None:
            super().__init__()
            self.address = address

    class Sought(Event):
        """The reader wants to type what nodes must hold."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.view: View | None = None
        self._found: Sequence[NodeStatus] = ()
        self._wanted = ""
        self._chosen = ""
        self._all_folded: bool | None = None
        self._folded: dict[str, bool] = {}
        """What the reader decided of single nodes."""
        self._columns = (0, 0)
        self._headings = False
        self._starts: list[int] = [0]
        """The line on which each node begins; at the end that behind the last one."""
        self._drawn: dict[tuple[str, int, Style, str], list[Strip]] = {}
        """Lines by node, width, style of the line, and theme."""

    @property
    def shown(self) -> "Sequence[NodeStatus]":
        """The nodes that hold what was typed."""
        return self._found

    @property
    def chosen(self) -> "NodeStatus | None":
        """The chosen node; None where there is none."""
        return self._found[self._place] if self._found else None

    @property
    def _place(self) -> int:
        return next((place for place, node in enumerate(self._found) if node.address == self._chosen), 0)

    def show(self, view: View) -> None:
        """Draw `view`; what is the same as before is not drawn again."""
        before, self.view = self.view, view
        nodes = view.status.nodes if view.status else ()
        self.border_title = _("Nodes").render(view.language)
        alive = sum(node.state == "alive" for node in nodes)
        counted = _("{alive} of {count} alive", alive=alive, count=len(nodes)).render(view.language)
        self.border_subtitle = counted if nodes else ""
        self.set_class(alive < len(nodes), "-alarm")
        same = before is not None and before.status is not None and view.status is not None
        if not (same and before.status.nodes == nodes and before.language == view.language):  # type: ignore[union-attr]
            self._lay_out()

    def look_for(self, text: str) -> None:
        """Show only the nodes that hold `text` in name, address, state or hardware."""
        self._wanted = text.strip().casefold()
        self._lay_out()

    def on_resize(self, _event: Resize) -> None:
        """Draw for the new width."""
        self._lay_out()

    def refit(self) -> None:
        """Draw for the new height of the terminal."""
        if self._headings != (self.app.size.height >= _TALL):
            self._lay_out()

    def folded(self, node: "NodeStatus") -> bool:
        """Tell whether a node is on one line."""
        if node.address in self._folded:
            return self._folded[node.address]
        if self._all_folded is not None:
            return self._all_folded
        return self.view is not None and self.view.status is not None and len(self.view.status.nodes) > _UNFOLDED

    def _lay_out(self) -> None:
        """Find out which node begins on which line, and forget what was drawn."""
        if self.view is None:
            return
        nodes = self.view.status.nodes if self.view.status else ()
        self._found = [node for node in nodes if not self._wanted or self._wanted in self._text(node)]
        self._drawn.clear()
        self._headings = self.app.size.height >= _TALL
        self._columns = folded_columns(self._found, self.view.language)
        self._starts = list(accumulate((self._height(node) for node in self._found), initial=0))
        self.virtual_size = Size(self.scrollable_content_region.width, max(1, self._starts[-1]))
        self.refresh()

    def _text(self, node: "NodeStatus") -> str:
        state = node_state(node, self.view.language if self.view else "en")
        cards = " ".join(sorted({card.name for card in node.accelerators}))
        return " ".join([state, node.address, node.name or "", node.cpu_model or "", cards]).casefold()

    def _height(self, node: "NodeStatus") -> int:
        if self.folded(node) or node.state == "dead":
            return 1
        return 2 + len(node.accelerators) + bool(node.accelerators and self._headings)

    def render_line(self, y: int) -> Strip:
        """Return one line of the panel."""
        width = self.scrollable_content_region.width
        if self.view is None or not self._found:
            return self._strips([self._empty()], width)[0] if y == 0 else Strip.blank(width, self.rich_style)
        line = y + self.scroll_offset.y
        if line >= self._starts[-1]:
            return Strip.blank(width, self.rich_style)
        place = bisect_right(self._starts, line) - 1
        node = self._found[place]
        lines = self._lines(node, width, self.has_focus and place == self._place)
        return lines[line - self._starts[place]]

    def _empty(self) -> PartsLine:
        if self.view is None or self.view.status is None:
            waits = self.view is not None and self.view.fault is None
            text = _("Waiting for the first reading …").render(self.view.language) if self.view and waits else ""
            return PartsLine((text, MUTED))
        return PartsLine((_("No row holds this.").render(self.view.language), MUTED))

    def _lines(self, node: "NodeStatus", width: int, chosen: bool) -> list[Strip]:
        style = self.get_visual_style("nodes--chosen") if chosen else self.visual_style
        key = (node.address, width, style, self.app.theme)
        if key not in self._drawn:
            language = self.view.language if self.view else "en"
            if self.folded(node):
                lines = [folded_line(node, width, language, self._columns)]
            else:
                lines = list(node_lines(node, width, language, self._headings))
            self._drawn[key] = self._strips(lines, width, style)
        return self._drawn[key]

    def _strips(self, lines: Iterable[PartsLine], width: int, style: Style | None = None) -> list[Strip]:
        style = style or self.visual_style
        return [
            Visual.to_strips(self, line, width, 1, style)[0].adjust_cell_length(width, style.rich_style)
            for line in lines
        ]

    def _choose(self, place: int) -> None:
        if not self._found:
            return
        before, place = self._place, max(0, min(place, len(self._found) - 1))
        self._chosen = self._found[place].address
        top, height = self._starts[place], self._starts[place + 1] - self._starts[place]
        region = Region(
            0, top, self.scrollable_content_region.width, min(height, self.scrollable_content_region.height)
        )
        self.scroll_to_region(region, animate=False, force=True)
        for changed in {before, place}:
            self.refresh_lines(self._starts[changed], self._starts[changed + 1] - self._starts[changed])

    def action_cursor_up(self) -> None:
        """Choose the node above; above the first one scroll."""
        self._choose(self._place - 1)

    def action_cursor_down(self) -> None:
        """Choose the node below, or scroll where the chosen one goes on below."""
        end = self._starts[self._place + 1] if self._found else 0
        bottom = self.scroll_offset.y + self.scrollable_content_region.height
        if end > bottom and self._place == len(self._found) - 1:
            self.scroll_to(y=self.scroll_offset.y + 1, animate=False, force=True)
        else:
            self._choose(self._place + 1)

    def action_page_up(self) -> None:
        """Choose the node a page above."""
        self._choose(self._at(self._starts[self._place] - self.scrollable_content_region.height))

    def action_page_down(self) -> None:
        """Choose the node a page below."""
        self._choose(self._at(self._starts[self._place] + self.scrollable_content_region.height))

    def _at(self, line: int) -> int:
        return max(0, bisect_right(self._starts, max(0, line)) - 1)

    def action_first(self) -> None:
        """Choose the first node."""
        self._choose(0)

    def action_last(self) -> None:
        """Choose the last node."""
        self._choose(len(self._found) - 1)

    def action_select(self) -> None:
        """Open the chosen node."""
        if self.chosen is not None:
            self.post_message(self.Opened(self.chosen.address))

    def action_find(self) -> None:
        """Let the reader type what nodes must hold."""
        self.post_message(self.Sought())

    def action_fold(self) -> None:
        """Fold or unfold the chosen node."""
        if self.chosen is not None:
            self._folded[self.chosen.address] = not self.folded(self.chosen)
            self._fold_again()

    def action_fold_all(self) -> None:
        """Unfold all nodes, or fold them."""
        folded = all(self.folded(node) for node in self._found)
        self._all_folded = not folded
        self._folded.clear()
        self._fold_again()

    def _fold_again(self) -> None:
        self._lay_out()
        self._choose(self._place)

    def on_click(self, event: Click) -> None:
        """Choose the node under the mouse; a second click opens it."""
        offset = event.get_content_offset(self)
        if offset is None or not self._found:
            return
        place = self._at(offset.y + self.scroll_offset.y)
        opens = event.chain > 1 and place == self._place
        self._choose(place)
        if opens:
            self.action_select()

    def on_focus(self) -> None:
        """Show which node is chosen."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that none is."""
        self.refresh()
