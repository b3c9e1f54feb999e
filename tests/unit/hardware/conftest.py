"""Replays recorded machines: `/proc` and `/sys` as files, NVML as a module-shaped object, tools by their words."""

import json
from pathlib import Path
from types import SimpleNamespace

import pynvml
import pytest

from appliance.hardware.amd import AmdDetector
from appliance.hardware.ascend import AscendDetector
from appliance.hardware.discovery import discover
from appliance.hardware.hygon import HygonDetector
from appliance.hardware.memory import read_memory
from appliance.hardware.nvidia import NvidiaDetector
from appliance.hardware.processor import CpuDetector
from appliance.hardware.tools import Output, ToolFault

MACHINES = Path(__file__).parents[2] / "data" / "machines"


class RecordedNvml:
    """The functions of pynvml that the appliance calls, over one record; errors and constants are pynvml's own."""

    def __init__(self, record, init_error=None):
        self.record = record
        self.init_error = init_error
        self.open = 0

    def __getattr__(self, name):
        if name.startswith(("NVML_", "NVMLError")):
            return getattr(pynvml, name)
        raise AttributeError(name)

    def nvmlInit(self):
        if self.record is None:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)
        if self.init_error:
            raise pynvml.NVMLError(self.init_error)
        self.open += 1

    def nvmlShutdown(self):
        self.open -= 1

    def nvmlSystemGetDriverVersion(self):
        return self._value(self.record, "driver_version")

    def nvmlSystemGetCudaDriverVersion_v2(self):
        return self._value(self.record, "cuda_driver_version")

    def nvmlDeviceGetCount(self):
        if not self.open:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_UNINITIALIZED)
        return len(self.record["cards"])

    def nvmlDeviceGetHandleByIndex(self, index):
        return self.record["cards"][index]

    def nvmlDeviceGetName(self, card):
        return self._value(card, "name")

    def nvmlDeviceGetUUID(self, card):
        return self._value(card, "uuid")

    def nvmlDeviceGetMemoryInfo(self, card):
        total, used = self._value(card, "memory_total"), self._value(card, "memory_used")
        return SimpleNamespace(total=total, used=used, free=total - used)

    def nvmlDeviceGetCudaComputeCapability(self, card):
        return tuple(self._value(card, "compute_capability"))

    def nvmlDeviceGetMigMode(self, card):
        return self._value(card, "mig_mode")

    def nvmlDeviceGetEccMode(self, card):
        return self._value(card, "ecc_mode")

    def nvmlDeviceGetUtilizationRates(self, card):
        return SimpleNamespace(gpu=self._value(card, "gpu_utilisation"), memory=0)

    def nvmlDeviceGetTemperature(self, card, _sensor):
        return self._value(card, "temperature_c")

    def nvmlDeviceGetPowerUsage(self, card):
        return self._value(card, "power_mw")

    def nvmlDeviceGetEnforcedPowerLimit(self, card):
        return self._value(card, "power_limit_mw")

    def nvmlDeviceGetNvLinkState(self, card, link):
        states = self._value(card, "nvlink_states")
        if link >= len(states):
            raise pynvml.NVMLError(pynvml.NVML_ERROR_INVALID_ARGUMENT)
        return states[link]

    @staticmethod
    def _value(source, name):
        value = source.get(name, "NOT_SUPPORTED")
        if value == "NOT_SUPPORTED":
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return value


class RecordedTools:
    """Tools that print what the record has; `commands` maps a command line to what came of it."""

    def __init__(self, commands):
        self.commands = commands
        self.asked = []

    @classmethod
    def of(cls, raw):
        """Return the tools of all vendors in a machine's record."""
        return cls({k: v for vendor in ("amd", "ascend", "hygon") for k, v in raw.get(vendor, {}).items()})

    def has(self, name):
        return any(command.split()[0] == name for command in self.commands)

    def run(self, command, timeout_s):
        assert timeout_s > 0
        self.asked.append(" ".join(command))
        said = self.commands.get(" ".join(command))
        if said is None:
            return Output(2, "", f"{command[0]}: error: unrecognized arguments: {' '.join(command[1:])}")
        if "fault" in said:
            raise ToolFault(said["fault"])
        return Output(said["code"], "\n".join(said["stdout"]), "\n".join(said["stderr"]))


def printed(*lines, code=0, stderr=()):
    """Return what a record has for one command."""
    return {"code": code, "stdout": list(lines), "stderr": list(stderr)}


def write_kernel_files(host, root):
    """Lay out the files that a kernel on this host would show."""
    proc, sys = root / "proc", root / "sys"
    blocks = []
    for number in range(host["sockets"] * host["cores_per_socket"] * host["threads_per_core"]):
        core = number % (host["sockets"] * host["cores_per_socket"])
        socket, core_id = divmod(core, host["cores_per_socket"])
        blocks.append(
            f"processor\t: {number}\nmodel name\t: {host['model_name']}\nphysical id\t: {socket}\n"
            f"core id\t\t: {core_id}\nflags\t\t: {host['flags']}\n"
        )
    (proc / "self").mkdir(parents=True)
    (proc / "cpuinfo").write_text("\n".join(blocks))
    (proc / "meminfo").write_text(
        f"MemTotal: {host['memory_total_kib']} kB\nMemFree: 1 kB\nMemAvailable: {host['memory_available_kib']} kB\n"
    )
    for node in range(host["numa_nodes"]):
        (sys / "devices/system/node" / f"node{node}").mkdir(parents=True)
    return proc, sys


@pytest.fixture
def record():
    """Return a loader of the raw record of a machine."""
    return lambda name: json.loads((MACHINES / f"{name}.json").read_text())


@pytest.fixture
def nvml():
    """Return the class, for tests that bend a record first."""
    return RecordedNvml


@pytest.fixture
def tools():
    """Return the class, for tests that bend a record first; `tools.of(raw)` takes a whole machine."""
    return RecordedTools


@pytest.fixture
def said():
    """Return a function that makes one entry of a record."""
    return printed


@pytest.fixture
def machine(record, tmp_path):
    """Return a function from a machine's name to its facts, read by the real detectors."""

    def read(name):
        raw = record(name)
        proc, sys = write_kernel_files(raw["host"], tmp_path / name)
        tools = RecordedTools.of(raw)
        detectors = [
            CpuDetector(proc, sys, raw["host"]["architecture"]),
            NvidiaDetector(RecordedNvml(raw["nvml"])),
            AmdDetector(tools),
            AscendDetector(tools, toolkit=tmp_path / "no-toolkit"),
            HygonDetector(tools),
        ]
        return discover(detectors, memory=read_memory(proc, tmp_path / "no-groups"))

    return read
