"""Search in one base: passages with the places where they stand, without asking a model."""

import shlex

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message as Event
from textual.widgets import Input

from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _
from appliance.tui import commands
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.knowledge_source import FOUND, Passage
from appliance.tui.screens.knowledge_acting import KnowledgeModeScreen
from appliance.tui.view import Connection, Notice, View
from appliance.tui.widgets import knowledge_text as texts
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.content_panel import ContentPanel
from appliance.tui.widgets.fault_banner import FaultBanner
from appliance.tui.widgets.notice_line import NoticeLine


class PassagesFound(Event):
    """A search ended."""

    def __init__(self, query: str, passages: tuple[Passage, ...]) -> None:
        super().__init__()
        self.query_text, self.passages = query, passages


class SearchFailed(Event):
    """It did not, and why."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


class SearchScreen(KnowledgeModeScreen[None]):
    """One line to write on; Enter searches, Esc goes back."""

    AUTO_FOCUS = "#search-line"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (commands.BACK, commands.NEXT_PANEL)
    ]

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self._query = ""
        self._passages: tuple[Passage, ...] | None = None
        self._busy = False

    def body(self) -> ComposeResult:
        """Yield the line and the passages."""
        yield NoticeLine()
        line = Input(compact=True, id="search-line")
        line.cursor_blink = False
        yield line
        yield ContentPanel(id="passages", classes="panel")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw what was found."""
        super().show(view)
        language = view.language
        self.query_one(FaultBanner).show(None, None, Message(""), language)
        self.query_one(NoticeLine).show(self.notice, language)
        placeholder = _("What to look for in {base}, then Enter", base=one_line(self._base))
        self.query_one("#search-line", Input).placeholder = placeholder.render(language)
        panel = self.query_one("#passages", ContentPanel)
        title = _("Passages that fit best")
        if self._busy:
            panel.draw(title.render(language), Content.styled(_("Searching …").render(language), MUTED))
        elif self._passages is None:
            hint = _("Search finds places in the documents; a question with an answer is tried under Scenarios.")
            panel.draw(title.render(language), Content.styled(hint.render(language), MUTED))
        else:
            panel.draw(title.render(language), texts.passages_found(self._passages, language), str(len(self._passages)))
        words = shlex.quote(self._query) if self._query else "QUERY"
        self.query_one(CommandLine).show(one_line(f"appliance kb search {words} --kb {self._base} --count {FOUND}"))

    def connection(self, view: View) -> Connection:
        """As the status goes; a search that fails is told by itself."""
        return "connected" if self._passages is not None else view.connection

    def base_in_front(self) -> str | None:
        """Return the base that is searched."""
        return self._base

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search what was written."""
        query = event.value.strip()
        if query:
            self._query, self._busy, self.notice = query, True, None
            self.show(self.terminal.view)
            self._search(query)

    @work(exclusive=True, group="search")
    async def _search(self, query: str) -> None:
        try:
            self.post_message(PassagesFound(query, await self.source.search(self._base, query)))
        except ApplianceError as error:
            self.post_message(SearchFailed(error))

    def on_passages_found(self, event: PassagesFound) -> None:
        """Show the passages of the last search."""
        if event.query_text == self._query:
            self._passages, self._busy = event.passages, False
            self.show(self.terminal.view)
            self.query_one("#passages", ContentPanel).scroll_home(animate=False)

    def on_search_failed(self, event: SearchFailed) -> None:
        """Say why."""
        self._busy, self.notice = False, Notice.of(event.error)
        self.show(self.terminal.view)

    def action_back(self) -> None:
        """Go back."""
        self.dismiss(None)
