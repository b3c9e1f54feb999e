"""What a folder of documents says about its files: `documents.yaml` beside `documents/`.

A list of entries: `file`, and where known `department`, `effective_on`, `expires_on`, `access` and, for an older
version of another file, `version_of`. Files that it does not name are documents of their own.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from appliance.core.days import Day
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.knowledge.models import Details, Name


class Entry(BaseModel):
    """One file. `source` is what it was made from, for those who make samples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Name
    source: str | None = None
    department: Name | None = None
    effective_on: Day | None = None
    expires_on: Day | None = None
    access: list[Name] | None = None
    version_of: Name | None = None

    @property
    def details(self) -> Details:
        """What is told of the document at its upload."""
        return Details(
            department=self.department, access=self.access, effective_on=self.effective_on, expires_on=self.expires_on
        )


_ENTRIES = TypeAdapter(list[Entry])


def load_series(folder: Path) -> list[list[Entry]]:
    """Return the documents of `folder` by name, each with its versions, oldest first.

    Raises `InvalidRequest` for a manifest that is not valid or names files that are not there.
    """
    present = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    entries = {entry.file: entry for entry in _read(folder.with_suffix(".yaml"))}
    for entry in entries.values():
        for named in (entry.file, entry.version_of):
            if named is not None and named not in present:
                raise _wrong(folder.with_suffix(".yaml"), f"{named}: no such file in {folder.name}/")
    files = [entries.get(name, Entry(file=name)) for name in present]
    newest = [entry for entry in files if entry.version_of is None]
    return [[*_older(entry, files), entry] for entry in newest]


def _older(newest: Entry, files: Sequence[Entry]) -> list[Entry]:
    older = [entry for entry in files if entry.version_of == newest.file]
    return sorted(older, key=lambda entry: entry.effective_on or date.min)


def _read(path: Path) -> list[Entry]:
    if not path.is_file():
        return []
    try:
        return _ENTRIES.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        fault = error.errors()[0]
        raise _wrong(path, f"{'.'.join(map(str, fault['loc']))} {fault['msg']}") from error
    except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: a day that does not exist
        raise _wrong(path, " ".join(str(error).split())) from error


def _wrong(path: Path, reason: str) -> InvalidRequest:
    return InvalidRequest(
        _("The list of documents {path} cannot be used: {reason}.", path=path, reason=reason),
        _("docs/knowledge.md shows its format."),
        param="documents",
    )
