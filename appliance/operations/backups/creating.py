"""Make a backup, read it back, keep the newest few."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import iso, utc_now
from appliance.core.cryptography.age import Identity, damaged_backup
from appliance.core.errors import ConfigError, InvalidRequest, NotFound
from appliance.core.files import durable_write
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.core.units import human_bytes
from appliance.operations.accounts import nothing_there, open_accounts
from appliance.operations.backups.archive import HashingWriter, open_backup, room_needed, write_archive
from appliance.operations.backups.contents import Contents, gathered
from appliance.operations.backups.folder import clear_remains, file_name, folder_of, thin_out
from appliance.operations.backups.manifest import BackupManifest
from appliance.operations.backups.switch import check_no_restore
from appliance.operations.platform_state import check_not_returning, database_file, is_elsewhere
from appliance.operations.preflight import check_disk
from appliance.operations.starting_lock import only_backup
from appliance.state.postgres_dumps import check_programs
from appliance.state.secret_files import load_or_create_pepper


@dataclass(frozen=True)
class Created:
    """A backup that was written and read back; `removed` are older ones that went for it."""

    file: Path
    size_bytes: int
    sha256: str
    manifest: BackupManifest
    removed: tuple[Path, ...]


def create_backup(
    home: Home, site: SiteConfig, folder: Path | None = None, recipients: tuple[str, ...] = ()
) -> Iterator[Progress | Created]:
    """Write a backup of `home`, which may run, into a folder; yield progress, at last what was made.

    It appears in the folder only after it was read back from the disk with every digest right; older ones beyond
    `backup.keep` go only then. `recipients` go before those of the site file. Raises `ConfigError`, `NotFound` before
    the first start, `DiskFull`, `Unavailable`, `InvalidRequest`, `Conflict` while another backup or a restore works.
    """
    check_not_returning(home)
    check_no_restore(home)
    target = folder_of(site, folder)
    to = recipients or site.backup.recipients
    _check_ready(home, site, to)
    origin = hashlib.sha256(load_or_create_pepper(home.pepper_file)).hexdigest()[:8]
    created = iso(utc_now())
    home.create()
    with only_backup(home):
        title = _("Copy the database and collect the files")
        yield Progress("backup.gather", title)
        if not is_elsewhere(site):
            check_disk(home.root, database_file(home, site).stat().st_size)
        with gathered(home, site, origin, created) as contents:
            size = human_bytes(contents.manifest.size_bytes)
            yield Progress("backup.gather", title, "done", _("{size} to write", size=size))
            title = _("Write it encrypted, and read it back")
            yield Progress("backup.write", title)
            made = _write(contents, target, file_name(origin, created), to)
            yield Progress("backup.write", title, "done", _("{size} written", size=human_bytes(made.size_bytes)))
        removed = thin_out(target, origin, site.backup.keep)
        with open_accounts(home, site) as accounts:
            accounts.note("backup.create", f"{made.file.name} sha256:{made.sha256}", None)
    yield Created(made.file, made.size_bytes, made.sha256, made.manifest, removed)


def _check_ready(home: Home, site: SiteConfig, recipients: tuple[str, ...]) -> None:
    if not recipients:
        raise ConfigError(
            _("Nobody is named who could open the backup."),
            _("Make a key with `appliance backup key create FILE` and put its public part into backup.recipients."),
        )
    if nothing_there(home, site) or not home.pepper_file.exists():
        raise NotFound(
            _("There is nothing to back up in {home} yet.", home=home.root),
            _("It begins with the first start of the appliance; check --home and APPLIANCE_HOME."),
        )
    if is_elsewhere(site):
        check_programs()


def _write(contents: Contents, folder: Path, name: str, recipients: tuple[str, ...]) -> Created:
    """Write and read back; the key to read it with is made for that and never kept."""
    own = Identity.generate()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        clear_remains(folder, contents.manifest.origin)
        check_disk(folder, room_needed(contents.manifest), _("Free some space there, or name another folder."))
        with durable_write(folder / name) as file:
            writer = HashingWriter(file)
            write_archive(contents.manifest, contents.sources, writer, (*recipients, own.recipient))
            file.flush()
            os.fsync(file.fileno())
            # What is read back is to come from the disk, not from memory.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            _read_back(Path(f"/proc/self/fd/{file.fileno()}"), own, contents.manifest)  # it has no name yet
    except OSError as error:
        raise InvalidRequest(
            _("The backup cannot be written to {folder}: {reason}.", folder=folder, reason=error.strerror or error),
            _("Check that the folder is there and that this user may write to it."),
        ) from error
    return Created(folder / name, writer.size, writer.sha256, contents.manifest, ())


def _read_back(file: Path, key: Identity, written: BackupManifest) -> None:
    with open_backup(file, key) as backup:
        for _entry, _pieces in backup.files():
            pass
        if backup.manifest != written:
            raise damaged_backup(_("what is on the disk is another one"))
