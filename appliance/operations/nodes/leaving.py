"""Close a node, empty it, take it out: what runs there ends first or goes elsewhere, and nobody's request fails."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from appliance.cluster.instance import Instance
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import Conflict, NotFound
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.operations.accounts import open_accounts
from appliance.operations.nodes.listing import show_node
from appliance.operations.switching import give_order, needed_instance, running_instance
from appliance.state.node_records import NodeRecord, NodeState
from appliance.state.nodes import Nodes

DRAIN_MARGIN_S: Final = 60.0
"""What a drain waits beyond the longest generation: a replica elsewhere may have to start first."""
_LEFT_ALREADY: Final = "node_not_in_cluster"


def cordon(home: Home, site: SiteConfig, name: str) -> Iterator[Progress]:
    """Give a node nothing new; what runs there goes on.

    Raises `NotFound`, `Conflict`, `ConfigError` on a worker, `NotRunning`: a start would open the node again.
    """
    node = _found(home, site, name, "ready", "cordoned")
    yield from _changed(home, site, node, "cordon", "cordoned", _("Close {name} to new work", name=node.name))


def uncordon(home: Home, site: SiteConfig, name: str) -> Iterator[Progress]:
    """Open a closed node again. Raises as `cordon`, `Conflict` for a drained one."""
    node = _found(home, site, name, "cordoned", "ready")
    yield from _changed(home, site, node, "uncordon", "ready", _("Open {name} to new work", name=node.name))


def _changed(
    home: Home, site: SiteConfig, node: NodeRecord, order: str, state: NodeState, title: Message
) -> Iterator[Progress]:
    instance, step = needed_instance(home), f"node.{order}"
    yield Progress(step, title)
    for _event in _ordered(home, instance, {"do": order, "address": node.address}):
        pass
    _write(home, site, node, state, step)
    yield Progress(step, title, "done")


def drain(home: Home, site: SiteConfig, name: str, timeout_s: float | None = None) -> Iterator[Progress]:
    """Empty a worker: its replicas stop once their requests have ended, others start elsewhere; its gateway says that
    it takes no more.

    `timeout_s` seconds at most, by default the longest generation and a minute. Afterwards the node may be stopped,
    removed or, restarted, be used again. Raises as `cordon`, `Conflict` for the head, `StartFailed` for what stays.
    """
    node = _found(home, site, name, "ready", "cordoned", "draining")
    if node.role == "head":
        raise Conflict(
            _("The head node cannot be drained: it holds the appliance's state."),
            _("`appliance down` on it stops the appliance; `appliance backup create` takes its state elsewhere."),
            code="head_cannot_leave",
        )
    instance = needed_instance(home)
    title = _("Drain {name}", name=node.name)
    yield Progress("node.drain", title)
    _write(home, site, node, "draining", "node.drain")
    limit = site.gateway.generation_timeout_s + DRAIN_MARGIN_S if timeout_s is None else timeout_s
    order = {"do": "drain", "address": node.address, "timeout_s": limit}
    try:
        for event in _ordered(home, instance, order):
            yield Progress("node.drain", title, "running", _replicas(event["replicas"]))
    except NotFound as error:
        if error.code != _LEFT_ALREADY:
            raise
        yield Progress("node.drain", title, "skipped", _("it takes no part in the cluster now"))
        return
    yield Progress("node.drain", title, "done")


def remove(
    home: Home, site: SiteConfig, name: str, *, force: bool = False, timeout_s: float | None = None
) -> Iterator[Progress]:
    """Drain a worker and take it out: it stops, and its certificate is worth nothing here any more.

    With `force`, or where no appliance runs, it is not drained: `force` is for one that is lost. Raises as `drain`.
    """
    node = _found(home, site, name, "joining", "ready", "cordoned", "draining")
    if node.role == "head":
        raise Conflict(_("The head node cannot leave its own appliance."), code="head_cannot_leave")
    if not force and node.state != "joining" and running_instance(home) is not None:
        yield from drain(home, site, name, timeout_s)
    title = _("Remove {name}", name=node.name)
    yield Progress("node.remove", title)
    _write(home, site, node, "removed", "node.remove")
    yield Progress("node.remove", title, "done", _("it stops within seconds, and may join again with a new token"))


def _found(home: Home, site: SiteConfig, name: str, *states: NodeState) -> NodeRecord:
    node = show_node(home, site, name)
    if node.state in states:
        return node
    hints: Mapping[NodeState, Message] = {
        "joining": _("Wait until it has joined, or remove it with `appliance node remove {name}`.", name=name),
        "draining": _("Restart the appliance on it to use it again, or remove it."),
        "removed": _("It may join again with a new token, as a new node."),
    }
    raise Conflict(
        _("The node {name} cannot be changed so in its present state: {state}.", name=name, state=node.state),
        hints.get(node.state),
        code="node_state",
    )


def _ordered(home: Home, instance: Instance, order: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return give_order(home, instance, "appliance.serving.node_orders", order, home.logs / "nodes.log")


def _write(home: Home, site: SiteConfig, node: NodeRecord, state: NodeState, action: str) -> None:
    with open_accounts(home, site) as accounts:
        Nodes(accounts.database).set_state(node.id, state)
        accounts.note(action, node.id, None)


def _replicas(count: int) -> Message:
    return _("replicas still on it: {count}", count=count)
