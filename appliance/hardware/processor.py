"""The CPU detector: model, cores and instruction sets from `/proc/cpuinfo` and `/sys`."""

import os
import platform
import re
from pathlib import Path

from appliance.hardware.detector import Found
from appliance.hardware.facts import Processor

# x86: what vLLM's CPU kernels choose between. Arm: bfloat16, integer matrix products and scalable vectors.
FEATURES_OF_INTEREST = (
    "avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "amx_int8",
    "asimd", "asimddp", "bf16", "i8mm", "sve", "sve2",
)  # fmt: skip


def fast_in_16_bits(processor: Processor) -> bool:
    """Return whether models run as fast in 16 bits as in 32: on x86 without AVX-512 they are several times as slow."""
    return processor.architecture != "x86_64" or "avx512f" in processor.features


class CpuDetector:
    """Reads the processors; `proc` and `sys` are seams for recorded machines."""

    def __init__(self, proc: Path = Path("/proc"), sys: Path = Path("/sys"), architecture: str | None = None) -> None:
        self._proc = proc
        self._sys = sys
        self._architecture = architecture or platform.machine()

    def present(self) -> bool:
        """Return True: every machine has one."""
        return True

    def read(self) -> Found:
        """Read the processors."""
        try:
            text = (self._proc / "cpuinfo").read_text(encoding="utf-8", errors="replace")
        except OSError:
            text = ""
        blocks = [_fields(block) for block in text.split("\n\n")]
        cpus = [block for block in blocks if "processor" in block]
        first = cpus[0] if cpus else {}
        flags = set((first.get("flags") or first.get("Features") or "").split())
        return Found(
            processor=Processor(
                architecture=self._architecture,
                model=first.get("model name") or None,
                physical_cores=_physical_cores(cpus),
                logical_cores=len(cpus) or None,
                usable_cores=min(len(os.sched_getaffinity(0)), len(cpus)) if cpus else None,
                features=tuple(name for name in FEATURES_OF_INTEREST if name in flags),
                numa_nodes=self._numa_nodes(),
            )
        )

    def _numa_nodes(self) -> int | None:
        try:
            names = [entry.name for entry in (self._sys / "devices/system/node").iterdir()]
        except OSError:
            return None
        return sum(1 for name in names if re.fullmatch(r"node\d+", name)) or None


def _fields(block: str) -> dict[str, str]:
    """Split one block of cpuinfo, `name : value` a line."""
    pairs = (line.split(":", 1) for line in block.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def _physical_cores(cpus: list[dict[str, str]]) -> int | None:
    """Count distinct (socket, core) pairs; None where the kernel does not tell (Arm)."""
    pairs = {(cpu["physical id"], cpu["core id"]) for cpu in cpus if "physical id" in cpu and "core id" in cpu}
    return len(pairs) or None
