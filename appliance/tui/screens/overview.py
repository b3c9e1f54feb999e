"""The first screen: is everything well, and how busy is it?"""

from textual.app import ComposeResult
from textual.containers import Horizontal

from appliance.core.messages import _
from appliance.tui import commands
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.view import View
from appliance.tui.widgets.applications import ApplicationsPanel
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.history import HistoryChart
from appliance.tui.widgets.nodes import NodesPanel


class OverviewScreen(ModeScreen[None]):
    """Nodes, models and scenarios, and the traffic of the last minutes."""

    MODE = "overview"
    AUTO_FOCUS = "#application-rows"
    BINDINGS = [commands.NEXT_PANEL.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def body(self) -> ComposeResult:
        """Yield the panels from top to bottom."""
        yield NodesPanel(classes="panel")
        yield ApplicationsPanel(classes="panel")
        with Horizontal(id="charts"):
            yield HistoryChart(_("Requests/s"), "$primary", id="requests")
            yield HistoryChart(_("Tokens/s"), "$secondary", id="tokens")

    def show(self, view: View) -> None:
        """Draw `view` in every part."""
        super().show(view)
        self.set_class(view.fault is not None and view.status is not None, "-stale")
        self.query_one(FaultBanner).show(view.fault, view.seen, every(view.interval_s), view.language)
        self.query_one(NodesPanel).show(view)
        self.query_one(ApplicationsPanel).show(view)
        requests = tuple(rate.requests_per_s for rate in view.history)
        tokens = tuple(rate.tokens_per_s for rate in view.history)
        self.query_one("#requests", HistoryChart).show(requests, view.language)
        self.query_one("#tokens", HistoryChart).show(tokens, view.language)
