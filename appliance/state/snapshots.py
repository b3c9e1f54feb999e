"""A copy of the SQLite database at one moment, also while it is written to."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from appliance.core.errors import Unavailable
from appliance.core.files import durable_write, reporting_full_disk
from appliance.core.messages import _


def copy_sqlite(source: Path, target: Path) -> None:
    """Write a consistent copy of `source` to the new file `target`. Raises `Unavailable`, `DiskFull`."""
    try:
        with (
            reporting_full_disk(target.parent),
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as database,
            closing(sqlite3.connect(target)) as copy,
        ):
            database.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise _damaged(str(error)) from error
    if found != "ok":
        raise _damaged(str(found))
    target.chmod(0o600)


def put_back_sqlite(copy: Path, target: Path) -> None:
    """Let `target` be what `copy` is; nobody may have it open. Raises `DiskFull`, and then `target` is as it was."""
    with durable_write(target) as file, copy.open("rb") as source:
        while piece := source.read(1 << 20):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
        # Before the new file is in place, for applied to that its write-ahead log would damage it; and not before the
        # new one is on the disk, for the old one is not whole without it.
        for ending in ("-wal", "-shm"):
            target.with_name(target.name + ending).unlink(missing_ok=True)


def _damaged(reason: str) -> Unavailable:
    return Unavailable(
        _("The database cannot be read: {reason}", reason=reason),
        _("Put it back from a backup; `appliance doctor` checks the rest."),
    )
