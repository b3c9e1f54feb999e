"""Read the state of nodes and applications, from inside a Serve replica."""

import asyncio
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from appliance.core.clock import iso, utc_now
from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.core.status import ApplianceStatus, ApplicationStatus, NodeStatus
from appliance.hardware.sampling import NodeSampler
from appliance.serving.ledger_app import LEDGER_APPLICATION
from appliance.serving.model_loads import ModelLoad
from appliance.serving.names import (
    BATCH_APPLICATION,
    EMBEDDER_APPLICATION,
    GATEWAY_APPLICATION,
    HEAD_NODE,
    KNOWLEDGE_APPLICATION,
)
from appliance.serving.routing import unwritten
from appliance.state.node_records import READING

if TYPE_CHECKING:
    from ray.serve.schema import ApplicationStatusOverview

    from appliance.serving.gateway.context import GatewayContext
    from appliance.state.node_records import NodeRecord

_IDENTITY = {"node_id", "address", "head"}
_State = Literal["running", "asleep", "starting", "unhealthy", "failed", "stopped"]
_Kind = Literal["model", "embedding", "scenario", "knowledge", "gateway", "ledger", "batch"]

_STATES: dict[str, _State] = {
    "NOT_STARTED": "starting",
    "DEPLOYING": "starting",
    "RUNNING": "running",
    "UNHEALTHY": "unhealthy",
    "DEPLOY_FAILED": "failed",
    "DELETING": "stopped",
}
_KINDS: dict[str, _Kind] = {
    GATEWAY_APPLICATION: "gateway",
    KNOWLEDGE_APPLICATION: "knowledge",
    EMBEDDER_APPLICATION: "embedding",
    LEDGER_APPLICATION: "ledger",
    BATCH_APPLICATION: "batch",
}
_ORDER: tuple[_Kind, ...] = ("model", "embedding", "knowledge", "scenario", "gateway", "ledger", "batch")


def application_kind(name: str) -> _Kind:
    """Return what an application is, from its name."""
    if name.startswith("model-"):
        return "model"
    return "scenario" if name.startswith("scenario-") else _KINDS.get(name, "scenario")


def target_name(application: str) -> str:
    """Return the alias or scenario that callers know an application by."""
    for prefix in ("model-", "scenario-", "embedding-"):
        if application.startswith(prefix):
            return application.removeprefix(prefix)
    return application


def _shown_name(gateway: "GatewayContext", application: str) -> str:
    """Return `target_name`; of a model's version beside the stable one with its slot."""
    served = gateway.models.served
    variant = None if served is None else served.directory.by_application(application)
    if variant is None:
        return target_name(application)
    return variant.alias if variant.slot == "stable" else f"{variant.alias}@{variant.slot}"


@cache
def _sampler(folder: str) -> NodeSampler:
    return NodeSampler(Path(folder))


def read_status(gateway: "GatewayContext", loop: asyncio.AbstractEventLoop) -> ApplianceStatus:
    """Return nodes, applications and the traffic that this gateway replica has seen. Blocks, so call it in a thread.

    `loop` is the gateway's, on which the models are asked.

    Raises `Unavailable` when the cluster does not tell.
    """
    from ray.exceptions import RayError
    from ray.serve.exceptions import RayServeException

    try:
        nodes, applications = _nodes(gateway), _applications(gateway, loop)
    except (RayError, RayServeException, TimeoutError) as error:
        raise Unavailable(_("The cluster does not tell its state now."), _("Try again in a moment.")) from error
    return ApplianceStatus(
        version=gateway.version,
        taken_at=iso(utc_now()),
        uptime_s=time.time() - gateway.started,
        nodes=nodes,
        applications=applications,
    )


def _nodes(gateway: "GatewayContext") -> tuple[NodeStatus, ...]:
    import ray

    here, known, found = ray.get_runtime_context().get_node_id(), _known(gateway), {}
    for node in sorted(
        ray.nodes(), key=lambda node: bool(node["Alive"])
    ):  # one that was started anew is another to Ray
        address, head = node["NodeManagerAddress"], HEAD_NODE in node["Resources"]
        status = NodeStatus(node_id=node["NodeID"], address=address, head=head, state="dead")
        record = known.get(address)
        if node["NodeID"] == here:
            status = _sampler(gateway.disk_folder).sample().as_status(here, address, head=head)
        elif node["Alive"]:
            reading = {} if record is None else dict(record.facts.get(READING, {}))
            status = NodeStatus.model_validate({**reading, **status.model_dump(include=_IDENTITY), "state": "alive"})
        if record is not None:
            status = status.model_copy(update={"name": record.name, "standing": record.state})
        found[address] = status
    return tuple(sorted(found.values(), key=lambda node: (not node.head, node.address)))


def _known(gateway: "GatewayContext") -> "dict[str, NodeRecord]":
    """Return what the registry has of the nodes that are not removed, by address."""
    return {} if gateway.nodes is None else {node.address: node for node in gateway.nodes.list()}


def _replicas(application: "ApplicationStatusOverview") -> Counter[str]:
    """Return how many replicas of an application are in each of Serve's states."""
    replicas = Counter[str]()
    for deployment in application.deployments.values():
        for state, count in deployment.replica_states.items():
            replicas[str(getattr(state, "value", state))] += count
    return replicas


def _state(kind: _Kind, status: object, replicas: Counter[str]) -> _State:
    """Return an application's state; a chat model that is well without a replica sleeps, or wakes."""
    state = _STATES.get(str(getattr(status, "value", status)), "starting")
    if kind != "model" or state != "running" or replicas["RUNNING"]:
        return state
    return "starting" if replicas.total() > replicas["STOPPING"] else "asleep"


async def read_loads(gateway: "GatewayContext") -> dict[str, ModelLoad]:
    """Return what the engines of each chat model carry that gets requests, by the name that the status shows."""
    served = gateway.models.served
    variants = [
        variant
        for entry in gateway.directory.models
        if entry.kind == "chat"
        for variant in (() if served is None else served.directory.of(entry.alias)) or (unwritten(entry.alias),)
    ]
    names = [variant.application for variant in variants if variant.serves]
    loads = await gateway.loads.read(names, gateway.models.handle)
    return {_shown_name(gateway, name): load for name, load in loads.items()}


def _applications(gateway: "GatewayContext", loop: asyncio.AbstractEventLoop) -> tuple[ApplicationStatus, ...]:
    from ray import serve

    applications = serve.status().applications
    states = {name: _replicas(application) for name, application in applications.items()}
    engines = [name for name, replicas in states.items() if application_kind(name) == "model" and replicas["RUNNING"]]
    reading = gateway.loads.read(engines, gateway.models.handle)
    loads = asyncio.run_coroutine_threadsafe(reading, loop).result()
    found = []
    for name, application in applications.items():
        replicas, target, kind = states[name], _shown_name(gateway, name), application_kind(name)
        traffic = gateway.metrics.traffic(target)
        # Without an engine everything that has come in waits.
        load = loads.get(name, ModelLoad(waiting=traffic.in_flight) if kind == "model" else ModelLoad())
        found.append(
            ApplicationStatus(
                name=target,
                kind=kind,
                state=_state(kind, application.status, replicas),
                replicas_running=replicas["RUNNING"],
                replicas_target=replicas.total(),
                message=application.message,
                running=load.running,
                waiting=load.waiting,
                kv_use=load.kv_use,
                traffic=traffic,
            )
        )
    return tuple(sorted(found, key=lambda entry: (_ORDER.index(entry.kind), entry.name)))
