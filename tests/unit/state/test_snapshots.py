"""Copies of the SQLite file, and putting one back."""

import sqlite3
from contextlib import closing

import pytest

from appliance.core.errors import DiskFull
from appliance.state.snapshots import copy_sqlite, put_back_sqlite


def rows(path):
    """Return what is in the table of a database."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT * FROM kept").fetchall()


def write(path, value):
    """Write a row into a database with a write-ahead log, and leave it there as a process that was killed does."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE IF NOT EXISTS kept (value TEXT)")
    database.execute("INSERT INTO kept VALUES (?)", (value,))
    left = {name: path.with_name(path.name + name).read_bytes() for name in ("", "-wal")}
    database.close()
    for name, content in left.items():
        path.with_name(path.name + name).write_bytes(content)


def test_what_was_put_back_knows_nothing_of_the_older_log(tmp_path):
    path, copy = tmp_path / "state.db", tmp_path / "copy.db"
    write(path, "first")
    copy_sqlite(path, copy)
    write(path, "second")
    put_back_sqlite(copy, path)
    assert rows(path) == [("first",)]


def test_where_there_is_no_room_the_old_one_is_whole(small_disk, tmp_path):
    path, copy = small_disk / "state.db", tmp_path / "copy.db"
    write(path, "only in the log")
    assert path.with_name("state.db-wal").stat().st_size > 0
    copy.write_bytes(bytes(4 << 20))
    with pytest.raises(DiskFull):
        put_back_sqlite(copy, path)
    assert rows(path) == [("only in the log",)]
