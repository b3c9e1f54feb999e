"""The knowledge bases: how many documents, how large, and whether all of them can be searched."""

from dataclasses import dataclass, replace
from datetime import datetime

from textual import work
from textual.app import ComposeResult
from textual.message import Message as Event
from textual.widgets import OptionList

from appliance.core.errors import ApplianceError, PermissionDenied
from appliance.core.messages import Message, _
from appliance.tui import knowledge_keys
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.knowledge_source import WholeBase
from appliance.tui.screens.knowledge_acting import KnowledgeModeScreen
from appliance.tui.screens.knowledge_documents import BaseScreen, IntakeScreen
from appliance.tui.screens.knowledge_search import SearchScreen
from appliance.tui.view import Connection, View
from appliance.tui.widgets import knowledge_text as texts
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.notice_line import NoticeLine

_INTERVAL_S = 10.0
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


@dataclass(frozen=True)
class _Found:
    """The last reading, and why there is no newer one."""

    bases: tuple[WholeBase, ...] = ()
    seen: datetime | None = None
    fault: ApplianceError | None = None


class BasesRead(Event):
    """The bases came."""

    def __init__(self, bases: tuple[WholeBase, ...], seen: datetime) -> None:
        super().__init__()
        self.bases, self.seen = bases, seen


class BasesMissed(Event):
    """A reading failed, and why."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


class KnowledgeScreen(KnowledgeModeScreen[None]):
    """Reads the bases while it is in front; Enter opens one."""

    COMPACT_BELOW = 104
    AUTO_FOCUS = "RowList"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding()
        for command in (knowledge_keys.QUEUE, knowledge_keys.SEARCH, knowledge_keys.UPLOAD, knowledge_keys.REBUILD)
    ]

    def __init__(self) -> None:
        super().__init__()
        self._found = _Found()

    def body(self) -> ComposeResult:
        """Yield the list."""
        yield NoticeLine()
        yield Listing[WholeBase](id="bases")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the bases."""
        super().show(view)
        found, language = self._found, view.language
        self.set_class(found.fault is not None and found.seen is not None, "-stale")
        self.query_one(FaultBanner).show(found.fault, found.seen, every(_INTERVAL_S), language)
        self.query_one(NoticeLine).show(self.notice or self.standing_notice(), language)
        listing = self.query_one("#bases", Listing)
        listing.border_title = _("Knowledge bases").render(language)
        listing.border_subtitle = self._counted(language)
        listing.show({one.base.name: one for one in found.bases}, _COLUMNS, self._nothing(), language)
        self.query_one(CommandLine).show("appliance kb list")
        self.refresh_bindings()

    def _counted(self, language: str) -> str:
        """Return how many documents wait or failed, over all bases."""
        if self._found.seen is None:
            return ""
        counts = [one.counts for one in self._found.bases]
        parts = [str(len(counts))]
        for status, number in (
            ("pending", sum(one.pending for one in counts)),
            ("failed", sum(one.failed for one in counts)),
        ):
            mark = texts.STATUSES[status]
            if number:
                parts.append(f"{mark.shape} {mark.word.render(language)} {number}")
        return "  ".join(parts)

    def connection(self, view: View) -> Connection:
        """The bases may come in where the status is not for this key."""
        if self._found.fault is not None and not isinstance(self._found.fault, PermissionDenied):
            return "lost"
        return "connecting" if self._found.seen is None and self._found.fault is None else "connected"

    def _nothing(self) -> Message:
        if self._found.seen is None:
            return Message("") if self._found.fault else _("Waiting for the first reading …")
        return _("There is no knowledge base; `appliance kb add FILE --kb NAME` makes one.")

    def base_in_front(self) -> str | None:
        """Return the chosen one."""
        return self.query_one("#bases", Listing).chosen

    def on_screen_resume(self) -> None:
        """Start reading."""
        super().on_screen_resume()
        self._read_for_ever()

    def on_screen_suspend(self) -> None:
        """Stop reading: nobody sees it."""
        self.workers.cancel_group(self, "bases")

    def reload(self) -> None:
        """Read now."""
        self.notice = None
        self._read_for_ever()

    @work(exclusive=True, group="bases")
    async def _read_for_ever(self) -> None:
        while True:
            try:
                self.post_message(BasesRead(await self.source.bases(), self.terminal.clock()))
            except ApplianceError as error:
                self.post_message(BasesMissed(error))
            await self.terminal.pause(_INTERVAL_S)

    def on_bases_read(self, event: BasesRead) -> None:
        """Keep them and show them."""
        self._found = _Found(event.bases, event.seen)
        self.show(self.terminal.view)

    def on_bases_missed(self, event: BasesMissed) -> None:
        """Keep the last ones, and say why there are no newer ones."""
        self._found = replace(self._found, fault=event.error)
        self.show(self.terminal.view)

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
