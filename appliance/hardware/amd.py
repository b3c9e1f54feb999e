"""AMD accelerators through amd-smi, or through rocm-smi where that is missing or fails."""

from collections.abc import Mapping
from typing import Any

from appliance.core.status import AcceleratorStatus
from appliance.hardware import rocm_smi
from appliance.hardware.detector import Found
from appliance.hardware.facts import Accelerator, Driver
from appliance.hardware.readings import celsius, first, index, part, share, size, watts, word
from appliance.hardware.tools import READ_TIMEOUT_S, SAMPLE_TIMEOUT_S, SystemTools, ToolFault, Tools, ask_json

VENDOR = "amd"
STATIC = ("amd-smi", "static", "--json")
LIST = ("amd-smi", "list", "--json")
VERSION = ("amd-smi", "version", "--json")
METRIC = ("amd-smi", "metric", "--usage", "--power", "--temperature", "--mem-usage", "--json")
OLD_STATIC = (
    "rocm-smi", "--showproductname", "--showuniqueid", "--showmeminfo", "vram", "--showmaxpower",
    "--showdriverversion", "--json",
)  # fmt: skip
OLD_METRIC = (
    "rocm-smi", "--showproductname", "--showuse", "--showmeminfo", "vram", "--showtemp", "--showpower", "--json",
)  # fmt: skip


class AmdDetector:
    """Reads driver and cards."""

    def __init__(self, tools: Tools | None = None) -> None:
        self._tools = tools or SystemTools()

    def present(self) -> bool:
        """Say whether AMD's tools are installed. Hygon's toolkit brings a rocm-smi of its own, which is not AMD's."""
        return _present(self._tools)

    def read(self) -> Found:
        """Read the driver and every card; what both tools refuse is the driver's fault, in the first one's words."""
        faults = []
        for tool, read in (("amd-smi", self._read), ("rocm-smi", self._read_old)):
            if self._tools.has(tool):
                try:
                    return read()
                except ToolFault as fault:
                    faults.append(str(fault))
        return Found(driver=Driver(vendor=VENDOR, fault=faults[0] if faults else "amd-smi: not found"))

    def _read(self) -> Found:
        cards = _entries(ask_json(self._tools, *STATIC, timeout_s=READ_TIMEOUT_S))
        uuids = {number: word(card.get("uuid")) for number, card in _optional(self._tools, LIST)}
        tools = [card for _number, card in _optional(self._tools, VERSION)]
        versions = (
            word(part(card, "driver", "version") or part(card, "driver", "driver_version")) for _n, card in cards
        )
        return Found(
            driver=Driver(
                vendor=VENDOR,
                version=next((version for version in versions if version), None),
                runtime=next((word(tool.get("rocm_version")) for tool in tools), None),
            ),
            accelerators=tuple(_accelerator(number, card, uuids.get(number)) for number, card in cards),
        )

    def _read_old(self) -> Found:
        document = ask_json(self._tools, *OLD_STATIC, timeout_s=READ_TIMEOUT_S)
        cards = [rocm_smi.accelerator(VENDOR, number, card) for number, card in rocm_smi.cards_of(document)]
        return Found(driver=Driver(vendor=VENDOR, version=rocm_smi.driver_version(document)), accelerators=tuple(cards))


class AmdSampler:
    """Live readings."""

    def __init__(self, tools: Tools | None = None) -> None:
        self._tools = tools or SystemTools()
        self._names: dict[int, str] = {}

    def sample(self) -> tuple[AcceleratorStatus, ...]:
        """Return one reading a card; empty where there is none or the tools fail."""
        if not _present(self._tools):
            return ()
        for tool, read in (("amd-smi", self._sample), ("rocm-smi", self._sample_old)):
            if self._tools.has(tool):
                try:
                    return read()
                except ToolFault:
                    continue
        return ()

    def _sample(self) -> tuple[AcceleratorStatus, ...]:
        cards = _entries(ask_json(self._tools, *METRIC, timeout_s=SAMPLE_TIMEOUT_S))
        if not self._names:  # live readings bear no names
            static = _optional(self._tools, STATIC)
            self._names = {number: _name(card) for number, card in static}
        return tuple(_status(number, card, self._names.get(number, "AMD")) for number, card in cards)

    def _sample_old(self) -> tuple[AcceleratorStatus, ...]:
        document = ask_json(self._tools, *OLD_METRIC, timeout_s=SAMPLE_TIMEOUT_S)
        return tuple(rocm_smi.status(VENDOR, number, card) for number, card in rocm_smi.cards_of(document))


def _present(tools: Tools) -> bool:
    return tools.has("amd-smi") or (tools.has("rocm-smi") and not tools.has("hy-smi"))


def _entries(document: Any) -> list[tuple[int, Mapping[str, Any]]]:  # noqa: ANN401 - JSON
    """Return each card's number and entries: a list, in newer releases inside `gpu_data`."""
    if isinstance(document, dict):
        document = document.get("gpu_data", [document])
    numbered: list[tuple[int, Mapping[str, Any]]] = []
    for card in document if isinstance(document, list) else []:
        if isinstance(card, dict):
            numbered.append((first(index(card.get("gpu")), len(numbered)), card))
    if not numbered:
        raise ToolFault("no card in the output")
    return numbered


def _optional(tools: Tools, command: tuple[str, ...]) -> list[tuple[int, Mapping[str, Any]]]:
    try:
        return _entries(ask_json(tools, *command, timeout_s=READ_TIMEOUT_S))
    except ToolFault:
        return []


def _name(card: Mapping[str, Any]) -> str:
    return word(part(card, "asic", "market_name")) or word(part(card, "board", "product_name")) or "AMD"


def _accelerator(number: int, card: Mapping[str, Any], uuid: str | None) -> Accelerator:
    limits = part(card, "limit")
    return Accelerator(
        index=number,
        vendor=VENDOR,
        name=_name(card),
        uuid=uuid,
        memory_total_bytes=size(first(part(card, "vram", "size"), part(card, "vram", "vram_size")), "MB") or None,
        architecture=word(part(card, "asic", "target_graphics_version")),
        power_limit_w=first(
            watts(part(limits, "ppt0", "socket_power_limit")),
            watts(part(limits, "socket_power")),
            watts(part(limits, "max_power")),
        ),
    )


def _status(number: int, card: Mapping[str, Any], name: str) -> AcceleratorStatus:
    temperatures = (part(card, "temperature", place) for place in ("hotspot", "edge"))
    powers = (part(card, "power", kind) for kind in ("socket_power", "current_socket_power", "average_socket_power"))
    return AcceleratorStatus(
        index=number,
        vendor=VENDOR,
        name=name,
        memory_total_bytes=size(part(card, "mem_usage", "total_vram"), "MB") or None,
        memory_used_bytes=size(part(card, "mem_usage", "used_vram"), "MB"),
        utilisation=share(part(card, "usage", "gfx_activity")),
        temperature_c=first(*map(celsius, temperatures)),
        power_w=first(*map(watts, powers)),
    )
