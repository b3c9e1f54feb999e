"""What the parts of governance share: one reading, its age, actions that are asked back for, details of a row."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message as Event
from textual.widgets import OptionList

from appliance.core.errors import ApplianceError, PermissionDenied, Unavailable
from appliance.core.messages import Message, _
from appliance.core.principal import PLATFORM_TENANT
from appliance.tui import commands
from appliance.tui.acting import Task
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.screens.task import perform
from appliance.tui.view import Connection, Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.notice_line import NoticeLine

if TYPE_CHECKING:
    from appliance.tui.governance_local import Records
    from appliance.tui.governance_source import GovernanceSource
    from appliance.tui.identity import Who

Value = TypeVar("Value")


@dataclass(frozen=True)
class Reading(Generic[Value]):
    """The last reading, and why there is no newer one."""

    value: Value | None = None
    seen: datetime | None = None
    fault: ApplianceError | None = None


class PartRead(Event):
    """A reading came; `asked` tells what was asked for."""

    def __init__(self, value: object, asked: object, seen: datetime) -> None:
        super().__init__()
        self.value, self.asked, self.seen = value, asked, seen


class PartMissed(Event):
    """A reading failed, and why."""

    def __init__(self, error: ApplianceError, asked: object) -> None:
        super().__init__()
        self.error, self.asked = error, asked


class Acted(Event):
    """Something was done, or was not."""

    def __init__(self, notice: Notice) -> None:
        super().__init__()
        self.notice = notice


class GovernanceBase(ModeScreen[Notice | None]):
    """What every screen of this mode finds: the source, the machine's records, and whose records may be shown."""

    MODE = "governance"
    _reader: "Who | None" = None

    @property
    def source(self) -> "GovernanceSource":
        """Where tenants, keys, people and approvals come from."""
        found = self.terminal.sources.governance
        assert found is not None
        return found

    @property
    def records(self) -> "Records":
        """The machine's own records. Raises `Unavailable` where the terminal looks from elsewhere."""
        found = self.source.records
        if found is None:
            raise Unavailable(
                _("Usage, quotas and the audit are read on the appliance's own machine."),
                _("Open `appliance tui` there, for example over ssh."),
            )
        return found

    @property
    def reader(self) -> "Who | None":
        """Who reads; while that is asked anew, who it was: nothing may flicker or be read by halves."""
        self._reader = self.terminal.view.who or self._reader
        return self._reader

    def may(self, permission: str) -> bool:
        """Tell whether the reader has a permission."""
        who = self.reader
        return who is not None and who.may(permission)

    @property
    def tenant(self) -> str | None:
        """The tenant whose records are shown; None for the head office, which sees all."""
        who = self.reader
        return None if who is None or who.tenant == PLATFORM_TENANT else who.tenant

    async def names(self) -> dict[str, str]:
        """Return what keys and people are called, by their ids, as far as the reader may know."""
        may, found = self.may, dict[str, str]()
        if may("keys.manage"):
            found |= {one.id: one.name for one in await self.source.keys()}
        if may("users.manage"):
            found |= {one.id: one.name for one in await self.source.users()}
        return found

    def action_back(self) -> None:
        """Go back."""
        self.dismiss(None)


class PartScreen(GovernanceBase, Generic[Value]):
    """Reads while it is in front. A part says what to read and how to draw it."""

    AUTO_FOCUS = "RowList"
    INTERVAL_S: ClassVar[float] = 30.0
    COMPACT_BELOW = 100
    BINDINGS: ClassVar[list[BindingType]] = [commands.BACK.binding()]

    def __init__(self) -> None:
        super().__init__()
        self.reading = Reading[Value]()
        self.notice: Notice | None = None

    async def fetch(self) -> Value:
        """Return what is shown. Raises `ApplianceError`."""
        raise NotImplementedError

    def asked(self) -> object:
        """Return what is asked for now: a reading for something else is not shown."""
        return None

    def contents(self) -> ComposeResult:
        """Yield what is between the notice and the command."""
        raise NotImplementedError

    def draw(self, view: View) -> None:
        """Draw the reading."""
        raise NotImplementedError

    def command(self) -> str:
        """Return the command that shows the same."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        """Lay out notice, contents and command."""
        yield NoticeLine()
        yield from self.contents()
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw everything."""
        super().show(view)
        reading = self.reading
        self.set_class(reading.fault is not None and reading.seen is not None, "-stale")
        self.query_one(FaultBanner).show(reading.fault, reading.seen, every(self.INTERVAL_S), view.language)
        self.query_one(NoticeLine).show(self.notice or self.standing_notice(view), view.language)
        self.draw(view)
        self.query_one(CommandLine).show(self.command())

    def standing_notice(self, _view: View) -> Notice | None:
        """Return what is to be said while there is nothing else to say."""
        return None

    def connection(self, _view: View) -> Connection:
        """As far as this part's own data go."""
        if self.reading.fault is not None and not isinstance(self.reading.fault, PermissionDenied):
            return "lost"
        return "connecting" if self.reading.seen is None and self.reading.fault is None else "connected"

    def nothing(self, empty: Message) -> Message:
        """Return what stands in the place of rows."""
        if self.reading.seen is None:
            return Message("") if self.reading.fault else _("Waiting for the first reading …")
        return empty

    def on_screen_resume(self) -> None:
        """Start reading."""
        self.read_for_ever()

    def on_screen_suspend(self) -> None:
        """Stop reading: nobody sees it."""
        self.workers.cancel_group(self, "part")

    def reload(self) -> None:
        """Read now."""
        self.notice = None
        self.read_for_ever()

    def ask_anew(self) -> None:
        """Forget what is shown and read what is asked for now."""
        self.reading = Reading()
        self.notice = None
        self.show(self.terminal.view)
        self.read_for_ever()

    @work(exclusive=True, group="part")
    async def read_for_ever(self) -> None:
        """Read, and again after a while."""
        while True:
            asked = self.asked()
            try:
                self.post_message(PartRead(await self.fetch(), asked, self.terminal.clock()))
            except ApplianceError as error:
                self.post_message(PartMissed(error, asked))
            await self.terminal.pause(self.INTERVAL_S)

    def on_part_read(self, event: PartRead) -> None:
        """Keep the reading and show it, if it is still what is asked for."""
        if event.asked == self.asked():
            self.reading = Reading(cast("Value", event.value), event.seen)
            self.show(self.terminal.view)
            self.refresh_bindings()

    def on_part_missed(self, event: PartMissed) -> None:
        """Keep the last reading, and say why there is no newer one."""
        if event.asked == self.asked():
            self.reading = replace(self.reading, fault=event.error)
            self.show(self.terminal.view)

    @work(exclusive=True, group="act")
    async def act(self, task: Task) -> None:
        """Ask, do it, and tell what came of it."""
        notice = await perform(self.app, task)
        if notice is not None:
            self.post_message(Acted(notice))

    def on_acted(self, event: Acted) -> None:
        """Tell it; what is shown is read again when this screen comes back to the front."""
        self.notice = event.notice
        self.show(self.terminal.view)

    def tell(self, notice: Notice) -> None:
        """Tell something."""
        self.post_message(Acted(notice))

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Offer what can be done to the row."""
        self.refresh_bindings()
