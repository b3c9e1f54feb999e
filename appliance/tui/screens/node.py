"""One machine: its meters, its cards, and what is wrong with it."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Resize

from appliance.core.messages import _, one_or_many
from appliance.core.status import NodeStatus
from appliance.operations.alerts import node_name
from appliance.tui import commands, figures
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.view import View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.content_panel import ContentPanel
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.history import HistoryChart
from appliance.tui.widgets.node_lines import node_lines
from appliance.tui.widgets.watching import about


class NodeScreen(ModeScreen[None]):
    """The node with one address, as the last reading has it."""

    MODE = "overview"
    AUTO_FOCUS = "#node"
    BINDINGS = [commands.BACK.binding(), commands.NEXT_PANEL.binding()]  # noqa: RUF012 - Textual reads it

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def body(self) -> ComposeResult:
        """Yield the machine, and what there is to say of it."""
        yield ContentPanel(id="node", classes="panel")
        with Horizontal(id="charts"):
            yield HistoryChart(_("CPU"), "$primary", id="cpu", told=figures.percent, full=1.0)
            yield HistoryChart(_("Memory"), "$secondary", id="memory", told=figures.percent, full=1.0)
            yield HistoryChart(_("Cards"), "$primary", id="cards", told=figures.percent, full=1.0)
        yield ContentPanel(id="about", classes="panel")
        yield CommandLine()

    def on_resize(self, event: Resize) -> None:
        """Draw for the new width."""
        super().on_resize(event)
        self.call_after_refresh(lambda: self.show(self.terminal.view))

    def show(self, view: View) -> None:
        """Draw the node."""
        super().show(view)
        self.set_class(view.fault is not None and view.status is not None, "-stale")
        self.query_one(FaultBanner).show(view.fault, view.seen, every(view.interval_s), view.language)
        nodes = view.status.nodes if view.status else ()
        node = next((node for node in nodes if node.address == self._address), None)
        panel = self.query_one("#node", ContentPanel)
        if node is None:
            gone = _("This node is not there any more.").render(view.language)
            panel.draw(self._address, Content.styled(gone, MUTED))
        else:
            width = panel.scrollable_content_region.width
            title = _("Node {name}", name=one_line(node_name(node))).render(view.language)
            panel.draw(title, _text(node, width, view.language), _count(node, view.language))
        for chart in self.query(HistoryChart):
            chart.show_if_known(view.past.node(self._address, chart.id or ""), view.language)
        self.query_one("#about", ContentPanel).draw(
            _("Alerts and the last hour").render(view.language), about(view, self._address)
        )
        known = node.name if node is not None and node.name else ""
        self.query_one(CommandLine).show(f"appliance node show {one_line(known)}" if known else "appliance status")

    def action_back(self) -> None:
        """Go back."""
        self.dismiss(None)


def _text(node: NodeStatus, width: int, language: str) -> Content:
    return Content("\n").join(line.content for line in node_lines(node, width, language, headings=True))


def _count(node: NodeStatus, language: str) -> str:
    count = len(node.accelerators)
    if count == 0:
        return _("no accelerator").render(language)
    return one_or_many(count, _("1 card"), _("{count} cards", count=count)).render(language)
