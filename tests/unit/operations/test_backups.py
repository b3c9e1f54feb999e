"""Backups are made of what works: consistent, encrypted, read back, and never in the way of the ones before."""

import errno
import hashlib
import os
import shutil
import stat
import subprocess
from contextlib import closing

import pytest

from appliance.cluster.gateway_certificate import gateway_files, read_files
from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.core.cryptography.age import Identity, opened
from appliance.core.errors import ConfigError, Conflict, DiskFull, InvalidRequest, NotFound
from appliance.core.messages import LANGUAGES
from appliance.operations.audit import check_log, open_audit
from appliance.operations.backups import backups_in, create_backup, create_backup_key, read_identity, verify_backup
from appliance.operations.backups import creating as creating_module
from appliance.operations.backups.archive import open_backup
from appliance.operations.starting_lock import only_backup
from appliance.state.audit.search import Filters, search
from appliance.state.secret_files import load_or_create_pepper
from tests.unit.bank_authority import Bank
from tests.unit.operations.backup_homes import (
    ADMIN,
    DOCUMENTS,
    KEY,
    add_file,
    back_up,
    everything_below,
    files_of,
    make_home,
    meanwhile,
    open_documents,
    restore,
    rows_of,
)
from tests.unit.operations.small_models import write_model


def verified(file, identity=KEY):
    return list(verify_backup(file, identity))[-1]


def test_the_restore_drill(made, tmp_path, embedder):
    """Back up, wipe, restore: every row and every file is there again, and the documents are found."""
    home, site = made
    rows, files = rows_of(home.database), files_of(home)
    backup = back_up(home, site, tmp_path / "kept")
    counted = backup.manifest.rows
    assert min(counted.values()) > 0, "a table without rows proves nothing"
    assert (backup.manifest.documents, backup.manifest.files) == (len(DOCUMENTS), 1)
    shutil.rmtree(home.root)
    restored = restore(home, backup.file)
    assert restored.manifest == backup.manifest
    assert restored.aside is None
    # One row came since: that it was restored.
    noted = [line for line in rows_of(home.database) if line not in rows]
    assert rows_without_audit(rows_of(home.database)) == rows_without_audit(rows)
    assert any("backup.restore" in line for line in noted)
    assert {name: kept for name, kept in files_of(home).items() if "witness" not in name} == {
        name: kept for name, kept in files.items() if "witness" not in name
    }
    assert not home.restoring.exists()
    database, store = open_documents(home, embedder)
    list(store.index_pending())
    assert store.search(ADMIN, "rules", "What does a small locker cost?")[0].document == "lockers.txt"
    database.close()


def rows_without_audit(lines):
    return [line for line in lines if "audit_" not in line]


def test_the_audit_is_whole_after_a_restore(tmp_path):
    home, site = Home(tmp_path / "home"), SiteConfig()
    with open_audit(home, site, begin=True):
        pass
    load_or_create_pepper(home.pepper_file)
    backup = back_up(home, site, tmp_path / "kept")
    with open_audit(home, site) as audit:
        (noted,) = [one for one in search(audit.database, Filters()).records if one.action]
    assert (noted.action, noted.target) == ("backup.create", f"{backup.file.name} sha256:{backup.sha256}")
    assert hashlib.sha256(backup.file.read_bytes()).hexdigest() == backup.sha256
    shutil.rmtree(home.root)
    restore(home, backup.file)
    report = list(check_log(home, site))[-1]
    assert report.ok
    with open_audit(home, site) as audit:
        actions = [(one.action, one.target) for one in search(audit.database, Filters()).records if one.action]
    # That it was made is written after it was made.
    assert actions == [("backup.restore", f"{backup.file.name} {backup.manifest.created}")]


def test_what_is_written_and_deleted_meanwhile_never_makes_it_inconsistent(made, tmp_path, embedder):
    home, site = made
    database, store = open_documents(home, embedder)
    kept = []

    def work(number):
        kept.append(store.add_document(ADMIN, "rules", f"{number}.txt", f"Document {number}".encode() * 50).id)
        add_file(database, home, f'{{"custom_id": "{number}"}}\n'.encode())
        if number % 2 == 0:
            store.delete_document(ADMIN, "rules", kept.pop(0))
        if number % 10 == 0:
            store.ensure_base(ADMIN, f"b{number}", "B")
            store.add_document(ADMIN, f"b{number}", "gone.txt", b"Soon gone.")
            store.delete_base(ADMIN, f"b{number}")

    backups = []
    with closing(database), meanwhile(work) as one_more:
        for _number in range(5):
            one_more()
            backups.append(back_up(home, site, tmp_path / "kept"))
    assert len({backup.manifest.rows["files"] for backup in backups}) == len(backups)
    for number, backup in enumerate(backups):
        manifest = verified(backup.file)
        assert manifest.faults == ()
        assert manifest.documents == manifest.rows["document_versions"]
        assert manifest.files == manifest.rows["files"]
        again = Home(tmp_path / f"again{number}")
        restore(again, backup.file)
        database, store = open_documents(again, embedder)
        for document in store.documents(ADMIN, "rules"):
            path, version = store.original(ADMIN, "rules", document.id)
            assert hashlib.sha256(path.read_bytes()).hexdigest() == version.sha256
        database.close()


def test_a_file_that_was_lost_before_is_told_and_does_not_stop_the_backup(made, tmp_path):
    home, site = made
    lost, altered = sorted(home.documents.rglob("doc_*"))
    lost.unlink()
    altered.write_bytes(b"something else")
    manifest = back_up(home, site, tmp_path / "kept").manifest
    assert manifest.faults == tuple(f"documents/rules/{path.name}" for path in (lost, altered))
    assert manifest.documents == 1


def test_it_is_readable_by_its_owner_only_and_says_nothing(made, tmp_path):
    home, site = made
    file = back_up(home, site, tmp_path / "kept").file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_bytes()
    assert content.startswith(b"age-encryption.org/v1\n")
    for secret in (home.pepper_file.read_bytes(), home.admin_key_file.read_bytes(), b"locker", b"manifest.json"):
        assert secret not in content


@pytest.mark.skipif(shutil.which("age") is None, reason="the program age is not installed")
def test_the_program_age_and_tar_open_it(made, tmp_path):
    home, site = made
    file = back_up(home, site, tmp_path / "kept").file
    (tmp_path / "key").write_bytes(KEY.to_file("today"))
    plain = subprocess.run(["age", "-d", "-i", tmp_path / "key", file], capture_output=True, check=True).stdout
    listed = subprocess.run(["tar", "-t"], input=plain, capture_output=True, check=True).stdout.decode().split()
    assert listed[:2] == ["manifest.json", "database.sqlite"]


def test_any_tar_reads_what_is_inside(made, tmp_path):
    home, site = made
    with back_up(home, site, tmp_path / "kept").file.open("rb") as file, opened(file, KEY) as plain:
        content = plain.read()
    listed = subprocess.run(["tar", "-t"], input=content, capture_output=True, check=True).stdout.decode().split()
    assert listed[:2] == ["manifest.json", "database.sqlite"]
    assert "home/secrets/ca.key" in listed
    assert not [name for name in listed if name.startswith(("home/indexes", "home/run", "home/models"))]


def test_files_that_the_site_file_names_are_in_it(tmp_path, embedder):
    outside = tmp_path / "elsewhere" / "words.yaml"
    outside.parent.mkdir()
    outside.write_text("entries: []")
    home, site = make_home(tmp_path / "home", embedder, f"guardrails: {{lexicon: {outside}}}\n")
    backup = back_up(home, site, tmp_path / "kept")
    again = Home(tmp_path / "again")
    assert restore(again, backup.file).outside == ()
    outside.write_text("altered since")
    restored = restore(again, backup.file, replace=True)
    ((place, copy),) = restored.outside
    assert place == str(outside)
    assert copy.read_text() == "entries: []"


def test_the_gateways_certificate_and_key_come_back(tmp_path, embedder):
    tls = "gateway: {tls: {certificate: tls/gateway.crt, key: tls/gateway.key}}\n"
    home, site = make_home(tmp_path / "home", embedder, tls)
    certificate, key = Bank().write(home.root / "tls", "ai.bank.example")
    again = Home(tmp_path / "again")
    restore(again, back_up(home, site, tmp_path / "kept").file)
    files = gateway_files(again, site)
    assert (files.certificate.read_bytes(), files.key.read_bytes()) == (certificate.read_bytes(), key.read_bytes())
    assert read_files(files).chain


def test_packages_are_listed_and_those_that_are_missing_are_told(made, tmp_path):
    home, site = made
    write_model(home.models / "tiny")
    backup = back_up(home, site, tmp_path / "kept")
    assert [(one.kind, one.name) for one in backup.manifest.packages] == [("folder", "tiny")]
    again = Home(tmp_path / "again")
    assert [one.name for one in restore(again, backup.file).missing] == ["tiny"]
    write_model(again.models / "tiny")
    assert restore(again, backup.file, replace=True).missing == ()


def test_old_ones_go_only_after_the_new_one_was_read_back(made, tmp_path, monkeypatch):
    home, _site = made
    site = SiteConfig.model_validate({"backup": {"keep": 2}})
    folder = tmp_path / "kept"
    stranger = folder / "appliance-00000000-20200101T000000000Z.tar.age"
    folder.mkdir()
    stranger.write_bytes(b"of another appliance")
    first, second = (back_up(home, site, folder) for _number in range(2))
    before = everything_below(folder)

    def altered(manifest, sources, target, recipients, write=creating_module.write_archive):
        write(manifest, sources, target, recipients)
        target._file.seek(-100, os.SEEK_END)
        target._file.write(b"altered")  # one byte would be as before once in 256 times

    with monkeypatch.context() as patched:
        patched.setattr(creating_module, "write_archive", altered)
        with pytest.raises(InvalidRequest, match="damaged"):
            back_up(home, site, folder)
    assert everything_below(folder) == before
    third = back_up(home, site, folder)
    assert third.removed == (first.file,)
    assert [one.file for one in backups_in(folder)] == [third.file, second.file, stranger]


def test_a_full_disk_leaves_nothing(made, small_disk, monkeypatch):
    home, site = made
    (home.documents / "rules").mkdir(exist_ok=True)
    database, store = open_documents(home, None)
    store.add_document(ADMIN, "rules", "large.txt", os.urandom(2_000_000).hex().encode())
    database.close()
    with pytest.raises(DiskFull, match="are needed in"):
        back_up(home, site, small_disk / "kept")
    monkeypatch.setattr(creating_module, "check_disk", lambda *arguments: None)
    with pytest.raises(DiskFull, match="is full"):
        back_up(home, site, small_disk / "kept")
    assert everything_below(small_disk) == {}
    assert not home.backup_staging.exists()


def test_what_a_killed_backup_left_is_cleared_away(made, tmp_path):
    home, site = made
    folder = tmp_path / "kept"
    done = back_up(home, site, folder)
    remains = folder / f".{done.file.name}.4711.part"
    remains.write_bytes(b"half")
    home.backup_staging.mkdir()
    (home.backup_staging / "database.sqlite").write_bytes(b"half")
    back_up(home, site, folder)
    assert not remains.exists()
    assert not home.backup_staging.exists()


def test_one_backup_at_a_time(made, tmp_path):
    home, site = made
    work = create_backup(home, site, tmp_path / "kept", (KEY.recipient,))
    next(work)
    with pytest.raises(Conflict, match="A backup or a restore"):
        back_up(home, site, tmp_path / "kept")
    assert list(work)[-1].file.exists()
    # As a restore does while it replaces what would be copied:
    with only_backup(home), pytest.raises(Conflict, match="A backup or a restore"):
        back_up(home, site, tmp_path / "kept")


def test_a_file_that_this_user_may_not_read_is_named(made, tmp_path, monkeypatch):
    home, site = made

    def refuse(source, target):
        raise PermissionError(errno.EACCES, "Permission denied", str(source))

    monkeypatch.setattr(shutil, "copy2", refuse)
    with pytest.raises(InvalidRequest, match=f"The file {home.root}/.* cannot be read: Permission denied"):
        back_up(home, site, tmp_path / "kept")


def test_a_file_that_the_site_file_names_by_way_of_a_parent(tmp_path, embedder):
    home, site = make_home(tmp_path / "home", embedder, "guardrails: {lexicon: ../words.yaml}\n")
    (tmp_path / "words.yaml").write_text("entries: []")
    manifest = back_up(home, site, tmp_path / "kept").manifest
    assert f"outside{tmp_path}/words.yaml" in {entry.path for entry in manifest.entries}


def test_what_is_missing_is_said(made, tmp_path):
    home, site = made
    with pytest.raises(ConfigError, match="Nobody is named"):
        list(create_backup(home, site, tmp_path / "kept"))
    with pytest.raises(ConfigError, match="No folder for backups"):
        list(create_backup(home, site, None, (KEY.recipient,)))
    with pytest.raises(InvalidRequest, match="not the public key"):
        list(create_backup(home, site, tmp_path / "kept", ("age1nonsense",)))
    with pytest.raises(NotFound, match="nothing to back up"):
        back_up(Home(tmp_path / "none"), site, tmp_path / "kept")
    assert not (tmp_path / "none").exists()
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InvalidRequest, match="cannot be written"):
        back_up(home, site, tmp_path / "file" / "kept")


def test_a_key_with_and_without_a_password(made, tmp_path):
    home, site = made
    plain, locked = tmp_path / "plain.age", tmp_path / "locked.age"
    recipients = [create_backup_key(home, site, plain), create_backup_key(home, site, locked, "open sesame")]
    assert stat.S_IMODE(plain.stat().st_mode) == 0o600
    identities = [read_identity(plain), read_identity(locked, "open sesame")]
    assert [identity.recipient for identity in identities] == recipients
    assert read_identity(plain).secret not in str(everything_below(home.root))
    for password, told in ((None, "needs a password"), ("wrong", "password is wrong")):
        with pytest.raises(InvalidRequest, match=told):
            read_identity(locked, password)
    with pytest.raises(Conflict):
        create_backup_key(home, site, plain)
    with pytest.raises(InvalidRequest, match="does not hold one secret key"):
        read_identity(home.site_file)
    with pytest.raises(InvalidRequest, match="cannot be read"):
        read_identity(tmp_path / "none")
    # Either of two people can open it.
    backup = list(create_backup(home, site, tmp_path / "kept", tuple(recipients)))[-1]
    for identity in identities:
        assert verified(backup.file, identity) == backup.manifest


def test_what_goes_wrong_while_reading_is_told_in_both_languages(made, tmp_path):
    home, site = made
    file = back_up(home, site, tmp_path / "kept").file
    with pytest.raises(InvalidRequest) as found, open_backup(file, Identity.generate()):
        pass
    assert found.value.code == "wrong_key"
    assert all(found.value.render(language) for language in LANGUAGES)


def test_verifying_leaves_the_home_as_it_is(made, tmp_path):
    home, site = made
    file = back_up(home, site, tmp_path / "kept").file
    before = everything_below(home.root)
    assert verified(file).rows["users"] == 1
    assert everything_below(home.root) == before


@pytest.mark.parametrize(
    ("written", "read"), [("12:30", "12:30"), ("'02:05'", "02:05"), ("1:05", "01:05"), ("25:00", None)]
)
def test_the_time_of_day_in_the_site_file(tmp_path, written, read):
    file = tmp_path / "site.yaml"
    file.write_text(f"backup: {{at: {written}}}")
    if read is None:
        with pytest.raises(ConfigError, match="time of day"):
            load_site(file)
    else:
        assert load_site(file).backup.at == read


def test_recipients_and_the_folder_in_the_site_file_are_checked(tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text("backup: {recipients: [AGE-SECRET-KEY-1QQ]}")
    with pytest.raises(ConfigError, match="begins with age1"):
        load_site(file)
    file.write_text("backup: {folder: backups}")  # cron and systemd start elsewhere
    with pytest.raises(ConfigError, match="absolute path"):
        load_site(file)
