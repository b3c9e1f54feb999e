"""What the screens of models have done on the appliance's machine: on a real home, with real packages."""

from pathlib import Path

import pytest
import yaml

from appliance.core.errors import ApplianceError, ApprovalNeeded, NotRunning
from appliance.operations import approvals, models, packages
from appliance.operations.accounts import open_accounts
from appliance.operations.models import KIND
from appliance.packages.signed.store import Release
from appliance.state.approval_people import Person
from appliance.tui.local import Local
from appliance.tui.models_work import LocalModelsWork
from tests.unit.operations.test_model_versions import OPEN, Bench
from tests.unit.operations.test_package_facts import SITE, Maker


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """A home that serves `base`, whose cluster alone is stood in for; `next` is staged and promoted."""
    bench = Bench(tmp_path / "home")
    monkeypatch.setattr(models, "running_lifecycle", lambda _home, _site: bench.lifecycle)
    monkeypatch.setattr(models, "running_switch", lambda _home: bench.cluster)
    write_site(bench.home)
    bench.stage()
    list(bench.lifecycle.promote("general", OPEN))
    return bench


@pytest.fixture
def work(bench):
    return LocalModelsWork(Local(bench.home))


def write_site(home, **more):
    home.site_file.parent.mkdir(parents=True, exist_ok=True)
    home.site_file.write_text(yaml.safe_dump({"models": {"general": {"package": "base"}}} | more))


def test_a_model_is_rolled_back_staged_split_promoted_and_dropped(bench, work):
    assert bench.packages() == {"stable": "next", "previous": "base"}
    list(work.roll_back("general"))
    assert bench.packages() == {"stable": "base", "previous": "next"}
    list(work.stage("general", "next", replace=False))
    work.split("general", 25, ["retail"])
    candidate = bench.directory().get("general", "candidate")
    assert (candidate.share, candidate.tenants) == (25, ("retail",))
    list(work.promote("general"))
    assert bench.packages() == {"stable": "next", "previous": "base"}
    list(work.stage("general", "base", replace=False))
    list(work.drop("general"))
    assert bench.directory().get("general", "candidate") is None
    list(work.stage("general", "base", replace=True))
    assert bench.directory().get("general", "stable").package == "base"


def test_where_a_second_person_is_needed_the_approval_is_found_the_next_time(bench, work):
    write_site(bench.home, approvals={"require": [KIND]})
    for act in (lambda: work.roll_back("general"), lambda: work.stage("general", "base", replace=True)):
        with pytest.raises(ApprovalNeeded) as raised:
            list(act())
        with open_accounts(bench.home, SITE) as accounts:
            accounts.approvals.decide(raised.value.details["approval"], "approved", Person("os:another"))
        list(act())
        assert bench.directory().get("general", "stable").package == "base"
        list(bench.lifecycle.stage("general", models.source_named(bench.home, "next")))
        list(bench.lifecycle.promote("general", OPEN))
    assert {one.decided_by for one in approvals.list_approvals(bench.home, SITE)} == {"os:another"}


def test_what_is_there(work):
    here = work.read(["base"])
    assert here.packages == ()
    assert {alias for alias, _label in here.facts.versions} == {"general"}
    assert [one.name for one in work.stageable()] == ["base", "next"]
    assert "retail" in work.tenants()
    assert work.users_of("next") == ("general",)


def test_packages_are_found_trusted_installed_put_back_and_removed(tmp_path):
    maker = Maker(tmp_path)
    write_site(maker.home)
    work = LocalModelsWork(Local(maker.home))
    files = [maker.install(release=release) for release in (1, 2)]
    packages.remove(maker.home, SITE, "lexicon", "words")
    packages.distrust(maker.home, SITE, maker.key.key_id)
    found = {one.file.name: one for one in work.find(tmp_path)}
    newest = found["words-2.lmab"]
    assert newest.key_file == tmp_path / "maker.pub"
    with pytest.raises(ApplianceError):
        list(work.install(newest.file, newest.manifest, stage_only=False))
    assert work.trust(newest.key_file, work.key(newest.key_file).key_id) == maker.key
    assert {one.file.name: one.key_file for one in work.find(files[1])} == {"words-2.lmab": None}
    release = list(work.install(newest.file, newest.manifest, stage_only=False))[-1]
    assert isinstance(release, Release)
    assert "Terms of release 2" in work.licence(release.files, "LicenseRef-Bank")
    maker.install(release=3)
    (words,) = work.read(()).packages
    list(work.roll_back_package(words))
    (words,) = work.read(()).packages
    assert words.used.manifest.release_counter == 2
    work.remove("lexicon", "words")
    assert work.read(()).packages == ()


def test_without_a_running_appliance_it_is_said(tmp_path):
    maker = Maker(tmp_path)
    write_site(maker.home)
    work = LocalModelsWork(Local(maker.home))
    with pytest.raises(NotRunning, match="No appliance runs"):
        list(work.stage("general", "base", replace=False))
    with pytest.raises(ApplianceError):
        work.lost_by_return()
    assert work.find(Path("/nowhere")) == []
