"""Replicas by hand and their limits, written into the site file."""

import pytest

from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.errors import ApprovalNeeded, ConfigError, InvalidRequest, NotFound
from appliance.operations import applied
from appliance.operations.accounts import open_accounts
from appliance.operations.applied import applying_settings
from appliance.operations.audit import open_audit
from appliance.operations.scaling import ScaleWish, apply_scale, scale_to
from appliance.state.approval_people import Person
from appliance.state.audit.search import Filters, search

ONE = "# ours\nmodels:\n  general:\n    package: base  # agreed\n"


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    made.create()
    made.site_file.write_text(ONE)
    return made


def scaled(home, **wish):
    """Apply a wish; return what has changed."""
    site = load_site(home.site_file)
    change = scale_to(home, site, "general", ScaleWish(**wish))
    apply_scale(home, site, change)
    assert load_site(home.site_file) == change.site
    return [(one.setting, one.before, one.after) for one in change.settings], [str(note) for note in change.notes]


def test_a_number(home):
    assert scaled(home, replicas=3) == ([("replicas", 1, 3)], [])
    assert home.site_file.read_text() == ONE + "    replicas: 3\n"
    assert scaled(home, replicas=3) == ([], [])


def test_limits_let_the_number_follow_the_load(home):
    changed, notes = scaled(home, least=0, most=4)
    assert changed == [("scaling.min_replicas", None, 0), ("scaling.max_replicas", None, 4)]
    assert "follow the load" in notes[0]
    assert "sleeps" in notes[1]
    changed, notes = scaled(home, least=1, most=4)
    assert (changed, notes) == ([("scaling.min_replicas", 0, 1)], [])


def test_a_number_holds_a_model_that_follows_the_load(home):
    scaled(home, least=1, most=4)
    changed, _notes = scaled(home, replicas=2)
    assert changed == [("scaling.min_replicas", 1, 2), ("scaling.max_replicas", 4, 2)]
    assert load_site(home.site_file).models["general"].most_replicas == 2


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({}, "Either a number"), ({"least": 1}, "Either a number"), ({"replicas": 1, "least": 1, "most": 2}, "Either"),
        ({"replicas": 0}, "0 replicas cannot"), ({"least": -1, "most": 2}, "-1 replicas"),
        ({"least": 0, "most": 0}, "0 replicas"), ({"replicas": 257}, "257"), ({"least": 3, "most": 2}, "fewer"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(home, wish, told):
    with pytest.raises(InvalidRequest, match=told):
        scale_to(home, load_site(home.site_file), "general", ScaleWish(**wish))


def test_only_chat_models_of_the_site_and_only_on_the_head(home):
    with pytest.raises(NotFound, match="no model"):
        scale_to(home, load_site(home.site_file), "embedder", ScaleWish(replicas=1))
    home.node_file.write_text("{}")
    with pytest.raises(ConfigError, match="worker node"):
        scale_to(home, load_site(home.site_file), "general", ScaleWish(replicas=1))


def test_where_two_must_agree_the_file_waits_for_the_second(home, monkeypatch):
    monkeypatch.setattr(applied, "operator", lambda: "os:alice")
    home.site_file.write_text(ONE + "approvals: {require: [model.switch]}\n")
    site = load_site(home.site_file)
    with open_audit(home, site, begin=True):
        pass
    with applying_settings(home, site):
        pass
    change = scale_to(home, site, "general", ScaleWish(replicas=2))
    with pytest.raises(ApprovalNeeded, match=r"models.general.replicas"):
        apply_scale(home, site, change)
    assert home.site_file.read_text() == change.text_before
    with open_accounts(home, site) as accounts:
        (ticket,) = accounts.approvals.list()
        accounts.approvals.decide(ticket.id, "approved", Person("os:bob"))
    apply_scale(home, site, change)
    assert home.site_file.read_text() == change.text
    with open_audit(home, site) as audit:
        actions = [one.action for one in search(audit.database, Filters()).records]
    assert "model.scale general.replicas=2" in actions
