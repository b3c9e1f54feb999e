"""Documents of one base, and the intake: what of all bases waits to be read, is being read, or failed."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.message import Message as Event
from textual.widgets import OptionList

from appliance.core.errors import ApplianceError, PermissionDenied
from appliance.core.messages import Message, _
from appliance.tui import commands, knowledge_keys
from appliance.tui.drawing import one_line
from appliance.tui.knowledge_source import Document
from appliance.tui.screens import knowledge_tasks
from appliance.tui.screens.knowledge_acting import KnowledgeModeScreen
from appliance.tui.screens.knowledge_document import DocumentScreen
from appliance.tui.screens.knowledge_search import SearchScreen
from appliance.tui.view import Connection, Notice, View
from appliance.tui.widgets import knowledge_text as texts
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.knowledge_rows import OF_BASE, OF_INTAKE
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.notice_line import NoticeLine

_INTERVAL_S = 5.0
_ORDER = {"failed": 0, "pending": 1, "indexed": 2}


class DocumentsRead(Event):
    """Documents came."""

    def __init__(self, documents: tuple[Document, ...], seen: datetime) -> None:
        super().__init__()
        self.documents, self.seen = documents, seen


class DocumentsMissed(Event):
    """A reading failed, and why."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


class DocumentsScreen(KnowledgeModeScreen[None]):
    """Rows of documents, with what is to be known of the chosen one below them; read again while it is in front."""

    AUTO_FOCUS = "RowList"
    COLUMNS: ClassVar[Sequence[Column[Document]]] = OF_BASE

    def __init__(self) -> None:
        super().__init__()
        self.documents: tuple[Document, ...] = ()
        self._seen: datetime | None = None
        self._fault: ApplianceError | None = None

    @abstractmethod
    async def read(self) -> tuple[Document, ...]:
        """Return the documents now."""

    @abstractmethod
    def heading(self) -> Message:
        """Return the title of the rows."""

    @abstractmethod
    def nothing(self) -> Message:
        """Return what is said where there is no row."""

    @abstractmethod
    def command(self) -> str:
        """Return the command that shows the same."""

    def rows(self) -> tuple[Document, ...]:
        """Return the documents that are shown."""
        return self.documents

    def body(self) -> ComposeResult:
        """Yield the rows and the note."""
        yield NoticeLine()
        yield Listing[Document](id="documents")
        yield Lines(id="document-note")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the documents."""
        super().show(view)
        language = view.language
        self.set_class(self._fault is not None and self._seen is not None, "-stale")
        self.query_one(FaultBanner).show(self._fault, self._seen, every(_INTERVAL_S), language)
        self.query_one(NoticeLine).show(self.notice or self.standing_notice(), language)
        listing, rows = self.query_one("#documents", Listing), self.rows()
        listing.border_title = self.heading().render(language)
        listing.border_subtitle = self._counted(language)
        waiting = Message("") if self._fault else _("Reading …")
        listing.show(
            {f"{one.knowledge_base}/{one.id}": one for one in rows}, self.COLUMNS,
            self.nothing() if self._seen else waiting, language,
        )  # fmt: skip
        self._draw_note(language)
        self.query_one(CommandLine).show(one_line(self.command()))
        self.refresh_bindings()

    def _counted(self, language: str) -> str:
        if self._seen is None:
            return ""
        parts = [str(len(self.documents))]
        for status in ("pending", "failed"):
            mark, number = texts.STATUSES[status], sum(one.status == status for one in self.documents)
            if number:
                parts.append(f"{mark.shape} {mark.word.render(language)} {number}")
        return "  ".join(parts)

    def _draw_note(self, language: str) -> None:
        note, chosen = self.query_one("#document-note", Lines), self.chosen()
        text = None if chosen is None else texts.note(chosen, language)
        note.display = text is not None and bool(text.plain)
        if text is not None:
            note.say(text)

    def chosen(self) -> Document | None:
        """Return the chosen document."""
        key = self.query_one("#documents", Listing).chosen
        return next((one for one in self.documents if f"{one.knowledge_base}/{one.id}" == key), None)

    def connection(self, view: View) -> Connection:
        """As far as these documents go."""
        if self._fault is not None and not isinstance(self._fault, PermissionDenied):
            return "lost"
        return "connecting" if self._seen is None and self._fault is None else "connected"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out deleting where it is not for the reader, or there is nothing to delete."""
        if action == "delete":
            return self.may_change and self.chosen() is not None
        return super().check_action(action, parameters)

    def on_screen_resume(self) -> None:
        """Start reading."""
        super().on_screen_resume()
        self._read_for_ever()

    def on_screen_suspend(self) -> None:
        """Stop reading: nobody sees it."""
        self.workers.cancel_group(self, "documents")

    def reload(self) -> None:
        """Read now."""
        self.notice = None
        self._read_for_ever()

    @work(exclusive=True, group="documents")
    async def _read_for_ever(self) -> None:
        while True:
            try:
                self.post_message(DocumentsRead(await self.read(), self.terminal.clock()))
            except ApplianceError as error:
                self.post_message(DocumentsMissed(error))
            await self.terminal.pause(_INTERVAL_S)

    def on_documents_read(self, event: DocumentsRead) -> None:
        """Keep them and show them: what needs somebody first, then by name."""
        found = sorted(event.documents, key=lambda one: (_ORDER[one.status], one.name, one.id))
        self.documents, self._seen, self._fault = tuple(found), event.seen, None
        self.show(self.terminal.view)

    def on_documents_missed(self, event: DocumentsMissed) -> None:
        """Keep the last ones, and say why there are no newer ones."""
        self._fault = event.error
        self.show(self.terminal.view)

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Show the note of the chosen document."""
        self._draw_note(self.terminal.language)
        self.refresh_bindings()

    @work(exclusive=True, group="opened")
    async def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        """Open the chosen document; one that was deleted there is told of here."""
        chosen = self.chosen()
        if chosen is None:
            return
        notice: Notice | None = await self.app.push_screen_wait(DocumentScreen(chosen))
        self.notice = notice
        self.show(self.terminal.view)

    @work(exclusive=True, group="acting")
    async def action_delete(self) -> None:
        """Delete the chosen document."""
        chosen = self.chosen()
        if chosen is not None:
            await self.do(knowledge_tasks.delete(self.source, chosen))

    def action_back(self) -> None:
        """Go back to the bases."""
        self.dismiss(None)


class BaseScreen(DocumentsScreen):
    """The documents of one base."""

    COMPACT_BELOW = 124
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding()
        for command in (
            knowledge_keys.TROUBLED, knowledge_keys.SEARCH, knowledge_keys.UPLOAD, knowledge_keys.DELETE,
            knowledge_keys.REBUILD, commands.BACK,
        )
    ]  # fmt: skip

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self._troubled_only = False

    async def read(self) -> tuple[Document, ...]:
        """Return the base's documents."""
        return await self.source.documents(self._base)

    def heading(self) -> Message:
        """Return the base's name."""
        if self._troubled_only:
            return _("{base}: not searchable yet", base=one_line(self._base))
        return _("{base}: documents", base=one_line(self._base))

    def nothing(self) -> Message:
        """Say that all is well, or that there is nothing."""
        if self._troubled_only and self.documents:
            return _("Every document can be searched.")
        return _("No document is in this base; `u` uploads some.") if self.may_change else _("No document is here.")

    def command(self) -> str:
        """Return the command that lists them."""
        return f"appliance kb list {self._base}"

    def rows(self) -> tuple[Document, ...]:
        """Return all, or those that cannot be searched yet."""
        return tuple(one for one in self.documents if not self._troubled_only or one.status != "indexed")

    def base_in_front(self) -> str | None:
        """Return this base."""
        return self._base

    def action_filter(self) -> None:
        """Show what cannot be searched yet, or all."""
        self._troubled_only = not self._troubled_only
        self.show(self.terminal.view)

    def action_search(self) -> None:
        """Search in this base."""
        self.app.push_screen(SearchScreen(self._base))


class IntakeScreen(DocumentsScreen):
    """What of all bases cannot be searched yet."""

    COLUMNS = OF_INTAKE
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (knowledge_keys.DELETE, commands.BACK)
    ]

    async def read(self) -> tuple[Document, ...]:
        """Return the documents of all bases that are not indexed."""
        bases = await self.source.bases()
        return tuple(one for base in bases for one in base.documents if one.status != "indexed")

    def heading(self) -> Message:
        """Return what it is."""
        return _("Intake: what cannot be searched yet")

    def nothing(self) -> Message:
        """Say that all is well."""
        return _("Nothing waits: every document can be searched.")

    def command(self) -> str:
        """Return the command that lists the documents of the chosen one's base."""
        chosen = self.chosen()
        return "appliance kb list" + (f" {chosen.knowledge_base}" if chosen else "")

    def base_in_front(self) -> str | None:
        """Keys here act on documents, not on a base."""
        return None
