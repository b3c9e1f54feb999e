"""Where models run: the site's wish against what the machine has."""

from dataclasses import dataclass
from typing import Literal

from appliance.core.errors import PreflightError
from appliance.core.messages import Message, _
from appliance.hardware.facts import Accelerator, MachineFacts

# CUDA 13, which the engine is built with, needs driver 580 and left cards older than Turing behind.
MINIMUM_NVIDIA_DRIVER = 580
MINIMUM_COMPUTE_CAPABILITY = (7, 5)


@dataclass(frozen=True)
class EngineChoice:
    """Which kind of engine to configure, on which cards, and why in one sentence."""

    kind: Literal["cpu", "gpu"]
    accelerators: tuple[Accelerator, ...]
    reason: Message


def choose_accelerator(setting: Literal["auto", "cpu", "gpu"], facts: MachineFacts) -> EngineChoice:
    """Return where models run. Raises `PreflightError` where `gpu` is asked for and none can be used."""
    if setting == "cpu":
        return EngineChoice("cpu", (), _("The site file sets accelerator: cpu."))
    fault = driver_fault(facts)
    usable = () if fault else tuple(card for card in facts.accelerators if _can_serve(card))
    if usable:
        return EngineChoice("gpu", usable, _("{count} × {name}", count=len(usable), name=usable[0].name))
    reason = fault or (
        _("None of the {count} accelerators can serve models.", count=len(facts.accelerators))
        if facts.accelerators
        else _("No accelerator was found.")
    )
    if setting == "auto":
        return EngineChoice("cpu", (), reason)
    raise PreflightError(
        _("The site file sets accelerator: gpu, but no GPU can be used: {reason}", reason=reason),
        _("Run `appliance doctor`, or set accelerator: auto."),
    )


def driver_fault(facts: MachineFacts) -> Message | None:
    """Say why the NVIDIA driver cannot carry the engine; None where it can, or where there is none."""
    driver = facts.driver("nvidia")
    if driver is None:
        return None
    if driver.fault is not None:
        return _("The NVIDIA driver does not answer: {fault}.", fault=driver.fault)
    if driver.version is not None and _major(driver.version) < MINIMUM_NVIDIA_DRIVER:
        return _(
            "The NVIDIA driver is {version}; the engine needs {minimum} or newer.",
            version=driver.version,
            minimum=MINIMUM_NVIDIA_DRIVER,
        )
    return None


def _can_serve(card: Accelerator) -> bool:
    """A card that is cut into MIG instances cannot be given to an engine whole; an unknown reading excludes nothing."""
    if card.mig:
        return False
    if card.compute_capability is None:
        return True
    return tuple(int(part) for part in card.compute_capability.split(".")) >= MINIMUM_COMPUTE_CAPABILITY


def _major(version: str) -> int:
    digits = version.split(".")[0]
    return int(digits) if digits.isdigit() else 0
