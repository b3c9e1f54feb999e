"""Recipes of tuned models: a base model and an adapter that changes it. Data only; `merging` carries it out."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import Field, ValidationError

from appliance.config.installation import shipped
from appliance.core.errors import PackageError
from appliance.core.messages import Message, _
from appliance.packages.checksums import sha256_of_file
from appliance.packages.recipe import Description, FileName, PackageName, Sha256, Strict, one_line

WEIGHTS_FILE: Final = "adapter_model.safetensors"
CONFIG_FILE: Final = "adapter_config.json"
RECIPE_FILE: Final = "recipe.yaml"
ADAPTER_FOLDER: Final = "adapter"
TUNED: Final = "tuned"
"""The folder of a release of the platform with a folder for each tuned model."""
_LARGEST_CONFIG: Final = 1 << 20
_NEVER: Final = ("use_dora", "use_rslora", "modules_to_save", "fan_in_fan_out", "rank_pattern", "alpha_pattern")
_PROJECTIONS: Final = frozenset({"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"})


class TrainedOn(Strict):
    """The base model that the adapter was trained on: another one would give another model than was measured."""

    package: PackageName
    version: str
    member_sha256: Sha256
    """The base weights' file before conversion, as the base package's card names it (`Source.member_sha256`)."""


class AdapterFiles(Strict):
    """The adapter beside the recipe, in PEFT's format."""

    folder: FileName
    weights_sha256: Sha256
    config_sha256: Sha256
    parameters: int = Field(ge=1)


class DataUsed(Strict):
    """A data set that the adapter was trained on."""

    name: str
    licence: str
    source: str
    used: str


class Measured(Strict):
    """One figure of base and tuned model by the same prompts: shares from 0 to 1 over `count` held-out rows."""

    task: str
    prompt: str
    score: str
    count: int = Field(ge=1)
    base: Annotated[float, Field(ge=0, le=1)]
    tuned: Annotated[float, Field(ge=0, le=1)]


class TunedRecipe(Description):
    """One recipe file; the fields of `Description` are those of the merged model."""

    base: TrainedOn
    adapter: AdapterFiles
    method: str
    seed: int
    data: list[DataUsed] = Field(min_length=1)
    measured: list[Measured] = Field(min_length=1)
    chat_template: FileName
    """Name of the chat template in the base model's package."""
    disk_bytes: int = Field(ge=0)
    """Free space that a build needs."""


class AdapterConfig(Strict):
    """What of PEFT's configuration matters for the sums."""

    rank: int = Field(ge=1, le=512)
    alpha: float = Field(gt=0)
    modules: frozenset[str]

    @property
    def scale(self) -> float:
        """Factor of the product of the two matrices."""
        return self.alpha / self.rank


def tuned_recipe_path(package: str) -> Path | None:
    """Return the recipe of a tuned model that came with this program; None where there is none."""
    folders = (shipped("images") / "models", shipped(TUNED))  # of a checkout, of a release of the platform
    paths = (folder / package / RECIPE_FILE for folder in folders)
    return next((path for path in paths if path.is_file() and (path.parent / ADAPTER_FOLDER).is_dir()), None)


def load_tuned_recipe(path: Path) -> TunedRecipe:
    """Read a recipe and hold the adapter's files to its digests. Raises `PackageError`."""
    try:
        recipe = TunedRecipe.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        folder = path.parent / recipe.adapter.folder
        found = {name: sha256_of_file(folder / name) for name in (WEIGHTS_FILE, CONFIG_FILE)}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise unusable(path, one_line(error)) from error
    for name, due in ((WEIGHTS_FILE, recipe.adapter.weights_sha256), (CONFIG_FILE, recipe.adapter.config_sha256)):
        if found[name] != due:
            raise unusable(path, _("{name} is not the file that the recipe names", name=name))
    return recipe


def tuned_digest(path: Path) -> str:
    """Return one SHA-256 for recipe and adapter, whose digests the recipe holds. Raises OSError."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_adapter_config(folder: Path) -> AdapterConfig:
    """Read a LoRA adapter's configuration; refuse what plain addition to the weights would not reproduce.

    Raises `PackageError`.
    """
    path = folder / CONFIG_FILE
    try:
        if path.stat().st_size > _LARGEST_CONFIG:
            raise unusable(path, _("the file is too large"))
        raw = json.loads(path.read_bytes())
        return _config_of(path, raw if isinstance(raw, dict) else {})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise unusable(path, one_line(error)) from error


def _config_of(path: Path, raw: dict[str, Any]) -> AdapterConfig:
    strange = [name for name in _NEVER if raw.get(name)]
    if raw.get("peft_type") != "LORA" or raw.get("bias", "none") != "none" or strange:
        raise unusable(path, _("it is no plain LoRA adapter"))
    modules = frozenset(map(str, raw["target_modules"]))
    if not modules or not modules <= _PROJECTIONS:
        raise unusable(path, _("it changes other layers than the projections"))
    return AdapterConfig(rank=raw["r"], alpha=float(raw["lora_alpha"]), modules=modules)


def unusable(path: Path, reason: Message | str) -> PackageError:
    """Return the error for a recipe or an adapter that cannot be used."""
    return PackageError(
        _("The tuned model's file {path} cannot be used: {reason}", path=path, reason=reason),
        _("Restore the file from the release you installed."),
    )


Way = Literal["merged", "adapter"]


def way_to_serve(accelerator: Literal["cpu", "gpu"]) -> Way:
    """Return how a tuned model is served: an adapter halves the speed on CPU and spares a copy of the base on GPU."""
    return "merged" if accelerator == "cpu" else "adapter"
