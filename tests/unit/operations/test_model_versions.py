"""Stage, split, promote, go back, drop: on a real database and store; the cluster alone is stood in for."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from appliance.config.home import Home
from appliance.config.site import ModelSettings, SiteConfig
from appliance.core.errors import (
    ApprovalNeeded,
    Conflict,
    InvalidRequest,
    NotEnoughMemory,
    NotFound,
    NotRunning,
    PackageError,
    StartFailed,
)
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations import model_versions, models
from appliance.operations.acceptance import Acceptance, Figures
from appliance.operations.accounts import open_accounts
from appliance.operations.audit import open_audit
from appliance.operations.model_versions import Gate, Lifecycle
from appliance.packages.model_sources import current_source
from appliance.serving.declared import Declared, declare
from appliance.serving.launch import chat_model, sources_of
from appliance.state.accounts.tenants import Tenants
from appliance.state.audit.search import Filters, search
from appliance.state.served import Served
from tests.unit.operations.small_models import write_model

OPEN = Gate(closed=False)
GOOD = Figures(20, 12, (), 0.1, 40.0)
WORSE = Figures(20, 3, ("sum",), 0.1, 40.0)


class Cluster:
    """What runs, by application; what it is asked for at a start may look at the directory."""

    def __init__(self):
        self.running = {"model-general"}
        self.fault = None
        self.at_start = lambda variant: None

    def start(self, variant):
        yield Progress("model.start", _("Start {version}", version=variant.label))
        self.at_start(variant)
        if self.fault is not None:
            raise self.fault
        assert variant.application not in self.running
        self.running.add(variant.application)

    def stop(self, variant):
        yield Progress("model.stop", _("Stop {version}", version=variant.label))
        self.running.remove(variant.application)


class Bench:
    """A home whose appliance serves `base`, with a package `next` beside it."""

    def __init__(self, root):
        self.home = Home(root)
        self.site = SiteConfig(models={"general": ModelSettings(package="base")})
        self.home.create()
        write_model(self.home.models / "base")
        write_model(self.home.models / "next", b'{"more": 1}')
        self.cluster = Cluster()
        self.waits = []
        self.measured = Acceptance("general", GOOD, GOOD)
        self.lifecycle = Lifecycle(
            self.home, self.site, self.cluster, lambda alias, file: iter([self.measured]), self.waits.append
        )
        with open_audit(self.home, self.site, begin=True):
            pass
        with self.served() as served:
            Tenants(served._database).add("retail")
            declare(
                served,
                [
                    Declared(chat_model(alias, self.site.models[alias], one), one, f"model-{alias}")
                    for alias, one in sources_of(self.home, self.site).items()
                ],
            )

    @contextmanager
    def served(self):
        with open_accounts(self.home, self.site) as accounts:
            yield Served(accounts.database)

    def directory(self):
        with self.served() as served:
            return served.read()

    def packages(self):
        return {one.slot: one.package for one in self.directory().variants}

    def stage(self, package="next"):
        return list(self.lifecycle.stage("general", current_source(self.home, package)))[-1]

    def noted(self):
        with open_accounts(self.home, self.site) as accounts:
            records = search(accounts.database, Filters(kind="admin.command")).records
        return [f"{one.action}: {one.target.split(':')[0]}" for one in reversed(records)]


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "home")


def test_a_candidate_gets_nothing_before_it_has_started(bench):
    seen = []
    bench.cluster.at_start = lambda variant: seen.append(bench.directory().get("general", "candidate").state)
    candidate = bench.stage()
    assert seen == ["starting"]
    found = bench.directory().get("general", "candidate")
    assert found == candidate
    assert (found.state, found.share, found.context_length) == ("ready", 0, 128)
    assert bench.cluster.running == {"model-general", found.application}
    assert bench.noted() == ["model.stage: general next"]


def test_a_version_that_does_not_generate_is_gone_again(bench):
    bench.cluster.fault = StartFailed(_("The version started, but generated nothing: {reason}", reason="x"))
    before = bench.directory().variants
    with pytest.raises(StartFailed):
        bench.stage()
    assert bench.directory().variants == before
    assert bench.noted() == ["model.stage failed: general next"]
    bench.cluster.fault = None
    assert bench.stage().state == "ready"


def test_damaged_weights_never_start(bench):
    (bench.home.models / "next" / "config.json").write_text("[]")
    with pytest.raises(PackageError):
        bench.stage()
    assert bench.cluster.running == {"model-general"}
    assert bench.packages() == {"stable": "base"}


def test_what_cannot_be_staged(bench, monkeypatch):
    with pytest.raises(Conflict) as caught:
        bench.stage("base")
    assert caught.value.code == "serves_already"
    with pytest.raises(NotFound):
        list(bench.lifecycle.stage("other", current_source(bench.home, "next")))
    monkeypatch.setattr(model_versions, "enough_for_engine", _no_room)
    with pytest.raises(NotEnoughMemory, match="--replace"):
        bench.stage()
    monkeypatch.undo()
    bench.stage()
    with pytest.raises(Conflict) as caught:
        bench.stage()
    assert caught.value.code == "candidate_there"


def _no_room(weights, settings, accelerator, engine):
    from appliance.serving.room import enough_for_engine

    enough_for_engine(weights, settings, accelerator, engine, available_bytes=1)


def test_a_split_is_of_a_candidate_that_is_ready(bench):
    with pytest.raises(NotFound):
        bench.lifecycle.split("general", 10, ())
    bench.stage()
    bench.lifecycle.split("general", 25, ["retail", "retail"])
    found = bench.directory().get("general", "candidate")
    assert (found.share, found.tenants) == (25, ("retail",))
    with pytest.raises(InvalidRequest):
        bench.lifecycle.split("general", 101, ())
    with pytest.raises(NotFound, match="no tenant 'nobody'"):
        bench.lifecycle.split("general", 10, ["nobody"])
    assert bench.directory().get("general", "candidate") == found


def test_promote_flips_at_once_and_stops_the_old_one_when_every_gateway_knows(bench):
    candidate = bench.stage()
    bench.lifecycle.split("general", 25, ["retail"])
    seen = {}
    bench.lifecycle.sleep = lambda seconds: seen.update({seconds: (bench.packages(), set(bench.cluster.running))})
    promoted = list(bench.lifecycle.promote("general", OPEN))[-1]
    ((seconds, (packages, running)),) = seen.items()
    assert seconds >= 3.0
    assert packages == {"stable": "next", "previous": "base"}
    assert running == {"model-general", candidate.application}
    assert bench.cluster.running == {candidate.application}
    stable = bench.directory().get("general", "stable")
    assert (stable.package, stable.share, stable.tenants, stable.application) == ("next", 0, (), candidate.application)
    assert promoted.slot == "stable"


def test_the_gate_refuses_what_is_worse_and_keeps_the_figures(bench):
    bench.stage()
    bench.measured = Acceptance("general", GOOD, WORSE)
    with pytest.raises(Conflict) as caught:
        list(bench.lifecycle.promote("general", Gate()))
    assert caught.value.code == "acceptance_failed"
    assert bench.packages() == {"stable": "base", "candidate": "next"}
    shown = models.show(bench.home, bench.site, "general")
    assert [one["figures"]["passed"] for one in shown["variants"]] == [12, 3]
    bench.measured = Acceptance("general", GOOD, GOOD)
    assert list(bench.lifecycle.promote("general", Gate()))[-1].package == "next"


def test_of_two_who_promote_at_the_same_time_one_does(bench):
    bench.stage()
    first = bench.lifecycle.promote("general", Gate())
    assert isinstance(next(first), Acceptance)  # measured; it has not flipped yet
    list(bench.lifecycle.promote("general", OPEN))
    with pytest.raises(Conflict) as caught:
        list(first)
    assert caught.value.code == "served_changed"
    assert bench.packages() == {"stable": "next", "previous": "base"}
    assert len(bench.cluster.running) == 1


def test_who_may_not_switch_is_asked_behind_the_gate(bench):
    bench.stage()
    asked = []

    def refuse():
        asked.append(bench.packages())
        raise ApprovalNeeded(_("This change needs a second person. The request for it is {id}.", id="x"))

    with pytest.raises(ApprovalNeeded):
        list(bench.lifecycle.promote("general", Gate(), refuse))
    assert asked == [{"stable": "base", "candidate": "next"}]
    assert bench.packages() == asked[0]


def test_back_to_the_version_before_and_forward_again(bench):
    bench.stage()
    list(bench.lifecycle.promote("general", OPEN))
    list(bench.lifecycle.rollback("general"))
    assert bench.packages() == {"stable": "base", "previous": "next"}
    list(bench.lifecycle.rollback("general"))
    assert bench.packages() == {"stable": "next", "previous": "base"}
    assert bench.cluster.running == {bench.directory().get("general", "stable").application}
    assert "model.rollback: general base" in bench.noted()


def test_there_is_nothing_to_go_back_to(bench):
    with pytest.raises(NotFound) as caught:
        list(bench.lifecycle.rollback("general"))
    assert caught.value.code == "no_previous_version"


def test_a_candidate_is_dropped(bench):
    bench.stage()
    list(bench.lifecycle.drop("general"))
    assert bench.packages() == {"stable": "base"}
    assert bench.cluster.running == {"model-general"}
    assert bench.waits
    with pytest.raises(NotFound):
        list(bench.lifecycle.drop("general"))


def test_stopping_first_leaves_a_gap_and_then_the_new_version(bench):
    seen = []
    bench.cluster.at_start = lambda variant: seen.append((bench.directory().applications(), set(bench.cluster.running)))
    list(bench.lifecycle.stop_first("general", current_source(bench.home, "next")))
    assert seen == [(frozenset(), set())]
    assert bench.packages() == {"stable": "next", "previous": "base"}
    assert bench.directory().applications() == bench.cluster.running


def test_where_the_new_one_does_not_come_up_the_old_one_is_started_again(bench):
    def fail(variant):
        if variant.package == "next":
            raise StartFailed(_("The version started, but generated nothing: {reason}", reason="x"))

    bench.cluster.at_start = fail
    with pytest.raises(StartFailed):
        list(bench.lifecycle.stop_first("general", current_source(bench.home, "next")))
    assert bench.packages() == {"stable": "base"}
    assert bench.directory().applications() == bench.cluster.running != set()


def test_without_a_running_appliance_nothing_is_staged(bench):
    for operation in (
        lambda: list(models.stage(bench.home, bench.site, "general", "next")),
        lambda: list(models.promote(bench.home, bench.site, "general", OPEN)),
        lambda: list(models.rollback(bench.home, bench.site, "general")),
        lambda: list(models.drop(bench.home, bench.site, "general")),
        lambda: models.split(bench.home, bench.site, "general", 1, ()),
    ):
        with pytest.raises(NotRunning):
            operation()


def test_a_promotion_needs_a_second_person_where_the_site_wants_one(bench, monkeypatch):
    bench.stage()
    monkeypatch.setattr(models, "running_lifecycle", lambda home, site: bench.lifecycle)
    strict = SiteConfig.model_validate({"approvals": {"require": ["model.switch"]}})
    for operation in (models.promote(bench.home, strict, "general", OPEN),):
        with pytest.raises(ApprovalNeeded):
            list(operation)
    assert bench.packages() == {"stable": "base", "candidate": "next"}
    list(models.promote(bench.home, bench.site, "general", OPEN))
    with pytest.raises(ApprovalNeeded):
        list(models.rollback(bench.home, strict, "general"))
    assert bench.packages() == {"stable": "next", "previous": "base"}


@pytest.mark.parametrize(
    ("text", "error"), [("nothing", PackageError), ("base@x", InvalidRequest), ("base@7", NotFound)]
)
def test_a_version_that_is_not_there_is_told(bench, text, error):
    with pytest.raises(error):
        models.source_named(bench.home, text)


def test_an_engine_that_others_answer_from_is_not_stopped(bench):
    with bench.served() as served:
        base = served.read()
        (general,) = base.variants
        served.change(base, "finance", [replace(general, alias="finance", package="tuned")])
    with pytest.raises(Conflict) as caught:
        bench.stage()
    assert caught.value.code == "engine_shared"


def test_an_alias_that_rides_on_another_engine_leaves_it_running(bench):
    bench.site = SiteConfig.model_validate({"models": {"general": {"package": "base"}, "finance": {"package": "next"}}})
    bench.lifecycle.site = bench.site
    with bench.served() as served:
        base = served.read()
        (general,) = base.variants
        served.change(base, "finance", [replace(general, alias="finance", package="tuned")])
    list(bench.lifecycle.stage("finance", current_source(bench.home, "next")))
    list(bench.lifecycle.promote("finance", OPEN))
    assert bench.directory().get("finance", "stable").package == "next"
    assert "model-general" in bench.cluster.running
    assert len(bench.cluster.running) == 2
