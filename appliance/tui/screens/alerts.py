"""What is wrong now, and what to do about each."""

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList

from appliance.core.messages import Message, _
from appliance.operations.alerts import Alert
from appliance.tui import commands
from appliance.tui.drawing import one_line
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.view import View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.watching import LEVELS

_WORDS = {"failed": _("serious"), "warning": _("look at")}
_COLUMNS = (
    Column[Alert](
        _("Level"),
        11,
        lambda alert, language: f"{LEVELS[alert.level][0]} {_WORDS[alert.level].render(language)}",
        style=lambda alert: LEVELS[alert.level][1],
    ),
    Column[Alert](_("What is wrong"), 30, lambda alert, language: one_line(alert.what.render(language)), grows=True),
)


class AlertsScreen(ModeScreen[None]):
    """The alerts of the last reading; below them what to do about the chosen one, which Enter opens."""

    MODE = "overview"
    AUTO_FOCUS = "RowList"
    BINDINGS = [commands.BACK.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def body(self) -> ComposeResult:
        """Yield the list and what to do."""
        yield Listing[Alert](id="alert-rows")
        yield Lines(id="alert-todo")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the alerts."""
        super().show(view)
        self.set_class(view.fault is not None and view.status is not None, "-stale")
        self.query_one(FaultBanner).show(view.fault, view.seen, every(view.interval_s), view.language)
        listing = self.query_one(Listing)
        listing.border_title = _("Alerts").render(view.language)
        listing.border_subtitle = str(len(view.alerts)) if view.alerts else ""
        unread = Message("") if view.fault else _("Waiting for the first reading …")
        listing.show(_rows(view), _COLUMNS, unread if view.status is None else _("Nothing is wrong."), view.language)
        self._draw_todo()

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Say what to do about the chosen one."""
        self._draw_todo()

    def _draw_todo(self) -> None:
        view = self.terminal.view
        alert = _rows(view).get(self.query_one(Listing).chosen or "")
        todo, line = self.query_one("#alert-todo", Lines), self.query_one(CommandLine)
        todo.display = alert is not None
        line.show(one_line(alert.command) if alert else "appliance status")
        if alert is not None:
            todo.say(Content.assemble(("→ ", "$primary"), alert.todo.render(view.language)))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open what it is about."""
        alert = _rows(self.terminal.view).get(event.option_id or "")
        if alert is not None:
            open_subject(self, alert.subject)

    def action_back(self) -> None:
        """Go back to the overview."""
        self.dismiss(None)


def open_subject(screen: ModeScreen[None], subject: str) -> None:
    """Show the node or application of an alert or a change, where it is still there."""
    from appliance.tui.screens.application import ApplicationScreen
    from appliance.tui.screens.node import NodeScreen

    status = screen.terminal.view.status
    if status is not None and any(node.address == subject for node in status.nodes):
        screen.app.push_screen(NodeScreen(subject))
    elif "/" in subject:
        screen.app.push_screen(ApplicationScreen(subject))


def _rows(view: View) -> dict[str, Alert]:
    """Return the alerts by what they are about, so that the chosen one stays chosen."""
    return {
        f"{alert.subject}|{alert.what.template}|{dict(alert.what.params).get('index')}": alert for alert in view.alerts
    }
