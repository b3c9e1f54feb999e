"""Tuned models' packages: a base model and an adapter become one package, whole or not at all.

On CPU an adapter that is applied at every token halves the speed, so its product is added to the weights once.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.config.home import Home
from appliance.core.errors import PackageError
from appliance.core.files import reporting_full_disk
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.core.units import human_bytes
from appliance.packages.build import only_builder, require_space
from appliance.packages.card import ModelCard, read_card
from appliance.packages.checksums import sha256_of_file, verify_package
from appliance.packages.places import model_folder, open_store
from appliance.packages.recipe import Description
from appliance.packages.sealing import run_child, seal, swap_in
from appliance.packages.tuned_recipe import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    TunedRecipe,
    load_tuned_recipe,
    tuned_digest,
    tuned_recipe_path,
)

MERGED: Final = "lora-merged"
ADAPTER: Final = "lora-adapter"
ADAPTER_SUFFIX: Final = "-adapter"
_WEIGHTS: Final = "model.safetensors"


@dataclass(frozen=True)
class _Order:
    """A recipe that was read, where it is, and the base package it goes with."""

    path: Path
    recipe: TunedRecipe
    base: Path
    origin: dict[str, str]

    @property
    def adapter(self) -> Path:
        return self.path.parent / self.recipe.adapter.folder


def ensure_tuned_models(home: Home, packages: Iterable[str]) -> Iterator[Progress]:
    """Build the packages that have a tuned model's recipe here and are not installed or intact; yield each step's news.

    The base model must be there already. Raises `PackageError` and `DiskFull`.
    """
    for name in sorted(set(packages)):
        path = tuned_recipe_path(name)
        if path is not None and open_store(home).current("model", name) is None:
            yield from ensure_tuned_model(home, path)


def ensure_tuned_model(home: Home, recipe_path: Path) -> Iterator[Progress]:
    """Build the merged package, and beside it the adapter's own, unless both are there and intact.

    A folder that somebody else put there is never replaced. Raises `PackageError` and `DiskFull`.
    """
    order = _read_order(home, recipe_path)
    name = order.recipe.name
    targets = {MERGED: home.models / name, ADAPTER: home.models / f"{name}{ADAPTER_SUFFIX}"}
    missing = {kind: target for kind, target in targets.items() if not _is_built(target, kind, order)}
    title = _("Tuned model {name}", name=name)
    if not missing:
        yield Progress(f"model.{name}", title, "skipped", _("already built"))
        return
    with ExitStack() as stack:
        lock = stack.enter_context(only_builder(home.models, name))
        stack.enter_context(reporting_full_disk(home.models))
        require_space(home.models, order.recipe.disk_bytes)
        yield Progress(f"model.{name}", title, detail=_("the adapter is added to the base model's weights"))
        staging = home.models / f".{name}.part"
        shutil.rmtree(staging, ignore_errors=True)
        try:
            staging.mkdir(mode=0o700)
            for kind, target in missing.items():
                _build(home, order, kind, staging / target.name, lock)
                swap_in(staging / target.name, target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        weights = read_card(targets[MERGED]).weights_bytes
        yield Progress(f"model.{name}", title, "done", _("{size} of weights", size=human_bytes(weights)))


def _read_order(home: Home, path: Path) -> _Order:
    """Read the recipe and find its base. Raises `PackageError` where that is missing, broken or another model."""
    recipe = load_tuned_recipe(path)
    base = model_folder(home, recipe.base.package)
    card = verify_package(base)
    member = card.source.member_sha256 if card.source else card.origin.get("file_sha256", "")
    if member != recipe.base.member_sha256:
        raise PackageError(
            _(
                "The tuned model {name} was trained on another base model than the package {base}.",
                name=recipe.name,
                base=recipe.base.package,
            ),
            _("Leave {name} out of the site file's models, or use the base model of the release.", name=recipe.name),
        )
    origin = {
        "base": recipe.base.package,
        "base_version": card.version,
        "base_weights_sha256": card.files[_WEIGHTS].sha256,
        "adapter_weights_sha256": recipe.adapter.weights_sha256,
        "adapter_config_sha256": recipe.adapter.config_sha256,
        "recipe_sha256": tuned_digest(path),
    }
    return _Order(path, recipe, base, origin)


def _is_built(target: Path, kind: str, order: _Order) -> bool:
    """Tell whether the package is there and of this recipe and base. Raises `PackageError` for a broken foreign one."""
    if not target.exists():
        return False
    try:
        ours = read_card(target).origin.get("format") == kind
    except PackageError:
        ours = False
    try:
        card = verify_package(target)
    except PackageError as fault:
        if not ours:
            raise PackageError(
                fault.message, _("Repair that package, or move {folder} away and try again.", folder=target)
            ) from fault
        return False
    return not ours or card.origin == {"format": kind, **order.origin}


def _build(home: Home, order: _Order, kind: str, package: Path, lock: int) -> None:
    """Write one package into the folder `package`, card and all."""
    recipe = order.recipe
    package.mkdir(mode=0o700)
    description = {name: getattr(recipe, name) for name in Description.model_fields}
    if kind == MERGED:
        arguments = (order.base, order.adapter, package, recipe.name)
        run_child("appliance.packages.merge_adapter", arguments, home.logs / "model-build.log", lock)
    else:
        for path in (order.adapter / WEIGHTS_FILE, order.adapter / CONFIG_FILE, order.base / recipe.chat_template):
            shutil.copyfile(path, package / path.name)
        description |= {"name": package.name, "parameters": recipe.adapter.parameters}
    origin = {"format": kind, **order.origin}
    seal(package, Description(**description), recipe.chat_template, origin=origin)


def adapter_of(home: Home, package: str) -> tuple[Path, ModelCard] | None:
    """Return the adapter of a tuned model that was built here, with its card; None where there is none.

    Raises `PackageError` for one whose files are not those of its card.
    """
    folder = home.models / f"{package}{ADAPTER_SUFFIX}"
    if not folder.exists():
        return None
    card = verify_package(folder)
    return (folder, card) if card.origin.get("format") == ADAPTER else None


def stands_on(card: ModelCard, base: Path) -> bool:
    """Tell whether an adapter was trained on the very weights in the folder `base`."""
    weights = base / _WEIGHTS
    return weights.is_file() and sha256_of_file(weights) == card.origin.get("base_weights_sha256")
