"""The first screen: is everything well, and how busy is it?"""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Footer

from appliance.core.messages import _
from appliance.tui import commands
from appliance.tui.screens.localised import LocalisedScreen
from appliance.tui.view import View
from appliance.tui.widgets.applications import ApplicationsPanel
from appliance.tui.widgets.fault_banner import FaultBanner
from appliance.tui.widgets.history import HistoryChart
from appliance.tui.widgets.nodes import NodesPanel
from appliance.tui.widgets.title_bar import TitleBar


class OverviewScreen(LocalisedScreen[None]):
    """Nodes, models and scenarios, and the traffic of the last minutes."""

    AUTO_FOCUS = "#application-rows"
    BINDINGS = [commands.NEXT_PANEL.binding()]  # noqa: RUF012 - Textual reads the class attribute
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short"), (32, "-tall")]  # noqa: RUF012 - Textual reads the class attribute

    def compose(self) -> ComposeResult:
        """Lay out the panels from top to bottom."""
        yield TitleBar()
        yield FaultBanner()
        yield NodesPanel(classes="panel")
        yield ApplicationsPanel(classes="panel")
        with Horizontal(id="charts"):
            yield HistoryChart(_("Requests/s"), "$primary", id="requests")
            yield HistoryChart(_("Tokens/s"), "$secondary", id="tokens")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Draw what the app knows already."""
        self.show(self.terminal.view)

    def on_screen_resume(self) -> None:
        """Catch up with what was read while another screen was in front."""
        self.show(self.terminal.view)

    def show(self, view: View) -> None:
        """Draw `view` in every part."""
        self.set_class(view.fault is not None and view.status is not None, "-stale")
        self.query_one(TitleBar).show(view)
        self.query_one(FaultBanner).show(view)
        self.query_one(NodesPanel).show(view)
        self.query_one(ApplicationsPanel).show(view)
        requests = tuple(rate.requests_per_s for rate in view.history)
        tokens = tuple(rate.tokens_per_s for rate in view.history)
        self.query_one("#requests", HistoryChart).show(requests, view.language)
        self.query_one("#tokens", HistoryChart).show(tokens, view.language)
