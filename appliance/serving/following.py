"""As many replicas as there are nodes for: on CPU a node has one engine of a model, which takes all its processors.

A model that is to have two replicas has one on a lone box, and the second starts when a node joins; when a node is
drained or lost, nobody waits for a replica that has no place. Serve carries this module to its controller by value.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from appliance.config.site import ModelSettings
from appliance.serving.scaling import ScalingPolicy, Targets, replica_options

CORDONED: Final = b"appliance:cordoned"
"""Key in Ray's store: ids of Ray nodes that take no further engines, parted by commas."""
_LOOK_S: Final = 1.0


def read_cordoned(said: bytes | None) -> frozenset[str]:
    """Return the ids under `CORDONED`; `said` is what the store has there."""
    return frozenset((said or b"").decode().split(",")) - {""}


@dataclass(frozen=True)
class Places:
    """Nodes that a model's replicas may be on."""

    open: int
    """Those that take further ones."""
    cordoned: int = 0
    """Those that only keep the ones that they have."""


def within_places(wanted: int, running: int, places: Places) -> int:
    """Return how many replicas there can be of those wanted; `running` are there already.

    None is taken from a cordoned node, and none is asked for that has no place.
    """
    kept = min(running, places.open + places.cordoned)
    return min(wanted, max(kept, places.open))


def places_for(labels: Mapping[str, str], nodes: Mapping[str, Mapping[str, str]], cordoned: frozenset[str]) -> Places:
    """Count the nodes that carry all of `labels`; `nodes` has the labels of those that are alive and not draining."""
    fit = [node for node, own in nodes.items() if labels.items() <= own.items()]
    closed = sum(1 for node in fit if node in cordoned)
    return Places(len(fit) - closed, closed)


class FollowingPolicy:
    """What Serve's autoscaler asks: the fixed number, or what `ScalingPolicy` wants, as far as there are places."""

    def __init__(
        self,
        replicas: int,
        labels: Mapping[str, str],
        scaling: Mapping[str, Any] | None = None,
        look: "Callable[[], tuple[Mapping[str, Mapping[str, str]], frozenset[str]]] | None" = None,
    ) -> None:
        self._replicas, self._labels = replicas, dict(labels)
        self._inner = None if scaling is None else ScalingPolicy(**scaling)
        self._look = look or _Cluster()
        self._places = Places(1)
        self._next_look = -math.inf

    def __call__(self, context: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - Serve's `AutoscalingContext`
        """Return the replicas wanted now, and no state of its own."""
        if (now := time.monotonic()) >= self._next_look:
            self._places = places_for(self._labels, *self._look())
            self._next_look = now + _LOOK_S
        wanted = self._replicas if self._inner is None else self._inner(context)[0]
        return within_places(wanted, context.current_num_replicas, self._places), {}


def count_options(settings: ModelSettings, accelerator: Literal["cpu", "gpu"]) -> dict[str, Any]:
    """Return the options of Serve's deployment that say how many replicas a model has on the nodes that there are.

    On GPU the cards are what places are counted by, and Ray counts them.
    """
    options = replica_options(settings)
    if accelerator != "cpu" or settings.most_replicas == 1:
        return options
    policy = {
        "policy_function": f"{__name__}:{FollowingPolicy.__name__}",
        "policy_kwargs": {
            "replicas": settings.replicas,
            "labels": dict(settings.placement.labels),
            "scaling": None if settings.scaling is None else vars(Targets.of(settings)),
        },
    }
    fixed = {
        "min_replicas": 1, "max_replicas": settings.replicas, "initial_replicas": 1, "upscale_delay_s": 0.0,
        "downscale_delay_s": 0.0,
    }  # fmt: skip
    return {"autoscaling_config": {**options.get("autoscaling_config", fixed), "policy": policy}}


class _Cluster:
    """Asks Ray's control service for its nodes."""

    def __init__(self) -> None:
        self._client: Any = None

    def __call__(self) -> tuple[Mapping[str, Mapping[str, str]], frozenset[str]]:
        import ray
        from ray._raylet import GcsClient  # type: ignore[attr-defined]

        if self._client is None:
            self._client = GcsClient(address=ray.get_runtime_context().gcs_address)
        draining = self._client.get_draining_nodes(timeout=_LOOK_S)
        alive = ray.core.generated.gcs_pb2.GcsNodeInfo.ALIVE
        nodes = {
            node_id.hex(): dict(node.labels)
            for node_id, node in self._client.get_all_node_info(timeout=_LOOK_S).items()
            if node.state == alive and node_id.hex() not in draining
        }
        return nodes, read_cordoned(self._client.internal_kv_get(CORDONED, None, timeout=_LOOK_S))
