"""A driver on the cluster of `scale.py`: deploys modelled engines, changes their number, reads what Ray and Serve tell.

    python scale_apps.py put HOME JSON       gateways, ledger and the engines that `scale_cluster.engines` describes
    python scale_apps.py change HOME JSON    other engines
    python scale_apps.py read HOME           prints what Serve's controller and the GCS say, as JSON

A process of its own, because its environment makes it a driver of that cluster.
"""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alone_apps import QUIET, connected, put_appliance
from modelled_engine import ModelledEngine, Timing

from appliance.config.home import Home
from appliance.serving import deploy
from appliance.serving.engine import HEALTH_CHECK_PERIOD_S, HEALTH_CHECK_TIMEOUT_S
from appliance.serving.names import MODEL_DEPLOYMENT, model_application

if TYPE_CHECKING:
    from ray.serve.deployment import Application

_TIMEOUT_S = 600.0
_ASKED = 20  # times that the GCS is asked for its nodes


def model_app(asked: dict[str, Any]) -> "Application":
    """Return the model's application: `processes` replicas, each of which stands for `engines` modelled engines."""
    from ray import serve

    timing = Timing(asked["prefill_s"], tuple(asked["steps_s"]))
    model = serve.deployment(
        ModelledEngine,
        name=MODEL_DEPLOYMENT,
        num_replicas=asked["processes"],
        max_ongoing_requests=asked["places"],
        ray_actor_options={"num_cpus": asked["cpus"]},
        logging_config=QUIET,
        health_check_period_s=HEALTH_CHECK_PERIOD_S,
        health_check_timeout_s=HEALTH_CHECK_TIMEOUT_S,
    )
    return model.bind(timing, asked["engines"])


def change(asked: dict[str, Any]) -> None:
    """Deploy other modelled engines in place of those that are there."""
    application = model_application("general")
    deploy.submit([(application, model_app(asked))])
    time.sleep(1)  # until then Serve still tells of the old ones
    for _state in deploy.watch([application], _TIMEOUT_S):
        pass


def read() -> dict[str, Any]:
    """Return the controller's own figures and how long the GCS takes to name all nodes."""
    import ray
    from ray import serve
    from ray.serve.context import _get_global_client

    times = []
    for _number in range(_ASKED):
        started = time.perf_counter()
        nodes = ray.nodes()
        times.append(time.perf_counter() - started)
    started = time.perf_counter()
    status = serve.status()
    status_s = time.perf_counter() - started
    health = ray.get(_get_global_client()._controller.get_health_metrics.remote())
    replicas = sum(
        sum(one.replica_states.values()) for app in status.applications.values() for one in app.deployments.values()
    )
    return {
        "nodes_alive": sum(node["Alive"] for node in nodes),
        "replicas": replicas,
        "nodes_call_ms": round(1000 * sorted(times)[len(times) // 2], 2),
        "serve_status_ms": round(1000 * status_s, 1),
        "loop_ms": {name: round(1000 * value, 2) for name, value in health["loop_duration_s"].items() if value},
        "deployments_ms": round(1000 * health["deployment_state_update_duration_s"]["mean"], 2),
        "node_update_ms": round(1000 * health["node_update_duration_s"]["mean"], 2),
        "loops_per_s": round(health["loops_per_second"], 2),
        "event_loop_delay_ms": round(1000 * health["event_loop_delay_s"], 2),
        "controller_tasks": health["num_asyncio_tasks"],
    }


def main() -> None:
    """Connect, do what is asked, leave."""
    action, home = sys.argv[1], Home(Path(sys.argv[2]))
    with connected(home) as site:
        if action == "put":
            deploy.start_serve(site)
            asked = json.loads(sys.argv[3])
            put_appliance(home, model_app(asked), gateways=asked["gateways"])
        elif action == "change":
            change(json.loads(sys.argv[3]))
        else:
            print(json.dumps(read()))


if __name__ == "__main__":
    main()
