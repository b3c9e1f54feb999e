"""Put a backup in the place of a home's state: all of it or nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.core.clock import iso, utc_now
from appliance.core.cryptography.age import Identity
from appliance.core.errors import AlreadyRunning, ApplianceError, Conflict
from appliance.core.files import reporting_full_disk
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.accounts import open_accounts
from appliance.operations.backups.archive import open_backup
from appliance.operations.backups.contents import FILES, FOLDERS, LINKED, STATE, of_packs
from appliance.operations.backups.installed import missing_packages
from appliance.operations.backups.manifest import IN_HOME, OUTSIDE, BackupManifest, ListedPackage
from appliance.operations.backups.switch import Switch, carry_out, discard_staged, finish_restore, staged
from appliance.operations.backups.verifying import check_counts, extract
from appliance.operations.platform_state import (
    check_not_returning,
    database_file,
    database_name,
    is_elsewhere,
    look_at,
    lost,
)
from appliance.operations.preflight import check_disk
from appliance.operations.starting_lock import only_backup, only_starter, runs
from appliance.packages.checksums import sha256_of_file
from appliance.state.frozen_copies import POSTGRESQL, SQLITE
from appliance.state.overview import State
from appliance.state.postgres_dumps import check_programs

_INDEXES = "indexes"
_OF_STATE = (STATE, *LINKED, *FOLDERS, *FILES)


@dataclass(frozen=True)
class Restored:
    """What is in place now. `aside` holds what was there before; `lost` counts its rows that the backup has not.

    `missing` are packages to install again; `outside` are files that belong outside the home and are not there as
    they were: each with its copy below the home.
    """

    manifest: BackupManifest
    aside: Path | None
    lost: dict[str, int]
    missing: tuple[ListedPackage, ...]
    outside: tuple[tuple[str, Path], ...]


def restore_backup(
    home: Home, file: Path, identity: Identity, *, replace: bool = False
) -> Iterator[Progress | Restored]:
    """Restore `file` into an empty home, or with `replace` in the place of what is there; yield progress, at last all.

    The whole backup is read, checked and staged before one byte of the home is replaced. A switch that is cut off is
    finished by the next command. Raises `AlreadyRunning`, `Conflict` for a home that is not empty or of which a
    backup is being made, `InvalidRequest`, `ConfigError`, `DiskFull`, `Unavailable`; then nothing was changed.
    """
    home.create()
    finish_restore(home)
    check_not_returning(home)
    with only_starter(home), only_backup(home):
        if runs(home):
            raise AlreadyRunning(
                _("The appliance of {folder} runs.", folder=home.root), _("Stop it with `appliance down` first.")
            )
        there = _there(home)
        if there and not replace:
            raise _not_empty(home, there)
        title = _("Read the backup, check and stage every file")
        yield Progress("restore.stage", title)
        try:
            manifest = _stage(home, file, identity)
            site = load_site(staged(home) / "home" / "site.yaml")
            _check_database(home, site, replace=replace)
            gone = _lost(home, site, manifest)
            switch = _switch(home, site, manifest, there)
            inside = switch.sqlite is None and switch.postgresql is None
            if inside:  # with the state itself, so that there is no restored state without it
                _note(Home(staged(home) / "home"), site, file, manifest)
            yield Progress("restore.stage", title, "done")
            title = _("Put the restored state in place")
            yield Progress("restore.switch", title)
            carry_out(home, switch)
        finally:
            discard_staged(home)
        yield Progress("restore.switch", title, "done")
    if not inside:
        _note(home, site, file, manifest)
    aside = home.root / switch.aside
    yield Restored(
        manifest, aside if aside.exists() else None, gone, missing_packages(manifest.packages, home),
        _outside(home, manifest),
    )  # fmt: skip


def _note(home: Home, site: SiteConfig, file: Path, manifest: BackupManifest) -> None:
    with open_accounts(home, site) as accounts:
        accounts.note("backup.restore", f"{file.name} {manifest.created}", None)


def _there(home: Home) -> list[str]:
    """Return the names of what a restore would replace; empty folders do not count."""
    found = [home.root / name for name in (*_OF_STATE, *of_packs(home))]
    return [path.name for path in found if path.is_file() or (path.is_dir() and any(path.iterdir()))]


def _not_empty(home: Home, there: list[str]) -> Conflict:
    return Conflict(
        _("The home {home} is not empty: it holds {names}.", home=home.root, names=", ".join(there)),
        _("Restore into another home, or add --replace: what is there is then kept aside."),
        code="home_not_empty",
    )


def _stage(home: Home, file: Path, identity: Identity) -> BackupManifest:
    discard_staged(home)
    with reporting_full_disk(home.root):
        staged(home).mkdir(parents=True, mode=0o700)
        with open_backup(file, identity) as backup:
            manifest = backup.manifest
            check_disk(home.root, manifest.size_bytes)
            extract(backup, staged(home))
        check_counts(manifest, staged(home))
    return manifest


def _switch(home: Home, site: SiteConfig, manifest: BackupManifest, there: list[str]) -> Switch:
    """Say what replaces what, with the database where the restored site file wants it."""
    new = staged(home) / "home"
    own = database_name(home, site)
    if own is not None:
        (new / own).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        (staged(home) / SQLITE).rename(new / own)
    if (staged(home) / "outside").exists():
        (staged(home) / "outside").rename(new / "outside")
    names = {entry.path.removeprefix(IN_HOME) for entry in manifest.entries if entry.path.startswith(IN_HOME)}
    folders = (STATE, *LINKED, *FOLDERS, *manifest.packs)
    single = sorted(name for name in names if name.split("/")[0] not in folders)
    put = [name for name in (*folders, "outside") if (new / name).exists()] + single
    take = [name for name in (*there, _INDEXES) if name not in put]
    return Switch(
        f"replaced-{iso(utc_now()).replace(':', '')}", tuple(put), tuple(take),
        sqlite=None if own is not None or is_elsewhere(site) else str(database_file(home, site)),
        postgresql=site.state.url if is_elsewhere(site) else None,
    )  # fmt: skip


def _check_database(home: Home, site: SiteConfig, *, replace: bool) -> None:
    """Look at the database of the backup, and at one outside the home, before anything is replaced."""
    if not (staged(home) / (POSTGRESQL if is_elsewhere(site) else SQLITE)).exists():
        raise Conflict(
            _("The backup's site file names another kind of database than the backup holds."),
            _("Take another backup: state.url was changed while this one was made."),
            code="backup_of_another_database",
        )
    if is_elsewhere(site):
        check_programs()
    elif database_name(home, site) is None:
        check_disk(database_file(home, site).parent, (staged(home) / SQLITE).stat().st_size)
    else:
        return
    if not replace and look_at(home, site).rows:
        raise Conflict(
            _("The database that the backup's site file names is not empty."),
            _("Restore into an empty one, or add --replace."),
            code="database_not_empty",
        )


def _lost(home: Home, site: SiteConfig, manifest: BackupManifest) -> dict[str, int]:
    """Count what is there now and not in the backup; a state that cannot be read is no reason not to replace it."""
    try:
        now = look_at(home, site if database_name(home, site) is None else load_site(home.site_file))
    except ApplianceError:
        return {}
    return lost(State(manifest.step, manifest.rows), now)


def _outside(home: Home, manifest: BackupManifest) -> tuple[tuple[str, Path], ...]:
    found = []
    for entry in manifest.entries:
        if entry.path.startswith(OUTSIDE):
            place = Path("/", entry.path.removeprefix(OUTSIDE))
            if not _holds(place, entry.sha256):
                found.append((str(place), home.root / entry.path))
    return tuple(found)


def _holds(place: Path, sha256: str) -> bool:
    try:
        return place.is_file() and sha256_of_file(place) == sha256
    except PermissionError:  # the appliance could not read it either
        return False
