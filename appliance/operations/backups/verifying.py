"""Read a whole backup and check it; the home is not touched."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from appliance.core.cryptography.age import Identity, damaged_backup
from appliance.core.errors import Unavailable
from appliance.core.files import reporting_full_disk, unreadable
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.backups.archive import OpenedBackup, open_backup
from appliance.operations.backups.contents import LINKED
from appliance.operations.backups.manifest import IN_HOME, BackupManifest, Entry
from appliance.state.frozen_copies import POSTGRESQL, SQLITE, rows_of_copy


def read_identity(file: Path, password: str | None = None) -> Identity:
    """Read the secret key that a backup is opened with. Raises `InvalidRequest`."""
    try:
        return Identity.parse(file.read_bytes(), password)
    except OSError as error:
        raise unreadable(file, error) from error


def verify_backup(file: Path, identity: Identity) -> Iterator[Progress | BackupManifest]:
    """Check every digest, and count rows and documents; yield progress, at last the manifest.

    The database is written to a temporary folder for that. Raises `InvalidRequest`, `ConfigError`, `DiskFull`.
    """
    title = _("Read the backup and check every file")
    yield Progress("backup.verify", title)
    with tempfile.TemporaryDirectory(prefix="appliance-verify-") as folder, reporting_full_disk(Path(folder)):
        with open_backup(file, identity) as backup:
            manifest = backup.manifest
            extract(backup, Path(folder), only_database=True)
        check_counts(manifest, Path(folder))
    yield Progress("backup.verify", title, "done")
    yield manifest


def extract(backup: OpenedBackup, folder: Path, *, only_database: bool = False) -> None:
    """Write the files of a backup below `folder`, each with its rights; with `only_database` no other file."""
    for entry, pieces in backup.files():
        if only_database and not _is_database(entry):
            continue
        target = folder / entry.path
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with target.open("xb") as file:
            target.chmod(entry.mode)
            file.writelines(pieces)


def check_counts(manifest: BackupManifest, folder: Path) -> None:
    """Compare the manifest's numbers with the database below `folder` and with its files. Raises `InvalidRequest`."""
    names = [entry.path for entry in manifest.entries if _is_database(entry)]
    if len(names) != 1:
        raise damaged_backup(_("it does not hold one database"))
    try:
        rows = rows_of_copy(folder / names[0])
    except Unavailable as error:
        raise damaged_backup(_("its database cannot be read")) from error
    if rows != manifest.rows:
        raise damaged_backup(_("its database does not have the rows that the manifest names"))
    numbers = [sum(entry.path.startswith(f"{IN_HOME}{name}/") for entry in manifest.entries) for name in LINKED]
    if numbers != [manifest.documents, manifest.files]:
        raise damaged_backup(_("it does not have the files that the manifest counts"))


def _is_database(entry: Entry) -> bool:
    return entry.path in (SQLITE, POSTGRESQL)
