"""The folder that backups are kept in: names that say whose and when, and which go."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.config.site import SiteConfig
from appliance.core.errors import ConfigError, InvalidRequest
from appliance.core.files import fsync_folder
from appliance.core.messages import _

_NAME: Final = re.compile(
    r"appliance-(?P<origin>[0-9a-f]{8})-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.tar\.age", re.ASCII
)


@dataclass(frozen=True)
class KeptBackup:
    """One backup, as its name and the disk tell of it."""

    file: Path
    origin: str
    created: str
    size_bytes: int


def folder_of(site: SiteConfig, folder: Path | None) -> Path:
    """Return `folder`, else that of the site file. Raises `ConfigError`."""
    if folder is not None:
        return folder.absolute()
    if site.backup.folder is None:
        raise ConfigError(
            _("No folder for backups is named."),
            _("Name one with --to, or set backup.folder in the site file; choose another disk than the home's."),
        )
    return Path(site.backup.folder)


def file_name(origin: str, created: str) -> str:
    """Return the name of the backup that was begun at `created` (RFC 3339, milliseconds, Z)."""
    return f"appliance-{origin}-{re.sub('[-:.]', '', created)}.tar.age"


def backups_in(folder: Path) -> tuple[KeptBackup, ...]:
    """Return the backups in a folder, the newest first; none where it is missing. Raises `InvalidRequest`."""
    found = []
    try:
        for path in folder.iterdir() if folder.exists() else ():
            if named := _NAME.fullmatch(path.name):
                origin, year, month, day, hour, minute, second, thousandths = named.groups()
                created = f"{year}-{month}-{day}T{hour}:{minute}:{second}.{thousandths}Z"
                found.append(KeptBackup(path, origin, created, path.stat().st_size))
    except OSError as error:
        raise InvalidRequest(
            _("The folder {folder} cannot be read: {reason}.", folder=folder, reason=error.strerror or str(error)),
            _("Check its name, and that this user may read it."),
        ) from error
    return tuple(sorted(found, key=lambda one: (one.created, one.origin), reverse=True))


def thin_out(folder: Path, origin: str, keep: int) -> tuple[Path, ...]:
    """Remove all backups of one appliance but the newest `keep`; return them, the newest first."""
    old = tuple(one.file for one in backups_in(folder) if one.origin == origin)[keep:]
    for path in old:
        path.unlink(missing_ok=True)
    if old:
        fsync_folder(folder)
    return old


def clear_remains(folder: Path, origin: str) -> None:
    """Remove what a backup of this appliance left that was killed; nobody may be at work on one."""
    for path in folder.glob(f".appliance-{origin}-*.part"):
        path.unlink(missing_ok=True)
