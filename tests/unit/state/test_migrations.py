import hashlib

import pytest
from sqlalchemy import insert, select

from appliance.core.errors import ConfigError
from appliance.state import database as database_module
from appliance.state.database import Database
from appliance.state.migrations import MIGRATIONS, Migration
from appliance.state.tables import knowledge_bases

# A step that has shipped is never edited. A new one adds its line here; a changed line is a mistake.
SHIPPED = {
    1: "f92c23244bd2a4681b07c01611f4c36b77b3c9cf4b1105e44c1cf0e9bb25845c",
    2: "7d18c4ab4f49e94b2b3db1a7277c6f5bca6aaaac34d75b1b3a98b77ae6506aff",
    3: "54d6a155973dd2900683997e351d6b0e26c835345ed12bcecb4f39a0ceaa5a88",
}


def digest(step):
    return hashlib.sha256("\0".join((step.name, *step.statements)).encode()).hexdigest()


def test_shipped_steps_are_never_edited():
    assert {step.number: digest(step) for step in MIGRATIONS} == SHIPPED


def test_steps_are_numbered_from_one_without_gaps():
    assert [step.number for step in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_each_step_is_applied_once(url):
    database = Database.open(url)
    assert database.migrate() == [step.number for step in MIGRATIONS]
    assert database.migrate() == []
    database.close()


def test_a_later_step_keeps_what_is_there(url, monkeypatch):
    database = Database.open(url)
    database.migrate()
    with database.write() as connection:
        connection.execute(insert(knowledge_bases).values(name="a", title="t", created_at="now"))
    number = len(MIGRATIONS) + 1
    step = Migration(number, "colour", ("ALTER TABLE knowledge_bases ADD COLUMN colour VARCHAR(8) DEFAULT 'red'",))
    monkeypatch.setattr(database_module, "MIGRATIONS", (*MIGRATIONS, step))
    assert database.migrate() == [number]
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT name, colour FROM knowledge_bases").all() == [("a", "red")]
    database.close()


def test_a_step_that_fails_half_way_leaves_nothing_of_itself(url, monkeypatch):
    database = Database.open(url)
    database.migrate()
    number = len(MIGRATIONS) + 1
    broken = Migration(number, "broken", ("CREATE TABLE half (a INTEGER)", "INSERT INTO half VALUES ('x', 'y')"))
    monkeypatch.setattr(database_module, "MIGRATIONS", (*MIGRATIONS, broken))
    with pytest.raises(Exception, match="half"):
        database.migrate()
    mended = Migration(number, "mended", ("CREATE TABLE half (a INTEGER)",))
    monkeypatch.setattr(database_module, "MIGRATIONS", (*MIGRATIONS, mended))
    assert database.migrate() == [number]
    database.close()


def test_a_newer_database_is_refused(url, monkeypatch):
    database = Database.open(url)
    number = len(MIGRATIONS) + 1
    monkeypatch.setattr(database_module, "MIGRATIONS", (*MIGRATIONS, Migration(number, "newer", ())))
    database.migrate()
    monkeypatch.undo()
    with pytest.raises(ConfigError, match="newer"):
        database.migrate()
    with database.read() as connection:
        assert connection.execute(select(knowledge_bases)).all() == []
    database.close()
