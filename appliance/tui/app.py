"""The terminal app: reads the appliance in a worker, keeps the last reading, and hands it to the screen in front."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.message import Message as Event
from textual.reactive import reactive

from appliance.core.clock import Clock, utc_now
from appliance.core.errors import ApplianceError
from appliance.core.messages import LANGUAGES, Message, _
from appliance.operations.alerts import ErrorWatch, alerts
from appliance.operations.changes import ChangeWatch
from appliance.tui import commands
from appliance.tui.deferred import made
from appliance.tui.rates import RateTracker
from appliance.tui.screens.help import HelpScreen
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.screens.overview import OverviewScreen
from appliance.tui.source import Sources
from appliance.tui.themes import ThemedApp, ThemeMemory
from appliance.tui.view import View

if TYPE_CHECKING:
    from pathlib import Path

    from appliance.core.status import ApplianceStatus
    from appliance.tui.identity import Who
    from appliance.tui.palette import Entry

INTERVAL_S = 2.0


class StatusRead(Event):
    """A reading came."""

    def __init__(self, status: "ApplianceStatus") -> None:
        super().__init__()
        self.status = status


class WhoRead(Event):
    """It is known whose key it is."""

    def __init__(self, who: "Who") -> None:
        super().__init__()
        self.who = who


class StatusMissed(Event):
    """A reading failed, and why."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


def _loaded(module: str, name: str) -> Callable[[], ModeScreen[None]]:
    """Return what makes a screen, which is loaded only when it is wanted: the first one is there sooner."""

    def make() -> ModeScreen[None]:
        screen: ModeScreen[None] = made(f"screens.{module}", name)()
        return screen

    return make


class TerminalApp(ThemedApp[None]):
    """The appliance on one terminal. It holds no key; what changes the appliance is asked back for first."""

    TITLE = "LLM Appliance"
    CSS_PATH = "appliance.tcss"
    MODES: ClassVar = {
        "overview": OverviewScreen,
        "capacity": _loaded("capacity", "CapacityScreen"),
        "models": _loaded("models", "ModelsScreen"),
        "scenarios": _loaded("scenarios", "ScenariosScreen"),
        "knowledge": _loaded("knowledge", "KnowledgeScreen"),
        "governance": _loaded("governance", "GovernanceScreen"),
        "reviews": _loaded("reviews", "ReviewsScreen"),
        "calls": _loaded("calls", "CallsScreen"),
    }
    SCREENS: ClassVar = {
        "alerts": _loaded("alerts", "AlertsScreen"),
        "changes": _loaded("changes", "ChangesScreen"),
    }
    """Screens that are opened often: they are kept when they are left."""
    DEFAULT_MODE = "overview"
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        command.binding()
        for command in (
            *commands.MODES.values(),
            commands.QUIT,
            commands.HELP,
            commands.LANGUAGE,
            commands.REFRESH,
            commands.PALETTE,
            commands.THEME,
        )
    ]

    language: reactive[str] = reactive("en", init=False)
    """Language of every text on the screens, one of `LANGUAGES`."""

    def __init__(
        self,
        sources: Sources,
        language: str = "en",
        interval_s: float = INTERVAL_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Clock = utc_now,
        theme: str | None = None,
        memory: ThemeMemory | None = None,
    ) -> None:
        super().__init__(theme, memory)
        self.sources = sources
        self.pause = pause
        self.clock = clock
        self._rates = RateTracker()
        self._errors = ErrorWatch()
        self._changes = ChangeWatch()
        self.view = View(sources.status.address, language, interval_s, past=self._rates.past)
        self.set_reactive(TerminalApp.language, language)

    def crash_folder(self) -> "Path | None":
        """Return the folder of logs, where the appliance is on this machine."""
        return None if self.sources.local is None else self.sources.local.home.logs

    def on_mount(self) -> None:
        """Start reading."""
        self._read_for_ever()

    async def on_unmount(self) -> None:
        """Let go of the connection."""
        await self.sources.status.close()

    @work(exclusive=True, group="status")
    async def _read_for_ever(self) -> None:
        while True:
            await self.read_once()
            await self.pause(self.view.interval_s)

    async def read_once(self) -> None:
        """Read the appliance and post what came of it."""
        try:
            self.post_message(StatusRead(await self.sources.status.read()))
        except ApplianceError as error:
            self.post_message(StatusMissed(error))
        if self.view.who is None:
            await self._read_who()

    async def _read_who(self) -> None:
        try:
            self.post_message(WhoRead(await self.sources.identity.read()))
        except ApplianceError as error:
            self.log.warning(f"whose key it is could not be read: {error.render('en')}")

    def on_who_read(self, event: WhoRead) -> None:
        """Keep who reads, and offer what they may do."""
        self._show(replace(self.view, who=event.who))
        self.refresh_bindings()

    def on_status_read(self, event: StatusRead) -> None:
        """Keep the reading and show it."""
        status, rates = event.status, self._rates.observe(event.status)
        self._changes.observe(status)
        view = replace(self.view, status=status, rates=rates, history=self._rates.history, fault=None)
        found = alerts(status, self._errors.observe(status))
        self._show(replace(view, alerts=found, changes=self._changes.changes))

    def on_status_missed(self, event: StatusMissed) -> None:
        """Keep the last reading, and say why there is no newer one."""
        self._rates.miss()
        self._changes.miss(self.clock())
        view = replace(self.view, rates={}, history=self._rates.history, fault=event.error)
        self._show(replace(view, changes=self._changes.changes))

    def watch_language(self, language: str) -> None:
        """Draw everything in the new language."""
        self._show(replace(self.view, language=language))
        self.refresh_bindings()

    def _show(self, view: View) -> None:
        self.view = view
        for screen in self.screen_stack:
            if isinstance(screen, ModeScreen) and screen.is_mounted:
                screen.show(view)

    def action_language(self) -> None:
        """Go to the next language."""
        self.language = LANGUAGES[(LANGUAGES.index(self.language) + 1) % len(LANGUAGES)]

    async def action_refresh_now(self) -> None:
        """Read at once, also what the screen in front shows of its own; the next reading follows as usual."""
        self.view = replace(self.view, who=None)
        self._read_for_ever()
        if isinstance(self.screen, ModeScreen):
            self.screen.reload()

    def action_help(self) -> None:
        """Show the keys of the screen in front."""
        self.push_screen(HelpScreen(self.screen.active_bindings, self.language))

    def action_command_palette(self) -> None:
        """Find what can be done on the screen in front by its name, in the reader's language."""
        from appliance.tui.palette import entries_of

        self._offer(entries_of(self, self.screen), _("Type to find a command …"))

    def action_change_theme(self) -> None:
        """Choose one of the appliance's themes."""
        from appliance.tui.palette import theme_entries

        self._offer(theme_entries(self), _("Type to find colours …"))

    def _offer(self, entries: "list[Entry]", placeholder: Message) -> None:
        from appliance.tui.palette import palette

        if not isinstance(self.screen, CommandPalette):
            self.push_screen(palette(entries, placeholder.render(self.language), self.language))
