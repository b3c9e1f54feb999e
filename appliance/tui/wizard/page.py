"""What all pages of the first start share: where one is, the body, what is wrong, and the keys."""

from typing import TYPE_CHECKING, ClassVar, cast

from pydantic import SecretStr
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Footer, Static

from appliance.core.messages import Message, _
from appliance.tui import commands
from appliance.tui.drawing import FAINT, MUTED
from appliance.tui.screens.localised import LocalisedScreen
from appliance.tui.view import Notice
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.wizard.draft import Draft
from appliance.tui.wizard.fields import Choice, Field

if TYPE_CHECKING:
    from appliance.tui.wizard.app import SetupApp


class FaultOfPage(Exception):
    """What is written on a page cannot be used; the message says why and what to do."""

    def __init__(self, message: Message, hint: Message | None = None) -> None:
        super().__init__(str(message))
        self.message, self.hint = message, hint


class _Box(VerticalScroll):
    """What a page scrolls."""

    def on_resize(self) -> None:
        """Keep in sight where one writes: what was scrolled to had the height of another layout."""
        page = self.screen
        if isinstance(page, Page):
            page.call_after_refresh(page.show_focused)


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

    @property
    def in_front(self) -> bool:
        """Whether nothing lies over the page, and no other one has taken its place."""
        return self.app.screen_stack[-1:] == [self]

    def compose(self) -> ComposeResult:
        """Lay out heading, explanation, body, notice, command and keys."""
        yield Static(id="where")
        with _Box(classes="page panel") as box:
            box.border_title = self.HEADING.render(self.language)
            yield Static(Content.styled(self.explained().render(self.language), MUTED), classes="explained")
            yield from self.body()
        yield NoticeLine()
        yield CommandLine()
        yield Footer(show_command_palette=False)

    def explained(self) -> Message:
        """Return what the page is for."""
        return self.EXPLAINED

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
        self.show_command()
        self.tell(self.setup.notice)
        self.setup.notice = None

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Give the focus; where it is scrolled to is `show_focused`'s, of the layout as it is then."""
        super().set_focus(widget, scroll_visible=False, from_app_focus=from_app_focus)

    def on_descendant_focus(self) -> None:
        """Show where one writes now."""
        self.call_after_refresh(self.show_focused)

    def show_focused(self) -> None:
        """Scroll to the field in which one stands, with its label."""
        if self.focused is not None:
            field = next((one for one in self.focused.ancestors if isinstance(one, Field)), self.focused)
            field.scroll_visible(animate=False)

    def show_command(self) -> None:
        """Show the command for what is on the page now."""
        self.query_one(CommandLine).show(self.command())

    def command(self) -> str:
        """Return the command that does the same."""
        return f"appliance up --answers {self.setup.source.answers_file}"

    def tell(self, notice: Notice | None) -> None:
        """Show what is wrong, or nothing."""
        self.query_one(NoticeLine).show(notice, self.language)

    def collect(self) -> Draft:
        """Return the draft with what is on this page. Raises `FaultOfPage`."""
        return self.draft

    def chosen(self) -> Draft:
        """Return the draft with what is chosen on this page, as far as that needs no look at it."""
        return self.draft

    def was(self, name: str, otherwise: str) -> str:
        """Return what stood in a field, or was chosen, when the page was left without being finished."""
        kept = self.setup.kept.get(self.NAME, {}).get(name, otherwise)
        return kept if isinstance(kept, str) else kept.get_secret_value()

    def keep(self) -> None:
        """Keep what stands in the fields, right or wrong, for when the page comes again."""
        written = {one.key: SecretStr(one.value) if one.secret else one.value for one in self.query(Field)}
        self.setup.kept[self.NAME] = {**written, **{one.key: one.chosen for one in self.query(Choice)}}

    def action_on(self) -> None:
        """Go to the next page, unless something is wrong here."""
        if not self.in_front:  # the key was pressed twice
            return
        try:
            draft = self.collect()
        except FaultOfPage as fault:
            self.tell(Notice("failed", fault.message, fault.hint))
            return
        self.setup.kept.pop(self.NAME, None)
        self.setup.go(draft, 1)

    def action_back_page(self) -> None:
        """Go to the page before; what is written stays, right or wrong."""
        if self.in_front:
            self.keep()
            self.setup.go(self.chosen(), -1)
