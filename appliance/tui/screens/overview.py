"""The first screen: is everything well, and how busy is it?"""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Resize
from textual.widgets import Input, OptionList

from appliance.core.messages import _
from appliance.tui import commands
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.view import View
from appliance.tui.widgets.applications import ApplicationsPanel
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.history import HistoryChart
from appliance.tui.widgets.listing import FilterInput
from appliance.tui.widgets.nodes import NodesPanel
from appliance.tui.widgets.watching import AlertLine, AlertsBox, ChangesBox

_HIGH = 42
"""Rows from which alerts and changes have boxes of their own."""


class OverviewScreen(ModeScreen[None]):
    """Alerts, nodes, models and scenarios, what changed, and the traffic of the last minutes."""

    MODE = "overview"
    AUTO_FOCUS = "ApplicationsPanel RowList"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (commands.ALERTS, commands.CHANGES, commands.NEXT_PANEL)
    ]

    def body(self) -> ComposeResult:
        """Yield the parts from top to bottom."""
        yield AlertLine(classes="-none")
        line = FilterInput(compact=True, classes="find", id="node-filter")
        line.display = line.cursor_blink = False
        yield line
        yield NodesPanel(classes="panel")
        yield ApplicationsPanel(id="applications")
        with Horizontal(id="watching"):
            yield AlertsBox(id="alerts", classes="panel")
            yield ChangesBox(id="changes", classes="panel")
        with Horizontal(id="charts"):
            yield HistoryChart(_("Requests/s"), "$primary", id="requests")
            yield HistoryChart(_("Tokens/s"), "$secondary", id="tokens")
        yield CommandLine()

    def on_resize(self, event: Resize) -> None:
        """Give alerts and changes boxes where there is room."""
        super().on_resize(event)
        self.set_class(event.size.height >= _HIGH, "-high")
        self.query_one(NodesPanel).refit()

    def show(self, view: View) -> None:
        """Draw `view` in every part."""
        super().show(view)
        self.set_class(view.fault is not None and view.status is not None, "-stale")
        self.query_one(FaultBanner).show(view.fault, view.seen, every(view.interval_s), view.language)
        self.query_one(AlertLine).show(view)
        self.set_class(bool(view.alerts), "-alerts")
        self.query_one(NodesPanel).show(view)
        self.query_one(ApplicationsPanel).show_view(view)
        self.query_one(AlertsBox).show(view)
        self.query_one(ChangesBox).show(view)
        requests = tuple(rate.requests_per_s for rate in view.history)
        tokens = tuple(rate.tokens_per_s for rate in view.history)
        self.query_one("#requests", HistoryChart).show(requests, view.language)
        self.query_one("#tokens", HistoryChart).show(tokens, view.language)
        self.query_one(CommandLine).show("appliance status")

    def action_alerts(self) -> None:
        """Show what is wrong, and what to do."""
        self.app.push_screen("alerts")

    def action_changes(self) -> None:
        """Show what changed in the last hour."""
        self.app.push_screen("changes")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the chosen model or scenario."""
        from appliance.tui.screens.application import ApplicationScreen

        if event.option_id is not None:
            self.app.push_screen(ApplicationScreen(event.option_id))

    def on_nodes_panel_opened(self, event: NodesPanel.Opened) -> None:
        """Open the chosen node."""
        from appliance.tui.screens.node import NodeScreen

        self.app.push_screen(NodeScreen(event.address))

    def on_nodes_panel_sought(self) -> None:
        """Let the reader type what nodes must hold."""
        line = self.query_one("#node-filter", FilterInput)
        hint = _("Type a part of a node; Enter goes to the nodes, Esc shows all")
        line.placeholder = hint.render(self.terminal.language)
        line.display = True
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the nodes that hold what is typed."""
        self.query_one(NodesPanel).look_for(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the nodes."""
        event.input.display = bool(event.value.strip())
        self.query_one(NodesPanel).focus()

    def on_filter_input_cleared(self) -> None:
        """Show every node again."""
        line = self.query_one("#node-filter", FilterInput)
        line.value = ""
        line.display = False
        self.query_one(NodesPanel).focus()
