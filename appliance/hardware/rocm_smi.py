"""The JSON of rocm-smi and of its fork hy-smi: one object a card, `{"card0": {"Card Series": …}, "system": …}`."""

import re
from collections.abc import Mapping
from typing import Any

from appliance.core.status import AcceleratorStatus
from appliance.hardware.facts import Accelerator
from appliance.hardware.readings import celsius, first, share, size, watts, word
from appliance.hardware.tools import ToolFault

# The word before "use" differs: GPU from AMD, DCU and then HCU from Hygon.
_USE = re.compile(r"[a-z]+ use \(%\)")
_MEMORY = re.compile(r"vram total (used )?memory \(([a-z]+)\)")
_POWER = ("average graphics package power (w)", "current socket graphics package power (w)")
_POWER_LIMIT = "max graphics package power (w)"
# The hottest place counts; what the first of these misses, the next may have.
_TEMPERATURES = tuple(f"temperature (sensor {place}) (c)" for place in ("junction", "hotspot", "edge", "core"))


def cards_of(document: Any) -> list[tuple[int, Mapping[str, Any]]]:  # noqa: ANN401 - JSON
    """Return number and entries of each card in order, keys in lower case. Raises `ToolFault` where there is none."""
    cards = {}
    for key, entries in (document if isinstance(document, dict) else {}).items():
        number = re.fullmatch(r"card([0-9]{1,4})", key)
        if number and isinstance(entries, dict):
            cards[int(number[1])] = {name.strip().lower(): value for name, value in entries.items()}
    if not cards:
        raise ToolFault("no card in the output")
    return sorted(cards.items())


def driver_version(document: Any) -> str | None:  # noqa: ANN401 - JSON
    """Return the driver's version, which stands beside the cards."""
    system = document.get("system") if isinstance(document, dict) else None
    entries = system if isinstance(system, dict) else {}
    return next((word(value) for name, value in entries.items() if name.lower() == "driver version"), None)


def accelerator(vendor: str, number: int, card: Mapping[str, Any]) -> Accelerator:
    """Return what a card is."""
    return Accelerator(
        index=number,
        vendor=vendor,
        name=name_of(vendor, card),
        uuid=first(word(card.get("unique id")), word(card.get("serial number"))),
        memory_total_bytes=_memory(card)[0] or None,  # a card without memory was not read
        architecture=word(card.get("gfx version")),
        power_limit_w=watts(card.get(_POWER_LIMIT)),
    )


def status(vendor: str, number: int, card: Mapping[str, Any]) -> AcceleratorStatus:
    """Return a card's live readings."""
    total, used = _memory(card)
    return AcceleratorStatus(
        index=number,
        vendor=vendor,
        name=name_of(vendor, card),
        memory_total_bytes=total or None,
        memory_used_bytes=used,
        utilisation=next((share(value) for name, value in card.items() if _USE.fullmatch(name)), None),
        temperature_c=first(*(celsius(card.get(name)) for name in _TEMPERATURES)),
        power_w=first(*(watts(card.get(name)) for name in _POWER)),
    )


def name_of(vendor: str, card: Mapping[str, Any]) -> str:
    """Return the product's name, or the vendor's where the card does not tell it."""
    names = (word(card.get(name)) for name in ("card series", "device name", "card model"))
    return next((name for name in names if name and not name.startswith("0x")), vendor.upper())


def _memory(card: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return total and used bytes; the unit stands in the key."""
    found: dict[bool, int | None] = {}
    for name, value in card.items():
        key = _MEMORY.fullmatch(name)
        if key:
            found[bool(key[1])] = size(value, key[2])
    return found.get(False), found.get(True)
