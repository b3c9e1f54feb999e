import json
from pathlib import Path

import pytest

from appliance.catalogue.calibration import Calibration, DeviceCalibration, write_calibration
from appliance.config.home import Home
from appliance.config.site import parse_site
from appliance.core.errors import ConfigError, InvalidRequest, NotFound, PackageError
from appliance.operations.planning import PlanRequest, plan_site, read_machines

FACTS = Path(__file__).parents[2] / "data" / "machines" / "facts"
TINY = {
    "model_type": "llama", "num_hidden_layers": 30, "hidden_size": 576, "intermediate_size": 1536,
    "num_attention_heads": 9, "num_key_value_heads": 3, "vocab_size": 49152, "max_position_embeddings": 8192,
    "tie_word_embeddings": True, "dtype": "bfloat16",
}  # fmt: skip
CARD = """
name: own
version: "1"
kind: chat
title: Our own
languages: [en]
context_length: 8192
parameters: 134515008
dtype: bfloat16
licence: Apache-2.0
weaknesses: {en: none, zh_CN: 无}
chat_template: chat_template.jinja
files: {}
"""


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def on(*names, **more):
    return PlanRequest(machines=tuple(FACTS / f"{name}.json" for name in names), **more)


def site(text=""):
    return parse_site(text, "site.yaml")


def test_the_site_file_is_planned_where_nothing_else_is_asked(home):
    plan = plan_site(home, site(), on("cpu-only"))
    assert [(placed.alias, placed.entry.name) for placed in plan.placements] == [
        ("general", "smollm2-135m"), ("finance", "smollm2-135m"), ("embedder", "multilingual-e5-small"),
    ]  # fmt: skip
    assert plan.placement("general").context == 8192
    assert plan.complete


def test_engine_settings_of_the_site_file_count(home):
    settings = """
models:
  general: {package: qwen3-8b, replicas: 2, engine: {max_model_len: 4096, max_num_seqs: 16, compile: true,
    tensor_parallel_size: 2, gpu_memory_utilization: 0.5}}
embedder: {replicas: 3}
"""
    plan = plan_site(home, site(settings), on("8xH20"))
    placed = plan.placement("general")
    assert (len(placed.replicas), placed.split.tensor, placed.context) == (2, 2, 4096)
    assert placed.memory_share <= 0.5
    assert placed.users <= 2 * 16
    assert len(plan.placement("embedder").replicas) == 3


def test_the_site_s_accelerator_counts(home):
    assert plan_site(home, site("accelerator: cpu"), on("1xL20")).placement("general").memory_share is None


def test_models_of_a_wish_stand_in_for_those_of_the_site(home):
    plan = plan_site(home, site(), on("8xH20", models=("general=qwen3-32b", "finance=fin-r1"), users=40, context=8192))
    assert [placed.alias for placed in plan.placements] == ["general", "finance", "embedder"]
    assert plan.placement("general").users >= 40
    assert plan.placement("finance").context == 8192


def test_machines_come_one_by_one_in_lists_and_by_number(home):
    asked = {"models": ("general=deepseek-v3:fp8",)}
    assert len(read_machines(FACTS / "2x8xH100.json")) == 2
    listed = plan_site(home, site(), on("2x8xH100", **asked)).to_dict()
    assert listed == plan_site(home, site(), on("8xH100", "8xH100", **asked)).to_dict()
    assert listed == plan_site(home, site(), on("8xH100", nodes=2, **asked)).to_dict()
    assert listed["placements"][0]["pipeline_parallel"] == 2


def test_a_whole_record_is_read_too(tmp_path):
    facts = json.loads((FACTS / "1xL20.json").read_text())
    file = tmp_path / "record.json"
    file.write_text(json.dumps({"facts": facts, "readings": [], "nvidia": {}}))
    assert read_machines(file) == read_machines(FACTS / "1xL20.json")


def test_this_machine_is_planned_where_none_is_named(home):
    plan = plan_site(home, site("accelerator: cpu"), PlanRequest(ttft_ms=1e7, tokens_per_s=0.001))
    assert {placed.alias for placed in plan.placements} | {refused.alias for refused in plan.refusals} == {
        "general", "finance", "embedder",
    }  # fmt: skip


def test_a_package_of_the_site_s_own_is_sized_from_its_configuration(home):
    folder = home.models / "own"
    folder.mkdir(parents=True)
    (folder / "card.yaml").write_text(CARD)
    (folder / "config.json").write_text(json.dumps(TINY))
    placed = plan_site(home, site("models: {general: {package: own}}"), on("cpu-only")).placement("general")
    assert placed.entry.title == "Our own"
    shipped = plan_site(home, site(), on("cpu-only")).placement("general")
    assert placed.replicas == shipped.replicas

    (folder / "config.json").write_text("{")
    with pytest.raises(PackageError, match="own cannot be sized"):
        plan_site(home, site("models: {general: {package: own}}"), on("cpu-only"))


def test_a_package_that_nobody_knows_is_answered_with_near_names(home):
    with pytest.raises(NotFound, match="Did you mean qwen3-32b"):
        plan_site(home, site("models: {general: {package: qwen3-32}}"), on("cpu-only"))


def test_a_calibration_in_the_home_folder_is_used(home):
    before = plan_site(home, site(), on("cpu-only"))
    home.root.mkdir()
    write_calibration(
        home.calibration_file,
        Calibration(measured_at="2026-11-26T10:00:00Z", devices=(DeviceCalibration(device="cpu", flops=4e11),)),
    )
    after = plan_site(home, site(), on("cpu-only"))
    assert after.placement("general").users < before.placement("general").users
    assert any("2026-11-26" in str(note) for note in after.notes)
    home.calibration_file.write_text("{}")
    with pytest.raises(ConfigError, match="calibration"):
        plan_site(home, site(), on("cpu-only"))


@pytest.mark.parametrize(
    ("more", "param", "told"),
    [
        ({"users": -3}, "users", "at least 1"),
        ({"users": 0}, "users", "at least 1"),
        ({"ttft_ms": 0}, "ttft_ms", "greater than 0"),
        ({"tokens_per_s": -1}, "tokens_per_s", "greater than 0"),
        ({"prompt_tokens": 0}, "prompt_tokens", "at least 1"),
        ({"context": 3}, "context", "at least 64"),
        ({"nodes": 0}, "nodes", "0 machines cannot be planned"),
        ({"nodes": 65}, "nodes", "cannot be planned"),
        ({"models": ("qwen3-8b",)}, "model", "'qwen3-8b' cannot be read"),
        ({"models": ("a=qwen3-8b", "a=qwen3-4b")}, "model", "'a' is taken"),
        ({"models": ("embedder=bge-m3",)}, "model", "'embedder' is taken"),
    ],
)
def test_values_that_make_no_sense_are_refused_by_name(home, more, param, told):
    with pytest.raises(InvalidRequest, match=told) as refused:
        plan_site(home, site(), on("1xL20", **more))
    assert refused.value.param == param


def test_nodes_multiplies_one_machine_only(home):
    with pytest.raises(InvalidRequest, match="needs one machine; 2 are given"):
        plan_site(home, site(), on("2x8xH100", nodes=2))


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "{}", '{"processor": {"architecture": "x"}, "color": 1}', '{"facts": 3}', "\x00\xff"]
)
def test_a_machine_file_that_is_none_is_refused(tmp_path, text):
    file = tmp_path / "machine.json"
    file.write_text(text)
    with pytest.raises(InvalidRequest, match=r"machine\.json"):
        read_machines(file)


def test_a_machine_file_that_is_not_there_or_far_too_large_is_refused(tmp_path):
    with pytest.raises(InvalidRequest, match="No such file"):
        read_machines(tmp_path / "absent.json")
    with pytest.raises(InvalidRequest, match="cannot be used"):
        read_machines(tmp_path)
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (8 * 1024 * 1024 + 1))
    with pytest.raises(InvalidRequest, match="too large"):
        read_machines(large)


def test_machines_beside_those_that_are_there(home):
    large = site("models:\n  general: {package: llama-3.3-70b}\n")
    few = plan_site(home, large, on("8xH100", users=2000, choose=True))
    more = plan_site(home, large, on("8xH100", users=2000, choose=True, more_nodes=2))
    used = {use.node for replica in more.placement("general").replicas for use in replica}
    assert used == {"node-1", "new-1", "new-2"}
    assert more.placement("general").users > few.placement("general").users
    same = plan_site(home, large, on("8xH100", users=2000, choose=True, more_nodes=0))
    assert same.to_dict() == few.to_dict()


def test_machines_are_added_like_the_one_that_is_named(home):
    large = site("models:\n  general: {package: llama-3.3-70b}\n")
    plan = plan_site(home, large, on("8xH100", "cpu-only", more_nodes=1, like="node-1", users=2000, choose=True))
    uses = [use for replica in plan.placement("general").replicas for use in replica]
    assert {use.node for use in uses} == {"node-1", "new-1"}
    with pytest.raises(InvalidRequest, match="none like it"):
        plan_site(home, large, on("8xH100", more_nodes=1, like="w9"))
    with pytest.raises(InvalidRequest, match="65 machines"):
        plan_site(home, large, on("8xH100", more_nodes=65))


def test_a_model_beside_those_of_the_site(home):
    plan = plan_site(home, site(), on("8xH100", more_models=("analyst=qwen3-8b",)))
    assert {placed.alias for placed in plan.placements} >= {"general", "analyst", "embedder"}
    with pytest.raises(InvalidRequest, match="is taken"):
        plan_site(home, site(), on("8xH100", more_models=("general=qwen3-8b",)))
