"""What serves after a start: the declaration, and what was staged beside it."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.packages.model_sources import ModelSource
from appliance.serving.declared import STARTED_BY, Declared, declare
from appliance.state.served import Served
from tests.unit.state.test_served import variant


@pytest.fixture
def served(ring):
    return Served(ring._database)


def declared(counter, alias="general", application="model-general"):
    model = SimpleNamespace(alias=alias, max_model_len=8192, languages=("en",))
    return Declared(model, ModelSource("base", counter, f"1-r{counter}", Path("base")), application)


def slots(directory):
    return {one.slot: (one.package, one.release_counter, one.state) for one in directory.variants}


def test_a_first_start_declares_what_the_site_file_says(served):
    found = declare(served, [declared(1)])
    assert found == served.read()
    (one,) = found.variants
    assert (one.label, one.application, one.state, one.by) == ("base:1-r1", "model-general", "ready", STARTED_BY)


def test_the_same_version_again_keeps_who_let_it_serve(served):
    served.replace(served.read(), [variant(since="2026-01-01", by="os:li", application="model-general@7")])
    (one,) = declare(served, [declared(1)]).variants
    assert (one.since, one.by, one.application) == ("2026-01-01", "os:li", "model-general")


def test_another_version_makes_the_one_of_before_the_previous(served):
    served.replace(served.read(), [variant(), variant("previous", 9, state="stopped")])
    assert slots(declare(served, [declared(2)])) == {
        "stable": ("base", 2, "ready"), "previous": ("base", 1, "stopped"),
    }  # fmt: skip


def test_a_candidate_is_out_of_service_until_it_has_started_again(served):
    served.replace(served.read(), [variant(), variant("candidate", 2, share=30, tenants=("retail",))])
    found = declare(served, [declared(1)]).get("general", "candidate")
    assert (found.state, found.share, found.tenants) == ("starting", 30, ("retail",))
    assert found.application != "model-general"


def test_a_candidate_that_is_now_the_declared_one_is_not_started_twice(served):
    served.replace(served.read(), [variant(), variant("candidate", 2)])
    found = declare(served, [declared(2)])
    assert slots(found) == {"stable": ("base", 2, "ready"), "previous": ("base", 1, "stopped")}


def test_an_alias_that_the_site_file_no_longer_names_is_gone(served):
    served.replace(served.read(), [variant(), variant(alias="other")])
    assert [one.alias for one in declare(served, [declared(1)]).variants] == ["general"]


def test_an_alias_that_rides_on_the_engine_of_another_answers_from_there(served):
    found = declare(served, [declared(1), declared(2, alias="finance")])
    assert {one.alias: one.application for one in found.variants} == {
        "general": "model-general", "finance": "model-general",
    }  # fmt: skip
