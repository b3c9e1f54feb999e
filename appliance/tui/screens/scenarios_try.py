"""Try a scenario here: choose an example or write something, and read what is answered."""

import asyncio
from contextlib import aclosing

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message as Event
from textual.widgets import Input, OptionList

from appliance.core.errors import ApplianceError, Unavailable
from appliance.core.messages import Message, _
from appliance.operations.gateways import TRY_AGAIN
from appliance.tui import commands, scenarios_keys
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.scenarios_report_trial import ReportTrial
from appliance.tui.scenarios_source import Scenario
from appliance.tui.scenarios_trials import AdvisorTrial, CallTrial, ExamplesTrial, Offer, QuestionTrial, Told, Trial
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.view import Connection, Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.content_panel import ContentPanel
from appliance.tui.widgets.fault_banner import FaultBanner
from appliance.tui.widgets.hanging_panel import HangingPanel
from appliance.tui.widgets.listing import Column, Listing, RowList
from appliance.tui.widgets.notice_line import NoticeLine

_KNOWN: dict[str, type[ExamplesTrial]] = {
    "knowledge-qa": QuestionTrial,
    "agent-assist": CallTrial,
    "advisor": AdvisorTrial,
}
_COLUMNS = (
    Column[Offer](
        _("Example"), 30, lambda o, language: one_line(o.label.render(language)), style=lambda _o: "bold", grows=True
    ),
    Column[Offer](
        _("What it is"), 22, lambda o, language: one_line(o.about.render(language)), style=lambda _o: MUTED, rank=1
    ),
)


class OffersRead(Event):
    """The examples came."""

    def __init__(self, offers: tuple[Offer, ...]) -> None:
        super().__init__()
        self.offers = offers


class AnswerTold(Event):
    """There is something to show; `last` tells that it is the answer."""

    def __init__(self, told: Told | None, last: bool) -> None:
        super().__init__()
        self.told, self.last = told, last


class TryFailed(Event):
    """Examples or an answer did not come, and why."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


class TryScreen(ModeScreen[None]):
    """Asks in a worker, with a limit on its time; Esc stops waiting, and then goes back."""

    MODE = "scenarios"
    COMPACT_BELOW = 84
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - Textual reads the class attribute
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (scenarios_keys.MORE, scenarios_keys.LEAVE, commands.NEXT_PANEL)
    ]

    def __init__(self, scenario: Scenario) -> None:
        super().__init__()
        self._scenario = scenario
        self._trial: Trial | None = None
        self._offers: tuple[Offer, ...] | None = None
        self._told: Told | None = None
        self._asked: Offer | str | None = None
        self._busy = False
        self._notice: Notice | None = None

    @property
    def trial(self) -> Trial:
        """What is tried."""
        if self._trial is None:
            source, terminal = self.terminal.sources.scenarios, self.terminal
            assert source is not None, "the terminal was given it"
            name = self._scenario.name
            if name == "reports":
                self._trial = ReportTrial(source, terminal.pause)
            else:
                self._trial = _KNOWN.get(name, ExamplesTrial)(source, name, terminal.sources.local)
        return self._trial

    def body(self) -> ComposeResult:
        """Yield the line to write on, the examples and the answer."""
        yield NoticeLine()
        line = Input(compact=True, id="try-line")
        line.cursor_blink = False
        line.display = self.trial.wording is not None
        yield line
        with Vertical(id="try-parts"):
            yield Listing[Offer](id="try-offers")
            yield HangingPanel(id="try-answer", classes="panel")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw examples and answer."""
        super().show(view)
        language = view.language
        self.query_one(FaultBanner).show(None, None, Message(""), language)
        self.query_one(NoticeLine).show(self._notice, language)
        if self.trial.wording is not None:
            self.query_one("#try-line", Input).placeholder = self.trial.wording.render(language)
        self.set_class(self._asked is not None, "-answered")
        listing = self.query_one("#try-offers", Listing)
        title = _("Try {scenario}: choose an example", scenario=one_line(self._scenario.titled(language)))
        listing.border_title = title.render(language)
        nothing = _("Reading …") if self._offers is None else _("The scenario comes without examples.")
        listing.show({one.key: one for one in self._offers or ()}, _COLUMNS, nothing, language)
        self._draw_answer(language)
        self.query_one(CommandLine).show(self._command())
        self.refresh_bindings()

    def _draw_answer(self, language: str) -> None:
        panel, asked = self.query_one("#try-answer", ContentPanel), self._asked
        title = _("The answer").render(language)
        if isinstance(asked, Offer):
            title = one_line(asked.label.render(language))
        elif asked is not None:
            title = one_line(asked)
        waiting = _("Working … Esc stops waiting.") if self._busy else Message("")
        hint = _("Choose an example, or write above; Enter asks.") if self.trial.wording else _("Choose an example.")
        text = Content.styled((hint if asked is None else waiting).render(language), MUTED)
        if self._told is not None:
            text = self._told.shown(language)
            if self._busy:
                text = Content("\n").join([Content.styled(waiting.render(language), MUTED), text])
        panel.draw(title, text)

    def _command(self) -> str:
        if self._told is not None and self._told.command is not None:
            return one_line(self._told.command)
        if self._asked is not None:
            return one_line(self.trial.command(self._asked))
        chosen = self._chosen()
        return one_line(self.trial.command(chosen)) if chosen else "appliance status"

    def connection(self, view: View) -> Connection:
        """As the status goes; an answer that does not come is told by itself."""
        return "connected" if self._offers is not None else view.connection

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Something else is tried once there is an answer."""
        return (
            self._asked is not None and not self._busy if action == "more" else super().check_action(action, parameters)
        )

    def on_mount(self) -> None:
        """Read the examples."""
        super().on_mount()
        self._focus_first()
        self._read_offers()

    def _focus_first(self) -> None:
        if self.trial.wording is not None:
            self.query_one("#try-line", Input).focus()
        else:
            self.query_one(RowList).focus()

    def reload(self) -> None:
        """Read the examples again."""
        self._notice = None
        self._read_offers()

    @work(exclusive=True, group="offers")
    async def _read_offers(self) -> None:
        try:
            self.post_message(OffersRead(await self.trial.offers(self.terminal.language)))
        except ApplianceError as error:
            self.post_message(OffersRead(()))
            self.post_message(TryFailed(error))

    def on_offers_read(self, event: OffersRead) -> None:
        """Show the examples."""
        self._offers = event.offers
        self.show(self.terminal.view)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Ask what was written."""
        if event.input.id == "try-line" and event.value.strip():
            self._ask(event.value.strip())

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Show the command of the chosen example."""
        self.query_one(CommandLine).show(self._command())

    def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        """Ask the chosen example."""
        chosen = self._chosen()
        if chosen is not None:
            self._ask(chosen)

    def _chosen(self) -> Offer | None:
        key = self.query_one("#try-offers", Listing).chosen
        return next((one for one in self._offers or () if one.key == key), None)

    def _ask(self, asked: Offer | str) -> None:
        self._asked, self._told, self._notice, self._busy = asked, None, None, True
        self.show(self.terminal.view)
        self.query_one("#try-answer", ContentPanel).focus()
        self._run(asked)

    @work(exclusive=True, group="try")
    async def _run(self, asked: Offer | str) -> None:
        limit = self.trial.limit_s
        try:
            async with asyncio.timeout(limit), aclosing(self.trial.run(asked)) as news:
                async for told in news:
                    self.post_message(AnswerTold(told, last=False))
            self.post_message(AnswerTold(None, last=True))
        except TimeoutError:
            late = _("No answer came within {seconds} s.", seconds=round(limit))
            self.post_message(TryFailed(Unavailable(late, TRY_AGAIN)))
        except ApplianceError as error:
            self.post_message(TryFailed(error))

    def on_answer_told(self, event: AnswerTold) -> None:
        """Show it."""
        if event.told is not None:
            self._told = event.told
        self._busy = self._busy and not event.last
        self.show(self.terminal.view)

    def on_try_failed(self, event: TryFailed) -> None:
        """Say why."""
        self._notice, self._busy = Notice.of(event.error), False
        self.show(self.terminal.view)

    def action_more(self) -> None:
        """Choose something else."""
        self._asked = self._told = self._notice = None
        self.show(self.terminal.view)
        self._focus_first()

    def action_leave(self) -> None:
        """Stop waiting; where nothing is waited for, go back."""
        if not self._busy:
            self.dismiss(None)
            return
        self.workers.cancel_group(self, "try")
        self._busy = False
        self._notice = Notice("warning", self.trial.left)
        self.show(self.terminal.view)
