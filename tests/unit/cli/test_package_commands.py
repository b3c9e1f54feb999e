"""`appliance package …`, from a folder on one machine to a package in use on another."""

import json

import pytest

from appliance.cli.exit_codes import ExitCode

LEXICON = 'version: "1"\ngroups:\n  - {category: own, tier: block, words: [一号项目]}\n'


@pytest.fixture
def workshop(run, tmp_path):
    """Give a function that builds a package with the maker's key, which the home trusts."""
    assert run("package", "keygen", tmp_path / "maker").code == 0
    assert run("package", "trust", tmp_path / "maker.pub").code == 0

    def build(name="own-words", release=1, text=LEXICON, **more):
        folder = tmp_path / f"{name}-{release}"
        folder.mkdir()
        (folder / "lexicon.yaml").write_text(text, encoding="utf-8")
        target = tmp_path / f"{name}-{release}.lmab"
        options = [part for key, value in more.items() for part in (f"--{key}", value)]
        built = run(
            "package", "build", "lexicon", folder, "--key", tmp_path / "maker.key", "--name", name,
            "--version", f"{release}.0", "--release", release, "--output", target, *options,
        )  # fmt: skip
        return built, target

    return build


def test_build_inspect_install_list_and_back(home, run, workshop):
    built, first = workshop(source="the compliance department")
    assert built.code == 0, built.err
    (looked,) = run("package", "verify", first, "--json").json["packages"]
    assert (looked["name"], looked["source"], looked["fault"]) == ("own-words", "the compliance department", None)
    assert run("package", "install", first).code == 0
    _built, second = workshop(release=2)
    assert run("package", "install", second, "--json").json["packages"][0]["current"] is True
    listed = run("package", "list", "--json").json["packages"]
    assert [(one["release_counter"], one["current"]) for one in listed] == [(2, True), (1, False)]
    assert run("package", "rollback", "lexicon", "own-words", "--json").json["release_counter"] == 1
    files = home / "packages/lexicon/own-words/current/files"
    assert (files / "lexicon.yaml").read_text(encoding="utf-8") == LEXICON
    table = run("package", "list").out
    assert "in use" in table
    assert "kept" in table


def test_several_packages_travel_in_one_file(run, workshop, tmp_path, monkeypatch):
    for name in ("first", "second"):
        run("package", "install", workshop(name)[1])
    stick = tmp_path / "stick.lmabs"
    exported = run("package", "export", "lexicon/first", "lexicon/second", "--output", stick)
    assert exported.code == 0, exported.err
    monkeypatch.setenv("APPLIANCE_HOME", str(tmp_path / "other"))
    assert run("package", "install", stick).code == ExitCode.PACKAGE
    assert run("package", "trust", tmp_path / "maker.pub").code == 0
    assert run("package", "install", stick).code == 0
    assert run("package", "remove", "lexicon", "second").code == 0
    again = run("package", "install", stick, "--json")  # as after one that was broken off between the two
    assert (again.code, len(again.json["packages"])) == (0, 2)
    assert "it is installed already" in again.err
    assert [one["name"] for one in run("package", "list", "--json").json["packages"]] == ["first", "second"]


def test_content_that_is_not_of_its_kind_is_refused_when_it_is_built(workshop):
    built, target = workshop(text="version: 1\nwords: []\n")
    assert built.code == ExitCode.USAGE
    assert "lexicon.yaml" in built.err
    assert not target.exists()


def test_an_unknown_key_is_told_with_what_to_do(run, workshop, tmp_path):
    _built, path = workshop()
    (key,) = run("package", "keys", "--json").json["keys"]
    assert run("package", "distrust", key).code == 0
    refused = run("package", "install", path)
    assert refused.code == ExitCode.PACKAGE
    assert key in refused.err
    assert "appliance package trust" in refused.err
    assert run("package", "list", "--json").json == {"packages": []}


def test_a_key_is_never_overwritten(run, workshop, tmp_path):
    again = run("package", "keygen", tmp_path / "maker")
    assert again.code != 0
    assert "there already" in again.err


def test_what_the_site_file_names_is_not_removed(run, home):
    lexicon = home / "packages/lexicon/own-words/current/files/lexicon.yaml"
    settings = f"models: {{general: {{package: base}}}}\nguardrails: {{lexicon: {lexicon}}}\n"
    (home / "site.yaml").write_text(settings, encoding="utf-8")
    for kind, name in (("model", "base"), ("lexicon", "own-words"), ("scenario", "knowledge-qa")):
        refused = run("package", "remove", kind, name)
        assert refused.code == ExitCode.REFUSED
        assert "site file names" in refused.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("rollback", "models", "x"), "no kind of package"),
        (("rollback", "lexicon", "absent"), "not installed"),
        (("remove", "lexicon", "absent"), "not installed"),
        (("export", "lexicon", "--output", "x.lmab"), "KIND/NAME"),
        (("export", "lexicon/a", "lexicon/b", "--output", "x.lmab"), ".lmabs"),
        (("install", "absent.lmab"), "cannot be read"),
        (("inspect", "absent.lmab"), "cannot be read"),
        (("distrust", "0000000000000000"), "no trusted key"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(run, arguments, told):
    ended = run("package", *arguments)
    assert ended.code not in (ExitCode.OK, ExitCode.UNEXPECTED)
    assert told in ended.err


def test_installing_is_in_the_audit_of_a_started_appliance(home, run, workshop):
    from appliance.config.home import Home
    from appliance.config.site import SiteConfig
    from appliance.serving.ledger import open_log
    from appliance.state.audit.records import RECOVERED, NewRecord
    from appliance.state.database import Database, sqlite_url

    database = Database.open(sqlite_url(Home(home).database))
    log = open_log(Home(home), SiteConfig(), database)
    log.begin()
    log.append([NewRecord(RECOVERED)])
    database.close()
    run("package", "install", workshop()[1])
    found = run("audit", "search", "--json")
    assert "package.install" in json.dumps(found.json)
    assert "lexicon/own-words 1.0 release 1" in json.dumps(found.json)
