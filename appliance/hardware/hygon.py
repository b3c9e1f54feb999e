"""Hygon DCUs through hy-smi, a fork of rocm-smi that leaves out commas where it prints power."""

import re

from appliance.core.status import AcceleratorStatus
from appliance.hardware import rocm_smi
from appliance.hardware.detector import Found
from appliance.hardware.facts import Driver
from appliance.hardware.tools import READ_TIMEOUT_S, SAMPLE_TIMEOUT_S, SystemTools, ToolFault, Tools, ask, ask_json

VENDOR = "hygon"
STATIC = ("hy-smi", "--showproductname", "--showuniqueid", "--showmeminfo", "vram", "--json")
DRIVER = ("hy-smi", "--showdriverversion")
METRIC = (
    "hy-smi", "--showproductname", "--showuse", "--showmeminfo", "vram", "--showtemp", "--showpower", "--json",
)  # fmt: skip
_VERSION = re.compile(r"driver version\s*:\s*([\w.+-]{1,60})", re.IGNORECASE | re.ASCII)


class HygonDetector:
    """Reads driver and cards."""

    def __init__(self, tools: Tools | None = None) -> None:
        self._tools = tools or SystemTools()

    def present(self) -> bool:
        """Say whether hy-smi is installed."""
        return self._tools.has("hy-smi")

    def read(self) -> Found:
        """Read the driver and every card."""
        try:
            cards = rocm_smi.cards_of(ask_json(self._tools, *STATIC, timeout_s=READ_TIMEOUT_S))
        except ToolFault as fault:
            return Found(driver=Driver(vendor=VENDOR, fault=str(fault)))
        return Found(
            driver=Driver(vendor=VENDOR, version=self._version()),
            accelerators=tuple(rocm_smi.accelerator(VENDOR, number, card) for number, card in cards),
        )

    def _version(self) -> str | None:
        try:
            found = _VERSION.search(ask(self._tools, *DRIVER, timeout_s=READ_TIMEOUT_S))
        except ToolFault:
            return None
        return found[1] if found else None


class HygonSampler:
    """Live readings."""

    def __init__(self, tools: Tools | None = None) -> None:
        self._tools = tools or SystemTools()

    def sample(self) -> tuple[AcceleratorStatus, ...]:
        """Return one reading a card; empty where there is none or the tool fails."""
        if not self._tools.has("hy-smi"):
            return ()
        try:
            cards = rocm_smi.cards_of(ask_json(self._tools, *METRIC, timeout_s=SAMPLE_TIMEOUT_S))
        except ToolFault:
            return ()
        return tuple(rocm_smi.status(VENDOR, number, card) for number, card in cards)
