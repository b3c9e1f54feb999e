"""Tuned models as adapters on a shared base: which alias rides on which engine, and what that engine is told.

On GPU one copy of the base's weights serves several models. Ray Serve LLM takes adapters from cloud addresses only;
here vLLM's own list of static adapters is filled from the home folder, and a request's `model` chooses among them.
On CPU nothing rides: an adapter halves the speed there, so tuned models are served merged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from appliance.config.home import Home
from appliance.config.site import ModelSettings
from appliance.packages.card import ModelCard, read_card
from appliance.packages.merging import adapter_of, stands_on
from appliance.packages.tuned_recipe import read_adapter_config, way_to_serve
from appliance.serving.engine import Adapter, ChatModel

_RANKS: Final = (8, 16, 32, 64, 128, 256, 320, 512)  # those that vLLM has kernels for


@dataclass(frozen=True)
class Engines:
    """The engines to start, and for each alias without one the alias whose engine answers for it."""

    models: tuple[ChatModel, ...]
    hosts: Mapping[str, str]

    def host(self, alias: str) -> str:
        """Return the alias whose application answers for `alias`."""
        return self.hosts.get(alias, alias)


def share_engines(home: Home, models: Sequence[ChatModel], accelerator: Literal["cpu", "gpu"]) -> Engines:
    """Put each tuned model that has an adapter here on the engine of its base, where that is served and fits.

    A model keeps an engine of its own on CPU, where no other alias serves the weights that its adapter was trained on,
    and where the engine's settings differ from that alias's. Raises `PackageError` for a broken adapter.
    """
    if way_to_serve(accelerator) == "merged":
        return Engines(tuple(models), {})
    riding: dict[str, tuple[str, Adapter]] = {}
    for model in models:
        if any(host == model.alias for host, _adapter in riding.values()):
            continue  # it carries another already
        found = _adapter_for(home, model)
        host = found and _host(model, found[1], [one for one in models if one.alias not in riding])
        if found is not None and host:
            riding[model.alias] = (host, Adapter(model.alias, found[0], _room(found[0])))
    engines = tuple(
        replace(model, adapters=tuple(adapter for host, adapter in riding.values() if host == model.alias))
        for model in models
        if model.alias not in riding
    )
    return Engines(engines, {alias: host for alias, (host, _adapter) in riding.items()})


def _adapter_for(home: Home, model: ChatModel) -> tuple[Path, ModelCard] | None:
    """Return the adapter that the model's own weights were merged from; None where they come from elsewhere."""
    found = adapter_of(home, model.package)
    if found is None:
        return None
    recipe = found[1].origin.get("recipe_sha256")
    return found if recipe and read_card(model.folder).origin.get("recipe_sha256") == recipe else None


def _host(model: ChatModel, card: ModelCard, others: Sequence[ChatModel]) -> str | None:
    """Return the alias that serves the weights under the adapter with the same settings."""
    for other in others:
        if other.alias != model.alias and _alike(other.settings, model.settings) and stands_on(card, other.folder):
            return other.alias
    return None


def _alike(one: ModelSettings, other: ModelSettings) -> bool:
    """Return whether one engine can do as both ask; `replicas` are those of the alias that has it."""
    return (one.engine, one.placement, one.scaling, one.routing) == (
        other.engine, other.placement, other.scaling, other.routing,
    )  # fmt: skip


def _room(folder: Path) -> int:
    """Return the rank that the engine has kernels for and that holds the adapter's. Raises `PackageError`."""
    rank = read_adapter_config(folder).rank
    return next((room for room in _RANKS if room >= rank), rank)
