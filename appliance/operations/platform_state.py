"""What a release of the platform leaves behind for the next: snapshots of database, secrets and site file.

A snapshot is taken before a switch and put back only where the newer release has changed the database's form: then the
older one cannot read it. Documents, uploaded files and indexes are no part of it: releases share them.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import iso, utc_now
from appliance.core.errors import ConfigError
from appliance.core.files import fsync_folder, reporting_full_disk, write_durably
from appliance.core.messages import _
from appliance.state.database import Database, sqlite_url
from appliance.state.overview import State, state_of
from appliance.state.snapshots import copy_sqlite, put_back_sqlite

_DATABASE: Final = "appliance.db"
_NOTE: Final = "snapshot.json"
_FOLDERS: Final = ("secrets",)
_FILES: Final = ("site.yaml", "admin.key", "audit-public-keys.pem")
# Tables that the appliance keeps for itself: nobody misses their rows.
_BOOKKEEPING: Final = ("migrations", "audit_head", "sign_in_failures")


@dataclass(frozen=True)
class Snapshot:
    """One kept state. `release` is the folder name of the release that it belongs to."""

    folder: Path
    release: str
    reason: Literal["upgrade", "return"]
    created: str
    state: State


def look_at(home: Home, site: SiteConfig) -> State:
    """Count what the database holds. Raises `Unavailable`, `ConfigError`."""
    if not is_elsewhere(site) and not database_file(home, site).exists():
        return State(0, {})
    database = Database.open(site.state.url or sqlite_url(home.database))
    try:
        return state_of(database)
    finally:
        database.close()


def lost(then: State, now: State) -> dict[str, int]:
    """Return how many rows each table has more of now than then: what putting `then` back would lose."""
    return {
        table: count - then.rows.get(table, 0) for table, count in sorted(now.rows.items())
        if count > then.rows.get(table, 0) and table not in _BOOKKEEPING
    }  # fmt: skip


def is_elsewhere(site: SiteConfig) -> bool:
    """Tell whether the database is a server's: then its snapshots are its administrator's."""
    return site.state.url is not None and not site.state.url.startswith("sqlite")


def take_snapshot(home: Home, site: SiteConfig, release: str, reason: Literal["upgrade", "return"]) -> Snapshot:
    """Keep the state of the release in use; it appears whole or not at all. Raises `DiskFull`, `Unavailable`."""
    snapshots = _snapshots(home)
    snapshots.mkdir(mode=0o700, exist_ok=True)
    part = snapshots / ".part"
    shutil.rmtree(part, ignore_errors=True)
    created = iso(utc_now())
    state = look_at(home, site)
    with reporting_full_disk(snapshots):
        part.mkdir(mode=0o700)
        if not is_elsewhere(site) and database_file(home, site).exists():
            copy_sqlite(database_file(home, site), part / _DATABASE)
        for name in _FOLDERS:
            if (home.root / name).exists():
                shutil.copytree(home.root / name, part / name)
        for name in _FILES:
            if (home.root / name).exists():
                shutil.copy2(home.root / name, part / name)
        shutil.copytree(home.state, part / "state", ignore=shutil.ignore_patterns(f"{_DATABASE}*"))
        note = {"release": release, "reason": reason, "created": created, "state": asdict(state)}
        write_durably(part / _NOTE, json.dumps(note, indent=1).encode())
        target = snapshots / f"{created.replace(':', '')}-{reason}-{release}"
        part.rename(target)
        fsync_folder(snapshots)
    return Snapshot(target, release, reason, created, state)


def snapshots_of(home: Home) -> tuple[Snapshot, ...]:
    """Return the snapshots that are kept, the newest first."""
    found = []
    for note in sorted(_snapshots(home).glob(f"*/{_NOTE}"), reverse=True):
        data = json.loads(note.read_text(encoding="utf-8"))
        state = State(**data.pop("state"))
        found.append(Snapshot(note.parent, state=state, **data))
    return tuple(found)


def put_back(home: Home, site: SiteConfig, snapshot: Snapshot) -> None:
    """Let database, secrets and site file be what they were; nothing may run. Raises `ConfigError`, `DiskFull`.

    Each file is put back whole; run again after a crash, it ends the same.
    """
    if is_elsewhere(site):
        raise ConfigError(
            _("The database is on a server: it is not put back from here."),
            _("Put back the dump that you took before the upgrade, then run the command again."),
        )
    for path in sorted(snapshot.folder.rglob("*")):
        name = path.relative_to(snapshot.folder)
        if path.is_file() and name.as_posix() not in (_NOTE, _DATABASE):
            write_durably(home.root / name, path.read_bytes(), path.stat().st_mode & 0o777)
    if (snapshot.folder / _DATABASE).exists():
        put_back_sqlite(snapshot.folder / _DATABASE, database_file(home, site))


def forget_snapshots(home: Home, releases: frozenset[str]) -> None:
    """Remove the snapshots from before an upgrade whose release is not kept any more; what was set aside stays."""
    for snapshot in snapshots_of(home):
        if snapshot.reason == "upgrade" and snapshot.release not in releases:
            (snapshot.folder / _NOTE).unlink()
            shutil.rmtree(snapshot.folder)


@contextmanager
def returning(home: Home, to: str) -> Iterator[None]:
    """Say on the disk that a state is being put back, until it is: a start in between would meet half of it."""
    write_durably(home.returning_file, to.encode())
    yield
    home.returning_file.unlink()
    fsync_folder(home.root)


def unfinished_return(home: Home) -> str | None:
    """Return the release that a return was under way to when it was cut off."""
    return home.returning_file.read_text(encoding="utf-8") if home.returning_file.exists() else None


def check_not_returning(home: Home) -> None:
    """Raise `ConfigError` while a return to an older release is unfinished."""
    release = unfinished_return(home)
    if release is not None:
        raise ConfigError(
            _("The return to the release {release} was cut off.", release=release),
            _("Run `appliance package rollback platform appliance` again: it goes on where it stopped."),
        )


def database_file(home: Home, site: SiteConfig) -> Path:
    """Return where the SQLite file is; only where the database is not elsewhere."""
    return home.database if site.state.url is None else Path(site.state.url.partition(":///")[2])


def database_name(home: Home, site: SiteConfig) -> Path | None:
    """Return where in `home.state` the SQLite file is, relative to the home; None where it is anywhere else."""
    if is_elsewhere(site) or not database_file(home, site).is_relative_to(home.state):
        return None
    return database_file(home, site).relative_to(home.root)


def _snapshots(home: Home) -> Path:
    return home.root / "snapshots"
