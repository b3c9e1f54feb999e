"""Plans on recorded machines, as text beside this file: UPDATE_PLANS=1 writes them anew, for a person to read."""

import json
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from appliance.catalogue.plan import MEMORY_HEADINGS, PLACEMENT_HEADINGS
from appliance.catalogue.wish import ModelWish, Wish
from appliance.hardware.facts import Accelerator

PLANS = Path(__file__).parent / "plans"
EMBEDDER = {"embedder": "multilingual-e5-small"}
CASES = {
    "deepseek-v3-on-8xH20": ("8xH20", {"general": "deepseek-v3"} | EMBEDDER, {}),
    "deepseek-v3-on-1xL20": ("1xL20", {"general": "deepseek-v3"} | EMBEDDER, {}),
    "deepseek-v3-fp8-on-8xH100": ("8xH100", {"general": {"model": "deepseek-v3", "precision": "fp8"}}, {}),
    "deepseek-v3-on-2x8xH100": ("2x8xH100", {"general": "deepseek-v3"} | EMBEDDER, {"users": 300}),
    "deepseek-v3-fp8-on-2x8xH100": (
        "2x8xH100",
        {"general": {"model": "deepseek-v3", "precision": "fp8"}} | EMBEDDER,
        {"users": 100},
    ),
    "llama-70b-on-2x4090": ("2x4090", {"general": "llama-3.3-70b"}, {}),
    "qwen2.5-72b-on-2x4090": ("2x4090", {"general": "qwen2.5-72b"}, {"users": 2}),
    "qwen3-32b-int4-on-1xL20": ("1xL20", {"general": {"model": "qwen3-32b", "precision": "int4"}}, {}),
    "deepseek-r1-on-8x910B": ("8x910B", {"general": "deepseek-r1"}, {}),
    "qwen3-32b-on-8x910B": ("8x910B", {"general": "qwen3-32b"}, {"users": 200}),
    "deepseek-v3-on-8xMI300X": ("8xMI300X", {"general": "deepseek-v3"}, {"users": 100}),
    "qwen3-32b-on-8xK100_AI": ("8xK100_AI", {"general": "qwen3-32b", "finance": "fin-r1"}, {"users": 20}),
    "qwen3-32b-on-1xL20": ("1xL20", {"general": "qwen3-32b"}, {}),
    "general-and-finance-on-1xL20": ("1xL20", {"general": "qwen3-8b", "finance": "fin-r1"} | EMBEDDER, {}),
    "qwen3-32b-on-2x4090": ("2x4090", {"general": "qwen3-32b"}, {"users": 20}),
    "general-and-finance-on-8xA800": (
        "8xA800",
        {"general": "qwen2.5-72b", "finance": "dianjin-r1-32b", "embedder": "bge-m3", "reranker": "bge-reranker-v2-m3"},
        {"users": 100},
    ),
    "both-large-on-8xH20": ("8xH20", {"general": "deepseek-v3", "finance": "dianjin-r1-32b"}, {"users": 30}),
    "base-on-cpu-only": ("cpu-only", {"general": "base"} | EMBEDDER, {}),
    "qwen3-8b-on-cpu-only": ("cpu-only", {"general": "qwen3-8b"}, {}),
    "two-models-on-mixed": ("mixed", {"general": "qwen3-32b", "finance": "fin-r1"}, {}),
    "two-models-on-mixed-vendors": (
        "mixed-vendors",
        {"general": "qwen3-235b-a22b", "finance": "dianjin-r1-32b"},
        {"users": 50},
    ),
}


def as_text(plan):
    """Write a plan as lines: each cell with its heading."""

    def line(headings, cells):
        return "; ".join(f"{heading}: {'-' if cell is None else cell}" for heading, cell in zip(headings, cells))  # noqa: B905

    lines = ["complete" if plan.complete else "not complete"]
    lines += [line(PLACEMENT_HEADINGS, placement.row()) for placement in plan.placements]
    lines += [line(MEMORY_HEADINGS, row) for row in plan.memory_rows()]
    for placement in plan.placements:
        lines += [f"note: {note}" for note in placement.notes]
        if placement.shortfall:
            lines += [f"{placement.alias} falls short: {placement.shortfall}"]
            lines += [f"  change: {change.text}" for change in placement.changes]
    for refusal in plan.refusals:
        lines += [f"{refusal.alias} refused: {refusal.reason}"]
        lines += [f"  change: {change.text}" for change in refusal.changes]
    return "\n".join([*lines, *(f"note: {note}" for note in plan.notes)]) + "\n"


@pytest.mark.parametrize("case", sorted(CASES))
def test_plans_on_recorded_machines(plan, case):
    machine, models, level = CASES[case]
    text = as_text(plan(machine, models, **level))
    file = PLANS / f"{case}.txt"
    if os.environ.get("UPDATE_PLANS"):
        file.write_text(text)
    assert text == file.read_text()


def test_every_text_belongs_to_a_case():
    assert {file.stem for file in PLANS.glob("*.txt")} == set(CASES)


def test_deepseek_v3_takes_all_cards_of_8xH20_in_fp8(plan):
    found = plan("8xH20", {"general": "deepseek-v3"})
    placed = found.placement("general")
    assert (placed.precision, placed.split.tensor, placed.split.pipeline) == ("fp8", 8, 1)
    assert [use.index for use in placed.replicas[0]] == list(range(8))
    assert placed.users > 0
    assert found.complete


def test_deepseek_v3_is_refused_on_one_l20_with_reason_and_change(plan):
    refused = plan("1xL20", {"general": "deepseek-v3"}).refusal("general")
    assert "NVIDIA L20" in str(refused.reason)
    assert "more than is free" in str(refused.reason)
    assert [(change.kind, change.value) for change in refused.changes] == [("model", "deepseek-r1-distill-qwen-32b")]


def test_the_published_way_to_serve_deepseek_on_ascend_is_found(plan):
    """W8A8 on two machines with eight 64 GB cards each, as the vendor deploys it."""
    refused = plan("8x910B", {"general": {"model": "deepseek-r1", "precision": "int8"}}).refusal("general")
    assert ("nodes", 1) in [(change.kind, change.value) for change in refused.changes]


def test_a_replica_never_spans_vendors_or_kinds_of_cards(plan):
    for machine in ("mixed", "mixed-vendors"):
        for model in ("qwen3-32b", "qwen3-235b-a22b", "deepseek-v3", "llama-3.3-70b"):
            placed = plan(machine, {"general": model}).placement("general")
            for replica in placed.replicas if placed else ():
                assert len({use.device for use in replica}) == 1


def test_a_plan_is_json_and_speaks_the_reader_s_language(plan):
    found = plan("8xH20", {"general": "qwen3-32b"} | EMBEDDER, users=10)
    raw = json.loads(json.dumps(found.to_dict()))
    assert raw["complete"] is True
    placed = raw["placements"][0]
    assert placed["model"] == "qwen3-32b"
    assert 0 < placed["gpu_memory_utilization"] <= 0.9
    assert placed["replicas"][0][0]["weights_bytes"] > 0
    assert placed["users"] >= 10
    assert raw["placements"][1]["users"] is None


def test_the_same_input_gives_the_same_plan(plan):
    models = {"general": "qwen2.5-72b", "finance": "fin-r1"}
    assert plan("8xA800", models, users=50).to_dict() == plan("8xA800", models, users=50).to_dict()


def test_prompts_longer_than_the_context_are_refused(plan):
    refused = plan("8xH20", {"general": {"model": "qwen3-8b", "context": 1024}}).refusal("general")
    assert str(refused.reason) == "Prompt and answer take 1800 tokens, its context is 1024."


def test_a_context_beyond_the_model_s_own_is_held_to_it(plan):
    placed = plan("8xH20", {"general": {"model": "qwen2.5-7b", "context": 99_999}}).placement("general")
    assert placed.context == 32_768
    assert "general: its context is held to the model's own, 32768 tokens." in [str(note) for note in placed.notes]


def test_fixed_replicas_that_do_not_fit_are_refused(plan):
    asked = {"model": "qwen3-8b", "replicas": 9, "tensor_parallel": 1}
    assert plan("8xH20", {"general": asked}).refusal("general") is not None
    assert len(plan("8xH20", {"general": asked | {"replicas": 8}}).placement("general").replicas) == 8


def test_what_a_card_cannot_compute_is_said(plan):
    refused = plan("8xA800", {"general": {"model": "qwen3-32b", "precision": "fp8"}}).refusal("general")
    assert str(refused.reason) == "Its weights are in fp8, which NVIDIA A800-SXM4-80GB cannot compute."


def test_tensor_parallelism_that_the_site_fixes_too_small_is_undone_first(plan):
    asked = {"model": "llama-3.3-70b", "precision": "bf16", "tensor_parallel": 1}
    refused = plan("8xH100", {"general": asked}).refusal("general")
    assert refused.changes[0].kind == "tensor_parallel"
    assert int(refused.changes[0].value) >= 2


@pytest.mark.parametrize(
    ("machine", "model", "level", "kind"),
    [
        ("1xL20", {"model": "qwen3-32b", "precision": "bf16"}, {}, "precision"),
        ("1xL20", {"model": "qwen3-32b", "precision": "fp8", "context": 40_960}, {}, "context"),
        ("2x4090", "qwen3-32b", {"users": 100}, "users"),
        ("8xH100", {"model": "deepseek-v3", "precision": "fp8"}, {}, "nodes"),
        ("cpu-only", "base", {"ttft_ms": 200.0}, "prompt_tokens"),
        ("cpu-only", "base", {"ttft_ms": 400.0}, "ttft_ms"),
        ("1xL20", "qwen3-235b-a22b", {}, "model"),
        ("2x4090", {"model": "qwen2.5-72b", "tensor_parallel": 2}, {"users": 2}, "memory_share"),
        ("cpu-only", "qwen3-8b", {}, "cards"),
    ],
)
def test_changes_are_found_and_work(plan, nodes, machine, model, level, kind):
    found = plan(machine, {"general": model}, **level)
    blamed = found.refusal("general") or found.placement("general")
    change = next(change for change in blamed.changes if change.kind == kind)
    asked = dict(model) if isinstance(model, dict) else {"model": model}
    where = nodes(machine)
    if kind in ("users", "prompt_tokens", "ttft_ms"):
        level = level | {kind: change.value}
    elif kind == "nodes":
        where = [*where, *where * int(change.value)]
        where = [type(node)(f"n{number}", node.facts) for number, node in enumerate(where)]
    elif kind == "model":
        asked = {"model": change.value}
    elif kind == "memory_share":
        asked["memory_share"] = int(change.value) / 100
    elif kind == "cards":
        count, name = str(change.value).split(" x ")
        cards = tuple(Accelerator(index=index, vendor="nvidia", name=name) for index in range(int(count)))
        where = [type(where[0])("n", where[0].facts.model_copy(update={"accelerators": cards}))]
    else:
        asked[kind] = change.value
    assert plan(where, {"general": asked}, **level).complete


def test_several_engines_on_the_same_processors_share_their_cores(plan):
    one = plan("cpu-only", {"general": {"model": "base", "replicas": 1}}).placement("general")
    two = plan("cpu-only", {"general": {"model": "base", "replicas": 2}}).placement("general")
    assert [use.node for replica in two.replicas for use in replica] == ["node-1", "node-1"]
    assert two.users <= one.users
    assert plan("cpu-only", {"general": {"model": "base", "replicas": 33}}).refusal("general") is not None
    assert len(plan("cpu-only", {"general": "base"}, users=500).placement("general").replicas) == 1


def test_a_wish_names_each_alias_once(plan):
    wishes = (ModelWish(alias="a", model="qwen3-8b"), ModelWish(alias="a", model="qwen3-4b"))
    with pytest.raises(ValidationError, match="the alias 'a' is given twice"):
        Wish(models=wishes)
    with pytest.raises(ValidationError):
        Wish(models=())
