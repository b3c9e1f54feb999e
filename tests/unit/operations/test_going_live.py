"""Packages of a model that is served: installed and taken back beside a running appliance, or not at all."""

from dataclasses import replace

import pytest

from appliance.config.site import SiteConfig
from appliance.core.errors import ApprovalNeeded, Conflict, InvalidRequest, StartFailed
from appliance.core.messages import _
from appliance.operations import going_live, packages
from appliance.operations.acceptance import Acceptance
from appliance.operations.going_live import Going
from appliance.packages.places import model_folder, open_store
from appliance.packages.signed.building import Wish, build_package
from appliance.packages.signed.minisign import SecretKey
from appliance.packages.signed.store import Release
from tests.unit.operations.small_models import write_model
from tests.unit.operations.test_model_versions import GOOD, WORSE, Bench


class Workshop(Bench):
    """As `Bench`, with packages of `base` to install."""

    def __init__(self, root):
        super().__init__(root)
        self.key = SecretKey.generate()
        self.root = root
        public = root.parent / "maker.pub"
        public.write_text(self.key.public.to_text())
        packages.trust(self.home, self.site, public)

    def package(self, release):
        source = write_model(self.root.parent / str(release) / "base", f'{{"release": {release}}}'.encode())
        target = self.root.parent / f"base-{release}.lmab"
        wish = Wish("model", "base", f"{release}.0", release, "Apache-2.0", "written for the tests")
        for _moved in build_package(wish, source, self.key, target):
            pass
        return target

    def install(self, release, **going):
        results = list(packages.install(self.home, self.site, self.package(release), Going(**going)))
        return next(one for one in results if isinstance(one, Release))

    def counters(self):
        return {one.slot: one.release_counter for one in self.directory().variants}

    def in_use(self):
        found = open_store(self.home).current("model", "base")
        return None if found is None else found.manifest.release_counter


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path / "home")


@pytest.fixture
def running(shop, monkeypatch):
    """Give the workshop beside a running appliance."""
    monkeypatch.setattr(going_live, "running_instance", lambda home: object())
    monkeypatch.setattr(going_live, "running_lifecycle", lambda home, site: shop.lifecycle)
    return shop


def test_where_nothing_runs_the_store_alone_switches(shop):
    assert shop.install(1).current
    assert shop.counters() == {"stable": None}
    assert model_folder(shop.home, "base") != shop.home.models / "base"


def test_an_installed_release_serves_and_so_does_the_one_before_when_it_is_taken_back(running):
    assert running.install(1).current
    assert running.counters() == {"stable": 1, "previous": None}
    running.install(2)
    assert (running.counters(), running.in_use()) == ({"stable": 2, "previous": 1}, 2)
    release = list(packages.rollback(running.home, running.site, "model", "base"))[-1]
    assert release.manifest.release_counter == 1
    assert (running.counters(), running.in_use()) == ({"stable": 1, "previous": 2}, 1)
    assert len(running.cluster.running) == 1


def test_until_requests_move_the_store_has_in_use_what_serves(running):
    running.install(1)
    seen = []
    running.cluster.at_start = lambda variant: seen.append((variant.release_counter, running.in_use()))
    running.install(2)
    list(packages.rollback(running.home, running.site, "model", "base"))
    assert seen == [(2, 1), (1, 2)]


def test_a_release_that_does_not_start_leaves_everything_as_it_was(running):
    running.install(1)
    before = running.directory().variants
    running.cluster.fault = StartFailed(_("The version started, but generated nothing: {reason}", reason="x"))
    with pytest.raises(StartFailed):
        running.install(2)
    assert (running.directory().variants, running.in_use()) == (before, 1)
    assert model_folder(running.home, "base") == running_files(running, 1)


def test_where_only_the_old_engine_does_not_stop_the_new_release_stays(running):
    running.install(1)

    def stay(variant):
        raise StartFailed(_("The application {name} does not stop.", name=variant.application))
        yield

    running.cluster.stop = stay
    with pytest.raises(StartFailed):
        running.install(2)
    assert (running.counters(), running.in_use()) == ({"stable": 2, "previous": 1}, 2)


def test_of_two_aliases_both_go_back_where_one_fails(running):
    running.install(1)
    running.site = SiteConfig.model_validate({"models": {"general": {"package": "base"}, "other": {"package": "base"}}})
    running.lifecycle.site = running.site
    with running.served() as served:
        base = served.read()
        stable = base.get("general", "stable")
        served.change(base, "other", [replace(stable, alias="other", application="model-other")])
    running.cluster.running.add("model-other")

    def fail(variant):
        if variant.alias == "other":
            raise StartFailed(_("The version started, but generated nothing: {reason}", reason="x"))

    running.cluster.at_start = fail
    with pytest.raises(StartFailed):
        running.install(2)
    found = {one.alias: one.release_counter for one in running.directory().variants if one.slot == "stable"}
    assert (found, running.in_use()) == ({"general": 1, "other": 1}, 1)
    assert running.directory().applications() == running.cluster.running


def test_the_first_release_that_does_not_start_leaves_the_folder_in_use(running):
    running.cluster.fault = StartFailed(_("The version started, but generated nothing: {reason}", reason="x"))
    with pytest.raises(StartFailed):
        running.install(1)
    assert running.in_use() is None
    assert model_folder(running.home, "base") == running.home.models / "base"


def test_a_release_that_is_worse_is_stopped_and_not_in_use(running):
    running.measured = Acceptance("general", GOOD, WORSE)
    with pytest.raises(Conflict) as caught:
        running.install(1)
    assert caught.value.code == "acceptance_failed"
    assert (running.counters(), running.in_use()) == ({"stable": None}, None)
    assert running.cluster.running == {"model-general"}
    assert running.install(1, gate=False).current


def test_a_staged_release_is_in_use_once_it_is_promoted(running):
    running.install(1)
    assert not running.install(2, stage_only=True).current
    assert (running.counters(), running.in_use()) == ({"stable": 1, "candidate": 2, "previous": None}, 1)
    with pytest.raises(Conflict) as caught:  # a third one would push out files that are in use
        running.install(3)
    assert caught.value.code == "candidate_there"
    list(running.lifecycle.promote("general", going_live.Gate(closed=False)))
    assert (running.counters(), running.in_use()) == ({"stable": 2, "previous": 1}, 2)


def test_back_to_the_folder_takes_the_package_out_of_use(running):
    running.install(1)
    list(running.lifecycle.rollback("general"))
    assert (running.counters(), running.in_use()) == ({"stable": None, "previous": 1}, None)
    assert model_folder(running.home, "base") == running.home.models / "base"


def test_a_second_person_is_asked_before_anything_is_unpacked(running):
    running.site = SiteConfig.model_validate({"approvals": {"require": ["model.switch"]}})
    with pytest.raises(ApprovalNeeded):
        running.install(1)
    assert open_store(running.home).releases() == ()
    assert not running.install(1, stage_only=True).current


def test_a_package_that_is_in_service_is_not_removed(running):
    running.install(1)
    elsewhere = SiteConfig.model_validate({"models": {"general": {"package": "next"}}})
    with pytest.raises(InvalidRequest):
        packages.remove(running.home, elsewhere, "model", "base")


def running_files(shop, counter):
    return next(one.files for one in open_store(shop.home).releases() if one.manifest.release_counter == counter)
