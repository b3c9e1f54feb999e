"""What a backup says of itself: the first member of the archive in it."""

import json
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from appliance.core.cryptography.age import damaged_backup
from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.packages.recipe import Sha256, Strict
from appliance.state.frozen_copies import POSTGRESQL, SQLITE

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
IN_HOME: Final = "home/"
OUTSIDE: Final = "outside/"
NOT_OURS: Final = ("models", "packages", "indexes", "downloads", "logs", "run", "snapshots", "restoring", "outside")
"""Names in the home that no backup holds and no restore puts in place."""


class Entry(Strict):
    """One file. `path` is a database's name, or `home/` or `outside/` and a relative path; `mode` are its rights."""

    path: str = Field(min_length=1)
    size: int = Field(ge=0)
    sha256: Sha256
    mode: int = Field(ge=0, le=0o777)


class ListedPackage(Strict):
    """An installed package, which is not in the backup. `sha256` is its manifest's or card's, which names its files."""

    kind: str
    name: str
    version: str
    sha256: Sha256 | None


class BackupManifest(Strict):
    """Everything but the content. Times are RFC 3339 in UTC, sizes bytes."""

    format: Literal[1] = FORMAT
    appliance: str
    """Version of the program that made it."""
    origin: str
    """Which appliance it is of: the same for all its backups."""
    host: str
    created: str
    step: int = Field(ge=0)
    """The database's newest migration."""
    rows: dict[str, int]
    """Rows by table."""
    documents: int = Field(ge=0)
    """Files of documents."""
    files: int = Field(ge=0)
    """Files of batches."""
    packages: Annotated[tuple[ListedPackage, ...], Field(strict=False)] = ()
    packs: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Folders in the home with the bank's own files of scenario packs."""
    faults: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Files that a row names and that were missing or had another digest when the backup was made."""
    entries: Annotated[tuple[Entry, ...], Field(strict=False)]

    @property
    def size_bytes(self) -> int:
        """Size of all files."""
        return sum(entry.size for entry in self.entries)

    def to_json(self) -> bytes:
        """Return the bytes that are stored."""
        return (json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n").encode()

    def summary(self) -> dict[str, Any]:
        """Return plain data without the list of files."""
        return {**self.model_dump(mode="json", exclude={"entries"}), "size_bytes": self.size_bytes}


def parse_manifest(raw: bytes, newest_step: int) -> BackupManifest:
    """Read a manifest. Raises `InvalidRequest`, and `ConfigError` for a backup of a newer appliance."""
    try:
        data = json.loads(raw)
        form, step = data["format"], data["step"]
        if form > FORMAT or step > newest_step:
            raise ConfigError(
                _("The backup was made by a newer appliance ({version}, step {step}).",
                  version=str(data.get("appliance")), step=step),
                _("Install that version or a later one first; nothing was changed."),
            )  # fmt: skip
        manifest = BackupManifest.model_validate(data)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        fault = error.errors()[0]["msg"] if isinstance(error, ValidationError) else type(error).__name__
        raise damaged_backup(_("its manifest is not valid: {reason}", reason=fault)) from error
    paths = [entry.path for entry in manifest.entries]
    if len(set(paths)) != len(paths) or not all(map(_is_placed, paths)):
        raise damaged_backup(_("its manifest names a file twice or outside its place"))
    return manifest


def _is_placed(path: str) -> bool:
    if path in (SQLITE, POSTGRESQL):
        return True
    inside = path.removeprefix(IN_HOME) if path.startswith(IN_HOME) else path.removeprefix(OUTSIDE)
    if path.startswith(IN_HOME) and inside.split("/")[0] in NOT_OURS:
        return False
    return inside != path and "\0" not in path and all(part not in ("", ".", "..") for part in inside.split("/"))
