"""The app of the first start: which page comes when, and what has been answered."""

from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any, ClassVar

from textual import work
from textual.app import App
from textual.binding import BindingType
from textual.message import Message as Event
from textual.reactive import reactive

from appliance.core.errors import ApplianceError
from appliance.operations.setup.answers import Answers
from appliance.operations.tour import Tour
from appliance.tui import commands
from appliance.tui.local import in_thread
from appliance.tui.screens.help import HelpScreen
from appliance.tui.themes import CONTRAST, DARK, LIGHT
from appliance.tui.wizard.draft import Draft
from appliance.tui.wizard.page import Page
from appliance.tui.wizard.pages.beginning import ChecksPage, RolePage, WelcomePage
from appliance.tui.wizard.pages.content import PackagesPage, PlanPage
from appliance.tui.wizard.pages.ending import ConfirmPage, DonePage, InstallPage
from appliance.tui.wizard.pages.settings import AdministratorPage, JoinPage, NetworkPage
from appliance.tui.wizard.source import Address, Left, SetupSource

_BEGINNING: tuple[type[Page], ...] = (WelcomePage, RolePage)
_FIRST: tuple[type[Page], ...] = (NetworkPage, ChecksPage, AdministratorPage, PackagesPage, PlanPage)
_JOIN: tuple[type[Page], ...] = (ChecksPage, JoinPage)
_ENDING: tuple[type[Page], ...] = (ConfirmPage, InstallPage, DonePage)


class Known(Event):
    """What this machine has, and what was left of a first start."""

    def __init__(self, addresses: tuple[Address, ...], left: Left | None) -> None:
        super().__init__()
        self.addresses, self.left = addresses, left


class SetupApp(App[str]):
    """The first start. It ends with `terminal` where the appliance runs, `joined` on a node, None where it was left."""

    TITLE = "LLM Appliance"
    CSS_PATH: ClassVar[list[str | PurePath]] = [Path(__file__).parents[1] / "appliance.tcss", "wizard.tcss"]
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        command.binding() for command in (commands.LEAVE_SETUP, commands.HELP_SETUP, commands.LANGUAGE_SETUP)
    ]

    language: reactive[str] = reactive("en", init=False)
    """Language of every text, one of `LANGUAGES`."""

    def __init__(self, source: SetupSource, language: str = "en") -> None:
        super().__init__()
        self.source = source
        self.draft = Draft(language="zh_CN" if language == "zh_CN" else "en")
        self.addresses: tuple[Address, ...] = ()
        self.left: Left | None = None
        self.tour: Tour | None = None
        self._page: type[Page] = WelcomePage
        self.set_reactive(SetupApp.language, language)
        for theme in (DARK, LIGHT, CONTRAST):
            self.register_theme(theme)
        self.theme = DARK.name

    def on_mount(self) -> None:
        """Look at the machine, then begin."""
        self._begin()

    @work(exclusive=True, group="begin")
    async def _begin(self) -> None:
        try:
            addresses = await in_thread(lambda: tuple(self.source.addresses()), self.language)
            left = await in_thread(self.source.left, self.language)
        except ApplianceError:  # half a file of answers: everything is asked again
            addresses, left = (), None
        self.post_message(Known(addresses, left))

    def on_known(self, event: Known) -> None:
        """Begin at the first page, or go on with the installation where one was broken off."""
        self.addresses, self.left = event.addresses, event.left
        if event.left is not None:
            self.draft = _draft_of(event.left.answers)
            self.language = event.left.answers.language
            self._page = AdministratorPage if event.left.asks_password else InstallPage
        self.push_screen(self._page())

    def pages(self) -> tuple[type[Page], ...]:
        """Return the pages in their order, by what was answered."""
        if self.left is not None:
            asked = (AdministratorPage,) if self.left.asks_password else ()
            return (*asked, InstallPage, DonePage)
        return (*_BEGINNING, *(_FIRST if self.draft.role == "first" else _JOIN), *_ENDING)

    def place(self) -> tuple[int, int]:
        """Return the number of the page in front, from 1, and how many there are."""
        pages = self.pages()
        return pages.index(self._page) + 1, len(pages)

    def with_answer(self, **changes: Any) -> Draft:  # noqa: ANN401 - fields of the draft
        """Return the draft with other answers; it counts once a page is left with it."""
        return replace(self.draft, **changes)

    def go(self, draft: Draft, steps: int) -> None:
        """Take the answers of a page and show the next one, or the one before."""
        self.draft = draft
        if draft.language != self.language:
            self.language = draft.language
        pages = self.pages()
        place = pages.index(self._page) + steps
        if 0 <= place < len(pages):
            self._page = pages[place]
            self.switch_screen(self._page())

    def action_language(self) -> None:
        """Go to the next language, with what is written so far lost on this page alone."""
        self.go(replace(self.draft, language="en" if self.language == "zh_CN" else "zh_CN"), 0)

    def action_help(self) -> None:
        """Show the keys of the page in front."""
        self.push_screen(HelpScreen(self.screen.active_bindings, self.language))

    def action_leave(self) -> None:
        """Leave; what was done stays done."""
        self.exit(None)


def _draft_of(left: Answers) -> Draft:
    """Return the draft of answers that were written down; the password was not."""
    who = left.administrator
    return Draft(
        language=left.language, role=left.role, administrator=who.name if who else "", title=who.title if who else "",
        packages=left.packages, trust=left.trust, head=left.join.head if left.join else "",
    )  # fmt: skip
