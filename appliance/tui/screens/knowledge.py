"""The knowledge bases: how many documents, how large, and whether all of them can be searched."""

from textual.app import ComposeResult
from textual.widgets import OptionList

from appliance.core.messages import Message, _
from appliance.tui import knowledge_keys
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.knowledge_source import WholeBase
from appliance.tui.screens.knowledge_acting import KnowledgeModeScreen
from appliance.tui.screens.knowledge_documents import BaseScreen, IntakeScreen
from appliance.tui.screens.knowledge_search import SearchScreen
from appliance.tui.screens.polling import Found, PollingScreen
from appliance.tui.view import View
from appliance.tui.widgets import knowledge_text as texts
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.notice_line import NoticeLine

_COLUMNS = (
    Column[WholeBase](
        _("State"),
        14,
        lambda b, language: texts.base_state(b.counts, language),
        style=lambda b: texts.STATES[b.counts.state].style,
    ),
    Column[WholeBase](_("Knowledge base"), 16, lambda b, _l: one_line(b.base.name), style=lambda _b: "bold"),
    Column[WholeBase](_("Title"), 20, lambda b, _l: one_line(b.base.title), rank=1, grows=True),
    Column[WholeBase](_("Documents"), 9, lambda b, _l: str(b.counts.documents), align="right"),
    Column[WholeBase](_("Size"), 9, lambda b, _l: texts.size(b.counts.size_bytes), align="right"),
    Column[WholeBase](_("Tenant"), 10, lambda b, _l: one_line(b.base.tenant), style=lambda _b: MUTED, rank=3),
    Column[WholeBase](_("Shared with"), 14, texts.readers, style=lambda _b: MUTED, rank=4),
)


class KnowledgeScreen(PollingScreen[None, tuple[WholeBase, ...]], KnowledgeModeScreen[None]):
    """Reads the bases while it is in front; Enter opens one."""

    COMPACT_BELOW = 104
    AUTO_FOCUS = "RowList"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding()
        for command in (knowledge_keys.QUEUE, knowledge_keys.SEARCH, knowledge_keys.UPLOAD, knowledge_keys.REBUILD)
    ]

    def __init__(self) -> None:
        super().__init__()
        self.found = Found(())

    def body(self) -> ComposeResult:
        """Yield the list."""
        yield NoticeLine()
        yield Listing[WholeBase](id="bases")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the bases."""
        super().show(view)
        found, language = self.found, view.language
        self.query_one(NoticeLine).show(self.notice or self.standing_notice(), language)
        listing = self.query_one("#bases", Listing)
        listing.border_title = _("Knowledge bases").render(language)
        listing.border_subtitle = self._counted(language)
        listing.show({one.base.name: one for one in found.value}, _COLUMNS, self._nothing(), language)
        self.query_one(CommandLine).show("appliance kb list")
        self.refresh_bindings()

    def _counted(self, language: str) -> str:
        """Return how many documents wait or failed, over all bases."""
        if self.found.seen is None:
            return ""
        counts = [one.counts for one in self.found.value]
        parts = [str(len(counts))]
        for status, number in (
            ("pending", sum(one.pending for one in counts)),
            ("failed", sum(one.failed for one in counts)),
        ):
            mark = texts.STATUSES[status]
            if number:
                parts.append(f"{mark.shape} {mark.word.render(language)} {number}")
        return "  ".join(parts)

    def _nothing(self) -> Message:
        if self.found.seen is None:
            return Message("") if self.found.fault else _("Waiting for the first reading …")
        return _("There is no knowledge base; `appliance kb add FILE --kb NAME` makes one.")

    def base_in_front(self) -> str | None:
        """Return the chosen one."""
        return self.query_one("#bases", Listing).chosen

    async def read(self) -> tuple[WholeBase, ...]:
        """Return the bases."""
        return await self.source.bases()

    def reload(self) -> None:
        """Read now."""
        self.notice = None
        self.read_for_ever()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the chosen base."""
        self.notice = None
        if event.option_id is not None:
            self.app.push_screen(BaseScreen(event.option_id))

    def action_queue(self) -> None:
        """Show what waits to be read."""
        self.notice = None
        self.app.push_screen(IntakeScreen())

    def action_search(self) -> None:
        """Search in the chosen base."""
        base = self.base_in_front()
        if base is not None:
            self.app.push_screen(SearchScreen(base))
