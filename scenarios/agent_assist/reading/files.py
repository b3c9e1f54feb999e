"""The YAML files of this folder and the bank's own: strict, with faults that name the file and the entry."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _
from appliance.core.validation import reason_for
from appliance.scenario import yaml_files

Data = TypeVar("Data", bound=BaseModel)


def wrong(path: Path, entry: str, reason: Message | str) -> ConfigError:
    """Return the error for a fault in a file; `entry` says where, such as products.2.name."""
    if not entry:
        return ConfigError(
            _("The file {path} cannot be used: {reason}.", path=path, reason=reason),
            _("Correct it; until then the last good version stays in use. docs/agent-assist.md shows the format."),
        )
    return ConfigError(
        _("The file {path} cannot be used: {entry}: {reason}.", path=path, entry=entry, reason=reason),
        _("Correct that entry; until then the last good version stays in use. docs/agent-assist.md shows the format."),
    )


def read_yaml(path: Path, kind: type[Data]) -> Data:
    """Return what a YAML file holds, checked as `kind`; an empty file is an empty mapping. Raises `ConfigError`."""
    data = yaml_files.read_yaml(path)
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        unknown = fault["type"] == "extra_forbidden"
        reason = (
            _("this field is not known") if unknown else reason_for(fault["type"], fault.get("ctx", {}), fault["msg"])
        )
        raise wrong(path, _place(data, fault["loc"]), reason) from error


def _place(data: object, location: tuple[int | str, ...]) -> str:
    """Return a place as people count: the entry's own name beside its number, from 1."""
    parts = []
    for part in location:
        if isinstance(part, int):
            data = data[part] if isinstance(data, list) and part < len(data) else None
            name = data.get("name") if isinstance(data, Mapping) else None
            parts.append(f"{part + 1} ({name})" if name else str(part + 1))
        else:
            data = data.get(part) if isinstance(data, Mapping) else None
            parts.append(part)
    return ".".join(parts)
