import hashlib

import pytest
from sqlalchemy import insert, select, text

from appliance.core.errors import ConfigError
from appliance.core.principal import Scopes
from appliance.state import database as database_module
from appliance.state.accounts.tenants import Tenants
from appliance.state.accounts.tokens import digest_of
from appliance.state.database import Database
from appliance.state.keys import KeyRing
from appliance.state.migrations import MIGRATIONS, Migration
from appliance.state.tables import knowledge_bases

# A step that has shipped is never edited. A new one adds its line here; a changed line is a mistake.
SHIPPED = {
    1: "f92c23244bd2a4681b07c01611f4c36b77b3c9cf4b1105e44c1cf0e9bb25845c",
    2: "7d18c4ab4f49e94b2b3db1a7277c6f5bca6aaaac34d75b1b3a98b77ae6506aff",
    3: "54d6a155973dd2900683997e351d6b0e26c835345ed12bcecb4f39a0ceaa5a88",
    4: "8d7ff88dd69627ddd3a1ad7d7ed88532622cc78b06888e61fca3036ee0c26f05",
    5: "4af0f4b6dcf5b604d19baa81abdd8ee5a653f6c956c8c98b24f69d3631ae24f1",
    6: "ec710958d948fbce993f430212ba0dd281ceb8a18c7a373a562c77ddb320b86c",
    7: "da53f3dbf64282864eae4670f2cd1fdc04442b4838b0d413febc423ad0eeda0b",
    8: "0dac1beedc8b30a664e3ea7984edaa665a2762a69a452278df362f08f330d7c3",
    9: "06493bfbc284aacf4c7581edbf585da0385e3aa7b757f9193a45636720fe970d",
    10: "5469da88b02293282a9a6d5c115f1254f1b2c380afc36676a4a4c6849148a669",
    11: "eca7cea88ffa2458d9d8fff2e2523dcc40842a9fc5f9e7bdb9eac9e1b8224457",
    12: "f57d78c9eb259dd680c05befb7f5f7b67aeddcc8e2e749448a41fc97f8b56ecb",
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


def test_keys_from_before_tenants_stay_valid_and_their_tenants_become_rows(url, monkeypatch):
    pepper = bytes(range(32))
    old_key = "lma-abcdefghijkl." + "A" * 43
    database = Database.open(url)
    monkeypatch.setattr(database_module, "MIGRATIONS", MIGRATIONS[:3])
    database.migrate()
    row = "INSERT INTO api_keys (id, name, tenant, role, secret_hmac, created_at) VALUES (:i, 'old', :t, :r, :h, :c)"
    base = "INSERT INTO knowledge_bases (name, title, created_at, tenant) VALUES ('b', 'b', :c, 'treasury')"
    with database.write() as connection:
        for key_id, tenant, role in (
            ("lma-abcdefghijkl", "retail", "admin"),
            ("lma-zzzzzzzzzzzz", "default", "caller"),
        ):
            stored = digest_of(pepper, old_key)
            values = {"i": key_id, "t": tenant, "r": role, "h": stored, "c": "2026-01-01T00:00:00.000Z"}
            connection.execute(text(row), values)
        connection.execute(text(base), {"c": "2026-02-01T00:00:00.000Z"})
    monkeypatch.undo()
    assert database.migrate() == [step.number for step in MIGRATIONS[3:]]
    ring = KeyRing(database, pepper)
    record = ring.verify(old_key, "203.0.113.9")
    assert (record.tenant, record.role, record.scopes, record.networks) == ("retail", "admin", Scopes(), ())
    assert ring.principal(record).reaches("retail")
    found = {tenant.name: tenant for tenant in Tenants(database).list()}
    assert set(found) == {"default", "retail", "treasury"}
    assert (found["default"].parent, found["default"].line) == (None, ("default",))
    assert (found["treasury"].parent, found["treasury"].line) == ("default", ("default", "treasury"))
    assert found["retail"].created_at == "2026-01-01T00:00:00.000Z"
    database.close()
