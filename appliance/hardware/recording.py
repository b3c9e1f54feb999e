"""A record of this machine: its facts, and what each vendor's tool printed, word for word, for the replay of it."""

import json
from collections.abc import Sequence
from typing import Any

from appliance.hardware.amd import AmdSampler
from appliance.hardware.ascend import AscendSampler
from appliance.hardware.discovery import default_detectors, discover
from appliance.hardware.hygon import HygonSampler
from appliance.hardware.nvidia import NvidiaSampler
from appliance.hardware.samplers import SamplerGroup
from appliance.hardware.tools import Output, SystemTools, ToolFault, Tools

_VENDOR_OF = {"amd-smi": "amd", "rocm-smi": "amd", "npu-smi": "ascend", "hy-smi": "hygon"}


class RecordingTools:
    """Tools that keep what they said: `{vendor: {command: {"code", "stdout", "stderr"}}}`, texts as lists of lines."""

    def __init__(self, tools: Tools | None = None) -> None:
        self._tools = tools or SystemTools()
        self.said: dict[str, dict[str, dict[str, Any]]] = {}

    def has(self, name: str) -> bool:
        """Say whether the tool is installed."""
        return self._tools.has(name)

    def run(self, command: Sequence[str], timeout_s: float) -> Output:
        """Run a tool and keep its output, or the fault instead."""
        said = self.said.setdefault(_VENDOR_OF.get(command[0], command[0]), {})
        try:
            output = self._tools.run(command, timeout_s)
        except ToolFault as fault:
            said[" ".join(command)] = {"fault": str(fault)}
            raise
        said[" ".join(command)] = {
            "code": output.code,
            "stdout": _without_processes(output.stdout),
            "stderr": output.stderr.splitlines(),
        }
        return output


def record_machine(tools: Tools | None = None) -> str:
    """Return the record as JSON: `facts`, `readings`, and a section a vendor. It names no host, user or process."""
    recorder = RecordingTools(tools)
    facts = discover(default_detectors(recorder))
    samplers = (NvidiaSampler(), AmdSampler(recorder), AscendSampler(recorder), HygonSampler(recorder))
    readings = SamplerGroup(samplers).sample()
    record = {
        "facts": facts.model_dump(mode="json"),
        "readings": [reading.model_dump(mode="json") for reading in readings],
        **recorder.said,
    }
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _without_processes(text: str) -> list[str]:
    """Return the lines up to npu-smi's table of processes, whose names are nobody's business."""
    lines = text.splitlines()
    return lines[: next((number for number, line in enumerate(lines) if "Process id" in line), len(lines))]
