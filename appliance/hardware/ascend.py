"""Ascend NPUs through the table that `npu-smi info` prints: two lines a chip, a version in the head.

| npu-smi 24.1.0            Version: 24.1.0                                       |
| NPU   Name  | Health        | Power(W)    Temp(C)           Hugepages-Usage(page) |
| Chip        | Bus-Id        | AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)         |
| 0     910B3 | OK            | 97.6        52                0    / 0              |
| 0           | 0000:C1:00.0  | 0           0    / 0          3525 / 65536          |
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.core.status import AcceleratorStatus
from appliance.hardware.detector import Found
from appliance.hardware.facts import Accelerator, Driver
from appliance.hardware.readings import celsius, share, size, watts
from appliance.hardware.tools import READ_TIMEOUT_S, SAMPLE_TIMEOUT_S, Output, SystemTools, ToolFault, Tools, ask

VENDOR = "ascend"
INFO = ("npu-smi", "info")
TOOLKIT = Path("/usr/local/Ascend/ascend-toolkit/latest")
_VERSION = re.compile(r"\bVersion:\s*([\w.+-]{1,60})", re.ASCII)
_CANN_VERSION = re.compile(r"^version=([\w.+-]{1,60})\s*$", re.MULTILINE | re.ASCII)
_CHIP = re.compile(r"(\d{1,6})\s+([A-Za-z0-9][\w.+-]{0,40})", re.ASCII)
_POSITION = re.compile(r"(\d{1,6})(?:\s+(\d{1,6}))?", re.ASCII)
_POWER = re.compile(r"(\S+)\s+(\S+)(?:\s.*)?")
_USE = re.compile(r"(\S+)((?:\s+\d+\s*/\s*\d+){0,2})", re.ASCII)
_PAIR = re.compile(r"(\d+)\s*/\s*(\d+)", re.ASCII)


@dataclass(frozen=True)
class _Chip:
    """One chip of the table; `physical` is its number on the machine, where the table has that column."""

    npu: int
    name: str
    power_w: float | None
    temperature_c: float | None
    physical: int | None = None
    utilisation: float | None = None
    memory_total_bytes: int | None = None
    memory_used_bytes: int | None = None


class AscendDetector:
    """Reads driver and chips. `toolkit` is the folder of the CANN toolkit; it may be missing."""

    def __init__(self, tools: Tools | None = None, toolkit: Path = TOOLKIT) -> None:
        self._tools = tools or SystemTools()
        self._toolkit = toolkit

    def present(self) -> bool:
        """Say whether npu-smi is installed."""
        return self._tools.has("npu-smi")

    def read(self) -> Found:
        """Read the driver and every chip."""
        try:
            text = ask(self._tools, *INFO, timeout_s=READ_TIMEOUT_S)
            chips = _chips(text)
        except ToolFault as fault:
            return Found(driver=Driver(vendor=VENDOR, fault=str(fault)))
        version = _VERSION.search(text)
        return Found(
            driver=Driver(vendor=VENDOR, version=version[1] if version else None, runtime=self._cann()),
            accelerators=tuple(
                Accelerator(index=index, vendor=VENDOR, name=chip.name, memory_total_bytes=chip.memory_total_bytes)
                for index, chip in _numbered(chips)
            ),
        )

    def _cann(self) -> str | None:
        """Return the version of the CANN toolkit; None where it is not installed on the machine itself."""
        for file in sorted(self._toolkit.glob("*/ascend_toolkit_install.info")):
            try:
                found = _CANN_VERSION.search(file.read_text(encoding="utf-8", errors="replace"))
            except OSError:
                continue
            if found:
                return found[1]
        return None


class AscendSampler:
    """Live readings."""

    def __init__(self, tools: Tools | None = None) -> None:
        self._tools = tools or SystemTools()

    def sample(self) -> tuple[AcceleratorStatus, ...]:
        """Return one reading a chip; empty where there is none or the tool fails."""
        if not self._tools.has("npu-smi"):
            return ()
        try:
            chips = _chips(ask(self._tools, *INFO, timeout_s=SAMPLE_TIMEOUT_S))
        except ToolFault:
            return ()
        return tuple(
            AcceleratorStatus(
                index=index,
                vendor=VENDOR,
                name=chip.name,
                memory_total_bytes=chip.memory_total_bytes,
                memory_used_bytes=chip.memory_used_bytes,
                utilisation=chip.utilisation,
                temperature_c=chip.temperature_c,
                power_w=chip.power_w,
            )
            for index, chip in _numbered(chips)
        )


def _chips(text: str) -> list[_Chip]:
    """Read the table. Raises `ToolFault` with the tool's words where there is none, or no chip in it."""
    chips: list[_Chip] = []
    head = ""
    for cells in _rows(text):
        if not head:
            head = " ".join(cells) if cells[0].startswith("Chip") else ""
        elif ":" in cells[1] and (place := _POSITION.fullmatch(cells[0])) and chips:  # a bus address: the second line
            chips[-1] = _with_use(chips[-1], place, cells[2], head)
        elif (found := _CHIP.fullmatch(cells[0])) and (readings := _POWER.fullmatch(cells[2])):
            chips.append(_Chip(int(found[1]), found[2], watts(readings[1]), celsius(readings[2])))
        else:
            raise ToolFault(f"npu-smi info: a line that cannot be read: {' | '.join(cells)}"[:240])
    if not chips:
        raise ToolFault(Output(0, text).words())
    return chips


def _rows(text: str) -> Iterator[list[str]]:
    """Yield the three cells of each line, up to the table of processes."""
    for line in text.splitlines():
        row = line.strip()
        whole = row.startswith("|") and row.endswith("|")  # a line that is cut off may have lost digits
        cells = [cell.strip() for cell in row.strip("|").split("|")] if whole else []
        if any(cell.startswith("Process id") for cell in cells):
            return
        if len(cells) == 3:
            yield cells


def _with_use(chip: _Chip, place: re.Match[str], cell: str, head: str) -> _Chip:
    """Add what a chip's second line tells; a chip with memory on the package is told by that."""
    use = _USE.fullmatch(cell)
    pairs = _PAIR.findall(use[2]) if use else []
    used, total = pairs[-1] if pairs and len(pairs) == head.count("-Usage(MB)") else (None, None)
    memory = size(total, "MB") or None
    return _Chip(
        chip.npu,
        chip.name,
        chip.power_w,
        chip.temperature_c,
        physical=int(place[2]) if place[2] else None,
        utilisation=share(use[1]) if use else None,
        memory_total_bytes=memory,
        memory_used_bytes=size(used, "MB") if memory else None,
    )


def _numbered(chips: list[_Chip]) -> list[tuple[int, _Chip]]:
    """Give each chip its number: on the machine, of its NPU where that has one chip, else in the table."""
    physical = [chip.physical for chip in chips if chip.physical is not None]
    if len(set(physical)) == len(chips):
        return list(zip(physical, chips, strict=True))
    if len({chip.npu for chip in chips}) == len(chips):
        return [(chip.npu, chip) for chip in chips]
    return list(enumerate(chips))
