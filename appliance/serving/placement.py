"""Which machines a replica of a chat model may run on, as Ray is asked for them."""

from collections.abc import Mapping
from typing import Any, Literal

from appliance.cluster.node import ENGINE_PLACE
from appliance.config.site import ModelSettings


def placement_group(settings: ModelSettings, accelerator: Literal["cpu", "gpu"]) -> dict[str, Any]:
    """Return the placement group of one replica, as `LLMConfig` takes it.

    On GPU a bundle for each card, which is what vLLM wants: all on one node, as tensor parallelism needs it. Stages of
    a pipeline may lie on several: PACK fills a node before it takes the next, and vLLM deals out its ranks node by
    node, so a stage stays together where nodes have room for whole stages.
    """
    if accelerator == "cpu":
        return {"bundles": [{"CPU": 1, ENGINE_PLACE: 1}]}
    across = settings.engine.pipeline_parallel_size > 1
    worker = {"CPU": 1, "GPU": 1, ENGINE_PLACE: 1}
    return {"bundle_per_worker": worker, "strategy": "PACK" if across else "STRICT_PACK"}


def node_options(settings: ModelSettings) -> dict[str, Any]:
    """Return the options of Serve's deployment that say which labels each node of a replica must carry."""
    if not settings.placement.labels:
        return {}
    return {"placement_group_bundle_label_selector": [dict(settings.placement.labels)]}  # one for all bundles


def one_on_each_node(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a deployment whose replicas need no placement group and take a node's processors each."""
    kept = {name: value for name, value in options.items() if not name.startswith("placement_group")}
    actor = {"num_cpus": 1, **kept.get("ray_actor_options", {}), "resources": {ENGINE_PLACE: 1}}
    if labels := options.get("placement_group_bundle_label_selector"):
        actor["label_selector"] = dict(labels[0])
    return {**kept, "ray_actor_options": actor, "max_replicas_per_node": 1}
