"""Screens that read something of their own again and again while they are in front."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from textual import work
from textual.message import Message as Event

from appliance.core.errors import ApplianceError, PermissionDenied
from appliance.tui.screens.localised import _Result
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.view import Connection, View
from appliance.tui.widgets.fault_banner import FaultBanner, every

Read = TypeVar("Read")


@dataclass(frozen=True)
class Found(Generic[Read]):
    """The last reading, and why there is no newer one."""

    value: Read
    seen: datetime | None = None
    fault: ApplianceError | None = None


class ReadingCame(Event):
    """A reading came; `asked` tells what was asked for."""

    def __init__(self, value: Any, asked: object, seen: datetime) -> None:  # noqa: ANN401 - what the screen reads
        super().__init__()
        self.value, self.asked, self.seen = value, asked, seen


class ReadingMissed(Event):
    """A reading failed, and why."""

    def __init__(self, error: ApplianceError, asked: object) -> None:
        super().__init__()
        self.error, self.asked = error, asked


class PollingScreen(ModeScreen[_Result], Generic[_Result, Read]):
    """Reads every `INTERVAL_S` while it is in front; the last reading stays, dimmed, while there is no newer one."""

    INTERVAL_S: ClassVar[float] = 10.0
    ANSWERED: ClassVar[tuple[type[ApplianceError], ...]] = (PermissionDenied,)
    """Faults that are answers: the connection stands."""
    found: Found[Read]

    async def read(self) -> Read:
        """Return what the screen shows. Raises `ApplianceError`."""
        raise NotImplementedError

    def asked(self) -> object:
        """Return what is asked for now, such as a filter: a reading for something else is not shown."""
        return None

    def show(self, view: View) -> None:
        """Draw the state of the readings; what was read is the screen's own."""
        super().show(view)
        found = self.found
        self.set_class(found.fault is not None and found.seen is not None, "-stale")
        self.query_one(FaultBanner).show(found.fault, found.seen, every(self.INTERVAL_S), view.language)

    def connection(self, _view: View) -> Connection:
        """The readings may come in where the status is not for this key."""
        found = self.found
        if found.fault is not None and not isinstance(found.fault, self.ANSWERED):
            return "lost"
        return "connecting" if found.seen is None and found.fault is None else "connected"

    def on_screen_resume(self) -> None:
        """Start reading."""
        super().on_screen_resume()
        self.read_for_ever()

    def on_screen_suspend(self) -> None:
        """Stop reading: nobody sees it."""
        self.workers.cancel_group(self, "polling")

    @work(exclusive=True, group="polling")
    async def read_for_ever(self) -> None:
        """Read now, and again after each interval."""
        while True:
            asked = self.asked()
            try:
                self.post_message(ReadingCame(await self.read(), asked, self.terminal.clock()))
            except ApplianceError as error:
                self.post_message(ReadingMissed(error, asked))
            await self.terminal.pause(self.INTERVAL_S)

    def on_reading_came(self, event: ReadingCame) -> None:
        """Keep it and show it, if it is still what is asked for."""
        if event.asked == self.asked():
            self.found = Found(event.value, event.seen)
            self.show(self.terminal.view)

    def on_reading_missed(self, event: ReadingMissed) -> None:
        """Keep the last one, and say why there is no newer one."""
        if event.asked == self.asked():
            self.found = replace(self.found, fault=event.error)
            self.show(self.terminal.view)
