"""Whether there is room for one more engine beside those that run."""

from collections.abc import Iterable
from typing import Final, Literal

from appliance.config.site import ModelSettings
from appliance.core.errors import NotEnoughMemory
from appliance.core.messages import _
from appliance.core.units import GIB, human_bytes
from appliance.hardware.memory import read_memory

ENGINE_MEMORY: Final = int(1.5 * GIB)  # libraries and activations of one engine beside its weights and KV cache


def memory_of_engine(weights_bytes: int, settings: ModelSettings, accelerator: Literal["cpu", "gpu"]) -> int:
    """Return the bytes of main memory that a model's engines take; on CPU weights and KV cache lie there too."""
    held = weights_bytes + settings.engine.kv_cache_gib * GIB if accelerator == "cpu" else 0
    return settings.replicas * (held + ENGINE_MEMORY)


def enough_for_engine(
    weights_bytes: int,
    settings: ModelSettings,
    accelerator: Literal["cpu", "gpu"],
    available_bytes: int | None = None,
) -> None:
    """Check that a model's engines fit into the memory that is free now; None measures it. Raises `NotEnoughMemory`."""
    needed = memory_of_engine(weights_bytes, settings, accelerator)
    available = read_memory().available_bytes if available_bytes is None else available_bytes
    if available is not None and available < needed:
        raise NotEnoughMemory(
            _(
                "A second version beside the one that serves needs {needed} of memory; {available} are free.",
                needed=human_bytes(needed),
                available=human_bytes(available),
            ),
            _("With --replace the one that serves is stopped first: until the other is up, the model answers 503."),
        )


def enough_cards(cards: int, running: Iterable[ModelSettings], settings: ModelSettings) -> None:
    """Check that cards are free for a model's engines beside those that run. Raises `NotEnoughMemory`."""
    taken = sum(one.replicas * one.engine.tensor_parallel_size for one in running)
    needed = settings.replicas * settings.engine.tensor_parallel_size
    if cards - taken < needed:
        raise NotEnoughMemory(
            _(
                "A second version beside the one that serves needs {needed} cards; {free} of {cards} are free.",
                needed=needed,
                free=max(0, cards - taken),
                cards=cards,
            ),
            _("With --replace the one that serves is stopped first: until the other is up, the model answers 503."),
        )
