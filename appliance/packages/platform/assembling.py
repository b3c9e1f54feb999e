"""Collecting the platform into one folder, ready to be signed: only a checkout has everything that goes in."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import yaml

from appliance.core.errors import PackageError
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.packages.card import CARD_FILE, load_card
from appliance.packages.checksums import sha256_of_file
from appliance.packages.platform.distributions import Distribution, licence_page, read_wheel, short_wheel_name
from appliance.packages.platform.locks import Locked, lock_text, read_locks
from appliance.packages.platform.sbom import Part, bill_of_materials
from appliance.packages.tuned_recipe import ADAPTER_FOLDER, RECIPE_FILE, TUNED, load_tuned_recipe

SBOM: Final = "sbom.cdx.json"
INSTALLER: Final = "install.sh"
INSTALL_LOCK: Final = "locks/install.txt"
_RECIPE: Final = Path("images/platform/offline")
_PROGRAM: Final = ("ed25519.py", "package.py", "main.py")
# The CPU build of torch is on no general index: where this machine's pip looks first, then PyTorch's own index.
_LOCKS: Final[Mapping[str, tuple[tuple[str, str | None], ...]]] = {
    "cpu": (("torch-cpu.txt", "https://download.pytorch.org/whl/cpu"), ("cpu.txt", None)),
    "gpu": (("gpu.txt", None),),
}
_PIP: Final = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet")


@dataclass(frozen=True)
class Order:
    """What the platform is made from."""

    checkout: Path
    version: str
    accelerator: Literal["cpu", "gpu"]
    model: Path
    """The base model's package."""
    wheels: Path
    """Where downloaded wheels stay for the next build."""


def assemble(order: Order, folder: Path, moment: datetime) -> Iterator[Progress]:
    """Fill the empty `folder` with everything that the platform consists of. Raises `PackageError`."""
    title = _("Fetch the wheels")
    yield Progress("platform.wheels", title)
    locks = [order.checkout / "locks" / name for name, _index in _LOCKS[order.accelerator]]
    for (_name, index), lock in zip(_LOCKS[order.accelerator], locks, strict=True):
        _download(lock, order.wheels, index)
    yield Progress("platform.wheels", title, "done")
    title = _("Build the appliance's own wheel")
    yield Progress("platform.own", title)
    with tempfile.TemporaryDirectory() as scratch:
        own = _own_wheel(order.checkout, Path(scratch))
        distributions = _gather(read_locks(locks), order.wheels, own, folder)
    yield Progress("platform.own", title, "done")
    title = _("Gather model, scenarios, licences and bill of materials")
    yield Progress("platform.gather", title)
    _copy_rest(order, folder)
    parts = [_model(folder / "models" / "base"), *_tuned(folder / TUNED), *_scenarios(folder / "scenarios")]
    _write_pages(folder, distributions)
    seed = f"appliance {order.version} {order.accelerator} {sha256_of_file(folder / INSTALL_LOCK)}"
    _write(folder / SBOM, bill_of_materials(order.version, distributions, parts, moment, seed))
    yield Progress("platform.gather", title, "done", _("distributions: {count}", count=len(distributions)))


def bootstrap_script(checkout: Path) -> str:
    """Return `install-offline.sh`: the checks that go before everything, in one readable file."""
    shell = (checkout / _RECIPE / "install-offline.sh").read_text(encoding="utf-8")
    return shell.replace("@PROGRAM@", bootstrap_program(checkout))


def bootstrap_program(checkout: Path) -> str:
    """Return the Python program in `install-offline.sh`: its modules one after the other."""
    programs = [_without_own_imports((checkout / _RECIPE / name).read_text(encoding="utf-8")) for name in _PROGRAM]
    return "\n\n".join(program.strip() for program in programs)


def _without_own_imports(program: str) -> str:
    modules = "|".join(name.removesuffix(".py") for name in _PROGRAM)
    return re.sub(rf"^from (?:{modules}) import [^\n]*\n", "", program, flags=re.MULTILINE)


def _download(lock: Path, wheels: Path, index: str | None) -> None:
    """Have every wheel of a lock file in `wheels`; what is there with its checksum is not asked for again."""
    wheels.mkdir(parents=True, exist_ok=True)
    here = _by_hash(wheels)
    missing = [one for one in read_locks([lock]) if not one.hashes & here.keys()]
    if missing:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
            wanted.write(lock_text(missing))
            wanted.flush()
            _fetch(Path(wanted.name), lock.name, wheels, index)


def _by_hash(wheels: Path) -> dict[str, Path]:
    return {sha256_of_file(path): path for path in sorted(wheels.glob("*.whl"))}


def _fetch(wanted: Path, name: str, wheels: Path, index: str | None) -> None:
    command = [*_PIP, "download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--dest", str(wheels)]
    attempts = [[], ["--index-url", index]] if index else [[]]
    reason = "-"
    for more in attempts:
        outcome = subprocess.run([*command, *more, "-r", str(wanted)], capture_output=True, text=True, check=False)
        if outcome.returncode == 0:
            return
        reason = (outcome.stderr.strip().splitlines() or ["-"])[-1]
    raise PackageError(
        _("The wheels of {file} cannot be had: {reason}", file=name, reason=reason),
        _("Check pip's settings (pip config list), then build again; what was fetched is kept."),
    )


def _own_wheel(checkout: Path, scratch: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(scratch)]
    outcome = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    found = list(scratch.glob("*.whl"))
    if outcome.returncode != 0 or len(found) != 1:
        reason = (outcome.stderr.strip().splitlines() or ["-"])[-1]
        raise PackageError(
            _("The appliance's own wheel cannot be built: {reason}", reason=reason),
            _("Run `make install` in the checkout, then build again."),
        )
    return found[0]


def _gather(locked: Sequence[Locked], wheels: Path, own: Path, folder: Path) -> tuple[Distribution, ...]:
    """Put the wheel of each locked distribution and ours into place, with one lock file of exactly these files."""
    (folder / "wheels").mkdir(parents=True)
    (folder / "locks").mkdir()
    by_hash = _by_hash(wheels)
    chosen = [own]
    for one in locked:
        here = sorted(by_hash[digest] for digest in one.hashes if digest in by_hash)
        if not here:
            raise PackageError(
                _("No wheel of {name} {version} is there for this machine.", name=one.name, version=one.version),
                _("Build on a machine like the one that the platform is for."),
            )
        chosen.append(here[0])
    found = []
    for path in chosen:
        target = folder / "wheels" / short_wheel_name(path.name)
        _place(path, target)
        found.append(read_wheel(target))
    pinned = [Locked(one.name, one.version, frozenset({one.sha256})) for one in found]
    _write(folder / INSTALL_LOCK, lock_text(sorted(pinned, key=lambda one: one.name)))
    return tuple(sorted(found, key=lambda one: one.name))


def _copy_rest(order: Order, folder: Path) -> None:
    left_out = shutil.ignore_patterns(".*", "__pycache__", "*.pyc")
    shutil.copytree(order.model, folder / "models" / "base", ignore=left_out, copy_function=_place)
    shutil.copytree(order.checkout / "scenarios", folder / "scenarios", ignore=left_out)
    shutil.copytree(order.checkout / "docs", folder / "docs", ignore=left_out)
    for recipe in sorted((order.checkout / "images" / "models").glob(f"*/{RECIPE_FILE}")):
        if (recipe.parent / ADAPTER_FOLDER).is_dir():
            target = folder / TUNED / recipe.parent.name
            shutil.copytree(recipe.parent / ADAPTER_FOLDER, target / ADAPTER_FOLDER, ignore=left_out)
            shutil.copy(recipe, target)
    for lock in sorted((order.checkout / "locks").glob("*.txt")):
        shutil.copy(lock, folder / "locks")
    shutil.copy(order.checkout / "LICENSE", folder)
    shutil.copy(order.checkout / _RECIPE / INSTALLER, folder / INSTALLER)


def _place(source: str | Path, target: str | Path) -> str | Path:
    """Link a large file where both are on one disk, copy it where not."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)
    return target


def _model(folder: Path) -> Part:
    card = load_card(folder)
    files = [(name, entry.sha256) for name, entry in sorted(card.files.items())]
    files.append((CARD_FILE, sha256_of_file(folder / CARD_FILE)))
    return Part("machine-learning-model", card.title, card.version, card.licence, tuple(files))


def _tuned(folder: Path) -> list[Part]:
    """Name the adapters; the models are merged where they are to serve. Raises `PackageError` for a damaged one."""
    found = []
    for path in sorted(folder.glob(f"*/{RECIPE_FILE}")):
        recipe = load_tuned_recipe(path)
        files = tuple(
            (one.relative_to(path.parent).as_posix(), sha256_of_file(one))
            for one in sorted(path.parent.rglob("*"))
            if one.is_file()
        )
        found.append(Part("machine-learning-model", recipe.title, recipe.version, recipe.licence, files))
    return found


def _scenarios(folder: Path) -> list[Part]:
    """The packs are ours, so they are under the appliance's own licence."""
    found = []
    for pack in sorted(path.parent for path in folder.glob("*/scenario.yaml")):
        described = yaml.safe_load((pack / "scenario.yaml").read_text(encoding="utf-8"))
        files = [(path.relative_to(pack).as_posix(), sha256_of_file(path)) for path in sorted(pack.rglob("*"))
                 if path.is_file()]  # fmt: skip
        found.append(Part("data", str(described["name"]), str(described["version"]), "Apache-2.0", tuple(files)))
    return found


def _write_pages(folder: Path, distributions: Sequence[Distribution]) -> None:
    for one in distributions:
        _write(folder / "licences" / f"{one.name}-{one.version.replace('+', '-')}.txt", licence_page(one))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
