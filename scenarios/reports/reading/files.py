"""Reads one file in a confined process; what cannot be read is a fault of the file, never an error of the report."""

import hashlib
from pathlib import Path
from typing import Any, Final

from appliance.core.errors import ApplianceError, InvalidRequest
from appliance.core.messages import _, negotiate
from appliance.knowledge.intake.raw import read_raw
from appliance.knowledge.readers.limits import Limits

from ..models import Grid, Passage, Reading, SourceFile

LIMITS: Final = Limits(pages=1500, characters=3_000_000, blocks=100_000, cpu_s=60, wall_s=150.0)
"""Of one file; a folder holds many."""
_PIECE: Final = 1 << 20


def read_file(path: Path, file_id: str, name: str, language: str, limits: Limits = LIMITS) -> Reading:
    """Return what is in the file at `path`, called `name` and numbered `file_id`; `file.fault` says why nothing is.

    Never raises for a bad or missing file.
    """
    told = negotiate(language)
    size, digest = 0, ""
    try:
        size, digest = _size_and_digest(path)
        raw = read_raw(path, name, limits)
        _refuse_empty(raw, name)
    except OSError as error:
        fault = InvalidRequest(
            _("{name} cannot be opened: {reason}.", name=name, reason=error.strerror or type(error).__name__),
            _("Add the file again."),
        )
        return Reading(file=SourceFile(id=file_id, name=name, sha256=digest, size=size, fault=fault.render(told)))
    except ApplianceError as error:
        return Reading(file=SourceFile(id=file_id, name=name, sha256=digest, size=size, fault=error.render(told)))
    scanned = tuple(raw["scanned"])
    file = SourceFile(id=file_id, name=name, sha256=digest, size=size, pages=raw["pages"], scanned=scanned)
    if scanned and len(scanned) == raw["pages"]:
        file = file.model_copy(update={"fault": _scan(name).render(told)})
    return Reading(
        file=file,
        passages=tuple(Passage.model_validate(passage) for passage in raw["passages"]),
        grids=tuple(Grid.model_validate(grid) for grid in raw["grids"]),
    )


def _size_and_digest(path: Path) -> tuple[int, str]:
    """Return bytes and SHA-256 of a file, read in pieces. Raises `OSError`."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()


def _refuse_empty(raw: dict[str, Any], name: str) -> None:
    if not raw["passages"] and not raw["grids"] and not raw["scanned"]:
        raise InvalidRequest(
            _("{name} holds no text.", name=name),
            _("Check the file: it may be the wrong one, or hold pictures only, which are not read."),
        )


def _scan(name: str) -> InvalidRequest:
    return InvalidRequest(
        _("{name} is a scan: its pages are pictures and hold no text.", name=name),
        _("Add it as a PDF with text, or as the workbook that it was printed from."),
    )
