"""The store: what is installed, what is refused, what a crash leaves behind."""

import fcntl
import os
import signal
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.core.errors import Conflict, DiskFull, NotFound, PackageError
from appliance.packages.signed import reading
from appliance.packages.signed.manifest import Platform, Requirement
from appliance.packages.signed.minisign import SecretKey
from tests.unit.packages.signed_packages import FILES, Workshop


@pytest.fixture
def shop(tmp_path) -> Workshop:
    return Workshop(tmp_path)


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_package_is_installed_and_in_use(shop):
    release = shop.install(shop.package())
    assert content_of(release.files) == FILES
    current = shop.store.current("lexicon", "banking")
    assert (current.manifest.version, current.files) == ("1.0", release.files)


def test_progress_ends_with_all_bytes(shop):
    *moved, _release = shop.store.install(shop.package(), lambda manifest, folder: None)
    assert moved[-1].done == moved[-1].total == sum(map(len, FILES.values()))


def test_two_releases_are_kept_and_one_can_go_back_and_forth(shop):
    for counter in (1, 2, 3):
        shop.install(shop.package({"words.txt": b"%d" % counter}, version=f"{counter}.0", release_counter=counter))
    assert [(one.manifest.release_counter, one.current) for one in shop.store.releases()] == [(3, True), (2, False)]
    assert shop.store.rollback("lexicon", "banking").manifest.release_counter == 2
    assert content_of(shop.store.current("lexicon", "banking").files) == {"words.txt": b"2"}
    assert shop.store.rollback("lexicon", "banking").manifest.release_counter == 3


def test_after_a_way_back_the_release_that_was_in_use_is_the_one_that_is_kept(shop):
    for counter in (1, 2):
        shop.install(shop.package({"words.txt": b"%d" % counter}, version=f"{counter}.0", release_counter=counter))
    shop.store.rollback("lexicon", "banking")
    shop.install(shop.package({"words.txt": b"3"}, version="3.0", release_counter=3))
    assert [one.manifest.release_counter for one in shop.store.releases()] == [3, 1]
    assert shop.store.rollback("lexicon", "banking").manifest.release_counter == 1


def test_an_older_release_is_refused_also_after_a_way_back(shop):
    older, newer = shop.package(), shop.package(version="2.0", release_counter=2)
    shop.install(older)
    shop.install(newer)
    shop.store.rollback("lexicon", "banking")
    with pytest.raises(PackageError, match="release 1, and release 2 was installed here before"):
        shop.install(older)
    assert shop.install(newer).manifest.release_counter == 2  # the newer one again, though it is still kept


def test_the_same_package_twice_is_said_to_be_there(shop):
    path = shop.package()
    shop.install(path)
    with pytest.raises(Conflict, match="installed already"):
        shop.install(path)


def test_another_package_of_the_release_in_use_is_refused(shop):
    shop.install(shop.package())
    other = shop.remade(shop.package(), manifest=lambda data: data.update(licence="MIT"))
    with pytest.raises(PackageError, match="same release is in use"):
        shop.install(other)
    assert shop.store.current("lexicon", "banking").manifest.licence == "Apache-2.0"


def _changed(name, content):
    return lambda members: [(info, content if info.name == name else data) for info, data in members]


def _with(kind=tarfile.REGTYPE, name="files/extra", target="words.txt"):
    def add(members):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        return [*members, (info, b"x" if kind == tarfile.REGTYPE else b"")]

    return add


def _size(data):
    data["files"][0]["size"] -= 1
    data["total_unpacked"] -= 1


def _path(path):
    def change(data):
        data["files"][0]["path"] = path

    return change


TAMPERED = {
    "a byte of the manifest": ({"signature": lambda text: text, "flip": b'"licence"'}, "signature does not fit"),
    "a byte of a member": ({"members": _changed("files/words.txt", b"one\ntwO\n")}, "words.txt is damaged"),
    "a byte of the signature": ({"flip_signature": True}, "signature does not fit|cannot be used"),
    "an unknown key": ({"key": SecretKey.generate()}, "key that is not trusted here"),
    "an expired package": (
        {"manifest": lambda data: data.update(expires="2026-11-25T00:00:00Z")}, "to be installed before",
    ),
    "another processor": (
        {"manifest": lambda data: data.update(platform={"arch": "aarch64"})}, "it is for arch aarch64",
    ),
    "another python": ({"manifest": lambda data: data.update(platform={"python": "3.12"})}, "it is for python 3.12"),
    "a newer format": ({"manifest": lambda data: data.update(min_installer=2)}, "newer release of the appliance"),
    "a member twice": ({"members": lambda members: [*members, members[0]]}, "there twice"),
    "a member too few": ({"members": lambda members: members[1:]}, "is missing"),
    "a member too many": ({"members": _with()}, "not in the manifest"),
    "an absolute member": ({"members": _with(name="/files/extra")}, "absolute path"),
    "a member that leads out": ({"members": _with(name="files/../../extra")}, "leads out of the package"),
    "a symbolic link": ({"members": _with(tarfile.SYMTYPE)}, "a symbolic link"),
    "a hard link": ({"members": _with(tarfile.LNKTYPE)}, "a hard link"),
    "a device": ({"members": _with(tarfile.CHRTYPE)}, "a device"),
    "a named pipe": ({"members": _with(tarfile.FIFOTYPE)}, "a named pipe"),
    "a folder": ({"members": _with(tarfile.DIRTYPE)}, "a folder"),
    "a size that lies": ({"manifest": _size}, "not of the size"),
    "a path that leads out": ({"manifest": _path("../x")}, "leads out of the package"),
    "an absolute path": ({"manifest": _path("/etc/x")}, "leads out of the package"),
    "a file listed twice": ({"manifest": lambda data: data["files"].append(data["files"][0])}, "listed twice"),
    "an unknown field": ({"manifest": lambda data: data.update(run="x.sh")}, "run: "),
    "a field given twice": ({"manifest": lambda data: b'{"schema": 1, "schema": 1}'}, "given twice"),
    "no json": ({"manifest": lambda data: b"\xff\xfe"}, "manifest is not valid"),
    "a manifest that is too deep": ({"manifest": lambda data: b"[" * 100_000}, "manifest is not valid"),
    "a key that it does not name": (
        {"manifest": lambda data: data.update(key_ids=["0" * 16])}, "does not name the key",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TAMPERED)
def test_what_was_tampered_with_is_refused_and_leaves_nothing(shop, case):
    changes, told = TAMPERED[case]
    changes = dict(changes)
    flip, flip_signature = changes.pop("flip", None), changes.pop("flip_signature", False)
    path = shop.remade(shop.package(), **changes)
    if flip or flip_signature:
        raw = bytearray(path.read_bytes())
        # In the signature's file the key's id comes first.
        at = raw.index(flip) if flip else raw.index(b"untrusted comment") + 100
        raw[at + 2] ^= 1
        path.write_bytes(raw)
    with pytest.raises(PackageError, match=told):
        shop.install(path)
    assert shop.left() == []


@pytest.mark.parametrize("part", [0.02, 0.3, 0.9, 0.999])
def test_a_package_that_is_cut_off_is_refused(shop, part):
    path = shop.package()
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * part)])
    with pytest.raises(PackageError, match="cut off"):
        shop.install(path)
    assert shop.left() == []


def test_what_follows_the_end_is_refused(shop):
    path = shop.package()
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(PackageError, match="follows its end mark"):
        shop.install(path)


@pytest.mark.parametrize("junk", [b"", b"PK\x03\x04", bytes(4096), b"x" * 4096])
def test_what_is_no_package_is_refused(shop, tmp_path, junk):
    path = tmp_path / "junk.lmab"
    path.write_bytes(junk)
    with pytest.raises(PackageError):
        shop.install(path)
    with pytest.raises(PackageError, match="cannot be read"):
        shop.install(tmp_path / "absent.lmab")


def test_a_package_that_fails_its_test_leaves_nothing_and_the_old_one_serves(shop):
    shop.install(shop.package())
    before = shop.left()

    def fail(manifest, folder):
        assert content_of(folder) == {"words.txt": b"bad"}
        raise PackageError("it does not load")

    with pytest.raises(PackageError, match="does not load"):
        shop.install(shop.package({"words.txt": b"bad"}, version="2.0", release_counter=2), fail)
    assert shop.left() == before


def test_too_little_room_is_told_before_anything_is_written(shop, monkeypatch):
    monkeypatch.setattr(reading.shutil, "disk_usage", lambda folder: SimpleNamespace(free=100))
    with pytest.raises(DiskFull, match="100 B is free"):
        shop.install(shop.package())
    assert shop.left() == []


def test_needs_and_conflicts(shop):
    needing = shop.package(name="second", requires=(Requirement(kind="lexicon", name="banking", release_counter=2),))
    with pytest.raises(PackageError, match="needs the package lexicon banking in release 2"):
        shop.install(needing)
    shop.install(shop.package())
    with pytest.raises(PackageError, match="needs the package"):
        shop.install(needing)
    shop.install(shop.package(version="2.0", release_counter=2))
    shop.install(needing)
    with pytest.raises(Conflict, match="needs the package lexicon banking"):
        shop.store.remove("lexicon", "banking")
    with pytest.raises(PackageError, match="cannot be beside"):
        shop.install(shop.package(name="third", conflicts=(Requirement(kind="lexicon", name="second"),)))
    shop.store.remove("lexicon", "second")
    shop.store.remove("lexicon", "banking")
    assert shop.store.releases() == ()


def test_what_is_not_there_is_said(shop):
    shop.install(shop.package())
    for act in (shop.store.rollback, shop.store.remove):
        with pytest.raises(NotFound, match="not installed"):
            act("lexicon", "absent")
    with pytest.raises(Conflict, match="no other release"):
        shop.store.rollback("lexicon", "banking")


def test_an_export_is_the_file_that_came_in(shop, tmp_path):
    path = shop.package()
    shop.install(path)
    for _moved in shop.store.export("lexicon", "banking", tmp_path / "out.lmab"):
        pass
    assert (tmp_path / "out.lmab").read_bytes() == path.read_bytes()


def test_an_export_of_files_that_changed_is_refused(shop, tmp_path):
    release = shop.install(shop.package())
    (release.files / "words.txt").write_bytes(b"one\ntwO\n")
    with pytest.raises(PackageError, match="changed"):
        list(shop.store.export("lexicon", "banking", tmp_path / "out.lmab"))
    assert not (tmp_path / "out.lmab").exists()


def test_a_second_installation_at_the_same_time_is_refused(shop):
    path = shop.package()
    shop.root.mkdir()
    with (shop.root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="Another installation"):
            shop.install(path)
    shop.install(path)


def test_a_platform_that_is_asked_for_and_there_is_taken(shop):
    shop.install(shop.package(platform=Platform(arch="x86_64", python="3.11", accelerator="cpu")))


def install_and_die(shop, path, deadly) -> int:
    """Install in a child process that is killed at its `deadly`-th change of the disk; return its exit status."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(event, arguments):
            nonlocal seen
            if event in ("open", "os.rename", "os.mkdir", "os.symlink", "os.remove", "shutil.rmtree"):
                seen += 1
                if seen == deadly:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        shop.install(path)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_killed_at_any_step_the_old_or_the_new_release_is_there_and_whole(shop):
    shop.install(shop.package())
    newer = shop.package({"words.txt": b"newer"}, version="2.0", release_counter=2)
    versions = []
    for deadly in range(1, 80):
        ended = install_and_die(shop, newer, deadly)
        current = shop.store.current("lexicon", "banking")
        expected = FILES if current.manifest.version == "1.0" else {"words.txt": b"newer"}
        assert content_of(current.files) == expected
        versions.append(current.manifest.version)
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        shop.store.clean_up()
        assert list((shop.root / "staging").iterdir()) == []
        if current.manifest.version == "2.0":
            shop.store.rollback("lexicon", "banking")
    assert ended == 0
    assert versions[0] == "1.0"
    assert versions[-1] == "2.0"
