"""The app of the first start: which page comes when, and what has been answered."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any, ClassVar

from pydantic import SecretStr
from textual import work
from textual.binding import BindingType
from textual.message import Message as Event
from textual.reactive import reactive
from textual.widgets import Input

from appliance.core.errors import ApplianceError
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.nodes.joining import Joined
from appliance.operations.setup.answers import Answers
from appliance.operations.tour import Tour
from appliance.tui import commands
from appliance.tui.local import follow, in_thread
from appliance.tui.screens.help import HelpScreen
from appliance.tui.themes import ThemedApp, ThemeMemory
from appliance.tui.view import Notice
from appliance.tui.wizard.draft import Draft
from appliance.tui.wizard.installing import Forgotten, Installation, InstallEnded, StepTold
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
    """What this machine has, and what was left of a first start, or why that cannot be read."""

    def __init__(self, addresses: tuple[Address, ...], left: Left | None, fault: ApplianceError | None = None) -> None:
        super().__init__()
        self.addresses, self.left, self.fault = addresses, left, fault


class SetupApp(ThemedApp[str]):
    """The first start. It ends with `terminal` where the appliance runs, `joined` on a node, None where it was left."""

    TITLE = "LLM Appliance"
    CSS_PATH: ClassVar[list[str | PurePath]] = [Path(__file__).parents[1] / "appliance.tcss", "wizard.tcss"]
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        command.binding()
        for command in (commands.LEAVE_SETUP, commands.HELP_SETUP, commands.LANGUAGE_SETUP, commands.THEME_SETUP)
    ]

    language: reactive[str] = reactive("en", init=False)
    """Language of every text, one of `LANGUAGES`."""

    def __init__(
        self,
        source: SetupSource,
        language: str = "en",
        theme: str | None = None,
        memory: ThemeMemory | None = None,
    ) -> None:
        super().__init__(theme, memory)
        self.source = source
        self.draft = Draft(language="zh_CN" if language == "zh_CN" else "en")
        self.addresses: tuple[Address, ...] = ()
        self.left: Left | None = None
        self.installation = Installation()
        self.notice: Notice | None = None
        """What the page that comes next says first."""
        self.kept: dict[str, dict[str, str | SecretStr]] = {}
        """What stands in the fields of pages that were left without being finished, by page and field."""
        self._page: type[Page] = WelcomePage
        self.set_reactive(SetupApp.language, language)

    def on_mount(self) -> None:
        """Look at the machine, then begin."""
        self._begin()

    @work(exclusive=True, group="begin")
    async def _begin(self) -> None:
        addresses: tuple[Address, ...] = ()
        try:
            addresses = await in_thread(lambda: tuple(self.source.addresses()), self.language)
            left = await in_thread(self.source.left, self.language)
        except ApplianceError as error:  # half a file of answers: everything is asked again
            self.post_message(Known(addresses, None, error))
            return
        self.post_message(Known(addresses, left))

    def on_known(self, event: Known) -> None:
        """Begin at the first page, or go on with the installation where one was broken off."""
        self.addresses, self.left = event.addresses, event.left
        if event.left is not None:
            self.draft = _draft_of(event.left.answers)
            self.language = event.left.answers.language
            self._page = AdministratorPage if event.left.asks_password else InstallPage
        if event.fault is not None:
            self.notice = Notice("warning", event.fault.message, _("So everything is asked again."))
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
        """Take the answers of a page and show the next one, or the one before; 0 shows the same page anew."""
        self.draft = draft
        if draft.language != self.language:
            self.language = draft.language
        pages = self.pages()
        place = pages.index(self._page) + steps
        if 0 <= place < len(pages):
            self._page = pages[place]
            if steps and self._page is InstallPage:
                self.installation = Installation()
            self.switch_screen(self._page())

    def install(self) -> None:
        """Begin to do what is not done yet, unless that is being done."""
        if self.installation.at_work or self.installation.done:
            return
        answers = self.left.answers if self.left is not None else self.draft.answers()
        self.installation = Installation(answers, at_work=True)
        self._show_installation()
        self._install(answers, self.draft.password)

    @work(exclusive=True, group="install")
    async def _install(self, answers: Answers, password: SecretStr) -> None:
        source, given = self.source, password if password.get_secret_value() else None
        try:
            await in_thread(lambda: source.write(answers), self.language)
            found: list[Tour | Joined] = await follow(
                lambda: source.run(answers, given), self._tell_step, self.language
            )
            key_file = await in_thread(source.key_file, self.language)
        except ApplianceError as error:
            self.post_message(InstallEnded([], fault=error))
            return
        self.post_message(InstallEnded(found, key_file))

    def _tell_step(self, news: Progress) -> None:
        self.post_message(StepTold(news))

    def on_step_told(self, event: StepTold) -> None:
        """Keep a step's news, and show it."""
        self.installation.steps[event.news.step] = event.news
        self._show_installation()

    def on_install_ended(self, event: InstallEnded) -> None:
        """Keep how it ended, and show it."""
        run = self.installation
        run.at_work, run.done, run.fault, run.key_file = False, event.fault is None, event.fault, event.key_file
        for one in event.found:
            if isinstance(one, Joined):
                run.joined = one
            elif isinstance(one, Tour):
                run.tour = one
        self._show_installation()

    def _show_installation(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, InstallPage) and screen.is_mounted:
                screen.show()

    @work(exclusive=True, group="anew")
    async def start_anew(self) -> None:
        """Forget what was broken off, and begin at the first page."""
        try:
            await in_thread(self.source.abandon, self.language)
        except ApplianceError as error:
            self.post_message(Forgotten(error))
            return
        self.post_message(Forgotten())

    def on_forgotten(self, event: Forgotten) -> None:
        """Ask everything again, or say why not."""
        if event.fault is not None:
            if isinstance(self.screen, Page):
                self.screen.tell(Notice.of(event.fault))
            return
        self.left, self.installation, self.kept = None, Installation(), {}
        self._page = WelcomePage
        self.go(Draft(language="zh_CN" if self.language == "zh_CN" else "en"), 0)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the other language where a page is in front, and no help over help."""
        if action in ("language", "help"):
            front = self.screen_stack[-1] if self.screen_stack else None
            return isinstance(front, Page) if action == "language" else not isinstance(front, HelpScreen)
        return super().check_action(action, parameters)

    def action_language(self) -> None:
        """Go to the next language, with everything that is written."""
        page = self.screen
        assert isinstance(page, Page), "the key is there on pages alone"
        page.keep()
        self.go(replace(page.chosen(), language="en" if self.language == "zh_CN" else "zh_CN"), 0)

    def action_help(self) -> None:
        """Show the keys of the page in front."""
        self.push_screen(HelpScreen(self.screen.active_bindings, self.language))

    def action_leave(self) -> None:
        """Leave; what was done stays done."""
        waits = _("The step that is being done comes to its end first; `appliance tui` then goes on after it.")
        self.exit(None, message=waits.render(self.language) if self.installation.at_work else None)

    def crash_folder(self) -> Path | None:
        """Return the folder of the logs."""
        return self.source.log_folder

    def secrets(self) -> Iterable[str]:
        """Yield the password and the token, also where they are written only."""
        yield from (self.draft.password.get_secret_value(), self.draft.token)
        fields = (one for page in self.kept.values() for one in page.values())
        yield from (one.get_secret_value() for one in fields if isinstance(one, SecretStr))
        for screen in self.screen_stack:
            yield from (line.value for line in screen.query(Input) if line.password)


def _draft_of(left: Answers) -> Draft:
    """Return the draft of answers that were written down; the password was not."""
    who = left.administrator
    return Draft(
        language=left.language, role=left.role, administrator=who.name if who else "", title=who.title if who else "",
        packages=left.packages, trust=left.trust, head=left.join.head if left.join else "",
    )  # fmt: skip
