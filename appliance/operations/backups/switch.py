"""The switch from the old state to a restored one: decided by one file, then finished whatever happens.

Before `restoring/switch.json` is on the disk the home is as it was; from then on whoever opens the home finishes
what the file says, by renames that may be done again. Nothing between the two is ever read as a state.
"""

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.config.home import Home
from appliance.core.errors import ApplianceError, ConfigError
from appliance.core.files import fsync_folder, write_durably
from appliance.core.messages import _
from appliance.operations.starting_lock import only_starter
from appliance.state.database import Database
from appliance.state.frozen_copies import POSTGRESQL, SQLITE
from appliance.state.overview import rows_by_table
from appliance.state.postgres_dumps import load_postgres
from appliance.state.snapshots import copy_sqlite, put_back_sqlite


@dataclass(frozen=True)
class Switch:
    """What is to be done. Names are relative to the home.

    `put` come from the staged folder, `take` only go; what they replace is kept in `aside`. `sqlite` is the place of a
    database outside the home, `postgresql` the URL of one on a server.
    """

    aside: str
    put: tuple[str, ...]
    take: tuple[str, ...]
    sqlite: str | None = None
    postgresql: str | None = None


def staged(home: Home) -> Path:
    """Return the folder that a restore prepares the new state in."""
    return home.restoring / "new"


def discard_staged(home: Home) -> None:
    """Remove what a restore left that was cut off before its switch; the home is as it was."""
    if not home.restore_journal.exists():
        shutil.rmtree(home.restoring, ignore_errors=True)


def carry_out(home: Home, switch: Switch) -> None:
    """Put the staged state in place. Raises with nothing changed, or not at all but for a fault of the disk."""
    os.sync()  # all that was staged: many small files, faster than one by one
    write_durably(home.restore_journal, json.dumps(asdict(switch)).encode())
    try:
        _load_database(home, switch)
    except ApplianceError:
        home.restore_journal.unlink()
        fsync_folder(home.restoring)
        raise
    _replace(home, switch)


def finish_restore(home: Home) -> None:
    """Finish a switch that was cut off, if there is one; call it before the site file or the state is read.

    Raises `AlreadyRunning` while a restore is at work, `Unavailable` where the database's server does not answer.
    """
    if not home.restore_journal.exists():
        return
    with only_starter(home):
        if not home.restore_journal.exists():
            return
        data = json.loads(home.restore_journal.read_bytes())
        switch = Switch(**{**data, "put": tuple(data["put"]), "take": tuple(data["take"])})
        _load_database(home, switch)
        _replace(home, switch)


def check_no_restore(home: Home) -> None:
    """Raise `ConfigError` where a restore is unfinished."""
    if home.restore_journal.exists():
        raise ConfigError(
            _("A restore of {home} was cut off.", home=home.root),
            _("Run `appliance backup list`, or any command but `--help`: it finishes the restore first."),
        )


def _load_database(home: Home, switch: Switch) -> None:
    """Replace a database outside the home; done again, it ends the same."""
    if switch.postgresql is not None:
        database = Database.open(switch.postgresql)
        try:
            tables = rows_by_table(database)
        finally:
            database.close()
        load_postgres(switch.postgresql, staged(home) / POSTGRESQL, tables, os.environ)
    if switch.sqlite is not None:
        target, old = Path(switch.sqlite), home.root / switch.aside / SQLITE
        if target.exists() and not old.exists():
            old.parent.mkdir(mode=0o700, exist_ok=True)
            part = old.with_suffix(".part")
            part.unlink(missing_ok=True)
            copy_sqlite(target, part)
            part.rename(old)
        put_back_sqlite(staged(home) / SQLITE, target)


def _replace(home: Home, switch: Switch) -> None:
    for name in (*switch.put, *switch.take):
        new, target = staged(home) / "home" / name, home.root / name
        if new.exists() or name in switch.take:
            _set_aside(target, home.root / switch.aside / name)
        if new.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new.rename(target)
            fsync_folder(target.parent)
    fsync_folder(home.root)
    home.restore_journal.unlink()
    fsync_folder(home.restoring)
    shutil.rmtree(home.restoring, ignore_errors=True)


def _set_aside(target: Path, old: Path) -> None:
    """Move what is at `target` to `old`, once; an empty folder is not worth keeping."""
    if target.is_dir() and not any(target.iterdir()):
        target.rmdir()
    elif target.exists() and not old.exists():
        old.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.rename(old)
        fsync_folder(old.parent)
        fsync_folder(target.parent)
