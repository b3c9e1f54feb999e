"""The commands of backups, from a key to a restored home."""

import json
import shutil

import pytest

from appliance.operations.backups import scheduling


@pytest.fixture
def key_file(run, home, tmp_path):
    """Make a home with a key in it, and the key for its backups; give its file."""
    assert run("key", "create", "one").code == 0
    file = tmp_path / "backup.age"
    made = run("backup", "key", "create", file)
    assert made.code == 0
    assert "Take" in made.err
    (home / "site.yaml").write_text(f"backup:\n  recipients: [{made.out.strip()}]\n  folder: {tmp_path / 'kept'}\n")
    return file


def test_from_a_key_to_a_restored_home(run, home, key_file, tmp_path):
    made = run("backup", "create", "--json")
    assert made.code == 0
    file = made.json["file"]
    assert made.json["manifest"]["rows"]["api_keys"] == 1
    assert "entries" not in made.json["manifest"]
    assert [one["file"] for one in run("backup", "list", "--json").json["backups"]] == [file]
    assert "KiB" in run("backup", "list").out
    verified = run("backup", "verify", file, "--identity", key_file)
    assert verified.out.startswith("Whole: ")
    assert run("backup", "verify", file, "--identity", key_file, "--json").json == made.json["manifest"]
    refused = run("backup", "restore", file, "--identity", key_file)
    assert (refused.code, "not empty" in refused.err) == (7, True)
    replaced = run("backup", "restore", file, "--identity", key_file, "--replace")
    assert replaced.code == 0
    assert "is in place" in replaced.out
    assert f"What was there before is in {home / 'replaced-'}" in replaced.err
    shutil.rmtree(home)
    restored = run("backup", "restore", file, "--identity", key_file, "--json")
    assert (restored.json["aside"], restored.json["lost"]) == (None, {})
    assert [key["name"] for key in run("key", "list", "--json").json["keys"]] == ["one"]


def test_a_restore_that_was_cut_off_is_finished_by_the_next_command(run, home, key_file, tmp_path):
    staged = home / "restoring" / "new" / "home"
    staged.mkdir(parents=True)
    (staged / "site.yaml").write_text(f"backup: {{folder: {tmp_path / 'another'}}}")
    switch = {"aside": "replaced-then", "put": ["site.yaml"], "take": ["secrets"], "sqlite": None, "postgresql": None}
    (home / "restoring" / "switch.json").write_text(json.dumps(switch))
    assert run("backup", "list").code == 0
    assert "another" in (home / "site.yaml").read_text()
    assert "recipients" in (home / "replaced-then" / "site.yaml").read_text()
    assert not (home / "secrets").exists()
    assert not (home / "restoring").exists()


def test_a_wrong_key_and_no_recipient(run, home, key_file, tmp_path):
    file = run("backup", "create", "--json").json["file"]
    assert run("backup", "key", "create", tmp_path / "other.age").code == 0
    wrong = run("backup", "verify", file, "--identity", tmp_path / "other.age")
    assert (wrong.code, "encrypted to other keys" in wrong.err) == (7, True)
    (home / "site.yaml").unlink()
    nobody = run("backup", "create", "--to", tmp_path / "kept")
    assert (nobody.code, "Nobody is named" in nobody.err) == (2, True)


def test_a_schedule_without_systemd(run, home, key_file, tmp_path, monkeypatch):
    monkeypatch.setattr(scheduling, "_RUNNING", tmp_path / "none")
    told = run("backup", "schedule")
    assert told.out.startswith("30 2 * * * ")
    assert "systemd does not run here" in told.err
    assert run("backup", "schedule", "--json").json == {"written": [], "cron": told.out.strip()}
    written = run("backup", "schedule", "--write", tmp_path / "units")
    assert written.out.splitlines() == [
        str(tmp_path / "units" / f"appliance-backup.{kind}") for kind in ("service", "timer")
    ]


def test_a_password_file_that_is_not_there(run, tmp_path):
    refused = run("backup", "key", "create", tmp_path / "new.age", "--password-file", tmp_path / "absent")
    assert (refused.code, "absent cannot be read" in refused.err) == (7, True)
    assert "defect" not in refused.err
