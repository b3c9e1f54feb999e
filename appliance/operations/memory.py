"""Whether main memory holds what the site file names: sized as the planner sizes it, refused with what would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from appliance.catalogue.calibration import Calibration, read_calibration
from appliance.catalogue.devices import STACK_BYTES, SYSTEM_BYTES, Node
from appliance.catalogue.loading import load_catalogue
from appliance.catalogue.planner import make_plan
from appliance.catalogue.sizing import (
    CPU_BATCHED_TOKENS,
    CPU_BUILT_IN,
    Load,
    activation_bytes,
    cache_bytes,
    weights_bytes,
)
from appliance.catalogue.wish import ModelWish, ServiceLevel, Wish
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ApplianceError, NotEnoughMemory, NotFound, PackageError
from appliance.core.messages import Message, _
from appliance.core.units import GIB, human_bytes
from appliance.hardware.facts import MachineFacts, Memory
from appliance.operations.planning import PlanRequest, entry_of, precision_of, wishes_of
from appliance.serving.room import engine_memory

Kind = Literal["cpu", "gpu"]
_SETTINGS = ("cache", "replicas", "precision", "context", "model")
"""Changes that are made in the site file, without another machine."""
_ANY_SPEED = ServiceLevel(ttft_ms=1e12, tokens_per_s=1e-9, prompt_tokens=1, answer_tokens=1)


@dataclass(frozen=True)
class ModelMemory:
    """Main memory of one model, in bytes a replica. On GPU weights and cache lie elsewhere: both are 0."""

    alias: str
    replicas: int
    weights: int
    cache: int
    rest: int
    """Processes of the engine and its replica, and what one batch passes through."""

    @property
    def total(self) -> int:
        """Of all replicas."""
        return self.replicas * (self.weights + self.cache + self.rest)


def memory_of_models(
    home: Home, site: SiteConfig, facts: MachineFacts, weights: Mapping[str, int], kind: Kind
) -> tuple[ModelMemory, ...]:
    """Return what each chat model takes; `weights` are sizes of files by alias, where they are known already.

    A package that is not here yet counts as the catalogue knows it; one that nobody knows as its engine alone.
    Raises `ConfigError` for a calibration that cannot be used.
    """
    engine = engine_memory(home, facts.processor)
    found = []
    for alias, model in site.models.items():
        held, cache, batch = weights.get(alias), model.engine.kv_cache_gib * GIB, 0
        try:
            entry = entry_of(home, model.package, load_catalogue())
        except (NotFound, PackageError):  # what is wrong with a package is told when it is opened
            entry = None
        if entry is not None:
            batch = activation_bytes(entry.architecture, Load(CPU_BATCHED_TOKENS, model.engine.max_num_seqs))
            if held is None or model.engine.dtype is not None:
                held = weights_bytes(entry, precision_of(model, entry))
        if kind == "gpu":
            held = cache = batch = 0
        found.append(ModelMemory(alias, model.first_replicas, held or 0, cache, engine + batch))
    return tuple(found)


def memory_needed(site: SiteConfig, models: Sequence[ModelMemory]) -> int:
    """Return the bytes of main memory that the appliance takes with these models."""
    return STACK_BYTES + site.embedder.replicas * CPU_BUILT_IN + sum(model.total for model in models)


def check_site_memory(
    home: Home, site: SiteConfig, facts: MachineFacts, weights: Mapping[str, int], kind: Kind
) -> None:
    """Check that the available memory of `facts` holds the appliance; unknown memory passes.

    Raises `NotEnoughMemory` with what each model takes and the least change that would do, `ConfigError` as
    `memory_of_models`.
    """
    available = facts.memory.available_bytes
    models = memory_of_models(home, site, facts, weights, kind)
    needed = memory_needed(site, models)
    if available is None or available >= needed:
        return
    raise NotEnoughMemory(
        _(
            "{needed} of memory are needed, but {available} are available: {models}; the appliance itself {rest}.",
            needed=human_bytes(needed),
            available=human_bytes(available),
            models=_listed(models, kind),
            rest=human_bytes(needed - sum(model.total for model in models)),
        ),
        _hint(home, site, facts, available, kind),
    )


def check_caches(home: Home, site: SiteConfig) -> None:
    """Check that the KV cache of each model on processors holds one whole context: with less no engine starts.

    A model whose shape nobody knows passes. Raises `NotEnoughMemory`.
    """
    for alias, model in site.models.items():
        try:
            entry = entry_of(home, model.package, load_catalogue())
        except (NotFound, PackageError):
            continue
        context = min(model.engine.max_model_len or entry.context, entry.context)
        needed = cache_bytes(entry.architecture, context, precision=precision_of(model, entry))
        size = model.engine.kv_cache_gib
        if needed > size * GIB:
            raise NotEnoughMemory(
                _(
                    "The model {alias} has {size} GiB of KV cache; one conversation of {context} tokens takes "
                    "{needed}.",
                    alias=alias, size=size, context=context, needed=human_bytes(needed),
                ),
                _(
                    "Set kv_cache_gib: {size}, or max_model_len: {tokens}, for it in the site file.",
                    size=-(-needed // GIB), tokens=max(64, context * size * GIB // needed // 64 * 64),
                ),
            )  # fmt: skip


def _listed(models: Sequence[ModelMemory], kind: Kind) -> Message:
    together: Message | None = None
    for model in models:
        if kind == "cpu":
            one = _(
                "{alias} {total} ({replicas} × weights {weights}, KV cache {cache}, engine {rest})",
                alias=model.alias, total=human_bytes(model.total), replicas=model.replicas,
                weights=human_bytes(model.weights), cache=human_bytes(model.cache), rest=human_bytes(model.rest),
            )  # fmt: skip
        else:
            one = _("{alias} {total}", alias=model.alias, total=human_bytes(model.total))
        together = one if together is None else _("{first}; {second}", first=together, second=one)
    return _("no chat model") if together is None else together


def _hint(home: Home, site: SiteConfig, facts: MachineFacts, available: int, kind: Kind) -> Message:
    """Return the least change of the site file that makes the models fit, or what else may help."""
    change = _least_change(home, site, facts, available) if kind == "cpu" else None
    if change is None:
        return _("End other programs, add memory, or take fewer or smaller models in the site file.")
    alias, text = change
    return _("End other programs or add memory. Or, for the model {alias}: {change}", alias=alias, change=text)


def _least_change(home: Home, site: SiteConfig, facts: MachineFacts, available: int) -> tuple[str, Message] | None:
    """Ask the planner, on a machine that has as much memory as is available now."""
    here = facts.model_copy(
        update={"memory": Memory(total_bytes=available + SYSTEM_BYTES, available_bytes=available), "accelerators": ()}
    )
    try:
        catalogue, wishes = wishes_of(home, site, PlanRequest())
        models = tuple(ModelWish.model_validate(wish) for wish in wishes)
        measured: Calibration | None = read_calibration(home.calibration_file)
        plan = make_plan(Wish(models=models, level=_ANY_SPEED), [Node("here", here)], catalogue, measured, "cpu")
    except ApplianceError:  # a package that the planner cannot size
        return None
    for refusal in plan.refusals:
        for change in refusal.changes:
            if change.kind in _SETTINGS:
                return refusal.alias, change.text
    return None
