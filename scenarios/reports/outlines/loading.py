"""Outlines as they are in force: the shipped ones, and before them the bank's own by name."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final

import structlog
from pydantic import ValidationError

from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.scenario.yaml_files import checked, read_yaml, refuse, refuse_first

from .checking import check
from .codes import known
from .models import Outline, SectionPlan

log: structlog.stdlib.BoundLogger = structlog.get_logger("scenario")
SHIPPED: Final = Path(__file__).resolve().parent.parent
FILE: Final = "outline.yaml"
_Stamp = tuple[tuple[str, int, int, int], ...]
_READ: Final[dict[Path, tuple[_Stamp, Outline | ConfigError]]] = {}
_LOCK: Final = Lock()


class Catalogue(Mapping[str, Outline]):
    """Outlines by name. One that cannot be used is not listed, and asking for it raises its `ConfigError`."""

    def __init__(self, outlines: Mapping[str, Outline], faults: Mapping[str, ConfigError]) -> None:
        self._outlines = dict(outlines)
        self.faults = dict(faults)

    def __getitem__(self, name: str) -> Outline:
        """Return an outline. Raises `KeyError`, and `ConfigError` for the bank's own that cannot be used."""
        if name in self.faults:
            raise self.faults[name]
        return self._outlines[name]

    def __contains__(self, name: object) -> bool:
        """Whether it is listed."""
        return name in self._outlines

    def __iter__(self) -> Iterator[str]:
        """Yield the names that can be used."""
        return iter(self._outlines)

    def __len__(self) -> int:
        """How many can be used."""
        return len(self._outlines)


def catalogue(shipped: Path = SHIPPED, own: Path | None = None) -> Catalogue:
    """Return the outlines of templates/<name>/outline.yaml in both folders, the bank's `own` before ours.

    A file is read again when it, or a YAML file of the bank beside the templates, has changed. A faulty one of the bank
    hides ours of its name: a report is never written by another outline than the bank means. Raises `ConfigError` for a
    faulty shipped one.
    """
    outlines: dict[str, Outline] = {}
    faults: dict[str, ConfigError] = {}
    for file in _files(shipped):
        read = _read(file, None)
        if isinstance(read, ConfigError):
            raise read
        outlines[file.parent.name] = read
    for file in _files(own) if own is not None else ():
        read = _read(file, own)
        name = file.parent.name
        if isinstance(read, ConfigError):
            outlines.pop(name, None)
            faults[name] = read
        else:
            outlines[name] = read
    return Catalogue(outlines, faults)


def load(file: Path, own: Path | None = None) -> Outline:
    """Read and check one outline.yaml; `own` is the bank's folder. Raises `ConfigError`: file, entry and fix."""
    outline = _checked(file, read_yaml(file))
    if file.parent.name != outline.name:
        refuse(
            file,
            "name",
            _("it is {name}, and its folder is {folder}", name=outline.name, folder=file.parent.name),
            _("Give both one name."),
        )
    check(file, outline, known(own))
    return outline


def _checked(file: Path, data: dict[str, Any]) -> Outline:
    """Return what a file holds; a fault within a section is named by the section's id, not by its number."""
    listed = data.get("sections")
    for number, section in enumerate(listed if isinstance(listed, list) else ()):
        named = section.get("id") if isinstance(section, dict) else None
        try:
            SectionPlan.model_validate(section)
        except ValidationError as error:
            refuse_first(file, error, within=f"sections.{named or number}", known=SectionPlan.model_fields)
    return checked(file, Outline, data)


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "templates").glob(f"*/{FILE}"))


def _read(file: Path, own: Path | None) -> Outline | ConfigError:
    beside = sorted(own.glob("*.yaml")) if own is not None else []
    stamp = tuple((path.name, *_stamp_of(path)) for path in (file, *beside))
    with _LOCK:
        known_one = _READ.get(file)
        if known_one is not None and known_one[0] == stamp:
            return known_one[1]
    read: Outline | ConfigError
    try:
        read = load(file, own)
    except ConfigError as error:
        log.error("an outline is not in force", file=str(file), code=error.code, reason=error.render("en"))
        read = error
    with _LOCK:
        _READ[file] = (stamp, read)
    return read


def _stamp_of(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return found.st_mtime_ns, found.st_size, found.st_ino
