"""One call: what is said, what the seat is shown, and what the rules say of it."""

from datetime import datetime

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message as Event

from appliance.core.errors import ApplianceError
from appliance.core.messages import _
from appliance.tui import commands
from appliance.tui.calls_source import Call, WholeCall
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.view import Connection, View
from appliance.tui.widgets.call_text import call_alerts, call_facts, call_summary, call_turns
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.content_panel import ContentPanel
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.hanging_panel import HangingPanel
from appliance.tui.widgets.lines import Lines

_INTERVAL_S = 3.0


class CallRead(Event):
    """The call came."""

    def __init__(self, whole: WholeCall, seen: datetime) -> None:
        super().__init__()
        self.whole, self.seen = whole, seen


class CallMissed(Event):
    """It could not be read, and why."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


class CallScreen(ModeScreen[None]):
    """Shows one call, and reads it again while it goes on."""

    MODE = "calls"
    AUTO_FOCUS = "#call-turns"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - Textual reads the class attribute
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (commands.BACK, commands.NEXT_PANEL)
    ]

    def __init__(self, call: Call) -> None:
        super().__init__()
        self._call = call
        self._whole: WholeCall | None = None
        self._seen: datetime | None = None
        self._fault: ApplianceError | None = None

    def body(self) -> ComposeResult:
        """Yield facts, turns, alerts and summary."""
        yield Lines(id="call-facts")
        with Container(id="call-texts"):
            yield HangingPanel(id="call-turns", classes="panel")
            with Vertical(id="call-side"):
                yield HangingPanel(id="call-alerts", classes="panel")
                yield HangingPanel(id="call-summary", classes="panel")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the call."""
        super().show(view)
        language, whole = view.language, self._whole
        self.set_class(self._fault is not None and whole is not None, "-stale")
        self.set_class(whole is not None and whole.after is None, "-ongoing")
        self.set_class(whole is not None and whole.after is not None, "-over")
        self.query_one(FaultBanner).show(self._fault, self._seen, every(_INTERVAL_S), language)
        self.query_one("#call-facts", Lines).say(call_facts(self._call, self._intent(), language))
        turns = self.query_one("#call-turns", ContentPanel)
        if whole is None:
            waiting = Content("") if self._fault else Content.styled(_("Reading …").render(language), MUTED)
            turns.draw(_("Turns").render(language), waiting)
        else:
            turns.draw(_("Turns").render(language), call_turns(whole.turns, language), str(len(whole.turns)))
            alerts = self.query_one("#call-alerts", ContentPanel)
            alerts.draw(_("Alerts").render(language), call_alerts(whole.alerts, language), str(len(whole.alerts)))
            summary = self.query_one("#call-summary", ContentPanel)
            summary.draw(_("Summary").render(language), call_summary(whole, language))
        self.query_one("#call-side").display = whole is not None
        self.query_one(CommandLine).show(f"appliance calls show {one_line(self._call.id)}")

    def connection(self, view: View) -> Connection:
        """As far as this call goes."""
        if self._fault is not None:
            return "lost"
        return "connecting" if self._whole is None else "connected"

    def _intent(self) -> str | None:
        """Return the title of the call's intent: that of the list, or of the turns."""
        if self._call.intent_title is not None or self._whole is None:
            return self._call.intent_title
        intents = [assist.analysis.intent for assist in self._whole.turns if assist.analysis.intent is not None]
        return next((intent.title for intent in intents if intent.name == self._call.intent), None)

    def on_mount(self) -> None:
        """Read it."""
        self._read_while_open()

    def reload(self) -> None:
        """Read it now."""
        self._read_while_open()

    def action_back(self) -> None:
        """Go back to the list."""
        self.dismiss(None)

    @work(exclusive=True, group="call")
    async def _read_while_open(self) -> None:
        while True:
            try:
                whole = await self.terminal.sources.calls.read(self._call.id)
                self.post_message(CallRead(whole, self.terminal.clock()))
                if whole.after is not None or whole.call.state != "open":
                    return
            except ApplianceError as error:
                self.post_message(CallMissed(error))
            await self.terminal.pause(_INTERVAL_S)

    def on_call_read(self, event: CallRead) -> None:
        """Show it, with the last turn in sight where it was before."""
        panel = self.query_one("#call-turns", ContentPanel)
        follows = self._whole is None or panel.is_vertical_scroll_end
        self._whole, self._seen, self._fault = event.whole, event.seen, None
        title = self._call.intent_title if event.whole.call.intent == self._call.intent else None
        self._call = event.whole.call.model_copy(update={"intent_title": event.whole.call.intent_title or title})
        self.show(self.terminal.view)
        if follows:
            panel.scroll_end(animate=False)

    def on_call_missed(self, event: CallMissed) -> None:
        """Keep what is shown, and say why there is nothing newer."""
        self._fault = event.error
        self.show(self.terminal.view)
