"""`appliance support-bundle`: what is in it is shown first, and somebody agrees."""

import json
import sys
import tarfile
from functools import partial

import pytest
import typer

from appliance.operations import support_bundle
from appliance.operations.support_bundle import collect


@pytest.fixture(autouse=True)
def quick_doctor(monkeypatch):
    monkeypatch.setattr(support_bundle, "collect", partial(collect, modules=()))


@pytest.fixture
def here(home):
    (home / "site.yaml").write_text("# ask 张伟, 13800138000\nlanguage: en\n", encoding="utf-8")
    (home / "logs").mkdir()
    (home / "logs" / "launch.log").write_text("password: hunter2x\n")
    return home


def test_nobody_there_to_agree(run, here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = run("support-bundle")
    assert (refused.code, refused.out) == (7, "")
    assert "--yes" in refused.err
    assert list(tmp_path.glob("*.gz")) == []


def test_it_shows_what_is_in_it_and_writes_it(run, here, tmp_path):
    file = tmp_path / "b.tar.gz"
    done = run("support-bundle", "--yes", "--output", file)
    assert done.code == 0
    assert "logs/launch.log" in done.out
    assert "passwords: 1" in done.out
    assert "personal data: 2" in done.out
    assert "Not in it: status.json" in done.out
    assert str(file) in done.err
    again = run("support-bundle", "--yes", "--output", file)
    assert again.code == 7
    assert "there already" in again.err


def test_json_is_the_manifest(run, here, tmp_path):
    file = tmp_path / "b.tar.gz"
    told = run("support-bundle", "--yes", "--json", "--output", file).json
    assert told.pop("file") == str(file)
    with tarfile.open(file) as archive:
        assert json.load(archive.extractfile("appliance-support/manifest.json")) == told


@pytest.mark.parametrize("agrees", [True, False])
def test_it_asks(run, here, tmp_path, monkeypatch, agrees):
    asked = []

    def confirm(text, abort, err):
        asked.append((text, (tmp_path / "b.tar.gz").exists()))
        if not agrees:
            raise typer.Abort

    monkeypatch.setattr(typer, "confirm", confirm)
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())
    done = run("support-bundle", "--output", tmp_path / "b.tar.gz")
    assert (done.code == 0, (tmp_path / "b.tar.gz").exists()) == (agrees, agrees)
    assert "site.yaml" in done.out
    ((text, there),) = asked
    assert "b.tar.gz" in text
    assert not there


def test_help_is_in_chinese_where_that_is_asked(run):
    assert run("--language", "zh_CN", "support-bundle", "--help").code == 0
