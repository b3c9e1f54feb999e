"""Packages on a stick: what is told of each before anything is installed."""

import shutil

import pytest

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.operations import packages
from appliance.operations.setup import finding
from appliance.operations.setup.finding import find_packages


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def found(home, *folders):
    return list(find_packages(home, SiteConfig(), folders))


def test_a_package_of_an_unknown_key_is_told_with_the_key_beside_it(home, lexicon):
    package, key = lexicon
    (one,) = found(home, package.parent)
    assert (one.file, one.manifest.title, one.key_file) == (package, "lexicon own 1.0", key)
    assert one.installable
    assert not home.root.exists()
    packages.trust(home, SiteConfig(), key)
    (one,) = found(home, package.parent)
    assert one.key_file is None
    assert one.signed_by == packages.trusted(home)[0]


def test_a_package_whose_key_is_nowhere_is_not_installable(home, lexicon):
    package, key = lexicon
    key.unlink()
    (package.parent / "note.pub").write_text("ssh-ed25519 AAAA somebody")
    (one,) = found(home, package.parent)
    assert not one.installable
    assert "not trusted" in str(one.fault)


@pytest.mark.parametrize("content", [b"", b"no package", bytes(4096)])
def test_what_is_no_package_is_told_why(home, tmp_path, content):
    (tmp_path / "x.lmab").write_bytes(content)
    (one,) = found(home, tmp_path)
    assert one.manifest is None
    assert one.fault is not None


def test_a_changed_package_is_not_installable(home, lexicon):
    package, _key = lexicon
    content = bytearray(package.read_bytes())
    content[700] ^= 1
    package.write_bytes(bytes(content))
    (one,) = found(home, package.parent)
    assert not one.installable


def test_folders_below_are_looked_into_and_a_file_is_told_once(home, lexicon, tmp_path):
    package, _key = lexicon
    deep = package.parent / "a" / "b"
    deep.mkdir(parents=True)
    shutil.copy(package, deep / "second.lmab")
    shutil.copy(package.parent / "vendor.pub", deep)
    (package.parent / "link.lmab").symlink_to(package)
    told = found(home, package.parent, package)
    assert sorted(one.file.resolve().name for one in told) == ["own.lmab", "second.lmab"]
    assert found(home, tmp_path / "pulled-out") == []


def test_a_disk_that_is_too_small_is_told(home, lexicon, monkeypatch):
    package, _key = lexicon
    usage = shutil.disk_usage("/")._replace(free=10)
    monkeypatch.setattr(finding.shutil, "disk_usage", lambda _folder: usage)
    (one,) = found(home, package.parent)
    assert not one.installable
    assert "of disk" in str(one.fault)


def test_a_stick_that_is_pulled_out_between_two_looks_is_told(home, lexicon, monkeypatch):
    package, _key = lexicon
    real = finding._is_file

    def seen_then_pulled(path):
        there = real(path)
        if path == package:
            package.unlink()
        return there

    monkeypatch.setattr(finding, "_is_file", seen_then_pulled)
    (one,) = found(home, package.parent)
    assert not one.installable
    assert "No such file" in str(one.fault)


def test_a_stick_that_fails_while_it_is_read_is_told(home, lexicon, monkeypatch):
    package, _key = lexicon

    def broken(*_given):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(finding, "open_package", broken)
    (one,) = found(home, package.parent)
    assert "Input/output error" in str(one.fault)
