"""An appliance of three nodes in place of a real one: what it is asked and told is kept."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from appliance.config.home import Home
from appliance.config.site import SiteConfig, parse_site
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.forecast import Day
from appliance.operations.nodes.tokens import NewToken
from appliance.operations.plan_applying import SettingChange, SiteChange
from appliance.operations.planning import plan_site
from appliance.state.nodes import JoinToken, NodeRecord
from appliance.tui import app
from appliance.tui.app import TerminalApp
from appliance.tui.capacity_source import ALL, Inventory, ModelLimits
from tests.tui.recorded import load, recorded_app

FACTS = Path(__file__).parents[1] / "data" / "machines" / "facts"
TODAY = date(2026, 11, 24)
SITE_FILE = "/srv/appliance/site.yaml"
SITE = """
models:
  general: {package: qwen3-32b, replicas: 2, engine: {tensor_parallel_size: 2}}
  finance: {package: qwen3-8b, scaling: {min_replicas: 0, max_replicas: 2}}
"""


def node(number, name, role, state="ready", **labels):
    return NodeRecord(
        id=f"node_7q9m2fv8d4h6s0a1c3e5g7j9{number:02}",
        name=name,
        address=f"10.20.0.1{number}",
        role=role,
        version="0.1.0",
        certificate_serial="1f",
        certificate_fingerprint="aa",
        state=state,
        labels=labels,
        joined_at="2026-10-02T08:14:00.000Z",
        seen_at="2026-11-24T06:02:00.000Z",
    )


def token(name, **more):
    given = {
        "id": f"njt_{name:0>26}", "created_by": "os:li", "created_at": "2026-11-24T05:50:00.000Z",
        "expires_at": "2026-11-24T06:50:00.000Z",
    } | more  # fmt: skip
    return JoinToken(**given)


def use(busy, growth, weeks=8):
    """Return days of an office: `busy` users at once in the busiest hour of a weekday now, `growth` more a week."""
    shares = (0.95, 1.0, 0.98, 0.94, 0.9, 0.18, 0.12)
    days = []
    for number in range(7 * weeks):
        day = TODAY - timedelta(days=7 * weeks - number)
        users = max(0.0, busy - growth * (7 * weeks - number) / 7) * shares[day.weekday()]
        users *= 1 + ((number * 7919) % 11 - 5) / 200
        days.append(Day(day, round(users * 410), round(users * 410 * 1450), users * 3600 / 0.15))
    return tuple(days)


def summed(first, second):
    return tuple(
        Day(one.day, one.requests + two.requests, one.tokens + two.tokens, one.seconds + two.seconds)
        for one, two in zip(first, second, strict=True)
    )


def status():
    """Three machines: the head, a worker with one reading missing, and one that is gone."""
    found = load("three-gpu-nodes")
    names = ("head", "w1", "w2")
    nodes = tuple(one.model_copy(update={"name": name}) for one, name in zip(found.nodes, names, strict=True))
    return found.model_copy(update={"nodes": nodes})


class CapacityDouble:
    """Keeps what it is told; `fails` is raised by what changes something, `down` by every reading."""

    def __init__(self) -> None:
        self.nodes = [
            node(1, "head", "head", vendor="nvidia", zone="a"),
            node(2, "w1", "worker", vendor="nvidia", zone="b"),
            node(3, "w2", "worker", "cordoned", zone="b"),
        ]
        general, finance = use(118, 4.5), use(31, 0.0)
        self.days = {ALL: summed(general, finance), "general": general, "finance": finance}
        self.kept = [token("3kd9", used_at="2026-11-20T09:02:00.000Z", used_by=self.nodes[1].id,
                           expires_at="2026-11-20T10:00:00.000Z", created_at="2026-11-20T09:00:00.000Z"),
                     token("8fw2")]  # fmt: skip
        self.models = {
            "general": ModelLimits("qwen3-32b", 2, 2, False, 64),
            "finance": ModelLimits("qwen3-8b", 0, 2, True, 64),
        }
        self.changes = (SettingChange("general", "replicas", 2, 3),)
        self.told = []
        self.fails = None
        self.fails_once = None
        self.down = None
        self.plan_changes = {}

    async def inventory(self, _language):
        if self.down:
            raise self.down
        return Inventory(tuple(self.nodes), self.models, self.days, SITE_FILE)

    async def plan(self, request, _language):
        self.told.append(("plan", request))
        if self.down:
            raise self.down
        plan = planned(request)
        return replace(plan, placements=tuple(replace(one, **self.plan_changes) for one in plan.placements))

    async def planned_change(self, request, _language):
        self.told.append(("planned_change", request))
        return self._change()

    async def scaled_change(self, alias, wish, _language):
        self.told.append(("scaled_change", alias, wish))
        return self._change()

    def _change(self):
        if self.fails:
            raise self.fails
        return SiteChange(self.changes, (), SITE, SITE, SiteConfig())

    async def apply_plan(self, change, _language):
        self._do("apply_plan", change)

    async def apply_scale(self, change, _language):
        self._do("apply_scale", change)

    async def tokens(self, _language):
        if self.down:
            raise self.down
        return tuple(self.kept)

    async def make_token(self, valid, _language):
        self._do("make_token", valid)
        made = token("9zz4")
        self.kept.append(made)
        text = f"{made.id}.kF3v9QmZr2XwT7bLcN1yHdGs5AeUoPi8jRqWxVtM0aB.0f9e8d7c6b5a49382716f5e4d3c2b1a0"
        return NewToken(made, text, f"appliance node join 10.20.0.11:6389 --token {text}")

    async def revoke_token(self, token_id, _language):
        self._do("revoke_token", token_id)
        self.kept = [
            replace(one, revoked_at="2026-11-24T06:02:00.000Z") if one.id == token_id else one for one in self.kept
        ]

    async def carry_out(self, order, tell, _language):
        title = _("Drain {name}", name=order.name)
        if order.do in ("drain", "remove") and not order.force:
            tell(Progress("node.drain", title))
            tell(Progress("node.drain", title, "running", _("replicas still on it: {count}", count=2)))
            await asyncio.sleep(0)
        self._do("carry_out", order)
        if order.do in ("drain", "remove") and not order.force:
            tell(Progress("node.drain", title, "done"))
        states = {"cordon": "cordoned", "uncordon": "ready", "drain": "draining", "remove": "removed"}
        self.nodes = [replace(one, state=states[order.do]) if one.name == order.name else one for one in self.nodes]

    def _do(self, *what):
        self.told.append(what)
        if self.fails_once:
            error, self.fails_once = self.fails_once, None
            raise error
        if self.fails:
            raise self.fails

    @property
    def done(self):
        """What was changed, without plans."""
        return [one for one in self.told if one[0] not in ("plan", "planned_change", "scaled_change")]


_PLANS = {}
_NAMES = {"node-1": "head", "node-2": "w1"}
_USERS = {"general": 160, "finance": 63}


def planned(request):
    """Return the real planner's answer for two recorded machines, under the names of the nodes."""
    key = repr(request)
    if key not in _PLANS:
        machines = (FACTS / "8xH20.json",) * 2
        given = replace(request, machines=machines, like=None)
        plan = plan_site(Home(Path("/nowhere")), parse_site(SITE, "site.yaml"), given)
        users = _USERS if request.users is None else {}
        _PLANS[key] = replace(plan, placements=tuple(_renamed(one, users) for one in plan.placements))
    return _PLANS[key]


def _renamed(placed, users):
    replicas = tuple(
        tuple(replace(use, node=_NAMES.get(use.node, use.node)) for use in replica) for replica in placed.replicas
    )
    return replace(placed, replicas=replicas, users=users.get(placed.alias, placed.users))


class CapacityApp(TerminalApp):
    """The terminal that opens on this screen."""

    DEFAULT_MODE = "capacity"
    CSS_PATH = Path(app.__file__).with_name("appliance.tcss")


def capacity_app(source, *readings, **more):
    """Return the app with a source beside it, or none."""
    made = recorded_app(*(readings or (status(),)), kind=CapacityApp, **more)
    made.sources = replace(made.sources, capacity=source)
    return made
