"""The top line: product, connection, address, uptime."""

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from appliance.core.messages import Message, _
from appliance.tui.drawing import MUTED, fit
from appliance.tui.figures import duration
from appliance.tui.view import View

_GAP = "  "


class TitleBar(Widget):
    """One line that always says whether what is below it is live."""

    view: View | None = None

    def show(self, view: View) -> None:
        """Draw `view`."""
        self.view = view
        self.refresh()

    def render(self) -> Content:
        """Return the line; the address takes what is left of the width, and goes first where it is small."""
        view = self.view
        if view is None:
            return Content("")
        version = f" {view.status.version}" if view.status else ""
        shape, word, style = _connection(view)
        connection = f"{shape} {word.render(view.language)}"
        uptime = ""
        if view.status:
            uptime = _("up {duration}", duration=duration(view.status.uptime_s)).render(view.language)
        name = _("LLM Appliance").render(view.language)
        taken = sum(cell_len(text) for text in (name, version, connection, uptime)) + 3 * len(_GAP)
        if taken > self.size.width:
            return Content.assemble((name, "bold"), _GAP, (connection, style))
        return Content.assemble(
            (name, "bold"),
            (version, MUTED),
            _GAP,
            (connection, style),
            _GAP,
            (fit(view.address, max(0, self.size.width - taken)), MUTED),
            _GAP,
            (uptime, MUTED),
        )


def _connection(view: View) -> tuple[str, Message, str]:
    if view.fault is not None:
        return "✖", _("not connected"), "$text-error"
    if view.status is None:
        return "○", _("connecting"), "$text-warning"
    return "●", _("connected"), "$text-success"
