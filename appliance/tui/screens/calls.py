"""The calls that go on, the riskiest first."""

import asyncio
from datetime import timedelta
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.message import Message as Event
from textual.widgets import OptionList

from appliance.core.errors import ApplianceError, InvalidRequest, NotFound, PermissionDenied
from appliance.core.messages import Message, _
from appliance.tui import call_words, commands, figures
from appliance.tui.calls_source import Call, Level, LiveCalls
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.screens.call import CallScreen
from appliance.tui.screens.calls_statistics import CallsStatisticsScreen
from appliance.tui.screens.polling import Found, PollingScreen
from appliance.tui.view import Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.notice_line import NoticeLine

_EXPORTED_DAYS = 30
_RISK = Column[Call](
    _("Risk"),
    8,
    lambda c, language: (
        f"{call_words.LEVELS[c.risk.level].shape} {call_words.LEVELS[c.risk.level].word.render(language)}"
    ),
    style=lambda c: call_words.LEVELS[c.risk.level].style,
)
_SEAT = Column[Call](_("Seat"), 10, lambda c, _l: one_line(c.seat), style=lambda _c: "bold", grows=True)
_INTENT = Column[Call](
    _("Intent"), 16, lambda c, _l: one_line(c.intent_title or c.intent or figures.UNKNOWN), grows=True
)
_PRODUCT = Column[Call](_("Product"), 12, lambda c, _l: one_line(c.product or figures.UNKNOWN), rank=2, grows=True)
_MOOD = Column[Call](
    _("Mood"), 8, lambda c, _l: f"{c.mood.score:+.2f} {call_words.TRENDS[c.mood.trend]}", align="right", rank=1
)
_ALERTS = Column[Call](_("Alerts"), 6, lambda c, _l: str(c.alerts), align="right")
_DURATION = Column[Call](_("Time"), 7, lambda c, _l: call_words.clock(c.duration_s), align="right")
_STARTED = Column[Call](
    _("Since"), 11, lambda c, _l: figures.day_and_time(c.started_at), style=lambda _c: MUTED, rank=3
)
_COLUMNS = (_RISK, _SEAT, _INTENT, _PRODUCT, _MOOD, _ALERTS, _DURATION, _STARTED)


class Exported(Event):
    """A table was written, or why not."""

    def __init__(self, notice: Notice, command: str | None) -> None:
        super().__init__()
        self.notice, self.command = notice, command


class CallsScreen(PollingScreen[None, LiveCalls | None]):
    """Reads the open calls while it is in front; Enter opens one."""

    MODE = "calls"
    INTERVAL_S = 5.0
    ANSWERED = (PermissionDenied, NotFound)
    COMPACT_BELOW = 110
    AUTO_FOCUS = "RowList"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (commands.RISK_FILTER, commands.STATISTICS, commands.EXPORT)
    ]

    def __init__(self) -> None:
        super().__init__()
        self.found = Found(None)
        self._level: Level | None = None
        self._notice: Notice | None = None
        self._command: str | None = None

    def body(self) -> ComposeResult:
        """Yield the list."""
        yield NoticeLine()
        yield Listing[Call](id="calls")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the calls."""
        super().show(view)
        language = view.language
        self.query_one(NoticeLine).show(self._notice, language)
        listing = self.query_one("#calls", Listing)
        title = _("Calls now: high risk only") if self._level else _("Calls now")
        listing.border_title = title.render(language)
        listing.border_subtitle = self._counted(language)
        listing.show({call.id: call for call in self._calls}, _COLUMNS, self._nothing(), language)
        shown = "appliance calls list" + (f" --level {self._level}" if self._level else "")
        self.query_one(CommandLine).show(self._command or shown)

    @property
    def _calls(self) -> tuple[Call, ...]:
        return () if self.found.value is None else self.found.value.data

    def _counted(self, language: str) -> str:
        """Return how many calls there are of each risk."""
        found = self.found.value
        if found is None or not found.total:
            return ""
        parts = [
            f"{mark.shape} {mark.word.render(language)} {found.levels.get(level, 0)}"  # type: ignore[call-overload]
            for level, mark in call_words.LEVELS.items()
        ]
        return "  ".join(parts)

    def _nothing(self) -> Message:
        if self.found.seen is None:
            return Message("") if self.found.fault else _("Waiting for the first reading …")
        return _("No call has a high risk now.") if self._level else _("No call is going on.")

    def asked(self) -> Level | None:
        """Return the risk that calls must have."""
        return self._level

    async def read(self) -> LiveCalls | None:
        """Return the open calls."""
        return await self.terminal.sources.calls.live(self._level)

    def reload(self) -> None:
        """Read now."""
        self._notice = self._command = None
        self.read_for_ever()

    def action_risk_filter(self) -> None:
        """Show calls of a high risk only, or all."""
        self._level = None if self._level else "high"
        self.found = Found(None)
        self.reload()
        self.show(self.terminal.view)

    def action_statistics(self) -> None:
        """Show figures."""
        self.app.push_screen(CallsStatisticsScreen())

    def action_export(self) -> None:
        """Write the calls of the last days into a file."""
        self._notice = Notice("warning", _("Fetching the calls …"))
        self.show(self.terminal.view)
        self._export()

    @work(exclusive=True, group="export")
    async def _export(self) -> None:
        now = self.terminal.clock()
        since = (now - timedelta(days=_EXPORTED_DAYS)).date().isoformat()
        file = Path.cwd() / f"calls-{now.strftime('%Y%m%d-%H%M%S')}.csv"
        try:
            table = await self.terminal.sources.calls.table(since)
            await asyncio.to_thread(_write, file, table.content)
        except ApplianceError as error:
            self.post_message(Exported(Notice.of(error), None))
            return
        done = _("The calls since {day} were written to {file}.", day=since, file=file)
        self.post_message(Exported(Notice("done", done), f"appliance calls export {file.name} --since {since}"))

    def on_exported(self, event: Exported) -> None:
        """Say where it is, or why it is not."""
        self._notice, self._command = event.notice, event.command
        self.show(self.terminal.view)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the chosen call."""
        call = next((call for call in self._calls if call.id == event.option_id), None)
        if call is not None:
            self._notice = self._command = None
            self.app.push_screen(CallScreen(call))


def _write(file: Path, content: bytes) -> None:
    """Write a file: call it in a thread. Raises `InvalidRequest` where it cannot be written."""
    try:
        file.write_bytes(content)
    except OSError as error:
        raise InvalidRequest(
            _("The file {path} cannot be written: {reason}.", path=file, reason=error.strerror or str(error)),
            _("Start the terminal in a folder that you may write to."),
        ) from error
