"""A PostgreSQL database in a backup: one moment of it, and put back in one transaction."""

import hashlib

import pytest

from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.errors import ConfigError, Conflict, Unavailable
from appliance.operations.backups import restore_backup, verify_backup
from appliance.operations.keys import KeyWish, create_key, list_keys, revoke_key
from appliance.state import postgres_dumps
from appliance.state.database import Database
from appliance.state.overview import rows_by_table
from tests.unit.operations.backup_homes import KEY, back_up, meanwhile

on_postgresql = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


@pytest.fixture
def placed(url, tmp_path):
    """Give a home whose database is PostgreSQL, and its site file."""
    home = Home(tmp_path / "home")
    home.create()
    home.site_file.write_text(f"state: {{url: '{url}'}}")
    site = load_site(home.site_file)
    create_key(home, site, "Schlüssel \\. 钥匙", KeyWish())
    return home, site


def names(home, site):
    return [key.name for key in list_keys(home, site)]


@on_postgresql
def test_there_and_back(placed, url, tmp_path):
    home, site = placed
    backup = back_up(home, site, tmp_path / "kept")
    assert list(verify_backup(backup.file, KEY))[-1] == backup.manifest
    assert backup.manifest.rows["api_keys"] == 1
    create_key(home, site, "since", KeyWish())
    again = Home(tmp_path / "again")
    with pytest.raises(Conflict, match="not empty"):
        list(restore_backup(again, backup.file, KEY))
    assert not again.site_file.exists()
    restored = list(restore_backup(again, backup.file, KEY, replace=True))[-1]
    assert restored.lost == {"api_keys": 1}
    assert names(again, site) == ["Schlüssel \\. 钥匙"]
    database = Database.open(url)
    assert rows_by_table(database) == backup.manifest.rows
    assert database.migrate() == []
    database.close()


@on_postgresql
def test_rows_written_meanwhile_do_not_tear_it(placed, tmp_path):
    home, site = placed

    def work(_number):
        record, _key = create_key(home, site, "two at once", KeyWish())
        revoke_key(home, site, record.id)

    made = []
    with meanwhile(work) as one_more:
        for _number in range(3):
            one_more()
            made.append(back_up(home, site, tmp_path / "kept"))
    assert len({backup.manifest.rows["api_keys"] for backup in made}) == len(made)
    for backup in made:
        assert list(verify_backup(backup.file, KEY))[-1].rows == backup.manifest.rows


@on_postgresql
def test_a_dump_that_cannot_be_loaded_changes_nothing(placed, tmp_path, monkeypatch):
    home, site = placed
    backup = back_up(home, site, tmp_path / "kept")
    create_key(home, site, "since", KeyWish())
    before = hashlib.sha256(home.pepper_file.read_bytes()).hexdigest()
    run = postgres_dumps._run

    def failing(program, url, options, environment):
        run(program, url, [*options, "--command=SELECT nonsense"], environment)

    monkeypatch.setattr(postgres_dumps, "_run", failing)
    with pytest.raises(Unavailable, match="psql failed"):
        list(restore_backup(home, backup.file, KEY, replace=True))
    assert len(names(home, site)) == 2
    assert not home.restoring.exists()
    assert hashlib.sha256(home.pepper_file.read_bytes()).hexdigest() == before


@on_postgresql
def test_without_the_programs_it_says_what_to_do(placed, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="pg_dump is not on this machine"):
        back_up(*placed, tmp_path / "kept")


def test_the_password_is_no_argument(monkeypatch, tmp_path):
    seen = []

    def run(command, **more):
        seen.append((command, more["env"]))
        return type("Ran", (), {"returncode": 0})

    monkeypatch.setattr(postgres_dumps.shutil, "which", lambda program: program)
    monkeypatch.setattr(postgres_dumps.subprocess, "run", run)
    url = "postgresql+psycopg://user:se%20cret@host:5433/bank?sslmode=verify-full"
    postgres_dumps.load_postgres(url, tmp_path / "dump", ["users"], {"PATH": "/bin"})
    ((command, environment),) = seen
    assert "se cret" not in " ".join(map(str, command))
    assert environment == {"PATH": "/bin", "PGPASSWORD": "se cret"}
    assert "--dbname=host=host port=5433 user=user dbname=bank sslmode=verify-full" in command
