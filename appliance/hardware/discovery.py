"""One look at the machine: every detector that finds its hardware adds to the facts."""

import platform
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from appliance.hardware.amd import AmdDetector
from appliance.hardware.ascend import AscendDetector
from appliance.hardware.detector import Detector
from appliance.hardware.facts import Accelerator, Disk, Driver, MachineFacts, Memory, Processor
from appliance.hardware.hygon import HygonDetector
from appliance.hardware.memory import read_memory
from appliance.hardware.nvidia import NvidiaDetector
from appliance.hardware.processor import CpuDetector
from appliance.hardware.tools import SystemTools, Tools


def default_detectors(tools: Tools | None = None) -> tuple[Detector, ...]:
    """Return one detector a vendor that the appliance knows; `tools` run the vendors' commands."""
    tools = tools or SystemTools()
    return (CpuDetector(), NvidiaDetector(), AmdDetector(tools), AscendDetector(tools), HygonDetector(tools))


def discover(
    detectors: Sequence[Detector] | None = None, folders: Iterable[Path] = (), memory: Memory | None = None
) -> MachineFacts:
    """Read the machine. `folders` are those whose disks matter; they need not exist yet.

    `detectors` default to all that are known, `memory` to this machine's. Never raises for hardware that is missing
    or fails.
    """
    processor: Processor | None = None
    drivers: list[Driver] = []
    accelerators: list[Accelerator] = []
    for detector in default_detectors() if detectors is None else detectors:
        if not detector.present():
            continue
        found = detector.read()
        processor = found.processor or processor
        if found.driver is not None:
            drivers.append(found.driver)
        accelerators.extend(found.accelerators)
    return MachineFacts(
        operating_system=_operating_system(),
        kernel=platform.release() or None,
        processor=processor or Processor(architecture=platform.machine()),
        memory=memory or read_memory(),
        disks=tuple(read_disk(folder) for folder in folders),
        drivers=tuple(drivers),
        accelerators=tuple(accelerators),
    )


def read_disk(folder: Path) -> Disk:
    """Measure the file system that holds `folder`, or that would hold it once it is made."""
    existing = folder.absolute()
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    try:
        usage = shutil.disk_usage(existing)
    except OSError:
        return Disk(folder=folder)
    return Disk(folder=folder, total_bytes=usage.total, free_bytes=usage.free)


def _operating_system() -> str | None:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME")
    except OSError:
        return None
