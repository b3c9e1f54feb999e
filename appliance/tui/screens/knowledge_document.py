"""One document: what is known of it, and its versions."""

from datetime import datetime

from textual import work
from textual.app import ComposeResult
from textual.message import Message as Event
from textual.widgets import OptionList

from appliance.core.errors import ApplianceError, NotFound, PermissionDenied
from appliance.core.messages import Message, _
from appliance.tui import commands, figures, knowledge_keys
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.knowledge_source import Document, Version, WholeDocument
from appliance.tui.screens import knowledge_tasks
from appliance.tui.screens.knowledge_acting import KnowledgeModeScreen
from appliance.tui.screens.task import perform
from appliance.tui.view import Connection, Notice, View
from appliance.tui.widgets import knowledge_text as texts
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.notice_line import NoticeLine

_INTERVAL_S = 5.0


def _count(number: int | None) -> str:
    return figures.UNKNOWN if number is None else str(number)


_COLUMNS = (
    Column[Version](_("Version"), 7, lambda v, _l: str(v.version), align="right", style=lambda _v: "bold"),
    Column[Version](_("State"), 14, texts.version_state, style=texts.version_style),
    Column[Version](_("Holds"), 21, texts.days),
    Column[Version](_("File"), 20, lambda v, _l: one_line(v.name), rank=1, grows=True),
    Column[Version](_("Pages"), 5, lambda v, _l: _count(v.pages), align="right", rank=3),
    Column[Version](_("Passages"), 8, lambda v, _l: _count(v.chunks), align="right", rank=4),
    Column[Version](_("Size"), 9, lambda v, _l: texts.size(v.size_bytes), align="right"),
    Column[Version](_("Added"), 11, lambda v, _l: figures.day_and_time(v.created_at), style=lambda _v: MUTED, rank=2),
)


class DocumentRead(Event):
    """The document came."""

    def __init__(self, whole: WholeDocument, seen: datetime) -> None:
        super().__init__()
        self.whole, self.seen = whole, seen


class DocumentMissed(Event):
    """It could not be read, and why."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


class DocumentScreen(KnowledgeModeScreen[Notice | None]):
    """Shows one document, and reads it again while it is pending; ends with a notice where it was deleted."""

    AUTO_FOCUS = "RowList"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (knowledge_keys.DELETE, commands.BACK)
    ]

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._versions: tuple[Version, ...] | None = None
        self._seen: datetime | None = None
        self._fault: ApplianceError | None = None

    def body(self) -> ComposeResult:
        """Yield facts and versions."""
        yield NoticeLine()
        yield Lines(id="document-facts")
        yield Listing[Version](id="document-versions")
        yield Lines(id="document-note")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the document."""
        super().show(view)
        language, document = view.language, self._document
        self.set_class(self._fault is not None and self._versions is not None, "-stale")
        self.query_one(FaultBanner).show(self._fault, self._seen, every(_INTERVAL_S), language)
        self.query_one(NoticeLine).show(self.notice or self.standing_notice(), language)
        self.query_one("#document-facts", Lines).say(texts.document_facts(document, language))
        listing = self.query_one("#document-versions", Listing)
        listing.border_title = _("Versions, newest first").render(language)
        listing.border_subtitle = "" if self._versions is None else str(len(self._versions))
        rows = {str(one.version): one for one in reversed(self._versions or ())}
        listing.show(rows, _COLUMNS, Message("") if self._fault else _("Reading …"), language)
        self._draw_note(language)
        command = f"appliance kb show {document.id} --kb {document.knowledge_base}"
        self.query_one(CommandLine).show(one_line(command))
        self.refresh_bindings()

    def _draw_note(self, language: str) -> None:
        """Say of the chosen version why it failed; of the newest the facts say so already."""
        key, note = self.query_one("#document-versions", Listing).chosen, self.query_one("#document-note", Lines)
        chosen = next((one for one in self._versions or () if str(one.version) == key), None)
        text = None if chosen is None or chosen.version == self._document.version else texts.note(chosen, language)
        note.display = text is not None and bool(text.plain)
        if text is not None:
            note.say(text)

    def connection(self, view: View) -> Connection:
        """As far as this document goes."""
        refused = isinstance(self._fault, PermissionDenied | NotFound)
        if self._fault is not None and not refused:
            return "lost"
        return "connecting" if self._versions is None and not refused else "connected"

    def base_in_front(self) -> str | None:
        """Return the base that holds it."""
        return self._document.knowledge_base

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out deleting for who may not change anything."""
        return self.may_change if action == "delete" else super().check_action(action, parameters)

    def on_mount(self) -> None:
        """Read it."""
        super().on_mount()
        self._read_while_pending()

    def reload(self) -> None:
        """Read it now."""
        self.notice = None
        self._read_while_pending()

    @work(exclusive=True, group="document")
    async def _read_while_pending(self) -> None:
        while True:
            try:
                whole = await self.source.document(self._document.knowledge_base, self._document.id)
                self.post_message(DocumentRead(whole, self.terminal.clock()))
                if whole.document.status != "pending":
                    return
            except ApplianceError as error:
                self.post_message(DocumentMissed(error))
            await self.terminal.pause(_INTERVAL_S)

    def on_document_read(self, event: DocumentRead) -> None:
        """Show it."""
        self._document, self._versions = event.whole.document, event.whole.versions
        self._seen, self._fault = event.seen, None
        self.show(self.terminal.view)

    def on_document_missed(self, event: DocumentMissed) -> None:
        """Keep what is shown, and say why there is nothing newer."""
        self._fault = event.error
        self.show(self.terminal.view)

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Show the note of the chosen version."""
        self._draw_note(self.terminal.language)

    @work(exclusive=True, group="acting")
    async def action_delete(self) -> None:
        """Delete it, and go back with what came of it."""
        notice = await perform(self.app, knowledge_tasks.delete(self.source, self._document))
        if notice is None:
            return
        if notice.kind == "failed":
            self.notice = notice
            self.show(self.terminal.view)
        else:
            self.dismiss(notice)

    def action_back(self) -> None:
        """Go back to the documents."""
        self.dismiss(None)
