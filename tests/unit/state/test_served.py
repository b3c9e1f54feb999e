"""The directory of versions: one revision for all, which a change must name."""

from dataclasses import replace

import pytest

from appliance.core.errors import Conflict
from appliance.state.served import Served, ServedDirectory, Variant


def variant(slot="stable", counter=1, alias="general", **more):
    fields = {
        "package": "base", "release_counter": counter, "version": f"1-r{counter}",
        "application": f"model-{alias}@{counter}",
        "context_length": 8192, "languages": ("en", "zh"), "state": "ready", **more,
    }  # fmt: skip
    return Variant(alias, slot, **fields)


@pytest.fixture
def served(database):
    return Served(database)


def test_a_new_database_serves_nothing(served):
    assert served.read() == ServedDirectory(0, ())
    assert served.revision() == 0


def test_what_is_written_is_read_with_the_next_revision(served):
    variants = (
        variant(tenants=("retail",), share=0, since="2026-11-26", by="os:x"),
        variant(alias="other", counter=None),
    )
    after = served.replace(served.read(), variants)
    assert served.read() == after
    assert served.revision() == after.revision == 1
    assert served.read().get("other", "stable").release_counter is None


def test_a_change_of_one_alias_leaves_the_others(served):
    base = served.replace(served.read(), [variant(), variant(alias="other")])
    served.change(base, "general", [variant(counter=2), variant("previous", 1, state="stopped")])
    found = served.read()
    assert [one.release_counter for one in found.of("general")] == [1, 2]  # by slot: previous, stable
    assert found.get("other", "stable") == variant(alias="other")
    assert found.applications() == {"model-general@2", "model-other@1"}


def test_who_read_an_older_revision_changes_nothing(served):
    base = served.replace(served.read(), [variant()])
    first = served.change(base, "general", [variant(counter=2)])
    with pytest.raises(Conflict) as caught:
        served.change(base, "general", [variant(counter=3)])
    assert caught.value.code == "served_changed"
    assert served.read() == first


def test_figures_are_kept_by_version_and_replaced(served):
    one, other = variant(), variant(counter=2)
    served.note_figures(one, {"passed": 3})
    served.note_figures(other, {"passed": 4})
    served.note_figures(one, {"passed": 5})
    found = served.figures("general")
    assert {label: figures["passed"] for label, figures in found.items()} == {"base:1-r1": 5, "base:1-r2": 4}
    assert found["base:1-r1"]["measured_at"]
    assert served.figures("other") == {}
    assert served.revision() == 0


@pytest.mark.parametrize(
    ("slot", "state", "serves"),
    [("stable", "ready", True), ("candidate", "ready", True), ("candidate", "starting", False),
     ("stable", "stopped", False), ("previous", "ready", False)],
)  # fmt: skip
def test_only_what_is_ready_and_not_of_before_serves(slot, state, serves):
    one = variant(slot, state=state)
    assert one.serves is serves
    assert ServedDirectory(1, (one,)).applications() == ({one.application} if serves else frozenset())


def test_an_application_that_serves_goes_before_one_of_before():
    before, now = variant("previous", application="a"), variant(application="a")
    assert ServedDirectory(1, (before, now)).by_application("a") is now
    assert ServedDirectory(1, (before,)).by_application("a") is before
    assert ServedDirectory(1, ()).by_application("a") is None


def test_same_files_are_of_one_release():
    assert variant().same_files(variant("candidate", application="x"))
    assert not variant().same_files(variant(counter=2))
    assert not variant(counter=None, version="1-aa").same_files(replace(variant(counter=None, version="1-bb")))
