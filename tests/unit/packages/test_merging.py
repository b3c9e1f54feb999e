"""Merging on a real model that is only tiny: weights drawn at random, safetensors, logits compared."""

import json
import shutil

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from appliance.config.home import Home
from appliance.core.errors import DiskFull, PackageError
from appliance.packages.card import read_card
from appliance.packages.checksums import sha256_of_file, verify_package
from appliance.packages.merge_adapter import merge, merged
from appliance.packages.merging import adapter_of, ensure_tuned_model, ensure_tuned_models, stands_on
from appliance.packages.recipe import Description
from appliance.packages.sealing import seal
from appliance.packages.tuned_recipe import CONFIG_FILE, WEIGHTS_FILE, read_adapter_config, way_to_serve

RANK, ALPHA, MEMBER = 4, 12, "a" * 64
SHAPES = {"self_attn.q_proj": (16, 16), "mlp.down_proj": (16, 24)}
CONFIG = {
    "peft_type": "LORA",
    "r": RANK,
    "lora_alpha": ALPHA,
    "bias": "none",
    "target_modules": ["q_proj", "down_proj"],
    "base_model_name_or_path": "base",
}


def description(**changes):
    fields = {
        "name": "base", "version": "1", "kind": "chat", "title": "Tiny", "languages": ["en"], "context_length": 64,
        "parameters": 10, "dtype": "bfloat16", "licence": "Apache-2.0",
        "weaknesses": {"en": "Knows nothing.", "zh_CN": "一无所知。"},
    }  # fmt: skip
    return fields | changes


def tiny_llama(folder):
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
        vocab_size=32, max_position_embeddings=64,
    )  # fmt: skip
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    (folder / "chat_template.jinja").write_text("{{ messages[0].content }}")


def tiny_adapter(folder, **config):
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(1)
    tensors = {}
    for layer in range(2):
        for module, (rows, columns) in SHAPES.items():
            name = f"base_model.model.model.layers.{layer}.{module}"
            tensors[f"{name}.lora_A.weight"] = torch.randn(RANK, columns, generator=generator).bfloat16()
            tensors[f"{name}.lora_B.weight"] = torch.randn(rows, RANK, generator=generator).bfloat16()
    save_file(tensors, folder / WEIGHTS_FILE)
    (folder / CONFIG_FILE).write_text(json.dumps(CONFIG | config))
    return tensors


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    made.create()
    base = made.models / "base"
    base.mkdir(parents=True, exist_ok=True)
    tiny_llama(base)
    seal(base, Description(**description()), "chat_template.jinja", origin={"file_sha256": MEMBER})
    return made


@pytest.fixture
def recipe(tmp_path):
    folder = tmp_path / "images" / "finance"
    tiny_adapter(folder / "adapter")
    return write_recipe(folder)


def write_recipe(folder, **changes):
    adapter = folder / "adapter"
    fields = description(
        name="finance",
        base={"package": "base", "version": "1", "member_sha256": MEMBER},
        adapter={
            "folder": "adapter",
            "weights_sha256": sha256_of_file(adapter / WEIGHTS_FILE),
            "config_sha256": sha256_of_file(adapter / CONFIG_FILE),
            "parameters": 100,
        },
        method="LoRA",
        seed=1,
        data=[{"name": "d", "licence": "MIT", "source": "s", "used": "all"}],
        measured=[{"task": "t", "prompt": "p", "score": "exact", "count": 1, "base": 0.0, "tuned": 1.0}],
        chat_template="chat_template.jinja",
        disk_bytes=0,
    )
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(fields | changes))
    return path


def build(home, recipe):
    return [(news.step, news.state) for news in ensure_tuned_model(home, recipe)]


def test_merged_weights_are_base_plus_scaled_product(home, tmp_path):
    tensors = tiny_adapter(tmp_path / "adapter")
    merge(home.models / "base", tmp_path / "adapter", tmp_path / "out", "finance")
    before, after = (load_file(folder / "model.safetensors") for folder in (home.models / "base", tmp_path / "out"))
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {f"model.layers.{layer}.{module}.weight" for layer in range(2) for module in SHAPES}
    for name in changed:
        key = f"base_model.model.{name.removesuffix('.weight')}"
        down, up = tensors[f"{key}.lora_A.weight"].double(), tensors[f"{key}.lora_B.weight"].double()
        due = before[name].double() + up @ down * (ALPHA / RANK)
        torch.testing.assert_close(after[name].double(), due, rtol=2**-8, atol=1e-6)


def test_the_merged_model_computes_what_base_and_adapter_compute_together(home, tmp_path):
    """The adapter applied by hand at every layer's input, in the manner of PEFT, against the merged weights."""
    tensors = tiny_adapter(tmp_path / "adapter")
    merge(home.models / "base", tmp_path / "adapter", tmp_path / "out", "finance")
    live = LlamaForCausalLM.from_pretrained(home.models / "base", dtype=torch.float32)
    tuned = LlamaForCausalLM.from_pretrained(tmp_path / "out", dtype=torch.float32)
    plain = live(torch.tensor([[1, 2, 3, 4]])).logits
    for name, module in live.named_modules():
        if f"base_model.model.{name}.lora_A.weight" in tensors:
            down, up = (tensors[f"base_model.model.{name}.lora_{half}.weight"].float() for half in "AB")
            module.register_forward_hook(
                lambda _module, given, out, down=down, up=up: out + given[0] @ down.T @ up.T * (ALPHA / RANK)
            )
    together, alone = live(torch.tensor([[1, 2, 3, 4]])).logits, tuned(torch.tensor([[1, 2, 3, 4]])).logits
    assert (together - plain).abs().max() > 10 * (together - alone).abs().max()
    torch.testing.assert_close(alone, together, rtol=0.05, atol=0.05)


def test_merging_equals_peft(home, tmp_path):
    peft = pytest.importorskip("peft")
    tiny_adapter(tmp_path / "adapter")
    merge(home.models / "base", tmp_path / "adapter", tmp_path / "out", "finance")
    base = LlamaForCausalLM.from_pretrained(home.models / "base", dtype=torch.float32)
    theirs = peft.PeftModel.from_pretrained(base, tmp_path / "adapter").merge_and_unload().state_dict()
    ours = load_file(tmp_path / "out" / "model.safetensors")
    for name, tensor in ours.items():
        assert torch.equal(tensor, theirs[name].bfloat16()), name


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop("base_model.model.model.layers.0.mlp.down_proj.lora_B.weight"), "has no meaning here"),
        (lambda t: t.update({"base_model.model.lm_head.weight": torch.zeros(2, 2)}), "has no meaning here"),
        (lambda t: t.update({k.replace("layers.1", "layers.7"): t.pop(k) for k in list(t)}), "has no model.layers.7"),
        (
            lambda t: t.update({k: torch.zeros(RANK, 5) for k in list(t) if k.endswith("down_proj.lora_A.weight")}),
            "does not fit",
        ),
    ],
)
def test_an_adapter_for_another_model_is_refused(home, tmp_path, change, said):
    tensors = tiny_adapter(tmp_path / "adapter")
    change(tensors)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, tmp_path / "adapter" / WEIGHTS_FILE)
    with pytest.raises(ValueError, match=said):
        merge(home.models / "base", tmp_path / "adapter", tmp_path / "out", "finance")


@pytest.mark.parametrize(
    "config",
    [
        {"use_dora": True}, {"use_rslora": True}, {"bias": "all"}, {"peft_type": "IA3"}, {"r": 0}, {"r": "16"},
        {"modules_to_save": ["lm_head"]}, {"target_modules": []}, {"target_modules": ["lm_head"]},
        {"target_modules": None}, {"lora_alpha": "much"}, {"rank_pattern": {"q_proj": 8}},
    ],
)  # fmt: skip
def test_what_plain_addition_would_not_reproduce_is_refused(tmp_path, config):
    tiny_adapter(tmp_path / "adapter", **config)
    with pytest.raises(PackageError, match="cannot be used"):
        read_adapter_config(tmp_path / "adapter")


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"\xff", b'{"peft_type": "LORA"}'])
def test_a_configuration_that_is_none_is_refused(tmp_path, content):
    tiny_adapter(tmp_path / "adapter")
    (tmp_path / "adapter" / CONFIG_FILE).write_bytes(content)
    with pytest.raises(PackageError, match="cannot be used"):
        read_adapter_config(tmp_path / "adapter")


def test_a_build_makes_two_sealed_packages_that_name_base_and_adapter(home, recipe):
    assert build(home, recipe) == [("model.finance", "running"), ("model.finance", "done")]
    card = verify_package(home.models / "finance")
    base = read_card(home.models / "base")
    assert card.name == "finance"
    assert card.origin["base_weights_sha256"] == base.files["model.safetensors"].sha256
    assert card.origin["adapter_weights_sha256"] == sha256_of_file(recipe.parent / "adapter" / WEIGHTS_FILE)
    assert card.files["model.safetensors"].sha256 != base.files["model.safetensors"].sha256
    folder, adapter = adapter_of(home, "finance")
    assert adapter.origin["recipe_sha256"] == card.origin["recipe_sha256"]
    assert stands_on(adapter, home.models / "base")
    assert not stands_on(adapter, home.models / "finance")
    assert (folder / WEIGHTS_FILE).read_bytes() == (recipe.parent / "adapter" / WEIGHTS_FILE).read_bytes()
    assert not list(home.models.glob(".*.part"))


def test_two_builds_give_the_same_bytes_and_an_intact_one_is_kept(home, recipe):
    build(home, recipe)
    first = read_card(home.models / "finance").files
    assert build(home, recipe) == [("model.finance", "skipped")]
    shutil.rmtree(home.models / "finance")
    build(home, recipe)
    assert read_card(home.models / "finance").files == first


def test_a_changed_recipe_and_a_damaged_package_are_built_again(home, recipe):
    build(home, recipe)
    write_recipe(recipe.parent, version="2")
    assert ("model.finance", "done") in build(home, recipe)
    assert read_card(home.models / "finance").version == "2"
    (home.models / "finance" / "config.json").write_text("{}")
    assert ("model.finance", "done") in build(home, recipe)
    verify_package(home.models / "finance")


def test_a_folder_of_the_sites_own_is_not_replaced(home, recipe):
    own = home.models / "finance"
    own.mkdir()
    (own / "notes.txt").write_text("ours")
    with pytest.raises(PackageError, match="There is no model package"):
        build(home, recipe)
    assert (own / "notes.txt").read_text() == "ours"


def test_a_whole_package_of_the_sites_own_serves(home, recipe):
    shutil.copytree(home.models / "base", home.models / "finance")
    build(home, recipe)
    assert "base" not in read_card(home.models / "finance").origin


def test_another_base_than_the_adapter_was_trained_on_is_refused(home, recipe):
    base = {"package": "base", "version": "1", "member_sha256": "b" * 64}
    write_recipe(recipe.parent, base=base)
    with pytest.raises(PackageError, match="was trained on another base model"):
        build(home, recipe)
    assert not (home.models / "finance").exists()


def test_an_adapter_that_is_not_the_recipes_is_refused(home, recipe):
    with (recipe.parent / "adapter" / WEIGHTS_FILE).open("ab") as file:
        file.write(b"x")
    with pytest.raises(PackageError, match=f"{WEIGHTS_FILE} is not the file that the recipe names"):
        build(home, recipe)


def test_a_merge_that_fails_leaves_nothing(home, recipe):
    adapter = recipe.parent / "adapter"
    tensors = load_file(adapter / WEIGHTS_FILE)
    tensors.pop(sorted(tensors)[0])
    save_file(tensors, adapter / WEIGHTS_FILE)
    write_recipe(recipe.parent)
    with pytest.raises(PackageError, match="has no meaning here"):
        build(home, recipe)
    assert [path.name for path in home.models.iterdir() if not path.name.endswith(".lock")] == ["base"]


def test_no_room_is_told_before_anything_is_written(home, recipe):
    write_recipe(recipe.parent, disk_bytes=1 << 60)
    with pytest.raises(DiskFull):
        build(home, recipe)
    assert not (home.models / "finance").exists()


def test_packages_without_a_recipe_are_none_of_its_business(home):
    assert list(ensure_tuned_models(home, ["base", "no-such-model"])) == []


def test_a_product_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        merged(torch.zeros(4, 4), torch.zeros(2, 4), torch.zeros(3, 2), 1.0)


def test_on_cpu_merged_on_gpu_an_adapter():
    assert (way_to_serve("cpu"), way_to_serve("gpu")) == ("merged", "adapter")
