"""Embedders as sentence-transformers saves them: how a text becomes one vector."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from appliance.core.messages import _
from appliance.packages.model_files import read_object, refuse_model
from appliance.packages.recipe import Embedding, one_line

_ARCHITECTURES: Final = frozenset(
    {"BertModel", "XLMRobertaModel", "RobertaModel", "Qwen2Model", "Qwen2ForCausalLM", "Qwen3Model", "Qwen3ForCausalLM"}
)
_POOLINGS: Final[dict[str, Literal["cls", "mean", "last"]]] = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_lasttoken": "last",
}


@dataclass(frozen=True)
class EmbedderFiles:
    """What the files say of an embedder."""

    facts: Embedding
    longest: int | None
    """Tokens of the longest text; None where they do not say."""


def embedding_of(source: Path, package: Path, config: dict[str, Any]) -> EmbedderFiles | None:
    """Return how a model embeds; None where it has no modules.json, and is no embedder.

    `package` holds the files that were taken of `source`; folders below it are not among them.
    Raises `PackageError` for one that this release could not describe: other architectures, modules or poolings.
    """
    path = package / "modules.json"
    if not path.is_file():
        return None
    kinds = [str(kind) for kind in config.get("architectures") or ()]
    if not _ARCHITECTURES.intersection(kinds):
        raise refuse_model(
            source,
            _("it is an embedder of another architecture: {kinds}", kinds=ascii(", ".join(kinds) or "-")),
            _("Use one of these: {kinds}.", kinds=", ".join(sorted(_ARCHITECTURES))),
        )
    folders: dict[str, str] = {}
    for module in _modules(source, path):
        kind = str(module.get("type")).rpartition(".")[2]
        folders[kind] = str(module.get("path") or "")
        if kind not in ("Transformer", "Pooling", "Normalize"):
            raise refuse_model(source, _("it has a module that the appliance does not know: {kind}", kind=ascii(kind)))
    # One name below the model's folder and no way out of it.
    pooling = source / Path(folders.get("Pooling") or "1_Pooling").name / "config.json"
    if "Pooling" not in folders or not pooling.is_file():
        raise refuse_model(
            source,
            _(
                "how it makes one vector of a text is not known: {path} is missing",
                path=f"{pooling.parent.name}/config.json",
            ),
            _("Use the embedder's folder as sentence-transformers saves it, with modules.json and 1_Pooling."),
        )
    return EmbedderFiles(
        _embedding(source, read_object(source, pooling), "Normalize" in folders), _longest(source, package)
    )


def _modules(source: Path, path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise refuse_model(
            source, _("{name} cannot be read: {reason}", name=path.name, reason=one_line(error))
        ) from error
    if not isinstance(found, list) or not all(isinstance(module, dict) for module in found):
        raise refuse_model(source, _("{name} is not a list of modules", name=path.name))
    return found


def _embedding(source: Path, config: dict[str, Any], normalised: bool) -> Embedding:
    ways = [way for name, way in _POOLINGS.items() if config.get(name) is True]
    others = [name for name, on in config.items() if name.startswith("pooling_mode_") and on is True]
    size = config.get("word_embedding_dimension")
    if len(ways) != 1 or len(others) != 1 or not isinstance(size, int) or size < 1:
        raise refuse_model(
            source,
            _("it pools in a way that the appliance does not know: {ways}", ways=ascii(", ".join(others) or "-")),
        )
    return Embedding(dimensions=size, pooling=ways[0], normalised=normalised)


def _longest(source: Path, package: Path) -> int | None:
    path = package / "sentence_bert_config.json"
    found = read_object(source, path).get("max_seq_length") if path.is_file() else None
    return found if isinstance(found, int) else None
