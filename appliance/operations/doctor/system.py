"""Processor, kernel, C library, and what the kernel's settings allow."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from appliance.core.messages import Message, _
from appliance.hardware.control_groups import threads_limit
from appliance.hardware.facts import MachineFacts, Processor
from appliance.hardware.processor import fast_in_16_bits
from appliance.operations.doctor.check import Check, State, plain

# The wheels of torch and vLLM are built on and for AlmaLinux 8 (manylinux_2_28), whose kernel this is; NVIDIA's driver
# 580 is not tested with an older one either (Driver Installation Guide: RHEL 8). Containers meet older ones.
_OLDEST_KERNEL: Final = (4, 18)
# llguidance, with which vLLM holds answers to a form, has wheels for this (manylinux_2_31) and newer alone.
_OLDEST_C_LIBRARY: Final = (2, 31)
_STRICT_OVERCOMMIT: Final = 2
# Counted on two cores with the defaults: 29 processes of 635 threads. Each core and each replica adds to them.
_NEEDED_THREADS: Final = 1_024
_WANTED_THREADS: Final = 4_096


def check_system(
    facts: MachineFacts, *, on_cpu: bool, proc: Path = Path("/proc"), c_library: str | None = None
) -> Iterator[Check]:
    """Yield processor, kernel, C library and overcommit. `on_cpu`: models run on the processor.

    `proc` and `c_library` (`glibc 2.36`) stand in for this machine's.
    """
    yield _check_processor(facts.processor, on_cpu=on_cpu)
    yield _check_kernel(facts)
    yield _check_c_library(_c_library() if c_library is None else c_library)
    yield _check_overcommit(proc)


def _check_processor(processor: Processor, *, on_cpu: bool) -> Check:
    """Judge by vLLM's needs: AVX-512 recommended, AVX2 with limited features, nothing below (its guide for CPUs)."""
    title = _("Processor")
    if processor.model is None and not processor.features:
        return Check("processor", title, "unknown", _("could not be read"))
    sets = [name for name in ("amx_bf16", "avx512f", "avx2", "asimd") if name in processor.features]
    found = _(
        "{model}, cores: {cores}, {sets}",
        model=processor.model or processor.architecture,
        cores=processor.usable_cores or processor.logical_cores or "–",
        sets=", ".join(sets) or "–",
    )
    if fast_in_16_bits(processor):
        return Check("processor", title, "ok", found)
    expose = _("In a virtual machine give it the host's processor (CPU type `host`, or host-passthrough).")
    if "avx2" not in processor.features:
        remedy = _("The engine needs AVX2, which this processor does not show. {expose}", expose=expose)
        return Check("processor", title, "failed" if on_cpu else "warning", found, remedy)
    if not on_cpu:
        return Check("processor", title, "ok", found)
    remedy = _(
        "Models run faster on a processor with AVX-512. {expose} Else, once it is installed, give each model "
        "`engine: {{dtype: float32}}` in the site file: several times as fast as 16 bits here, in twice the memory.",
        expose=expose,
    )
    return Check("processor", title, "warning", found, remedy)


def _check_kernel(facts: MachineFacts) -> Check:
    title, version = _("Kernel"), _version(facts.kernel or "")
    if version is None:
        return Check("kernel", title, "unknown", plain(facts.kernel) if facts.kernel else _("could not be read"))
    found: Message = plain(facts.kernel)
    if facts.operating_system is not None:
        found = _("{version} ({system})", version=facts.kernel, system=facts.operating_system)
    if version >= _OLDEST_KERNEL:
        return Check("kernel", title, "ok", found)
    remedy = _(
        "Update the operating system to one with kernel {oldest} or newer: Debian 12, Ubuntu 24.04 or RHEL 9. In a "
        "container it is the host's that counts.",
        oldest=_dotted(_OLDEST_KERNEL),
    )
    return Check("kernel", title, "failed", found, remedy)


def _check_c_library(text: str) -> Check:
    title = _("C library")
    name, _space, number = text.partition(" ")
    version = _version(number)
    if name == "glibc" and version is not None and version >= _OLDEST_C_LIBRARY:
        return Check("c_library", title, "ok", plain(text))
    remedy = _(
        "Install on a system with glibc {oldest} or newer: Debian 12, Ubuntu 24.04 or RHEL 9.",
        oldest=_dotted(_OLDEST_C_LIBRARY),
    )
    return Check("c_library", title, "failed", plain(text) if text else _("not glibc"), remedy)


def _check_overcommit(proc: Path) -> Check:
    """Mode 2 counts memory that is asked for and never touched (the kernel's Documentation/mm/overcommit-accounting).

    Measured on 24 GiB with the defaults: 7.6 GB resident, 12.8 GB committed, more than the limit of mode 2 (12.3 GB).
    """
    title = _("Memory overcommit")
    try:
        mode = int((proc / "sys/vm/overcommit_memory").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return Check("overcommit", title, "unknown", _("could not be read"))
    found = plain(f"vm.overcommit_memory = {mode}")
    if mode != _STRICT_OVERCOMMIT:
        return Check("overcommit", title, "ok", found)
    remedy = _(
        "Engines ask for far more memory than they touch, which mode 2 refuses. Run "
        "`sysctl -w vm.overcommit_memory=0`, and write that setting into /etc/sysctl.d/90-appliance.conf."
    )
    return Check("overcommit", title, "warning", found, remedy)


def check_threads(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> Check:
    """Judge how many threads may run: by control groups (podman gives 2048), and by the user's limit nproc."""
    title = _("Processes and threads")
    limits = [threads_limit(proc, cgroups), _own_processes()]
    limit = min((limit for limit in limits if limit is not None), default=None)
    if limit is None:
        return Check("threads", title, "ok", _("no limit"))
    found = _("at most {limit}", limit=limit)
    if limit >= _WANTED_THREADS:
        return Check("threads", title, "ok", found)
    remedy = _(
        "Allow at least {wanted}: TasksMax= in the service's unit, --pids-limit of the container, or nproc in "
        "/etc/security/limits.conf.",
        wanted=_WANTED_THREADS,
    )
    state: State = "warning" if limit >= _NEEDED_THREADS else "failed"
    return Check("threads", title, state, found, remedy)


def _own_processes() -> int | None:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NPROC)
    return None if soft == resource.RLIM_INFINITY or os.geteuid() == 0 else soft  # root is not held to it


def _c_library() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except ValueError:  # another C library
        return ""


def _version(text: str) -> tuple[int, int] | None:
    """Return major and minor version of `6.1.0-18-amd64`; None for a text that does not begin so."""
    major, _dot, rest = text.partition(".")
    minor = "".join(char for char in rest.partition(".")[0].partition("-")[0] if char.isdigit())
    return (int(major), int(minor)) if major.isdigit() and minor else None


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
