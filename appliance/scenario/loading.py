"""Reads a pack's folder: `scenario.yaml`, checked strictly, and `app.py`, run as a package of its own."""

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _
from appliance.scenario.pack import Action, SampleBase, ScenarioContext, ScenarioPack, Socket

_DESCRIPTION = "scenario.yaml"
_PROGRAM = "app.py"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Text(_Section):
    """A text in both languages."""

    en: str = Field(min_length=1)
    zh_CN: str = Field(min_length=1)


class _Base(_Section):
    """A knowledge base and the folder of documents to fill it with."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    title: str = Field(min_length=1, max_length=200)
    documents: str
    """Folder inside the pack."""


class _Smoke(_Section):
    """A request that `appliance up` makes at its end."""

    action: str
    payload: dict[str, Any]


class _Description(_Section):
    """The whole of scenario.yaml."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    title: _Text
    description: _Text
    models: list[str] = Field(default_factory=list)
    """Aliases of the models that the pack calls."""
    knowledge_bases: list[_Base] = Field(default_factory=list)
    smoke: list[_Smoke] = Field(min_length=1)


def load_pack(folder: Path) -> ScenarioPack:
    """Load the pack in `folder`. Raises `ConfigError`, which names the file and each fault."""
    description = _read_description(folder / _DESCRIPTION)
    bases = []
    program = folder / _PROGRAM
    for base in description.knowledge_bases:
        documents = (folder / base.documents).resolve()
        if not documents.is_relative_to(folder.resolve()) or not documents.is_dir():
            raise _wrong(
                folder / _DESCRIPTION, _("knowledge_bases: {folder} is no folder of the pack", folder=base.documents)
            )
        bases.append(SampleBase(base.name, base.title, documents))
    return ScenarioPack(
        name=description.name,
        version=description.version,
        title=description.title.model_dump(),
        description=description.description.model_dump(),
        folder=folder,
        models=tuple(description.models),
        sample_bases=tuple(bases),
        smoke=tuple((smoke.action, smoke.payload) for smoke in description.smoke),
        create=_create_of(program),
        package=_package_of(program),
    )


def _wrong(path: Path, reason: Message | str) -> ConfigError:
    if isinstance(reason, str):  # a library's own words
        reason = reason.replace("\n", " ")
    return ConfigError(
        _("The scenario file {path} cannot be used: {reason}", path=path, reason=reason),
        _("See docs/knowledge.md for what a scenario pack holds."),
    )


def _read_description(path: Path) -> _Description:
    try:
        return _Description.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _wrong(path, str(error)) from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in error.errors()]
        raise _wrong(path, "; ".join(faults)) from error


def _create_of(path: Path) -> Callable[[ScenarioContext], Sequence[Action | Socket]]:
    """Run `app.py` as a package whose name no other pack has, and return its `create`.

    The package is the pack's folder, so that `app.py` imports what is beside it as `from .conversations import …`.
    """
    create = getattr(_module(_package_of(path), path), "create", None)
    if not callable(create):
        raise _wrong(path, _("it has no function create(context)"))
    return cast("Callable[[ScenarioContext], Sequence[Action | Socket]]", create)


def _package_of(path: Path) -> str:
    return f"scenario_{path.parent.name}_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"


def _module(name: str, path: Path) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    beside = [str(path.parent)]
    specification = importlib.util.spec_from_file_location(name, path, submodule_search_locations=beside)
    if specification is None or specification.loader is None:
        raise _wrong(path, _("it is not a Python file"))
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # pydantic looks the module up while its classes are made
    try:
        specification.loader.exec_module(module)
    except Exception as error:  # a plug-in's own code: whatever it raises means that the pack cannot be used
        for loaded in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
            del sys.modules[loaded]
        raise _wrong(path, f"{type(error).__name__}: {error}") from error
    return module
