"""What all pages of the first start share: where one is, the body, what is wrong, and the keys."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from appliance.core.messages import Message, _
from appliance.tui import commands
from appliance.tui.drawing import FAINT, MUTED
from appliance.tui.screens.localised import LocalisedScreen
from appliance.tui.view import Notice
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.wizard.draft import Draft

if TYPE_CHECKING:
    from appliance.tui.wizard.app import SetupApp


class FaultOfPage(Exception):
    """What is written on a page cannot be used; the message says why and what to do."""

    def __init__(self, message: Message, hint: Message | None = None) -> None:
        super().__init__(str(message))
        self.message, self.hint = message, hint


class Page(LocalisedScreen[None]):
    """One page. Ctrl+S goes on, Esc back; what was written stays where one comes back."""

    NAME: ClassVar[str]
    HEADING: ClassVar[Message]
    EXPLAINED: ClassVar[Message]
    AUTO_FOCUS = ".choice, .field Input, #packages"
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short"), (32, "-tall")]  # noqa: RUF012 - Textual reads the class attribute
    BINDINGS = [commands.ON.binding(), commands.BACK_PAGE.binding()]  # noqa: RUF012 - Textual reads the class attribute

    @property
    def setup(self) -> "SetupApp":
        """The app."""
        return cast("SetupApp", self.app)

    @property
    def draft(self) -> Draft:
        """What has been answered so far."""
        return self.setup.draft

    @property
    def language(self) -> str:
        """The language of the page."""
        return self.setup.language

    def compose(self) -> ComposeResult:
        """Lay out heading, explanation, body, notice, command and keys."""
        yield Static(id="where")
        with VerticalScroll(classes="page panel") as box:
            box.border_title = self.HEADING.render(self.language)
            yield Static(Content.styled(self.EXPLAINED.render(self.language), MUTED), classes="explained")
            yield from self.body()
        yield NoticeLine()
        yield CommandLine()
        yield Footer(show_command_palette=False)

    def body(self) -> ComposeResult:
        """Yield what is this page's own."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Say where one is."""
        number, count = self.setup.place()
        titles = [
            (f" {page.HEADING.render(self.language)} ", "bold reverse" if at == number else FAINT)
            for at, page in enumerate(self.setup.pages(), start=1)
        ]
        line: list[tuple[str, str]] = [
            (f" {_('First start').render(self.language)} ", "bold"),
            (f"{number}/{count} ", MUTED),
        ]
        wide = self.app.size.width >= 120
        self.query_one("#where", Static).update(
            Content.assemble(*line, *(titles if wide else titles[number - 1 : number]))
        )
        self.query_one(CommandLine).show(self.command())
        self.tell(None)

    def command(self) -> str:
        """Return the command that does the same."""
        return f"appliance up --answers {self.setup.source.answers_file}"

    def tell(self, notice: Notice | None) -> None:
        """Show what is wrong, or nothing."""
        self.query_one(NoticeLine).show(notice, self.language)

    def collect(self) -> Draft:
        """Return the draft with what is on this page. Raises `FaultOfPage`."""
        return self.draft

    def action_on(self) -> None:
        """Go to the next page, unless something is wrong here."""
        try:
            draft = self.collect()
        except FaultOfPage as fault:
            self.tell(Notice("failed", fault.message, fault.hint))
            return
        self.setup.go(draft, 1)

    def action_back_page(self) -> None:
        """Go to the page before."""
        self.setup.go(self.draft, -1)
