"""One scenario: its actions, an example call of the chosen one to copy, and what went wrong lately."""

from datetime import datetime

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message as Event
from textual.widgets import OptionList

from appliance.core.errors import ApplianceError, NotFound, PermissionDenied
from appliance.core.messages import Message, _
from appliance.core.status import ApplicationStatus
from appliance.operations.scenario_examples import curl
from appliance.tui import commands, scenarios_keys
from appliance.tui.drawing import MUTED, one_line, visible
from appliance.tui.scenarios_source import ROOT, ActionFacts, Scenario, ScenarioFacts, ScenariosSource
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.screens.scenarios_try import TryScreen
from appliance.tui.view import Connection, Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.content_panel import ContentPanel
from appliance.tui.widgets.fault_banner import FaultBanner
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.listing import Column, Listing, RowList
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.widgets.scenario_text import last_errors, scenario_facts


def _below(path: str) -> str:
    """Return a path without the scenario's own address."""
    return "/" + "/".join(path.split("/")[4:])


_COLUMNS = (
    Column[ActionFacts](_("Action"), 18, lambda a, _l: one_line(a.name), style=lambda _a: "bold", grows=True),
    Column[ActionFacts](_("Method and path"), 22, lambda a, _l: one_line(f"{a.method} {_below(a.path)}"), grows=True),
    Column[ActionFacts](
        _("What it does"), 34, lambda a, _l: one_line(a.summary), style=lambda _a: MUTED, rank=2, grows=True
    ),
    Column[ActionFacts](
        _("Needs"), 16, lambda a, _l: one_line(a.needs or "scenario.ask"), style=lambda _a: MUTED, rank=3
    ),
)


class FactsRead(Event):
    """The scenario's facts came."""

    def __init__(self, facts: ScenarioFacts, seen: datetime) -> None:
        super().__init__()
        self.facts, self.seen = facts, seen


class FactsMissed(Event):
    """They could not be read, and why."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


class ScenarioScreen(ModeScreen[None]):
    """Shows one scenario; the example call is that of the chosen action."""

    MODE = "scenarios"
    COMPACT_BELOW = 90
    AUTO_FOCUS = "RowList"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - Textual reads the class attribute
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (scenarios_keys.TRY, scenarios_keys.COPY, commands.BACK, commands.NEXT_PANEL)
    ]

    def __init__(self, scenario: Scenario) -> None:
        super().__init__()
        self._scenario = scenario
        self._facts: ScenarioFacts | None = None
        self._seen: datetime | None = None
        self._fault: ApplianceError | None = None
        self._notice: Notice | None = None

    @property
    def source(self) -> ScenariosSource:
        """Where the facts come from."""
        source = self.terminal.sources.scenarios
        assert source is not None, "the terminal was given it"
        return source

    def body(self) -> ComposeResult:
        """Yield facts, actions, example and errors."""
        yield NoticeLine()
        yield Lines(id="scenario-facts")
        with Container(id="scenario-parts"):
            yield Listing[ActionFacts](id="scenario-actions")
            with Vertical(id="scenario-side"):
                yield ContentPanel(id="scenario-example", classes="panel")
                yield ContentPanel(id="scenario-errors", classes="panel")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the scenario."""
        super().show(view)
        language, facts = view.language, self._facts
        application = application_of(view, self._scenario.name)
        self.set_class(self._fault is not None and facts is not None, "-stale")
        self.query_one(FaultBanner).show(self._fault, self._seen, _("Press r to read it again."), language)
        self.query_one(NoticeLine).show(self._notice, language)
        self.query_one("#scenario-facts", Lines).say(scenario_facts(self._scenario, application, language))
        listing = self.query_one("#scenario-actions", Listing)
        address = f"{ROOT}/{one_line(self._scenario.name)}"
        listing.border_title = _("Actions below {address}", address=address).render(language)
        listing.border_subtitle = str(len(facts.actions)) if facts else ""
        rows = {f"{one.method} {one.path}": one for one in (facts.actions if facts else ())}
        listing.show(rows, _COLUMNS, Message("") if self._fault else _("Reading …"), language)
        self._draw_example(language)
        errors = self.query_one("#scenario-errors", ContentPanel)
        errors.display = facts is not None
        if facts is not None:
            errors.draw(_("Last errors").render(language), last_errors(facts, application, language))
        self.query_one(CommandLine).show(self._command())
        self.refresh_bindings()

    def _draw_example(self, language: str) -> None:
        panel, chosen = self.query_one("#scenario-example", ContentPanel), self._chosen()
        panel.display = chosen is not None
        if chosen is None:
            return
        words = _("APPLIANCE_KEY holds a key, as `appliance key create` makes them.")
        text = Content.assemble(visible(self._example(chosen)), "\n", (f"# {words.render(language)}", MUTED))
        panel.draw(_("Example call").render(language), text, one_line(chosen.name))

    def _example(self, action: ActionFacts) -> str:
        """Return the call of an action: with what its pack tries, else with what its schema requires."""
        examples = self._facts.examples if self._facts else ()
        known = next((one.payload for one in examples if one.action == action.name), None)
        payload = action.payload if known is None or action.payload is None else known
        return curl(self.source.address, action.method, action.path, payload)

    def _command(self) -> str:
        if self.terminal.sources.local is None:
            return "appliance status"
        return f"appliance audit search --target {one_line(self._scenario.name)} --failed"

    def _chosen(self) -> ActionFacts | None:
        key = self.query_one("#scenario-actions", Listing).chosen
        actions = self._facts.actions if self._facts else ()
        return next((one for one in actions if f"{one.method} {one.path}" == key), None)

    def connection(self, view: View) -> Connection:
        """As far as this scenario goes."""
        refused = isinstance(self._fault, PermissionDenied | NotFound)
        if self._fault is not None and not refused:
            return "lost"
        return "connecting" if self._facts is None and not refused else "connected"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what is not for the reader, or not there yet."""
        if action == "try_here":
            return self.terminal.view.may("scenario.ask")
        if action == "copy":
            return self._facts is not None
        return super().check_action(action, parameters)

    def on_mount(self) -> None:
        """Read the facts."""
        super().on_mount()
        self._read()

    def reload(self) -> None:
        """Read them again."""
        self._notice = None
        self._read()

    @work(exclusive=True, group="scenario")
    async def _read(self) -> None:
        terminal = self.terminal
        try:
            facts = await self.source.facts(self._scenario.name, terminal.sources.local, terminal.language)
            self.post_message(FactsRead(facts, terminal.clock()))
        except ApplianceError as error:
            self.post_message(FactsMissed(error))

    def on_facts_read(self, event: FactsRead) -> None:
        """Keep them and show them; the action that the pack itself tries is chosen first."""
        first = self._facts is None
        self._facts, self._seen, self._fault = event.facts, event.seen, None
        self.show(self.terminal.view)
        tried = {one.action for one in event.facts.examples}
        place = next((place for place, one in enumerate(event.facts.actions) if one.name in tried), None)
        if first and place is not None:
            self.query_one(RowList).highlighted = place

    def on_facts_missed(self, event: FactsMissed) -> None:
        """Keep what is shown, and say why there is nothing newer."""
        self._fault = event.error
        self.show(self.terminal.view)

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Show the example of the chosen action."""
        self._draw_example(self.terminal.language)

    def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        """Enter opens what one may do here: try it, or copy the call."""
        if self.terminal.view.may("scenario.ask"):
            self.action_try_here()
        else:
            self.action_copy()

    def action_copy(self) -> None:
        """Copy the example call."""
        chosen = self._chosen()
        if chosen is None:
            return
        self.app.copy_to_clipboard(self._example(chosen))
        hint = _("If your terminal program does not take it, mark the text with the mouse and Shift held.")
        self._notice = Notice(
            "done", _("The call of {action} is in the clipboard.", action=one_line(chosen.name)), hint
        )
        self.show(self.terminal.view)

    def action_try_here(self) -> None:
        """Try the scenario."""
        self._notice = None
        self.app.push_screen(TryScreen(self._scenario))

    def action_back(self) -> None:
        """Go back to the list."""
        self.dismiss(None)


def application_of(view: View, name: str) -> ApplicationStatus | None:
    """Return the application of a scenario in the last status."""
    applications = view.status.applications if view.status else ()
    return next((one for one in applications if one.kind == "scenario" and one.name == name), None)
