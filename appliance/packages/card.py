"""Model cards: what a package says of itself, and the manifest that its files are held to."""

from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from appliance.core.errors import PackageError
from appliance.core.messages import _
from appliance.packages.contents import check_contents
from appliance.packages.recipe import Description, FileName, Sha256, Strict, one_line

CARD_FILE = "card.yaml"


class FileEntry(Strict):
    """One file of the package as it was sealed."""

    size_bytes: int = Field(ge=0)
    sha256: Sha256


class Source(Strict):
    """Where the weights come from."""

    distribution: str
    version: str
    wheel_sha256: Sha256
    member: str
    member_sha256: Sha256
    recipe_sha256: Sha256
    """`recipe_digest` of the recipe that built the package."""


class ModelCard(Description):
    """`card.yaml` of one package."""

    chat_template: FileName | None
    """Name of the chat template's file in the package; None for an embedder."""
    source: Source | None = None
    """None for a package that was not built from a recipe."""
    origin: dict[str, str] = Field(default_factory=dict)
    """What is known of where an imported model comes from: format, file, digest."""
    tools: dict[str, str] = Field(default_factory=dict)
    """Versions of the libraries that built the package."""
    files: dict[FileName, FileEntry]
    """Every file of the package but the card."""

    @property
    def weights_bytes(self) -> int:
        """Size of the weights on disk, which is what they take in memory."""
        return sum(entry.size_bytes for name, entry in self.files.items() if name.endswith(".safetensors"))


def read_card(folder: Path) -> ModelCard:
    """Read the card alone, without a look at the files beside it. Raises `PackageError` (missing or wrong)."""
    path = folder / CARD_FILE
    try:
        return ModelCard.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise PackageError(
            _("There is no model package in {folder}: {name} is missing.", folder=folder, name=CARD_FILE),
            _("Build or copy the package again; `appliance up` builds the base model."),
        ) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise PackageError(
            _("The model card {path} cannot be used: {reason}", path=path, reason=one_line(error)),
            _("Build or copy the package again; `appliance up` builds the base model."),
        ) from error


def chat_template_of(card: ModelCard, folder: Path) -> Path:
    """Return the chat template of the package in `folder`. Raises `PackageError` for one that is no chat model."""
    if card.kind != "chat" or card.chat_template is None:
        raise PackageError(
            _("The package {name} is an embedder, not a chat model.", name=card.name),
            _("This release serves the embedder that it ships with, and no other; give the alias a chat model."),
            code="not_a_chat_model",
        )
    return folder / card.chat_template


def load_card(folder: Path) -> ModelCard:
    """Read the card of the package in `folder` and hold the files to it.

    Raises `PackageError` where the card is missing or wrong, a file is missing, extra or of another size, or the
    package holds anything that could run code (`check_contents`). Checksums are `verify_package`'s.
    """
    card = read_card(folder)
    check_contents(folder, {name: entry.size_bytes for name, entry in card.files.items()}, CARD_FILE)
    return card
