"""Where models run: the site's wish and the installed engine against what the machine has."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from appliance.core.errors import PreflightError
from appliance.core.messages import Message, _, one_or_many
from appliance.hardware.engines import SERVED, VENDORS, engine_name
from appliance.hardware.facts import Accelerator, MachineFacts

# CUDA 13, which the engine is built with, needs driver 580 and left cards older than Turing behind.
MINIMUM_NVIDIA_DRIVER = 580
MINIMUM_COMPUTE_CAPABILITY = (7, 5)


@dataclass(frozen=True)
class EngineChoice:
    """Which kind of engine to configure, on which cards, and why in a sentence or two."""

    kind: Literal["cpu", "gpu"]
    accelerators: tuple[Accelerator, ...]
    reason: Message


def choose_accelerator(
    setting: Literal["auto", "cpu", "gpu"], facts: MachineFacts, engine: frozenset[str] = SERVED
) -> EngineChoice:
    """Return where models run; where that is the CPU, `reason` says why no card is used.

    `engine` are the vendors whose cards the engine can run on: `installed_engine()` where models are to start here.
    Raises `PreflightError` where `gpu` is asked for and no card can be used.
    """
    if setting == "cpu":
        return EngineChoice("cpu", (), _("The site file sets accelerator: cpu."))
    usable = tuple(card for vendor in VENDORS if vendor in engine for card in _usable(facts, vendor))
    if usable:
        return EngineChoice("gpu", usable, Message("{cards}", (("cards", cards_in_words(usable)),)))
    reason = _why_none(facts, engine)
    if setting == "auto":
        return EngineChoice("cpu", (), reason)
    raise PreflightError(
        _("The site file sets accelerator: gpu, but no GPU can be used: {reason}", reason=reason),
        _("Run `appliance doctor`, or set accelerator: auto."),
    )


def vendors_found(facts: MachineFacts) -> tuple[str, ...]:
    """Return the vendors of which a driver or a card was found, in the order of `VENDORS`."""
    found = {card.vendor for card in facts.accelerators} | {driver.vendor for driver in facts.drivers}
    return tuple(vendor for vendor in VENDORS if vendor in found)


def driver_fault(facts: MachineFacts, vendor: str = "nvidia") -> Message | None:
    """Say why a vendor's driver cannot carry the engine; None where it can, or where there is none."""
    driver = facts.driver(vendor)
    if driver is None:
        return None
    name = VENDORS.get(vendor, vendor)
    if driver.fault is not None:
        return _("The {vendor} driver does not answer: {fault}.", vendor=name, fault=driver.fault.rstrip("."))
    if vendor == "nvidia" and driver.version is not None and _major(driver.version) < MINIMUM_NVIDIA_DRIVER:
        return _(
            "The NVIDIA driver is {version}; the engine needs {minimum} or newer.",
            version=driver.version,
            minimum=MINIMUM_NVIDIA_DRIVER,
        )
    return None


def cards_in_words(cards: Iterable[Accelerator]) -> str:
    """Return how many there are of each kind: `2 × NVIDIA L20, 8 × Ascend 910B3`."""
    kinds = Counter(_full_name(card) for card in cards)
    return ", ".join(f"{count} × {name}" for name, count in kinds.items())


def engine_missing(cards: Iterable[Accelerator], engine: frozenset[str]) -> Message:
    """Say that the engine in question is not one for these cards, and where to read on."""
    return _(
        "Found {cards}; the engine of this installation is the one for {engine} (docs/hardware.md).",
        cards=cards_in_words(cards),
        engine=engine_name(engine),
    )


def _usable(facts: MachineFacts, vendor: str) -> tuple[Accelerator, ...]:
    if driver_fault(facts, vendor) is not None:
        return ()
    return tuple(card for card in facts.accelerators if card.vendor == vendor and _can_serve(card))


def _why_none(facts: MachineFacts, engine: frozenset[str]) -> Message:
    """Name every reason: of each driver that fails, of cards that cannot serve, of cards without an engine."""
    reasons = [fault for vendor in vendors_found(facts) if (fault := driver_fault(facts, vendor))]
    healthy = [card for card in facts.accelerators if driver_fault(facts, card.vendor) is None]
    other = [card for card in healthy if card.vendor not in engine]
    if other:
        reasons.append(engine_missing(other, engine))
    if len(healthy) > len(other):
        count = len(healthy) - len(other)
        many = _("None of the {count} accelerators can serve models.", count=count)
        reasons.append(one_or_many(count, _("The one accelerator cannot serve models."), many))
    if not reasons:
        return _("No accelerator was found.")
    text = reasons[0]
    for reason in reasons[1:]:
        text = Message("{first} {second}", (("first", text), ("second", reason)))
    return text


def _full_name(card: Accelerator) -> str:
    """Return the card's name with its maker's; some drivers leave that out."""
    maker = VENDORS.get(card.vendor, card.vendor)
    return card.name if maker.lower() in card.name.lower() else f"{maker} {card.name}"


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
