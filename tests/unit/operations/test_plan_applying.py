"""What a plan has decided, written into the site file: on recorded machines, and what stays as it is."""

from pathlib import Path

import pytest
import yaml

from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.errors import ApprovalNeeded, ConfigError, Conflict, InvalidRequest
from appliance.operations import applied
from appliance.operations.accounts import open_accounts
from appliance.operations.applied import applying_settings
from appliance.operations.audit import open_audit
from appliance.operations.plan_applying import apply_change, change_to, check_can_apply
from appliance.operations.planning import PlanRequest, plan_site
from appliance.state.approval_people import Person
from appliance.state.audit.search import Filters, search

FACTS = Path(__file__).parents[2] / "data" / "machines" / "facts"
EASY = {"ttft_ms": 1e7, "tokens_per_s": 0.001}


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    made.create()
    return made


def proposed(home, *machines, **more):
    site = load_site(home.site_file)
    files = tuple(FACTS / f"{name}.json" for name in machines)
    return site, change_to(home, site, plan_site(home, site, PlanRequest(machines=files, choose=True, **more)))


def applied_to(home, text, *machines, **more):
    """Write `text`, plan, apply; return what has changed and what the file says now."""
    if text is not None:
        home.site_file.write_text(text)
    site, change = proposed(home, *machines, **more)
    apply_change(home, site, change)
    assert load_site(home.site_file) == change.site
    return {(one.alias, one.setting): (one.before, one.after) for one in change.settings}, change


def large(package):
    return f"# ours\nmodels:\n  general:\n    package: {package}  # agreed\n"


def test_a_model_is_cut_over_the_cards_of_a_node(home):
    found, _change = applied_to(home, large("llama-3.3-70b"), "2x8xH100")
    before, cards = found.pop(("general", "engine.tensor_parallel_size"))
    assert (before, found) == (1, {})
    text = home.site_file.read_text()
    assert text == large("llama-3.3-70b") + f"    engine:\n      tensor_parallel_size: {cards}\n"
    again, change = applied_to(home, None, "2x8xH100")
    assert again == {}
    assert home.site_file.read_text() == text == change.text
    assert plan_site(home, load_site(home.site_file), PlanRequest(machines=(FACTS / "2x8xH100.json",))).complete


def test_what_no_node_holds_is_a_pipeline_over_both(home):
    found, _change = applied_to(home, large("deepseek-v3"), "2x8xH100", context=16384)
    assert found["general", "engine.tensor_parallel_size"] == (1, 8)
    assert found["general", "engine.pipeline_parallel_size"] == (1, 2)
    assert found["general", "engine.max_model_len"] == (None, 16384)
    assert ("general", "replicas") not in found


def test_users_decide_replicas_and_sequences(home):
    text = large("qwen3-8b")
    few, _change = applied_to(home, text, "8xH100", users=4)
    assert few == {}
    many, change = applied_to(home, text, "8xH100", "8xH100", users=3000)
    replicas, sequences = many["general", "replicas"][1], many["general", "engine.max_num_seqs"][1]
    assert 1 < replicas <= 16
    assert sequences == -(-3000 // replicas)
    assert change.site.models["general"].replicas == replicas


def test_replicas_follow_the_load_where_the_site_says_so(home):
    text = "models: {general: {package: qwen3-8b, scaling: {max_replicas: 4}, placement: {labels: {rack: a}}}}\n"
    found, change = applied_to(home, text, "8xH100", users=200)
    assert set(found) == {("general", "engine.max_num_seqs")}
    told = " ".join(map(str, change.notes))
    assert "follows the load" in told
    assert "labels" in told


def test_on_processors_a_node_has_one_engine_of_a_model(home):
    text = "models:\n  general: {package: base, replicas: 3}\n"
    found, _change = applied_to(home, text, "cpu-only", "cpu-only", **EASY)
    assert found == {("general", "replicas"): (3, 2)}
    assert home.site_file.read_text() == text.replace("3", "2")
    found, _change = applied_to(home, text.replace("3", "1"), "cpu-only", "cpu-only", users=400, **EASY)
    assert found["general", "replicas"] == (1, 2)
    assert found["general", "engine.kv_cache_gib"][1] > 1


def test_without_a_models_section_the_models_served_so_far_stay(home):
    found, change = applied_to(home, None, "cpu-only", "cpu-only", users=400, **EASY)
    assert change.text_before is None
    assert found["general", "replicas"] == (1, 2)
    assert {alias: model.package for alias, model in change.site.models.items()} == {
        "general": "base", "finance": "finance",
    }  # fmt: skip
    assert home.site_file.stat().st_mode & 0o777 == 0o600


def test_an_adapter_keeps_the_engine_settings_of_its_base(home):
    (home.models / "finance").mkdir(parents=True)
    card = (Path(__file__).parent / "test_tuned_models.py").read_text().split('CARD = """')[1].split('"""')[0]
    (home.models / "finance" / "card.yaml").write_text(card)
    both = "models:\n  general: {package: base}\n  finance: {package: finance}\n"
    found, change = applied_to(home, both, "1xL20", users=100)
    assert found["general", "engine.max_num_seqs"] == found["finance", "engine.max_num_seqs"] == (64, 100)
    assert change.site.models["general"].engine == change.site.models["finance"].engine


def test_owner_mode_and_link_of_the_file_stay(home, tmp_path):
    real = tmp_path / "kept" / "site.yaml"
    real.parent.mkdir()
    real.write_text(large("llama-3.3-70b"))
    real.chmod(0o640)
    home.site_file.symlink_to(real)
    applied_to(home, None, "8xH100")
    assert home.site_file.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert yaml.safe_load(real.read_text())["models"]["general"]["engine"]["tensor_parallel_size"] > 1


@pytest.mark.parametrize(
    ("text", "machine", "more", "code", "told"),
    [
        (large("deepseek-v3"), "1xL20", {}, "plan_incomplete", "general: does not fit"),
        (large("base"), "cpu-only", {"ttft_ms": 1}, "plan_incomplete", "general: the service level is not reached"),
        ("models: {general: {package: qwen3-8b}, finance: {package: fin-r1}}\n", "1xL20", {},
         "plan_shares_cards", "general, finance would share node-1:0"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_followed_is_not_applied(home, text, machine, more, code, told):
    home.site_file.write_text(text)
    with pytest.raises(Conflict, match=told) as refused:
        proposed(home, machine, **more)
    assert refused.value.code == code
    assert refused.value.hint is not None
    assert home.site_file.read_text() == text


@pytest.mark.parametrize(
    ("asked", "option"),
    [
        ({"models": ("general=qwen3-8b",)}, "--model"),
        ({"machines": (FACTS / "1xL20.json",)}, "--machine"),
        ({"nodes": 2}, "--nodes"),
        ({"more_nodes": 2}, "--more-nodes"),
        ({"more_models": ("small=qwen3-8b",)}, "--with-model"),
    ],
)
def test_a_what_if_plan_is_not_applied(home, asked, option):
    with pytest.raises(InvalidRequest, match=option):
        check_can_apply(home, PlanRequest(choose=True, **asked))


def test_a_worker_applies_no_plan(home):
    home.node_file.write_text("{}")
    with pytest.raises(ConfigError, match="worker node"):
        check_can_apply(home, PlanRequest(choose=True))


def test_a_file_that_changed_meanwhile_is_not_overwritten(home):
    home.site_file.write_text(large("llama-3.3-70b"))
    site, change = proposed(home, "8xH100")
    home.site_file.write_text(large("llama-3.3-70b") + "language: zh_CN\n")
    with pytest.raises(Conflict, match="changed meanwhile"):
        apply_change(home, site, change)
    assert "engine" not in home.site_file.read_text()


def test_where_two_must_agree_the_file_waits_for_the_second_and_the_start_does_not_ask_again(home, monkeypatch):
    monkeypatch.setattr(applied, "operator", lambda: "os:alice")
    home.site_file.write_text(large("llama-3.3-70b") + "approvals: {require: [model.switch]}\n")
    site, change = proposed(home, "8xH100")
    with open_audit(home, site, begin=True):
        pass
    with applying_settings(home, site):
        pass
    with pytest.raises(ApprovalNeeded, match="appliance approval approve") as refused:
        apply_change(home, site, change)
    assert "models.general.engine.tensor_parallel_size" in str(refused.value)
    assert home.site_file.read_text() == change.text_before
    with open_accounts(home, site) as accounts:
        (ticket,) = accounts.approvals.list()
        accounts.approvals.decide(ticket.id, "approved", Person("os:bob"))
    apply_change(home, site, change)
    assert home.site_file.read_text() == change.text
    with applying_settings(home, load_site(home.site_file)):
        pass
    with open_accounts(home, site) as accounts:
        (used,) = accounts.approvals.list()
        assert used.used_by == "os:alice"
    with open_audit(home, site) as audit:
        actions = [one.action for one in search(audit.database, Filters()).records]
    assert any(action.startswith("plan.apply general.engine.tensor_parallel_size=") for action in actions)
