"""The top line: the screens by number, the connection, product, address, uptime."""

from rich.cells import cell_len
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from appliance.core.messages import Message, _
from appliance.tui import commands
from appliance.tui.drawing import MUTED, fit
from appliance.tui.figures import duration
from appliance.tui.view import Connection, View
from appliance.tui.widgets.watching import alert_counts

_GAP = "  "
_LOW = 20
"""Rows below which no screen has room for the alerts: they are counted here."""
_CONNECTIONS: dict[Connection, tuple[str, Message, str]] = {
    "lost": ("✖", _("not connected"), "$text-error"),
    "connecting": ("○", _("connecting"), "$text-warning"),
    "connected": ("●", _("connected"), "$text-success"),
}


class TitleBar(Widget):
    """One line that always says where one is, and whether what is below it is live."""

    view: View | None = None
    mode = ""
    connection: Connection = "connecting"

    def show(self, view: View, mode: str, connection: Connection) -> None:
        """Draw `view` with `mode` in front; `connection` is that of the screen's own data."""
        self.view, self.mode, self.connection = view, mode, connection
        self.refresh()

    def render(self) -> Content:
        """Return the line. Where it is small go, in turn: address, uptime, version, name, names of other screens.

        The screen in front, the connection and the alerts stay; of the connection the word goes last.
        """
        view = self.view
        if view is None:
            return Content("")
        shape, word, style = _CONNECTIONS[self.connection]
        counts = [alert_counts(view)] if view.alerts and self.app.size.height < _LOW else []
        state = Content(_GAP).join([Content.styled(f"{shape} {word.render(view.language)}", style), *counts])
        front = mode_tabs(self.mode, view.language, names=False, others=False)
        least = Content(_GAP).join([Content.styled(shape, style), *counts])
        name = Content.styled(_("LLM Appliance").render(view.language), "bold")
        version = Content.styled(f" {view.status.version}", MUTED) if view.status else Content("")
        modes, numbers = (mode_tabs(self.mode, view.language, names) for names in (True, False))
        width = self.size.width
        for left in (
            [name + version, modes, state], [name, modes, state], [modes, state], [numbers, state], [front, state],
            [front, least],
        ):  # fmt: skip
            line = Content(_GAP).join(left)
            if line.cell_length <= width:
                return line + _fill(view, width - line.cell_length)
        return front


def mode_tabs(front: str, language: str, names: bool, others: bool = True) -> Content:
    """Return the screens with their numbers; without `names` only the one in front has its name.

    Without `others` it is there alone.
    """
    tabs: list[Content] = []
    for mode, command in commands.MODES.items():
        if mode != front and not others:
            continue
        label = f"{command.key} {command.label.render(language)}" if names or mode == front else command.key
        style = "bold reverse" if mode == front else MUTED
        tabs.append(Content.styled(f" {label} ", style).stylize(Style.from_meta({"@click": command.action})))
    return Content("").join(tabs)


def _fill(view: View, width: int) -> Content:
    """Return what fits of address and uptime in exactly `width` cells."""
    uptime = ""
    if view.status:
        uptime = _GAP + _("up {duration}", duration=duration(view.status.uptime_s)).render(view.language)
    if cell_len(uptime) > width:
        return Content("")
    room = width - cell_len(uptime)
    address = _GAP + view.address if room >= cell_len(view.address) + len(_GAP) else ""
    return Content.styled(fit(address, room) + uptime, MUTED)
