"""Paths of a model on the node that its replica runs on: each node keeps the same packages in a home of its own."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.cluster.environment import NODE_HOME
from appliance.serving.engine import ADAPTERS, HOME_OF_PATHS

if TYPE_CHECKING:
    from ray.serve.llm import LLMConfig


def moved(path: str, home: str, here: str) -> str:
    """Return a path below `home` as one below `here`; one elsewhere, as that of a shipped file, stays."""
    inside = Path(path)
    return str(Path(here) / inside.relative_to(home)) if inside.is_relative_to(home) else path


def on_this_node(config: "LLMConfig", environment: Mapping[str, str] = os.environ) -> "LLMConfig":
    """Return a model's configuration with the paths of the node whose environment this is."""
    home = config.experimental_configs.get(HOME_OF_PATHS)
    here = environment.get(NODE_HOME)
    if not home or not here or home == here:
        return config
    said: dict[str, Any] = config.model_dump(exclude_unset=True)
    loading, engine, own = said["model_loading_config"], said["engine_kwargs"], said["experimental_configs"]
    loading["model_source"] = moved(loading["model_source"], home, here)
    engine["chat_template"] = moved(engine["chat_template"], home, here)
    if ADAPTERS in own:
        own[ADAPTERS] = {alias: moved(folder, home, here) for alias, folder in own[ADAPTERS].items()}
    return type(config)(**said)  # anew: what the other node worked out from the paths is not kept
