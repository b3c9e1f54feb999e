"""Add Ray nodes to the cluster of `scale.py` on this same machine: `python scale_nodes.py HOME FROM TO CARDS`.

Each is a real raylet with its agents, as `ray.cluster_utils.Cluster` starts them, and says that it has CARDS cards.
Prints the seconds that each took until the cluster listed it, as JSON. They live on when the program has ended.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.units import MIB
from appliance.serving import deploy

_STORE_MIB = 80  # the least that Ray takes
_WAIT_S = 120.0


def add_node(gcs_address: str, number: int, cards: int, worker_ports: tuple[int, int]) -> None:
    """Start one raylet with its agents. Raises what Ray raises where it does not come up."""
    from ray._private.node import Node
    from ray._private.parameter import RayParams

    asked: dict[str, Any] = {
        "gcs_address": gcs_address, "node_ip_address": "127.0.0.1", "node_name": f"modelled-{number}", "num_cpus": 2,
        "num_gpus": cards, "object_store_memory": _STORE_MIB * MIB, "node_manager_port": 0, "object_manager_port": 0,
        "dashboard_agent_listen_port": None, "include_log_monitor": False, "min_worker_port": worker_ports[0],
        "max_worker_port": worker_ports[1],
    }  # fmt: skip
    Node(RayParams(**asked), head=False, shutdown_at_exit=False, spawn_reaper=False)


def await_nodes(count: int) -> None:
    """Return when `count` nodes are alive. Raises `TimeoutError`."""
    import ray

    deadline = time.monotonic() + _WAIT_S
    while sum(node["Alive"] for node in ray.nodes()) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{count} nodes are not alive after {_WAIT_S} s")
        time.sleep(0.02)


def main() -> None:
    """Add nodes one after the other."""
    home, first, last, cards = Home(Path(sys.argv[1])), *map(int, sys.argv[2:5])
    settings = load_site(home.site_file).cluster
    address = f"127.0.0.1:{settings.port}"
    deploy.connect(address)
    seconds = []
    try:
        for number in range(first, last):
            started = time.perf_counter()
            add_node(address, number, cards, (settings.worker_port_min, settings.worker_port_max))
            await_nodes(number + 1)
            seconds.append(round(time.perf_counter() - started, 2))
    finally:
        deploy.disconnect()
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
