"""Restoring is all or nothing: whatever is wrong with a backup, and wherever a restore is cut off."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from appliance.cluster.instance import INSTANCE_VARIABLE, Instance, write_instance
from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.core.cryptography.age import Identity, opened, seal
from appliance.core.errors import AlreadyRunning, ConfigError, Conflict, DiskFull, InvalidRequest
from appliance.operations.backups import check_no_restore, finish_restore, restoring, verify_backup
from appliance.operations.keys import KeyWish, create_key, list_keys
from appliance.operations.starting_lock import only_backup, only_starter
from appliance.operations.up import bring_up
from appliance.state.migrations import MIGRATIONS
from tests.unit.operations.backup_homes import KEY, back_up, everything_below, files_of, restore, rows_of


@pytest.fixture
def backup(made, tmp_path):
    """Give the file of a backup of `made`."""
    return back_up(*made, tmp_path / "kept").file


@pytest.fixture
def other(tmp_path):
    """Give the home of another appliance, with a key of its own."""
    home = Home(tmp_path / "other")
    create_key(home, SiteConfig(), "theirs", KeyWish())
    return home


def refused(home, file, error, match, identity=KEY):
    """Restore and verify a bad file: both refuse it, and nothing in the home changes."""
    before = {name: content for name, content in everything_below(home.root).items() if "/run/" not in name}
    for attempt in (lambda: restore(home, file, identity, replace=True), lambda: list(verify_backup(file, identity))):
        with pytest.raises(error, match=match):
            attempt()
    assert {n: content for n, content in everything_below(home.root).items() if "/run/" not in n} == before
    assert not home.restoring.exists()


def sealed_again(file, target, change):
    """Write a backup anew with its members changed by `change(list of (name, content))`."""
    with file.open("rb") as encrypted, opened(encrypted, KEY) as plain:
        content = plain.read()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = [(member.name, archive.extractfile(member).read()) for member in archive]
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in change(members):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    with target.open("wb") as encrypted:
        seal(io.BytesIO(written.getvalue()), encrypted, [KEY.recipient])
    return target


def with_manifest(file, target, **values):
    """Write a backup anew with other values in its manifest."""

    def change(members):
        manifest = json.loads(members[0][1]) | values
        return [("manifest.json", json.dumps(manifest).encode()), *members[1:]]

    return sealed_again(file, target, change)


def test_another_key_does_not_open_it(backup, other):
    refused(other, backup, InvalidRequest, "encrypted to other keys", Identity.generate())


@pytest.mark.parametrize("part", [0, 0.0001, 0.01, 0.5, 0.999])
def test_a_file_that_is_cut_off(backup, other, part):
    content = backup.read_bytes()
    backup.write_bytes(content[: int(len(content) * part)])
    refused(other, backup, InvalidRequest, "damaged or cut off")


@pytest.mark.parametrize("part", [0.0002, 0.01, 0.3, 0.7, 0.9999])
def test_a_single_bit_that_flipped(backup, other, part):
    content = bytearray(backup.read_bytes())
    content[int(len(content) * part)] ^= 1
    backup.write_bytes(content)
    refused(other, backup, InvalidRequest, "damaged or cut off|other keys")


def test_bytes_behind_the_end(backup, other):
    backup.write_bytes(backup.read_bytes() + b"more")
    refused(other, backup, InvalidRequest, "damaged or cut off")


def test_a_file_that_is_no_backup(tmp_path, other):
    file = tmp_path / "note.txt"
    file.write_text("this is no backup\n" * 100)
    refused(other, file, InvalidRequest, "damaged or cut off")
    with file.open("wb") as target:
        seal(io.BytesIO(b"encrypted, but no archive" * 100), target, [KEY.recipient])
    refused(other, file, InvalidRequest, "not a backup of an appliance")
    refused(other, tmp_path / "none", InvalidRequest, "cannot be read")


def test_a_backup_of_a_newer_appliance(backup, other, tmp_path):
    newer = with_manifest(backup, tmp_path / "newer", step=MIGRATIONS[-1].number + 1)
    refused(other, newer, ConfigError, "made by a newer appliance")
    newer = with_manifest(backup, tmp_path / "newer", format=2)
    refused(other, newer, ConfigError, "made by a newer appliance")


def test_one_that_somebody_made_by_hand(backup, other, tmp_path):
    """Whoever knows the public key can encrypt: what does not add up is refused all the same."""
    forged = tmp_path / "forged"
    for change, match in (
        (lambda members: members[:-1], "is not where it must be"),
        (lambda members: [*members, ("home/more", b"more")], "more than its manifest says"),
        (lambda members: [members[0], *reversed(members[1:])], "is not where it must be"),
        (
            lambda members: [*members[:-1], (members[-1][0], bytes(len(members[-1][1])))],
            "is not what the manifest says",
        ),
        (lambda members: members[1:], "not a backup of an appliance"),
        (lambda members: [("manifest.json", b"{")], "manifest is not valid"),
    ):
        refused(other, sealed_again(backup, forged, change), InvalidRequest, match)
    for values, match in (
        ({"rows": {"users": 9}}, "rows"),
        ({"documents": 9}, "files"),
        ({"entries": []}, "more than"),
    ):
        refused(other, with_manifest(backup, forged, **values), InvalidRequest, match)
    for path in ("home/../../escape", "/etc/passwd", "home//x", "elsewhere/x", "home/", "home/run/x"):
        entry = {"path": path, "size": 0, "sha256": "0" * 64, "mode": 0o600}
        refused(other, with_manifest(backup, forged, entries=[entry]), InvalidRequest, "outside its place")


def test_a_home_that_is_not_empty(backup, other):
    before = everything_below(other.root)
    with pytest.raises(Conflict, match=r"not empty: it holds state, secrets"):
        restore(other, backup)
    assert {n: c for n, c in everything_below(other.root).items() if "/run/" not in n} == before


def test_what_is_replaced_is_kept_aside(backup, other, made):
    theirs = files_of(other)
    (other.indexes / "old").mkdir()
    (other.indexes / "old" / "table").write_text("an index of other documents")
    (other.state / "gcs").mkdir()
    (other.state / "gcs" / "table").write_text("what Ray knew")
    other.acceptance_file.write_text("questions: []")
    create_key(other, SiteConfig(), "one more", KeyWish())
    create_key(other, SiteConfig(), "and another", KeyWish())
    restored = restore(other, backup, replace=True)
    assert restored.lost == {"api_keys": 2}
    assert [key.name for key in list_keys(other, load_site(other.site_file))] == ["admin"]
    assert not any(other.indexes.iterdir())
    assert not (other.state / "gcs").exists()
    assert not other.acceptance_file.exists()
    aside = Home(restored.aside)
    assert {name: files_of(aside)[name] for name in theirs} == theirs
    assert aside.acceptance_file.exists()
    assert [key.name for key in list_keys(aside, SiteConfig())] == ["theirs", "one more", "and another"]
    assert (aside.root / "indexes" / "old" / "table").exists()


def test_a_home_whose_state_is_ruined_is_replaced(backup, other):
    other.database.write_bytes(b"no database")
    other.site_file.write_text("nonsense: [")
    assert restore(other, backup, replace=True).lost == {}


def test_a_running_appliance(backup, other):
    instance = Instance("run_test", "", "", str(other.run), "", "1.0")
    write_instance(other.instance_file, instance)
    code = "import time; time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {INSTANCE_VARIABLE: "run_test"})
    try:
        with pytest.raises(AlreadyRunning, match="runs"):
            restore(other, backup, replace=True)
    finally:
        process.kill()
        process.wait()
    restore(other, backup, replace=True)


def test_an_appliance_that_is_being_started(backup, other):
    with only_starter(other), pytest.raises(AlreadyRunning):
        restore(other, backup, replace=True)


def test_a_full_disk(backup, small_disk):
    home = Home(small_disk / "home")
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(800_000))
    with pytest.raises(DiskFull, match="are needed"):
        restore(home, backup)
    assert not home.restoring.exists()
    ballast.unlink()
    assert restore(home, backup).aside is None


def test_a_disk_that_fills_up_meanwhile(backup, small_disk, monkeypatch):
    home = Home(small_disk / "home")
    create_key(home, SiteConfig(), "theirs", KeyWish())
    before = files_of(home)
    (small_disk / "ballast").write_bytes(bytes(500_000))
    monkeypatch.setattr(restoring, "check_disk", lambda *arguments: None)
    with pytest.raises(DiskFull, match="is full"):
        restore(home, backup, replace=True)
    assert files_of(home) == before
    assert [key.name for key in list_keys(home, SiteConfig())] == ["theirs"]
    assert not home.restoring.exists()


STEPS = ("rename", "unlink", "rmdir", "mkdir")


def killed_at(home, file, number, *, switching):
    """Restore in a child that dies before the `number`-th change of a name, all or the switch's; tell if it lived."""
    child = os.fork()
    if child == 0:
        left = [number]

        def dying(change):
            def step(self, *arguments, **more):
                if not switching or home.restore_journal.exists():
                    left[0] -= 1
                if left[0] < 0:
                    os._exit(9)
                return change(self, *arguments, **more)

            return step

        for name in STEPS:
            setattr(Path, name, dying(getattr(Path, name)))
        try:
            restore(home, file, replace=True)
        finally:
            os._exit(0 if left[0] >= 0 else 1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 0


def state_of(home):
    rows = [line for line in rows_of(home.database) if "audit_" not in line]
    return rows, {name: kept for name, kept in files_of(home).items() if "witness" not in name}


def test_killed_at_any_step_it_is_the_old_or_the_new_state(backup, other, made, tmp_path):
    old, new = state_of(other), state_of(made[0])
    seen = set()
    steps = [(number, False) for number in (0, 3, 10, 20, 40)] + [(number, True) for number in range(500)]
    for number, switching in steps:
        home = Home(tmp_path / "killed")
        shutil.rmtree(home.root, ignore_errors=True)
        shutil.copytree(other.root, home.root)
        lived = killed_at(home, backup, number, switching=switching)
        begun = home.restore_journal.exists()
        if begun:
            with pytest.raises(ConfigError, match="was cut off"):
                check_no_restore(home)
            with pytest.raises(ConfigError, match="was cut off"):
                list(bring_up(home, SiteConfig()))
        finish_restore(home)
        found = state_of(home)
        assert found in (old, new), number
        assert not begun or found == new
        seen.add((begun, found == new))
        # Whatever was left, the next restore goes through.
        if number % 7 == 0:
            restore(home, backup, replace=True)
            assert state_of(home) == new
            assert not home.restoring.exists()
        if lived and switching:
            break
    assert lived
    assert seen == {(False, False), (True, True), (False, True)}


def test_a_restore_that_is_killed_while_it_reads(backup, other, tmp_path):
    """By SIGKILL from outside, at a moment that nobody chose."""
    identity = tmp_path / "identity"
    identity.write_bytes(KEY.to_file("today"))
    before = state_of(other)
    command = [
        sys.executable, "-m", "appliance.cli.main", "--home", other.root, "backup", "restore", backup, "--identity",
        identity, "--replace",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not other.restoring.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finish_restore(other)
    assert state_of(other) == before or [key.name for key in list_keys(other, SiteConfig())] == ["admin"]
    restore(other, backup, replace=True)


def test_a_database_file_outside_the_home(made, tmp_path):
    place = tmp_path / "fast" / "appliance.db"
    place.parent.mkdir()
    home, _site = made
    shutil.copy(home.database, place)
    home.database.unlink()
    home.site_file.write_text(f"state: {{url: 'sqlite:///{place}'}}")
    site = load_site(home.site_file)
    file = back_up(home, site, tmp_path / "kept").file
    rows = rows_of(place)
    again = Home(tmp_path / "again")
    with pytest.raises(Conflict, match=r"database .* is not empty"):
        restore(again, file)
    assert not again.site_file.exists()
    create_key(home, site, "since", KeyWish())
    restored = restore(again, file, replace=True)
    assert restored.lost["api_keys"] == 1
    assert [row for row in rows_of(place) if "audit_" not in row] == [row for row in rows if "audit_" not in row]
    assert any("since" in row for row in rows_of(restored.aside / "database.sqlite"))
    shutil.rmtree(place.parent)
    place.parent.mkdir()
    restore(Home(tmp_path / "third"), file)
    assert [row for row in rows_of(place) if "audit_" not in row] == [row for row in rows if "audit_" not in row]


def test_a_database_file_of_another_name_beside_the_state(made, tmp_path):
    """It goes with the folder that is replaced, and is not copied a second time as the small files beside it are."""
    home, _site = made
    place = home.state / "bank.sqlite"
    home.database.rename(place)
    home.site_file.write_text(f"state: {{url: 'sqlite:///{place}'}}")
    backup = back_up(home, load_site(home.site_file), tmp_path / "kept")
    assert "home/state/bank.sqlite" not in {entry.path for entry in backup.manifest.entries}
    rows = rows_of(place)
    create_key(home, load_site(home.site_file), "since", KeyWish())
    restored = restore(home, backup.file, replace=True)
    assert restored.lost["api_keys"] == 1
    assert [row for row in rows_of(place) if "audit_" not in row] == [row for row in rows if "audit_" not in row]
    assert any("since" in row for row in rows_of(restored.aside / "state" / "bank.sqlite"))


def test_a_site_file_that_names_another_kind_of_database(backup, other, tmp_path, monkeypatch):
    elsewhere = SiteConfig.model_validate({"state": {"url": "postgresql+psycopg://nobody@127.0.0.1:1/none"}})
    monkeypatch.setattr(restoring, "load_site", lambda _file: elsewhere)
    before = files_of(other)
    with pytest.raises(Conflict, match="another kind of database"):
        restore(other, backup, replace=True)
    assert files_of(other) == before


def test_a_file_outside_that_may_not_be_read_counts_as_not_there(made, tmp_path, monkeypatch):
    home, _site = made
    outside = tmp_path / "words.yaml"
    outside.write_text("entries: []")
    home.site_file.write_text(f"guardrails: {{lexicon: {outside}}}")
    file = back_up(home, load_site(home.site_file), tmp_path / "kept").file

    def refuse(path):
        raise PermissionError(path)

    monkeypatch.setattr(restoring, "sha256_of_file", refuse)
    assert [place for place, _copy in restore(home, file, replace=True).outside] == [str(outside)]


def test_no_restore_while_a_backup_is_made(backup, other):
    with only_backup(other), pytest.raises(Conflict, match="A backup or a restore"):
        restore(other, backup, replace=True)
