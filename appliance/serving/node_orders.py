"""Close or empty a node of the running cluster: `python -m appliance.serving.node_orders HOME ORDER`.

A driver of the cluster as `serving.launch`. ORDER is JSON: `{"do": "cordon" | "uncordon" | "drain", "address"}` and for
`drain` `timeout_s`. It says `{"replicas": n}`, those that are still on the node.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from appliance.cluster.node import ENGINE_PLACE
from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.errors import NotFound, StartFailed
from appliance.core.messages import _
from appliance.core.networks import with_port
from appliance.serving import deploy
from appliance.serving.driver import speak
from appliance.serving.following import CORDONED, read_cordoned

_POLL_S: Final = 0.5
_GROUP_S: Final = 10.0
_CLOSE_TRIES: Final = 5
_REPLICA: Final = "SERVE_REPLICA::"


def carry_out(home: Home, order: Mapping[str, Any]) -> Iterator[dict[str, int]]:
    """Carry out one order; yield how many replicas are on the node when the number changes. Raises the error tree."""
    cluster = load_site(home.site_file).cluster
    deploy.connect(with_port(cluster.address, cluster.port))
    try:
        node = _node_at(order["address"])
        if order["do"] == "uncordon":
            _open(node)
            return
        _close(node)
        if order["do"] == "drain":
            yield from _drain(node, order["timeout_s"])
    finally:
        deploy.disconnect()


def _node_at(address: str) -> dict[str, Any]:
    """Return Ray's entry of the node that is alive at an address. Raises `NotFound`."""
    import ray

    for node in ray.nodes():
        if node["Alive"] and node["NodeManagerAddress"] == address:
            return dict(node)
    raise NotFound(
        _("No node at {address} takes part in the cluster now.", address=address),
        _("`appliance node list` shows when it was last seen."),
        code="node_not_in_cluster",
    )


def _close(node: Mapping[str, Any]) -> None:
    """Take what is left of the node's places for engines, and tell the policy of replicas that none is there.

    Raises `StartFailed` where engines keep taking places meanwhile.
    """
    from ray.util.placement_group import NODE_ID_LABEL_KEY, placement_group

    _write_cordoned(_cordoned() | {node["NodeID"]})
    name = _group_name(node)
    if _groups(name):
        return
    # By the node's id, not by its address: at that one the group would follow it through a restart, which opens it.
    here = {NODE_ID_LABEL_KEY: node["NodeID"]}
    for _try in range(_CLOSE_TRIES):
        if not (free := _free_places(node)):
            return
        place = {ENGINE_PLACE: free}
        group = placement_group([place], name=name, lifetime="detached", bundle_label_selector=[here])
        if group.wait(_GROUP_S):
            return
        _remove_groups(name)  # an engine took a place meanwhile
    raise StartFailed(
        _("The node's places for engines could not be closed: others were taken at the same time."),
        _("Wait until its models have started, then try again."),
    )


def _open(node: Mapping[str, Any]) -> None:
    _write_cordoned(_cordoned() - {node["NodeID"]})
    _remove_groups(_group_name(node))


def _drain(node: Mapping[str, Any], timeout_s: float) -> Iterator[dict[str, int]]:
    """Have Serve move its replicas elsewhere, each when its running requests have ended; yield how many are left."""
    import ray
    from ray._raylet import GcsClient  # type: ignore[attr-defined]
    from ray.core.generated import autoscaler_pb2

    deadline = time.time() + timeout_s
    reason = autoscaler_pb2.DrainNodeReason.Value("DRAIN_NODE_REASON_PREEMPTION")
    client = GcsClient(address=ray.get_runtime_context().gcs_address)
    taken, refusal = client.drain_node(node["NodeID"], reason, "drained by an administrator", int(deadline * 1000))
    if not taken:
        raise StartFailed(
            _("Ray does not drain the node: {reason}", reason=refusal), _("Try again; the node serves as before.")
        )
    said = -1
    while said != 0:
        if (left := _replicas_on(node)) != said:
            yield {"replicas": left}
        said = left
        if said and time.time() > deadline:
            raise StartFailed(
                _("{count} replicas are still on the node after {seconds} s.", count=said, seconds=int(timeout_s)),
                _(
                    "Look at `appliance status`: their models may have no other place. A restart of the node ends the"
                    " drain."
                ),
            )
        time.sleep(_POLL_S)


def _replicas_on(node: Mapping[str, Any]) -> int:
    """Return the replicas of Serve whose processes live on the node, those that end their last requests included."""
    from ray._private.state import actors

    return sum(
        actor["State"] == "ALIVE"
        and actor["Name"].startswith(_REPLICA)
        and actor["Address"]["NodeID"] == node["NodeID"]
        for actor in actors().values()
    )


def _free_places(node: Mapping[str, Any]) -> int:
    from ray._private.state import available_resources_per_node

    return int(available_resources_per_node().get(node["NodeID"], {}).get(ENGINE_PLACE, 0))


def _group_name(node: Mapping[str, Any]) -> str:
    return f"appliance-cordon-{node['NodeID']}"


def _groups(name: str) -> list[str]:
    """Return the ids (hexadecimal) of the placement groups of that name that are there."""
    from ray.util.placement_group import placement_group_table

    table = placement_group_table()
    return [found for found, group in table.items() if group["name"] == name and group["state"] != "REMOVED"]


def _remove_groups(name: str) -> None:
    """Remove them by their ids: one that was made anew under load is not found by its name any more."""
    from ray._raylet import PlacementGroupID
    from ray.util.placement_group import PlacementGroup, remove_placement_group

    for found in _groups(name):
        remove_placement_group(PlacementGroup(PlacementGroupID(bytes.fromhex(found))))


def _cordoned() -> frozenset[str]:
    from ray.experimental.internal_kv import _internal_kv_get

    return read_cordoned(_internal_kv_get(CORDONED))


def _write_cordoned(nodes: frozenset[str]) -> None:
    from ray.experimental.internal_kv import _internal_kv_put

    _internal_kv_put(CORDONED, ",".join(sorted(nodes)).encode(), overwrite=True)


def main(arguments: list[str]) -> int:
    """Carry out the order in `arguments`; return the exit code."""
    return speak(lambda: carry_out(Home(Path(arguments[0])), json.loads(arguments[1])))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
