"""Reads the catalogue: typed entries, typos refused, names that are not there answered with near ones."""

import difflib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from appliance.catalogue.model import (
    Architecture,
    Checkpoint,
    Encoder,
    Experts,
    LatentAttention,
    ModelEntry,
    SlidingWindow,
    Source,
    Sources,
)
from appliance.core.errors import ConfigError, NotFound
from appliance.core.messages import Message, _
from appliance.core.validation import reason_for

Catalogue = Mapping[str, ModelEntry]
"""Entries by name."""
_Entry = TypeVar("_Entry", bound=BaseModel)
_MODEL_SECTIONS: tuple[type[BaseModel], ...] = (
    ModelEntry, Architecture, LatentAttention, SlidingWindow, Experts, Encoder, Checkpoint, Sources, Source,
)  # fmt: skip


@cache
def load_catalogue() -> Catalogue:
    """Return the models that ship with the appliance, by name. Raises `ConfigError` where a file is wrong."""
    folder = resources.files("appliance.catalogue") / "models"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    entries = (parse_entry(file.read_text(encoding="utf-8"), file.name) for file in files)
    return {entry.name: entry for entry in entries}


def parse_entry(text: str, source: str) -> ModelEntry:
    """Read one entry; `source` names it in messages. Raises `ConfigError`, which lists every fault."""
    return parse_strictly(ModelEntry, text, source, _MODEL_SECTIONS)


def parse_strictly(kind: type[_Entry], text: str, source: str, sections: Iterable[type[BaseModel]]) -> _Entry:
    """Read YAML as `kind`; `sections` are the classes whose field names a typo may be near to.

    Raises `ConfigError`, which lists every fault.
    """
    try:
        raw: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _unusable(source, " ".join(str(error).split())) from error
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        names = sorted({name for section in sections for name in section.model_fields})
        faults = [_fault(fault, names) for fault in error.errors(include_url=False)]
        raise _unusable(source, _joined(faults)) from error


def find_model(catalogue: Catalogue, name: str) -> ModelEntry:
    """Return the model called `name`, or the one that the appliance's package `name` holds.

    Raises `NotFound`, which names near ones.
    """
    entry = catalogue.get(name) or next((entry for entry in catalogue.values() if name in entry.packages), None)
    if entry is not None:
        return entry
    known = [*catalogue, *(package for entry in catalogue.values() for package in entry.packages)]
    near = difflib.get_close_matches(name.lower(), known, 3, 0.5)
    raise NotFound(
        _("The catalogue has no model {name}.", name=ascii(name[:100])),
        _("Did you mean {near}?", near=", ".join(near))
        if near
        else _("Known models: {models}.", models=", ".join(catalogue)),
        param="model",
    )


def _unusable(source: str, reason: Message | str) -> ConfigError:
    return ConfigError(
        _("{source} cannot be used: {reason}", source=source, reason=reason),
        _("Mend the fields that it names, or restore the file from the release you installed."),
    )


def _joined(faults: list[Message]) -> Message:
    together = faults[0]
    for fault in faults[1:]:
        together = _("{first}; {second}", first=together, second=fault)
    return together


def _fault(fault: Any, names: list[str]) -> Message:  # noqa: ANN401 - pydantic's own dictionary
    """Say what is wrong with one field, and which one was meant where its name is unknown."""
    where = ".".join(map(str, fault["loc"]))
    if fault["type"] == "missing":
        return _("{where}: must be given", where=where)
    if fault["type"] != "extra_forbidden":
        return _("{where}: {reason}", where=where, reason=reason_for(fault["type"], fault.get("ctx", {}), fault["msg"]))
    near = difflib.get_close_matches(str(fault["loc"][-1]), names, 1)
    if near:
        return _("{where}: unknown (did you mean {near}?)", where=where, near=near[0])
    return _("{where}: unknown", where=where)
