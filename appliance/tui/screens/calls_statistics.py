"""Figures of the kept calls by intent, product, seat or day."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from textual import work
from textual.app import ComposeResult
from textual.message import Message as Event

from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _
from appliance.tui import call_words, commands, figures
from appliance.tui.calls_source import By, Figures, Statistics
from appliance.tui.drawing import one_line
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.view import Connection, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner
from appliance.tui.widgets.listing import Column, Listing

_TITLES: Mapping[By, tuple[Message, Message]] = {
    "intent": (_("Intent"), _("Calls by intent")),
    "product": (_("Product"), _("Calls by product")),
    "seat": (_("Seat"), _("Calls by seat")),
    "day": (_("Day (UTC)"), _("Calls by day")),
}
_ORDER: tuple[By, ...] = ("intent", "product", "seat", "day")
_FIGURES = (
    Column[Figures](_("Calls"), 6, lambda f, _l: figures.count(f.calls), align="right"),
    Column[Figures](
        _("Time"),
        7,
        lambda f, _l: figures.UNKNOWN if f.average_duration_s is None else call_words.clock(f.average_duration_s),
        align="right",
    ),
    Column[Figures](
        _("Score"),
        6,
        lambda f, _l: figures.UNKNOWN if f.average_score is None else f"{f.average_score:.1f}",
        align="right",
    ),
    Column[Figures](
        _("High risk"),
        9,
        lambda f, _l: figures.percent(f.high_risk_share),
        align="right",
        style=lambda f: call_words.LEVELS["high"].style if f.high_risk_share >= 0.2 else "",
    ),
    Column[Figures](_("Alerts"), 6, lambda f, _l: f"{f.alerts_per_call:.1f}", align="right", rank=2),
    Column[Figures](_("Resolved"), 8, lambda f, _l: figures.percent(f.resolved_share), align="right", rank=1),
)


@dataclass(frozen=True)
class _Shown:
    """The last reading, and why there is no newer one."""

    by: By = "intent"
    statistics: Statistics | None = None
    seen: datetime | None = None
    fault: ApplianceError | None = None


class StatisticsRead(Event):
    """Figures came; `by` tells which were asked for."""

    def __init__(self, statistics: Statistics, by: By, seen: datetime) -> None:
        super().__init__()
        self.statistics, self.by, self.seen = statistics, by, seen


class StatisticsMissed(Event):
    """They could not be read, and why."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


class CallsStatisticsScreen(ModeScreen[None]):
    """Reads figures once, and again when it is told to."""

    MODE = "calls"
    AUTO_FOCUS = "RowList"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (commands.GROUP, commands.BACK)
    ]

    def __init__(self) -> None:
        super().__init__()
        self._shown = _Shown()

    def body(self) -> ComposeResult:
        """Yield the table."""
        yield Listing[Figures](id="statistics")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the figures."""
        super().show(view)
        shown, language = self._shown, view.language
        self.set_class(shown.fault is not None and shown.seen is not None, "-stale")
        self.query_one(FaultBanner).show(shown.fault, shown.seen, _("Press r to read it again."), language)
        listing = self.query_one("#statistics", Listing)
        heading, title = _TITLES[shown.by]
        listing.border_title = title.render(language)
        listing.border_subtitle = self._note(language)
        name = Column[Figures](heading, 16, _name, grows=True)
        listing.show(self._rows(language), (name, *_FIGURES), self._nothing(), language)
        self.query_one(CommandLine).show(f"appliance calls statistics --by {shown.by}")

    def connection(self, view: View) -> Connection:
        """As far as the figures go."""
        if self._shown.fault is not None:
            return "lost"
        return "connecting" if self._shown.seen is None else "connected"

    def _rows(self, language: str) -> dict[str, Figures]:
        """Return a row for all calls and one a group, under keys that a widget takes."""
        statistics = self._shown.statistics
        if statistics is None or not statistics.groups:
            return {}
        whole = statistics.total.model_copy(update={"title": _("all").render(language)})
        return {"all": whole} | {f"group-{at}": group for at, group in enumerate(statistics.groups)}

    def _note(self, language: str) -> str:
        statistics = self._shown.statistics
        if statistics is None or statistics.complete:
            return ""
        return _("not all calls are counted").render(language)

    def _nothing(self) -> Message:
        if self._shown.seen is None:
            return Message("") if self._shown.fault else _("Waiting for the first reading …")
        return _("No call was kept yet.")

    def on_mount(self) -> None:
        """Read them."""
        self._read()

    def reload(self) -> None:
        """Read them now."""
        self._read()

    @work(exclusive=True, group="statistics")
    async def _read(self) -> None:
        by = self._shown.by
        try:
            statistics = await self.terminal.sources.calls.statistics(by)
            self.post_message(StatisticsRead(statistics, by, self.terminal.clock()))
        except ApplianceError as error:
            self.post_message(StatisticsMissed(error))

    def on_statistics_read(self, event: StatisticsRead) -> None:
        """Show them, if they are still those that are wanted."""
        if event.by == self._shown.by:
            self._shown = replace(self._shown, statistics=event.statistics, seen=event.seen, fault=None)
            self.show(self.terminal.view)

    def on_statistics_missed(self, event: StatisticsMissed) -> None:
        """Keep what is shown, and say why there is nothing newer."""
        self._shown = replace(self._shown, fault=event.error)
        self.show(self.terminal.view)

    def action_group(self) -> None:
        """Put calls together by the next value."""
        self._shown = _Shown(by=_ORDER[(_ORDER.index(self._shown.by) + 1) % len(_ORDER)])
        self.show(self.terminal.view)
        self._read()

    def action_back(self) -> None:
        """Go back to the calls."""
        self.dismiss(None)


def _name(row: Figures, _language: str) -> str:
    return one_line(row.title or row.key or figures.UNKNOWN)
