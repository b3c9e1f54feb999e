"""The keys of the screen below, made from its bindings."""

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from appliance.core.messages import _
from appliance.tui import commands
from appliance.tui.drawing import MUTED, fit


class HelpScreen(ModalScreen[None]):
    """A table of keys over the screen that they belong to."""

    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        commands.CLOSE.binding(),
        ("question_mark,q", "dismiss"),
    ]

    def __init__(self, active: dict[str, ActiveBinding], language: str) -> None:
        super().__init__()
        self._active = active
        self._language = language

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        with VerticalScroll(id="help", classes="panel") as box:
            box.border_title = _("Keys").render(self._language)
            box.border_subtitle = _("Esc closes").render(self._language)
            yield Static(self._table())

    def _table(self) -> Content:
        """One line a key that the appliance describes; keys of the toolkit that are not for show are left out."""
        ours = [entry for entry in self._active.values() if entry.binding.id in commands.COMMANDS]
        ours.sort(key=lambda entry: not entry.binding.show)  # what the footer has first; the rest may be below the edge
        rows = [(self.app.get_key_display(e.binding), e.binding.description, e.tooltip) for e in ours]
        label_width = max((cell_len(label) for _key, label, _tip in rows), default=0)
        lines = [
            Content.assemble((fit(key, 5), "$primary bold"), (fit(label, label_width + 2), "bold"), (tip, MUTED))
            for key, label, tip in rows
        ]
        return Content("\n").join(lines)
