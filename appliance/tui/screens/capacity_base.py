"""What the capacity screens share: what is known beside the status, and how it is read."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import work
from textual.message import Message as Event

from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _
from appliance.operations.forecast import Forecast, forecast
from appliance.tui.acting import Task
from appliance.tui.capacity_source import ALL, CapacitySource, Inventory
from appliance.tui.screens.mode import ModeScreen
from appliance.tui.screens.task import perform
from appliance.tui.view import Notice, View
from appliance.tui.widgets.fault_banner import FaultBanner, every
from appliance.tui.widgets.notice_line import NoticeLine

if TYPE_CHECKING:
    from appliance.catalogue.plan import Plan
    from appliance.operations.plan_applying import SiteChange

CLUSTER, MODELS, USAGE = "cluster.manage", "models.manage", "usage.read"


@dataclass(frozen=True)
class Known:
    """What was read beside the status, and why something was not."""

    inventory: Inventory | None = None
    plan: "Plan | None" = None
    """Of the site as it is."""
    fault: ApplianceError | None = None
    plan_fault: ApplianceError | None = None

    def users(self, alias: str) -> int | None:
        """Return how many users at once the plan carries; None where that is not known."""
        placed = None if self.plan is None else self.plan.placement(alias)
        return None if placed is None else placed.users

    def placed_on(self, name: str | None) -> tuple[tuple[str, int], ...]:
        """Return what the plan places on a node: alias and number of replicas. No name: there is but one node."""
        if self.plan is None:
            return ()
        counts = (
            (
                placed.alias,
                sum(any(name in (None, use.node) for use in replica) for replica in placed.replicas),
            )
            for placed in self.plan.placements
        )
        return tuple((alias, count) for alias, count in counts if count)

    def forecasts(self) -> dict[str, Forecast]:
        """Return what the days of each model say, and under `ALL` of everything; empty before they are read."""
        if self.inventory is None:
            return {}
        return {
            name: forecast(days, None if name == ALL else self.users(name))
            for name, days in self.inventory.days.items()
        }


class KnownRead(Event):
    """Something was read, or could not be; `what` tells which fields are new."""

    def __init__(self, **what: object) -> None:
        super().__init__()
        self.what = what


class Acted(Event):
    """An action has ended, and how; None: it was not meant."""

    def __init__(self, notice: Notice | None, command: str) -> None:
        super().__init__()
        self.notice, self.command = notice, command


class CapacityBase(ModeScreen[None]):
    """Keeps what is known, reads it when it is opened and told to, and says why keys are missing."""

    MODE = "capacity"
    COMPACT_BELOW = 100
    INTERVAL_S = 30.0

    def __init__(self, known: Known | None = None) -> None:
        super().__init__()
        self.known = known or Known()
        self.notice: Notice | None = None
        self.done_by: str | None = None
        """The command that does what was done last."""

    @property
    def source(self) -> CapacitySource | None:
        """The machine of the appliance; None for a terminal elsewhere."""
        return self.terminal.sources.capacity

    def on_mount(self) -> None:
        """Draw what the app knows, and plan the site; the rest is read when the screen comes to the front."""
        super().on_mount()
        if self.known.plan is None:
            self.read_plan()

    def on_screen_resume(self) -> None:
        """Catch up with what was read, or done on another screen."""
        super().on_screen_resume()
        self.read_inventory()

    def reload(self) -> None:
        """Read everything now."""
        self.notice = None
        self.read_inventory()
        self.read_plan()

    def show(self, view: View) -> None:
        """Draw banner, notice and what is dimmed."""
        super().show(view)
        self.set_class(view.fault is not None and view.status is not None, "-stale")
        self.query_one(FaultBanner).show(view.fault, view.seen, every(view.interval_s), view.language)
        self.query_one(NoticeLine).show(self.notice or self._trouble() or self._access(view), view.language)

    def _trouble(self) -> Notice | None:
        fault = self.known.fault or self.known.plan_fault
        return None if fault is None else Notice.of(fault)

    def _access(self, view: View) -> Notice | None:
        """Say why keys are missing."""
        if self.source is None:
            told = _("Nodes and models are changed only in the terminal on the head; use and plan are seen there too.")
            return Notice("warning", told)
        if view.who is not None and not (self.may(CLUSTER) or self.may(MODELS)):
            return Notice("warning", _("Read-only: changing nodes and models needs the role operator or admin."))
        return None

    def may(self, *permissions: str) -> bool:
        """Tell whether the reader may do something here: with one of the permissions, on the appliance's machine."""
        return self.source is not None and any(self.terminal.view.may(permission) for permission in permissions)

    @work(exclusive=True, group="inventory")
    async def read_inventory(self) -> None:
        """Read nodes, limits and use, again and again while the screen is open."""
        while self.source is not None:
            if self.is_current:
                try:
                    inventory = await self.source.inventory(self.terminal.language)
                    self.post_message(KnownRead(inventory=inventory, fault=None))
                except ApplianceError as error:
                    self.post_message(KnownRead(fault=error))
            await self.terminal.pause(self.INTERVAL_S)

    @work(exclusive=True, group="plan")
    async def read_plan(self) -> None:
        """Plan the site as it is: the planner asks every node, so this is not done again and again."""
        if self.source is None:
            return
        from appliance.operations.planning import PlanRequest

        try:
            plan = await self.source.plan(PlanRequest(), self.terminal.language)
            self.post_message(KnownRead(plan=plan, plan_fault=None))
        except ApplianceError as error:
            self.post_message(KnownRead(plan_fault=error))

    def on_known_read(self, event: KnownRead) -> None:
        """Keep it and show it; plan again where the plan is of something else now."""
        before = _planned_on(self.known.inventory)
        self.known = replace(self.known, **event.what)  # type: ignore[arg-type]
        if before is not None and before != _planned_on(self.known.inventory):
            self.read_plan()
        self.show(self.terminal.view)
        self.refresh_bindings()

    async def act(self, task: Task) -> Notice | None:
        """Ask, do it, and tell the screen. Call it in a worker."""
        notice = await perform(self.app, task)
        self.post_message(Acted(notice, task.command))
        return notice

    def on_acted(self, event: Acted) -> None:
        """Say what came of it, and read what is now."""
        self.notice = event.notice
        self.done_by = None if event.notice is None else event.command
        self.show(self.terminal.view)
        self.read_inventory()

    def action_back(self) -> None:
        """Go back."""
        self.dismiss(None)


def _planned_on(inventory: Inventory | None) -> object:
    """Return what of an inventory the plan depends on."""
    if inventory is None:
        return None
    return inventory.models, [(node.name, node.state) for node in inventory.nodes]


def changes_in_words(change: "SiteChange", language: str) -> Message:
    """Return the settings before and after, one a line, and what is to be said of them."""
    lines = [
        f"models.{one.alias}.{one.setting}: {'–' if one.before is None else one.before} → {one.after}"
        for one in change.settings
    ]
    return Message("\n".join([*lines, *(f"· {note.render(language)}" for note in change.notes)]))


def written(file: str) -> Message:
    """Return what is said when the site file is written."""
    return _("{file} is written. It counts from the next start: `appliance down`, then `appliance up`.", file=file)
