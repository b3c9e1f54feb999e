"""Whether there is room for one more engine beside those that run."""

from collections.abc import Iterable
from typing import Literal

from appliance.catalogue.calibration import CPU_DEVICE, read_calibration
from appliance.catalogue.devices import engine_on_processors
from appliance.config.home import Home
from appliance.config.site import ModelSettings
from appliance.core.errors import NotEnoughMemory
from appliance.core.messages import _
from appliance.core.units import GIB, human_bytes
from appliance.hardware.facts import Processor
from appliance.hardware.memory import read_memory


def engine_memory(home: Home, processor: Processor) -> int:
    """Return the bytes of main memory that an engine's processes take beside weights, KV cache and activations.

    As measured on this machine, else as the planner has it. Raises `ConfigError` for a calibration that cannot be used.
    """
    measured = read_calibration(home.calibration_file)
    return engine_on_processors(processor, None if measured is None else measured.of(CPU_DEVICE))


def memory_of_engines(
    weights_bytes: int, settings: ModelSettings, accelerator: Literal["cpu", "gpu"], engine_bytes: int
) -> int:
    """Return the bytes of main memory that a model's engines take; on CPU weights and KV cache lie there too.

    Of a number of replicas that follows the load those count that there are without any, and one at least.
    """
    width = 2 if settings.engine.dtype == "float32" else 1  # packages hold 16 bits
    held = width * weights_bytes + settings.engine.kv_cache_gib * GIB if accelerator == "cpu" else 0
    return settings.first_replicas * (held + engine_bytes)


def enough_for_engine(
    weights_bytes: int,
    settings: ModelSettings,
    accelerator: Literal["cpu", "gpu"],
    engine_bytes: int,
    available_bytes: int | None = None,
) -> None:
    """Check that a model's engines fit into the memory that is free now; None measures it. Raises `NotEnoughMemory`.

    `engine_bytes` is what `engine_memory` gives.
    """
    needed = memory_of_engines(weights_bytes, settings, accelerator, engine_bytes)
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
    taken = sum(one.first_replicas * one.cards for one in running)
    needed = settings.first_replicas * settings.cards
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
