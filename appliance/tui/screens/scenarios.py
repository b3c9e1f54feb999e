"""The scenarios: what the appliance does for people, whether each runs, and how much it is used."""

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList

from appliance.core.messages import Message, _
from appliance.core.status import ApplicationStatus
from appliance.tui import figures, scenarios_keys
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.scenarios_source import Scenario, ScenariosSource
from appliance.tui.screens.polling import Found, PollingScreen
from appliance.tui.screens.scenarios_one import ScenarioScreen, application_of
from appliance.tui.screens.scenarios_try import TryScreen
from appliance.tui.view import Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.words import STATES


@dataclass(frozen=True)
class _Row:
    """A scenario with its application; None where the status is not known, or not for this key."""

    scenario: Scenario
    application: ApplicationStatus | None

    def count(self, name: str) -> str:
        """Return a counter of its traffic."""
        return figures.UNKNOWN if self.application is None else figures.count(getattr(self.application.traffic, name))


def _state(row: _Row, language: str) -> str:
    if row.application is None:
        return figures.UNKNOWN
    mark = STATES[row.application.state]
    return f"{mark.shape} {mark.word.render(language)}"


def _replicas(row: _Row, _language: str) -> str:
    one = row.application
    return figures.UNKNOWN if one is None else f"{one.replicas_running}/{one.replicas_target}"


def _errors_style(row: _Row) -> str:
    return "$text-error" if row.application is not None and row.application.traffic.errors_total else MUTED


_COLUMNS = (
    Column[_Row](
        _("State"),
        11,
        _state,
        style=lambda row: MUTED if row.application is None else STATES[row.application.state].style,
    ),
    Column[_Row](
        _("Scenario"),
        18,
        lambda row, language: one_line(row.scenario.titled(language)),
        style=lambda _r: "bold",
        grows=True,
    ),
    Column[_Row](_("Name"), 14, lambda row, _l: one_line(row.scenario.name), style=lambda _r: MUTED, rank=2),
    Column[_Row](_("Replicas"), 8, _replicas, align="right"),
    Column[_Row](_("Requests"), 8, lambda row, _l: row.count("requests_total"), align="right"),
    Column[_Row](_("Errors"), 6, lambda row, _l: row.count("errors_total"), align="right", style=_errors_style),
    Column[_Row](_("Active"), 6, lambda row, _l: row.count("in_flight"), align="right", rank=1),
    Column[_Row](_("Version"), 8, lambda row, _l: one_line(row.scenario.version), style=lambda _r: MUTED, rank=3),
)


class ScenariosScreen(PollingScreen[None, tuple[Scenario, ...]]):
    """Lists the scenarios; Enter opens one, `t` tries it."""

    MODE = "scenarios"
    COMPACT_BELOW = 90
    AUTO_FOCUS = "RowList"
    BINDINGS = [scenarios_keys.TRY.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self) -> None:
        super().__init__()
        self.found = Found(())
        self._notice: Notice | None = None

    @property
    def source(self) -> ScenariosSource:
        """Where the scenarios come from."""
        source = self.terminal.sources.scenarios
        assert source is not None, "the terminal was given it"
        return source

    def body(self) -> ComposeResult:
        """Yield the list."""
        yield NoticeLine()
        yield Listing[_Row](id="scenarios")
        yield Lines(id="scenario-note")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the scenarios with their states."""
        super().show(view)
        found, language = self.found, view.language
        self.query_one(NoticeLine).show(self._notice or self._standing_notice(view), language)
        listing = self.query_one("#scenarios", Listing)
        listing.border_title = _("Scenarios").render(language)
        rows = {one.name: _Row(one, application_of(view, one.name)) for one in found.value}
        listing.border_subtitle = str(len(rows)) if found.seen else ""
        listing.show(rows, _COLUMNS, self._nothing(), language)
        self._draw_note(view)
        self.query_one(CommandLine).show("appliance status")
        self.refresh_bindings()

    def _draw_note(self, view: View) -> None:
        """Show what the chosen scenario's application says, else the first one that is in trouble."""
        chosen = self._chosen()
        names = [one.name for one in ((chosen,) if chosen else ()) + self.found.value]
        applications = [application_of(view, name) for name in names]
        told = next((one for one in applications if one is not None and one.message), None)
        note = self.query_one("#scenario-note", Lines)
        note.display = told is not None
        if told is not None:
            mark = STATES[told.state]
            parts = ((f"{mark.shape} {one_line(told.name)}  ", mark.style), (one_line(told.message), MUTED))
            note.say(Content.assemble(*parts))

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Show the message of the chosen scenario."""
        self._draw_note(self.terminal.view)

    def _standing_notice(self, view: View) -> Notice | None:
        """Say why states or keys are missing."""
        if view.who is None:
            return None
        if not view.may("scenario.ask"):
            return Notice("warning", _("Read only: this key may not ask scenarios."), _("So there is nothing to try."))
        if not view.may("status.read"):
            return Notice("warning", _("States and counts are for administrators."))
        return None

    def _nothing(self) -> Message:
        if self.found.seen is None:
            return Message("") if self.found.fault else _("Waiting for the first reading …")
        return _("No scenario is installed; the site file lists them under `scenarios`.")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out trying for who may not ask, and where there is nothing."""
        if action == "try_here":
            return bool(self.found.value) and self.terminal.view.may("scenario.ask")
        return super().check_action(action, parameters)

    async def read(self) -> tuple[Scenario, ...]:
        """Return the scenarios."""
        return await self.source.find()

    def reload(self) -> None:
        """Read now."""
        self._notice = None
        self.read_for_ever()

    def _chosen(self) -> Scenario | None:
        name = self.query_one("#scenarios", Listing).chosen
        return next((one for one in self.found.value if one.name == name), None)

    def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        """Open the chosen scenario."""
        chosen = self._chosen()
        if chosen is not None:
            self.app.push_screen(ScenarioScreen(chosen))

    def action_try_here(self) -> None:
        """Try the chosen scenario."""
        chosen = self._chosen()
        if chosen is not None:
            self.app.push_screen(TryScreen(chosen))
