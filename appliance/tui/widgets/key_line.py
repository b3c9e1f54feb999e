"""The last line: the keys of the screen in front, drawn as one text.

The toolkit's footer makes a widget of each key, all anew at each change of the focus: two thirds of what a key costs.
"""

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.binding import Binding
from textual.content import Content
from textual.events import MouseMove
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from appliance.tui import commands
from appliance.tui.drawing import FAINT, fit

if TYPE_CHECKING:
    from textual.screen import Screen

_KEPT = {commands.HELP.id, commands.QUIT.id}
"""What is never left out where the line is short."""


class KeyLine(Widget):
    """Keys and what they do; a click does the same. Where it is short, keys go from the right, but not help."""

    auto_links = False  # its colours are its own
    compact: reactive[bool] = reactive(False)
    """Whether keys stand closer together."""

    def on_mount(self) -> None:
        """Follow the keys that the screen has now."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: "Screen[object]") -> None:
        if self.is_attached and screen is self.screen and screen.app.app_focus:
            self.refresh()

    def render(self) -> Content:
        """Return the line."""
        shown = self._shown()
        width = self.size.width - (2 if self.compact else 0)
        while sum(self._width(binding) for binding, _enabled in shown) > width:
            dropped = next((pair for pair in reversed(shown) if pair[0].id not in _KEPT), None)
            if dropped is None:
                break
            shown.remove(dropped)
        line = Content("").join(self._item(binding, enabled) for binding, enabled in shown)
        return Content(" " if self.compact else "") + line

    def on_mouse_move(self, event: MouseMove) -> None:
        """Say what the key under the mouse does."""
        self.tooltip = event.style.meta.get("tip")

    def _shown(self) -> list[tuple[Binding, bool]]:
        """Return the keys for show, one for each action."""
        found: dict[str, tuple[Binding, bool]] = {}
        for entry in self.screen.active_bindings.values():
            if entry.binding.show:
                found.setdefault(entry.binding.action, (entry.binding, entry.enabled))
        return list(found.values())

    def _width(self, binding: Binding) -> int:
        air = 2 if self.compact else 3
        return cell_len(self.app.get_key_display(binding)) + cell_len(binding.description) + air

    def _item(self, binding: Binding, enabled: bool) -> Content:
        key, label = self.app.get_key_display(binding), binding.description
        text = f"{key} {label} " if self.compact else f" {key} {label} "
        item = Content(fit(text, self._width(binding)))
        start = 0 if self.compact else 1
        item = item.stylize("$footer-key-foreground bold" if enabled else FAINT, start, start + len(key))
        if not enabled:
            item = item.stylize(FAINT, start + len(key))
        meta = {"@click": f"app.simulate_key('{binding.key}')", "tip": binding.tooltip or label}
        return item.stylize(Style.from_meta(meta))
