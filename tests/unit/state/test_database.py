import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import String, func, insert, inspect, select

from appliance.core.errors import ConfigError, DiskFull, Unavailable
from appliance.state.database import Database, sqlite_url
from appliance.state.tables import knowledge_bases, metadata, migrations

ROW = {"title": "t", "created_at": "2026-01-01T00:00:00.000Z"}


def count(database):
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(knowledge_bases))


def test_sqlite_is_durable_on_every_connection(tmp_path):
    database = Database.open(sqlite_url(tmp_path / "a.db"))
    meeting = threading.Barrier(4)

    def pragmas(_number):
        with database.read() as connection:
            meeting.wait()  # so that the four hold four connections at once
            names = ("journal_mode", "synchronous", "foreign_keys")
            return tuple(connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names)

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(pragmas, range(4))) == {("wal", 2, 1)}  # 2 is FULL
    database.close()


def test_a_write_is_seen_by_another_connection_and_survives_reopening(database, url):
    with database.write() as connection:
        connection.execute(insert(knowledge_bases).values(name="a", **ROW))
    other = Database.open(url)
    assert count(other) == 1
    other.close()


def test_nothing_can_be_seen_before_the_commit(database, url):
    other = Database.open(url)
    with database.write() as connection:
        connection.execute(insert(knowledge_bases).values(name="a", **ROW))
        assert count(other) == 0
    assert count(other) == 1
    other.close()


@pytest.mark.parametrize("failure", [KeyError, KeyboardInterrupt])
def test_any_failure_takes_the_whole_write_back(database, failure):
    def fail():
        with database.write() as connection:
            connection.execute(insert(knowledge_bases).values(name="a", **ROW))
            raise failure

    with pytest.raises(failure):
        fail()
    assert count(database) == 0
    with database.write() as connection:  # and the next write is not in the way of the broken one
        connection.execute(insert(knowledge_bases).values(name="b", **ROW))
    assert count(database) == 1


WRITER = """
import sys
from sqlalchemy import insert
from appliance.state.database import Database
from appliance.state.tables import knowledge_bases
database = Database.open(sys.argv[1])
database.migrate()
for number in range(40):
    with database.write() as connection:
        connection.execute(insert(knowledge_bases).values(name=f"{sys.argv[2]}{number}", title="t", created_at="now"))
"""


def test_two_processes_that_migrate_and_write_at_once_lose_nothing(url):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, url, name], stderr=subprocess.PIPE, text=True)
        for name in ("first", "second", "third")
    ]
    for writer in writers:
        _out, told = writer.communicate()
        assert writer.returncode == 0, told
    database = Database.open(url)
    assert count(database) == 120
    with database.read() as connection:
        steps = connection.scalars(select(migrations.c.number)).all()
    assert len(steps) == len(set(steps)) > 0
    database.close()


def test_threads_of_one_process_queue_for_the_write(database):
    def write(number):
        with database.write() as connection:
            connection.execute(insert(knowledge_bases).values(name=str(number), **ROW))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(40)))
    assert count(database) == 40


def test_a_full_disk_is_told_and_what_was_acknowledged_stays(small_disk):
    database = Database.open(sqlite_url(small_disk / "a.db"))
    database.migrate()
    acknowledged = 0

    def fill():
        nonlocal acknowledged
        for number in range(1000):
            with database.write() as connection:
                values = {"name": str(number), "title": "x" * 20_000, "created_at": "now"}
                connection.execute(insert(knowledge_bases).values(**values))
            acknowledged += 1

    with pytest.raises(DiskFull):
        fill()
    assert acknowledged > 5
    assert count(database) == acknowledged
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    with database.write() as connection:
        connection.execute(insert(knowledge_bases).values(name="after", **ROW))
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    assert count(database) == acknowledged + 1
    database.close()


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "mysql://u@h/d", "postgresql+nodriver://h/d", "/var/lib/x.db"],
    ids=lambda url: url or "empty",
)
def test_a_url_that_cannot_be_used_is_a_setting_to_mend(url):
    with pytest.raises(ConfigError, match=r"state\.url"):
        Database.open(url)


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/at/all.db", "postgresql+psycopg://u:top-secret@127.0.0.1:1/d"],
    ids=["sqlite", "postgresql"],
)
def test_a_database_that_is_not_there_is_unavailable_and_its_password_is_not_told(url):
    with pytest.raises(Unavailable) as caught:
        Database.open(url).migrate()
    assert "top-secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_tables_in_the_code_are_those_that_the_migrations_make(database):
    with database.read() as connection:
        inspector = inspect(connection)
        assert set(inspector.get_table_names()) == set(metadata.tables)
        for name, table in metadata.tables.items():
            made = {column["name"]: column for column in inspector.get_columns(name)}
            assert list(made) == [column.name for column in table.columns]
            for column in table.columns:
                assert made[column.name]["nullable"] == column.nullable, f"{name}.{column.name}"
                if isinstance(column.type, String):
                    assert made[column.name]["type"].length == column.type.length, f"{name}.{column.name}"
            key = inspector.get_pk_constraint(name)["constrained_columns"]
            assert key == [column.name for column in table.primary_key.columns]
