"""YAML files of named entries: the shipped one, and the bank's own, whose entries are added or replace by name."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _
from appliance.core.validation import reason_for
from appliance.scenario.yaml_files import read_yaml

_Entry = TypeVar("_Entry", bound=BaseModel)


def read_entries(shipped: Path, own: Path | None, kind: type[_Entry], under: str) -> dict[str, _Entry]:
    """Return the entries of both files by name, in the order of the files.

    A file has a list of entries under one name, and `drop`: names of shipped entries that are not wanted. An own file
    that is not there adds nothing. Raises `ConfigError` that names file, entry and what to do.
    """
    entries, _drop = _read(shipped, kind, under)
    if own is None or not own.exists():
        return entries
    added, drop = _read(own, kind, under)
    for name in drop:
        if name not in entries:
            raise _wrong(own, Message(f"drop.{name}"), _("no such entry is shipped"))
        del entries[name]
    return {**entries, **added}


def wrong_entry(path: Path, entry: str, reason: Message) -> ConfigError:
    """Return the error for an entry that is well formed and yet cannot be used."""
    return _wrong(path, Message(entry), reason)


def _read(path: Path, kind: type[_Entry], under: str) -> tuple[dict[str, _Entry], list[str]]:
    raw = read_yaml(path)
    if any(key not in (under, "drop") for key in raw):
        raise _wrong(path, Message("file"), _("it may hold {under} and drop, nothing else", under=under))
    listed, drop = raw.get(under) or [], raw.get("drop") or []
    if not isinstance(listed, list) or not isinstance(drop, list) or not all(isinstance(name, str) for name in drop):
        raise _wrong(path, Message("file"), _("{under} and drop are lists", under=under))
    entries: dict[str, _Entry] = {}
    for place, one in enumerate(listed, start=1):
        named = one.get("name") if isinstance(one, dict) else None
        label = named if isinstance(named, str) and named else f"{under}[{place}]"
        entry = _entry(path, kind, label, one)
        if label in entries:
            raise _wrong(path, Message(label), _("the name is used twice"))
        entries[label] = entry
    return entries, drop


def _entry(path: Path, kind: type[_Entry], label: str, raw: object) -> _Entry:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        fault = max(error.errors(), key=lambda found: len(found["loc"]))
        place = ".".join([label, *(str(step) for step in fault["loc"])])
        if fault["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(fault["loc"][-1]), _field_names(kind), 1)
            reason = _("unknown name; did you mean {near}?", near=near[0]) if near else _("unknown name")
        elif fault["type"] == "missing":
            reason = _("it must be given")
        else:
            reason = reason_for(fault["type"], fault.get("ctx", {}), fault["msg"])
        raise _wrong(path, Message(place), reason) from error


def _field_names(kind: type[BaseModel]) -> list[str]:
    """Return the names of all fields of a model and of the models inside it."""
    schema: Mapping[str, Any] = kind.model_json_schema()
    models = [schema, *schema.get("$defs", {}).values()]
    return sorted({name for model in models for name in model.get("properties", {})})


def _wrong(path: Path, where: Message, reason: Message) -> ConfigError:
    return ConfigError(
        _("{file} cannot be used: {where}: {reason}.", file=path, where=where, reason=reason),
        _("Mend the entry; until then what was loaded before stays in use."),
    )
