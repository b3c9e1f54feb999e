"""What changed in the last hour: what the terminal saw, and what administrators did."""

from textual import work
from textual.app import ComposeResult
from textual.message import Message as Event
from textual.widgets import OptionList

from appliance.core.errors import ApplianceError
from appliance.core.messages import _
from appliance.operations.changes import Change
from appliance.tui import changes_source, commands
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.screens.alerts import open_subject
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.view import Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.widgets.watching import CHANGED

_INTERVAL_S = 30.0
_COLUMNS = (
    Column[Change](
        _("When"), 8, lambda change, _l: change.at.astimezone().strftime("%H:%M:%S"), style=lambda _c: MUTED
    ),
    Column[Change](
        _("What changed"),
        30,
        lambda change, language: f"{CHANGED[change.level][0]} {one_line(change.what.render(language))}",
        style=lambda change: "" if change.level == "plain" else CHANGED[change.level][1],
        grows=True,
    ),
    Column[Change](_("Who"), 20, lambda change, _l: one_line(change.who), style=lambda _c: MUTED, rank=1),
)


class RecordsRead(Event):
    """What administrators did came, or why not."""

    def __init__(self, records: tuple[Change, ...], fault: ApplianceError | None = None) -> None:
        super().__init__()
        self.records, self.fault = records, fault


class ChangesScreen(ModeScreen[None]):
    """The changes, newest first. The audit is read only on the appliance's machine, for who may read it."""

    MODE = "overview"
    AUTO_FOCUS = "RowList"
    BINDINGS = [commands.BACK.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self) -> None:
        super().__init__()
        self._records: tuple[Change, ...] = ()
        self._fault: ApplianceError | None = None

    def body(self) -> ComposeResult:
        """Yield the list."""
        yield NoticeLine()
        yield Listing[Change](id="change-rows")
        yield CommandLine()

    def on_mount(self) -> None:
        """Begin to read what administrators did."""
        super().on_mount()
        self.reload()

    def reload(self) -> None:
        """Read it now."""
        if self._reads:
            self._read_for_ever()

    @property
    def _reads(self) -> bool:
        return self.terminal.sources.local is not None and self.terminal.view.may("audit.read")

    @work(exclusive=True, group="records")
    async def _read_for_ever(self) -> None:
        local = self.terminal.sources.local
        while local is not None:
            try:
                self.post_message(RecordsRead(await changes_source.recorded(local, self.terminal.language)))
            except ApplianceError as error:
                self.post_message(RecordsRead(self._records, error))
            await self.terminal.pause(_INTERVAL_S)

    def on_records_read(self, event: RecordsRead) -> None:
        """Show them among the others."""
        self._records, self._fault = event.records, event.fault
        self.show(self.terminal.view)

    def show(self, view: View) -> None:
        """Draw the changes."""
        super().show(view)
        self.query_one(FaultBanner).show(view.fault, view.seen, every(view.interval_s), view.language)
        self.query_one(NoticeLine).show(self._notice(), view.language)
        listing, rows = self.query_one(Listing), self._rows(view)
        listing.border_title = _("Last hour").render(view.language)
        listing.border_subtitle = str(len(rows)) if rows else ""
        nothing = _("Nothing has changed since this terminal was opened.")
        columns = _COLUMNS if any(change.who for change in rows.values()) else _COLUMNS[:-1]
        listing.show(rows, columns, nothing, view.language)
        self.query_one(CommandLine).show(changes_source.COMMAND)

    def _notice(self) -> Notice | None:
        if self._fault is not None:
            return Notice.of(self._fault)
        if self._reads:
            return None
        if self.terminal.sources.local is None:
            why = _("What administrators did: only in the terminal on the head.")
        else:
            why = _("Your key may not read what administrators did.")
        return Notice("warning", why)

    def _rows(self, view: View) -> dict[str, Change]:
        found = sorted((*reversed(view.changes), *self._records), key=lambda change: change.at, reverse=True)
        return {f"{change.at.isoformat()}|{change.subject}|{place}": change for place, change in enumerate(found)}

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open what changed, where it is still there."""
        change = self._rows(self.terminal.view).get(event.option_id or "")
        if change is not None and change.subject:
            open_subject(self, change.subject)

    def action_back(self) -> None:
        """Go back to the overview."""
        self.dismiss(None)
