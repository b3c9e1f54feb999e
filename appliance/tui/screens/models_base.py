"""What the screens of models and packages share: their readings, and actions whose outcome they tell."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from textual import work
from textual.content import Content
from textual.message import Message as Event

from appliance.core.errors import ApplianceError, PermissionDenied
from appliance.core.messages import Message, _
from appliance.tui.acting import Task
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.local import in_thread
from appliance.tui.models_source import Here, ModelsSource, ModelsWork, ServedModel
from appliance.tui.screens import models_actions
from appliance.tui.screens.localised import _Result
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.screens.task import perform
from appliance.tui.view import Connection, Notice, View
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.widgets.text_panel import TextPanel

if TYPE_CHECKING:
    from appliance.operations.package_facts import InstalledPackage

_Told = TypeVar("_Told")
_INTERVAL_S = 10.0
MANAGE = "models.manage"


@dataclass(frozen=True)
class Known:
    """The last readings, and why there are no newer ones."""

    models: tuple[ServedModel, ...] = ()
    seen: datetime | None = None
    fault: ApplianceError | None = None
    here: Here | None = None
    here_fault: ApplianceError | None = None

    def model(self, alias: str | None) -> ServedModel | None:
        """Return a model by its alias."""
        return next((one for one in self.models if one.id == alias), None)

    def package(self, key: str | None) -> "InstalledPackage | None":
        """Return an installed package by KIND/NAME."""
        packages = () if self.here is None else self.here.packages
        return next((one for one in packages if key_of(one) == key), None)


class ModelsRead(Event):
    """The models came."""

    def __init__(self, models: tuple[ServedModel, ...], seen: datetime) -> None:
        super().__init__()
        self.models, self.seen = models, seen


class ModelsMissed(Event):
    """They did not, and why."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__()
        self.error = error


class HereRead(Event):
    """What the machine has came; or why it did not."""

    def __init__(self, here: Here | None, error: ApplianceError | None = None) -> None:
        super().__init__()
        self.here, self.error = here, error


class Acted(Event):
    """Something was done, or was not."""

    def __init__(self, notice: Notice) -> None:
        super().__init__()
        self.notice = notice


class ModelsBase(ModeScreen[_Result]):
    """Reads models and packages while it is in front. Keys that change something are there only where one may."""

    MODE = "models"
    COMPACT_BELOW = 110
    READS = True
    """Whether it reads models and packages again and again."""

    def __init__(self, known: Known | None = None) -> None:
        super().__init__()
        self.known = known or Known()
        self.notice: Notice | None = None

    @property
    def source(self) -> ModelsSource:
        """Where data come from."""
        models = self.terminal.sources.models
        assert models is not None, "the screen is there only with its source"
        return models

    def may_act(self) -> bool:
        """Tell whether the reader may change models and packages from here."""
        return self.source.here and self.terminal.view.may(MANAGE)

    def show(self, view: View) -> None:
        """Draw what is wrong and what came of the last action; the rest is each screen's own."""
        super().show(view)
        known, language = self.known, view.language
        self.set_class(known.fault is not None and known.seen is not None, "-stale")
        fault = known.fault if self.READS else None
        self.query_one(FaultBanner).show(fault, known.seen, every(_INTERVAL_S), language)
        self.query_one(NoticeLine).show(self.notice or self.standing(view), language)
        self.refresh_bindings()

    def standing(self, view: View) -> Notice | None:
        """Say why the keys that change something are missing."""
        if view.who is not None and not view.may(MANAGE):
            return Notice("warning", _("Read only: this key may not change models and packages."))
        if not self.source.here:
            told = _("From here models and packages are only looked at.")
            return Notice("warning", told, _("Open the terminal on the appliance's first machine to change them."))
        if self.known.here_fault is not None:
            return Notice.of(self.known.here_fault)
        return None

    def connection(self, view: View) -> Connection:
        """The models may come in where the status does not, and the other way round."""
        fault = self.known.fault
        if not self.READS:
            return view.connection
        if fault is not None and not isinstance(fault, PermissionDenied):
            return "lost"
        return "connecting" if self.known.seen is None and fault is None else "connected"

    def on_screen_resume(self) -> None:
        """Start reading."""
        if self.READS:
            self._read_for_ever()

    def on_screen_suspend(self) -> None:
        """Stop reading: nobody sees it."""
        self.workers.cancel_group(self, "models")

    def reload(self) -> None:
        """Read now."""
        self.notice = None
        if self.READS:
            self._read_for_ever()

    @work(exclusive=True, group="models")
    async def _read_for_ever(self) -> None:
        while True:
            models = await self._read_models()
            if self.source.here:
                await self._read_here({model.package for model in models})
            await self.terminal.pause(_INTERVAL_S)

    async def _read_models(self) -> tuple[ServedModel, ...]:
        try:
            found = await self.source.read()
        except ApplianceError as error:
            self.post_message(ModelsMissed(error))
            return self.known.models
        self.post_message(ModelsRead(found.data, self.terminal.clock()))
        return found.data

    async def _read_here(self, names: set[str]) -> None:
        try:
            here = await in_thread(lambda: self.source.work().read(names), self.terminal.language)
        except ApplianceError as error:
            self.post_message(HereRead(None, error))
        else:
            self.post_message(HereRead(here))

    def on_models_read(self, event: ModelsRead) -> None:
        """Keep the models and show them."""
        self.known = replace(self.known, models=event.models, seen=event.seen, fault=None)
        self.show(self.terminal.view)

    def on_models_missed(self, event: ModelsMissed) -> None:
        """Keep the last ones, and say why there are no newer ones."""
        self.known = replace(self.known, fault=event.error)
        self.show(self.terminal.view)

    def on_here_read(self, event: HereRead) -> None:
        """Keep what the machine has and show it."""
        self.known = replace(self.known, here=event.here or self.known.here, here_fault=event.error)
        self.show(self.terminal.view)

    def on_acted(self, event: Acted) -> None:
        """Tell it, and read what is there now."""
        self.notice = event.notice
        self.show(self.terminal.view)
        if self.READS and self.is_current:
            self._read_for_ever()

    def tell(self, message: Message, hint: Message | None = None) -> None:
        """Say why nothing is asked."""
        self.post_message(Acted(Notice("warning", message, hint)))

    def go_back_with(self, model: ServedModel) -> None:
        """Ask whether the version before is to serve again; while a candidate is there, say what to do with that."""
        if model.get("candidate") is not None:
            told = _("{alias} has a candidate, which is in the way.", alias=one_line(model.id))
            self.tell(told, _("Open the model, then drop the candidate (x) or promote it (p)."))
            return
        self.act(models_actions.roll_back(self.source, model, self.known.here, self.terminal.language))

    async def do(self, task: Task) -> Notice | None:
        """Ask, do it and tell what came of it. Call it in a worker."""
        notice = await perform(self.app, task)
        if notice is not None:
            self.post_message(Acted(notice))
        return notice

    @work(exclusive=True, group="act")
    async def act(self, task: Task) -> None:
        """The same, as a worker of its own."""
        await self.do(task)

    @work(exclusive=True, group="act")
    async def prepare(self, ask: Callable[[], Awaitable[Task | None]]) -> None:
        """Find out what is needed to ask, then ask and do it; what fails before that is told too."""
        try:
            task = await ask()
        except ApplianceError as error:
            self.post_message(Acted(Notice.of(error)))
            return
        if task is not None:
            await self.do(task)

    async def told_here(self, ask: Callable[[ModelsWork], _Told]) -> _Told:
        """Return what the machine says, asked in a thread. Raises `ApplianceError`."""
        return await in_thread(lambda: ask(self.source.work()), self.terminal.language)


class FactsPanel(TextPanel):
    """Names and values below each other; the values may be long."""

    def facts(self, title: str, rows: list[tuple[Message, str]], language: str) -> None:
        """Draw them; empty values are left out."""
        self.border_title = title
        parts: list[Content] = []
        for name, value in rows:
            if value:
                parts.append(Content.assemble((f"{name.render(language)}: ", MUTED), value))
        self.query_one(Lines).say(Content("\n").join(parts))


def key_of(package: "InstalledPackage") -> str:
    """Return KIND/NAME."""
    return one_line(f"{package.kind}/{package.name}")
