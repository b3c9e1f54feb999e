"""Files of a model that comes from elsewhere: read, counted, or refused."""

import json
import struct
from pathlib import Path
from typing import Any, Final

from appliance.core.errors import PackageError
from appliance.core.messages import Message, _
from appliance.packages.recipe import one_line

_LARGEST_CONFIG: Final = 50 << 20


def count_parameters(source: Path, package: Path) -> int:
    """Count the numbers in the weights, from the headers of the files. Raises `PackageError`."""
    total = 0
    for path in sorted(package.glob("*.safetensors")):
        with path.open("rb") as file:
            length = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))[0]
            raw = file.read(length) if length <= _LARGEST_CONFIG else b""
        try:
            header = json.loads(raw)
            total += sum(_product(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise refuse_model(source, _("{name} is not a safetensors file", name=path.name)) from error
    return total


def _product(shape: list[int]) -> int:
    result = 1
    for size in shape:
        result *= size
    return result


def read_object(source: Path, path: Path) -> dict[str, Any]:
    """Return the JSON object of a file of the model `source`. Raises `PackageError`."""
    try:
        found = json.loads(path.read_bytes()) if path.stat().st_size <= _LARGEST_CONFIG else None
    except (OSError, ValueError, RecursionError) as error:
        raise refuse_model(
            source, _("{name} cannot be read: {reason}", name=path.name, reason=one_line(error))
        ) from error
    if not isinstance(found, dict):
        raise refuse_model(source, _("{name} is not a JSON object", name=path.name))
    return found


def refuse_model(source: Path, reason: Message, hint: Message | None = None) -> PackageError:
    """Return the error that says why a model is not imported, and what to do."""
    return PackageError(
        _("The model {source} is not imported: {reason}.", source=source.name, reason=reason),
        hint or _("Use a model with safetensors weights from a source you trust."),
        code="model_refused",
    )
