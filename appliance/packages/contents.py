"""What a model package may hold: tensors and text. Nothing that is run, unpickled or imported."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path

from appliance.core.errors import PackageError
from appliance.core.messages import Message, _

_ALLOWED_SUFFIXES = frozenset({".safetensors", ".json", ".jinja", ".yaml", ".txt", ".md", ".model"})
_ALLOWED_NAMES = frozenset({"LICENSE", "NOTICE"})
_SAFETENSORS_HEADER_LIMIT = 100_000_000


def _refuse(folder: Path, reason: Message) -> PackageError:
    return PackageError(
        _("The model package {folder} is refused: {reason}", folder=folder, reason=reason),
        _("Use a package of safetensors weights from a source you trust; build or copy it again."),
    )


def _check_json(folder: Path, path: Path) -> None:
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise _refuse(folder, _("{name} is not valid JSON.", name=path.name)) from error
    if isinstance(content, dict) and "auto_map" in content:
        raise _refuse(folder, _("{name} asks for code of its own to be run (auto_map).", name=path.name))


def _check_safetensors(folder: Path, path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(9)
    length = struct.unpack("<Q", start[:8])[0] if len(start) == 9 else 0
    if not 2 <= length <= min(_SAFETENSORS_HEADER_LIMIT, path.stat().st_size - 8) or start[8:] != b"{":
        raise _refuse(folder, _("{name} is not a safetensors file.", name=path.name))


def check_contents(folder: Path, sizes: Mapping[str, int], card_file: str) -> None:
    """Hold the files in `folder` to `sizes` (name to bytes) and to the kinds that cannot run code.

    Raises `PackageError`, which names the first file at fault.
    """
    # Names that start with a dot are our own notes, never handed to the engine.
    found = {path.name: path for path in folder.iterdir() if not path.name.startswith(".") and path.name != card_file}
    for name, path in sorted(found.items()):
        if path.is_symlink() or not path.is_file():
            raise _refuse(folder, _("{name} is not a plain file.", name=name))
        if path.suffix not in _ALLOWED_SUFFIXES and name not in _ALLOWED_NAMES:
            raise _refuse(folder, _("{name} is of a kind that can hold code (pickle, Python or a library).", name=name))
        if name not in sizes:
            raise _refuse(folder, _("{name} is not in the card's list of files.", name=name))
        if path.suffix == ".json":
            _check_json(folder, path)
        elif path.suffix == ".safetensors":
            _check_safetensors(folder, path)
    for name, size in sorted(sizes.items()):
        if name not in found:
            raise _refuse(folder, _("{name} is missing.", name=name))
        if found[name].stat().st_size != size:
            raise _refuse(folder, _("{name} is not of the size that the card gives.", name=name))
