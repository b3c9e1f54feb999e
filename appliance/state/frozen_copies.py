"""The database at one moment, also while it is written to: as a file, and what it counts on at that moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.state.database import Database, sqlite_url
from appliance.state.kept_files import KeptVersion, kept_files, kept_versions
from appliance.state.overview import State, count, state_of
from appliance.state.postgres_dumps import dump_postgres, rows_of_dump
from appliance.state.snapshots import copy_sqlite

SQLITE: Final = "database.sqlite"
POSTGRESQL: Final = "database.sql"


@dataclass(frozen=True)
class Frozen:
    """A copy in `file`, in numbers, and the files beside the database that it names; `files` are digests by id."""

    file: Path
    state: State
    versions: tuple[KeptVersion, ...]
    files: dict[str, str]


def freeze(source: Path | str, folder: Path, environment: Mapping[str, str]) -> Frozen:
    """Copy the SQLite file, or the PostgreSQL database at the URL `source`, into `folder`.

    `environment` is what PostgreSQL's programs are started with. Raises `Unavailable`, `DiskFull`, `ConfigError`.
    """
    if isinstance(source, Path):
        file = folder / SQLITE
        copy_sqlite(source, file)
        database = Database.open(sqlite_url(file))
    else:
        file = folder / POSTGRESQL
        database = Database.open(source)
    try:
        with database.view() as connection:
            if isinstance(source, str):
                dump_postgres(connection, source, file, environment)
            return Frozen(file, count(connection), kept_versions(connection), kept_files(connection))
    finally:
        database.close()


def rows_of_copy(file: Path) -> dict[str, int]:
    """Return how many rows a file of `freeze` has, by table. Raises `Unavailable` for a damaged one."""
    if file.name == POSTGRESQL:
        return rows_of_dump(file)
    database = Database.open(sqlite_url(file))
    try:
        return state_of(database).rows
    finally:
        database.close()
