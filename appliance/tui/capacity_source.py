"""What only the machine of the appliance can tell and do about its nodes and models; the status comes over HTTP."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from appliance.core.clock import Clock, utc_now
from appliance.core.progress import Progress
from appliance.operations.forecast import WINDOW_DAYS, Day, days_of
from appliance.tui.acting import Tell
from appliance.tui.local import Local, follow, in_thread

if TYPE_CHECKING:
    from appliance.catalogue.plan import Plan
    from appliance.config.site import SiteConfig
    from appliance.operations.nodes.tokens import NewToken
    from appliance.operations.plan_applying import SiteChange
    from appliance.operations.planning import PlanRequest
    from appliance.operations.scaling import ScaleWish
    from appliance.state.nodes import JoinToken, NodeRecord

ALL: Final = ""
"""Key of the days of every model together."""

Leaving = Literal["cordon", "uncordon", "drain", "remove"]


@dataclass(frozen=True)
class ModelLimits:
    """What the site file says of one chat model. `places` are the requests that one replica answers together."""

    package: str
    least: int
    most: int
    follows_load: bool
    places: int


@dataclass(frozen=True)
class Inventory:
    """What is known beside the status."""

    nodes: "tuple[NodeRecord, ...]"
    models: Mapping[str, ModelLimits]
    days: Mapping[str, tuple[Day, ...]]
    """Use by day of each chat model, and under `ALL` of everything."""
    site_file: str


@dataclass(frozen=True)
class NodeOrder:
    """What is to be done to a node. Without a timeout it waits as long as the operation itself says."""

    do: Leaving
    name: str
    timeout_s: float | None = None
    force: bool = False

    @property
    def command(self) -> str:
        """The command that does the same."""
        options = (" --force" if self.force else "") + (f" --timeout {self.timeout_s:g}" if self.timeout_s else "")
        return f"appliance node {self.do} {self.name}{options}"


class CapacitySource(Protocol):
    """Every method raises `ApplianceError` with what to do; texts made meanwhile are in `language`."""

    async def inventory(self, language: str) -> Inventory:
        """Return nodes with labels, limits of models and use by day."""
        ...

    async def plan(self, request: "PlanRequest", language: str) -> "Plan":
        """Return what goes where, and how many users that carries."""
        ...

    async def planned_change(self, request: "PlanRequest", language: str) -> "SiteChange":
        """Return what the site file would be by a plan. Raises `Conflict` for one that does not serve everything."""
        ...

    async def scaled_change(self, alias: str, wish: "ScaleWish", language: str) -> "SiteChange":
        """Return what the site file would be with other replicas of a model."""
        ...

    async def apply_plan(self, change: "SiteChange", language: str) -> None:
        """Write the site file. Raises `ApprovalNeeded`, `Conflict`."""
        ...

    async def apply_scale(self, change: "SiteChange", language: str) -> None:
        """Write the site file. Raises `ApprovalNeeded`, `Conflict`."""
        ...

    async def tokens(self, language: str) -> "tuple[JoinToken, ...]":
        """Return the join tokens, oldest first."""
        ...

    async def make_token(self, valid: str, language: str) -> "NewToken":
        """Make one that is good for `valid`, such as 1h or 2d."""
        ...

    async def revoke_token(self, token_id: str, language: str) -> None:
        """Revoke one."""
        ...

    async def carry_out(self, order: NodeOrder, tell: Tell, language: str) -> None:
        """Close, open, empty or remove a node."""
        ...


class LocalCapacity:
    """Asks and does what the command line does, in threads."""

    def __init__(self, local: Local, clock: Clock = utc_now) -> None:
        self._local, self._clock = local, clock

    async def inventory(self, language: str) -> Inventory:
        """Return nodes with labels, limits of models and use by day."""
        return await in_thread(self._inventory, language)

    async def plan(self, request: "PlanRequest", language: str) -> "Plan":
        """Return what goes where, and how many users that carries."""
        return await in_thread(lambda: self._plan(self._local.site(), request), language)

    async def planned_change(self, request: "PlanRequest", language: str) -> "SiteChange":
        """Return what the site file would be by a plan."""

        def work() -> "SiteChange":
            from appliance.operations.plan_applying import change_to, check_can_apply

            check_can_apply(self._local.home, request)
            site = self._local.site()
            return change_to(self._local.home, site, self._plan(site, request))

        return await in_thread(work, language)

    async def scaled_change(self, alias: str, wish: "ScaleWish", language: str) -> "SiteChange":
        """Return what the site file would be with other replicas of a model."""

        def work() -> "SiteChange":
            from appliance.operations.scaling import scale_to

            return scale_to(self._local.home, self._local.site(), alias, wish)

        return await in_thread(work, language)

    async def apply_plan(self, change: "SiteChange", language: str) -> None:
        """Write the site file."""

        def work() -> None:
            from appliance.operations.plan_applying import apply_change

            apply_change(self._local.home, self._local.site(), change)

        await in_thread(work, language)

    async def apply_scale(self, change: "SiteChange", language: str) -> None:
        """Write the site file."""

        def work() -> None:
            from appliance.operations.scaling import apply_scale

            apply_scale(self._local.home, self._local.site(), change)

        await in_thread(work, language)

    async def tokens(self, language: str) -> "tuple[JoinToken, ...]":
        """Return the join tokens, oldest first."""

        def work() -> "tuple[JoinToken, ...]":
            from appliance.operations.nodes.tokens import list_tokens

            return list_tokens(self._local.home, self._local.site())

        return await in_thread(work, language)

    async def make_token(self, valid: str, language: str) -> "NewToken":
        """Make one that is good for `valid`."""

        def work() -> "NewToken":
            from appliance.operations.nodes.tokens import create_token

            return create_token(self._local.home, self._local.site(), valid)

        return await in_thread(work, language)

    async def revoke_token(self, token_id: str, language: str) -> None:
        """Revoke one."""

        def work() -> None:
            from appliance.operations.nodes.tokens import revoke_token

            revoke_token(self._local.home, self._local.site(), token_id)

        await in_thread(work, language)

    async def carry_out(self, order: NodeOrder, tell: Tell, language: str) -> None:
        """Close, open, empty or remove a node."""
        await follow(self._steps(order), tell, language)

    def _steps(self, order: NodeOrder) -> Callable[[], Iterator[Progress]]:
        def work() -> Iterator[Progress]:
            from appliance.operations.nodes import leaving

            home, site = self._local.home, self._local.site()
            if order.do == "drain":
                yield from leaving.drain(home, site, order.name, order.timeout_s)
            elif order.do == "remove":
                yield from leaving.remove(home, site, order.name, force=order.force, timeout_s=order.timeout_s)
            else:
                yield from {"cordon": leaving.cordon, "uncordon": leaving.uncordon}[order.do](home, site, order.name)

        return work

    def _plan(self, site: "SiteConfig", request: "PlanRequest") -> "Plan":
        from appliance.operations.planning import plan_site

        return plan_site(self._local.home, site, request)

    def _inventory(self) -> Inventory:
        from appliance.operations.nodes.listing import list_nodes
        from appliance.operations.usage import usage_totals

        home, site, today = self._local.home, self._local.site(), self._clock().date()
        totals = usage_totals(home, site, since=f"{WINDOW_DAYS}d")
        days = {alias: days_of(totals, today, {alias}) for alias in site.models}
        limits = {
            alias: ModelLimits(
                package=model.package,
                least=model.replicas if model.scaling is None else model.scaling.min_replicas,
                most=model.most_replicas,
                follows_load=model.scaling is not None,
                places=model.engine.max_num_seqs,
            )
            for alias, model in site.models.items()
        }
        return Inventory(list_nodes(home, site), limits, {ALL: days_of(totals, today)} | days, str(home.site_file))


def capacity_of(local: Local | None) -> CapacitySource | None:
    """Return the source beside an appliance; None for a terminal elsewhere."""
    return None if local is None else LocalCapacity(local)
