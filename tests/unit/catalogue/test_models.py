import importlib.util
import re
from importlib import resources
from pathlib import Path

import pytest

from appliance.catalogue.accelerators import card_type, load_card_types
from appliance.catalogue.architecture import count_parameters
from appliance.catalogue.loading import find_model, load_catalogue, parse_entry
from appliance.catalogue.sizing import checkpoint_bytes
from appliance.core.errors import ConfigError, NotFound

NAMES = sorted(load_catalogue())
BASE = (resources.files("appliance.catalogue") / "models" / "qwen3-8b.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_architecture_has_the_parameters_that_the_publisher_states(catalogue, name):
    entry = catalogue[name]
    counted = count_parameters(entry.architecture)
    assert counted.total == pytest.approx(entry.parameters, rel=0.015)
    # Publishers count active parameters with or without embeddings and output layer.
    ends = counted.embedding + counted.head
    assert (counted.active - ends) * 0.97 <= entry.active_parameters <= counted.active * 1.03


@pytest.mark.parametrize(
    ("name", "checkpoint"),
    [(name, found) for name in NAMES for found in load_catalogue()[name].checkpoints if found.bytes is not None],
    ids=lambda value: value if isinstance(value, str) else value.precision,
)
def test_computed_weights_are_those_of_the_published_checkpoint(catalogue, name, checkpoint):
    # 16-bit files to the byte; of DeepSeek's the tree's size is known, with the files' headers in it.
    tolerance = 0.0001 if checkpoint.precision == "fp8" else 0
    assert checkpoint_bytes(catalogue[name], checkpoint) == pytest.approx(checkpoint.bytes, rel=tolerance, abs=0)


def test_the_catalogue_holds_what_banks_run(catalogue):
    assert len(catalogue) >= 40
    assert {entry.kind for entry in catalogue.values()} == {"chat", "embedder", "reranker"}
    finance = {name for name, entry in catalogue.items() if entry.industry == "finance"}
    assert {"fin-r1", "dianjin-r1-7b", "dianjin-r1-32b", "xuanyuan3-70b"} <= finance
    assert sum(found.bytes is not None for entry in catalogue.values() for found in entry.checkpoints) >= 20
    folder = resources.files("appliance.catalogue") / "models"
    assert {Path(file.name).stem for file in folder.iterdir()} == set(catalogue)


def test_every_figure_has_its_source_and_says_whether_it_was_looked_up(catalogue):
    for entry in catalogue.values():
        sources = [entry.sources.architecture, entry.sources.parameters, entry.sources.licence, entry.sources.parsers]
        for source in (*sources, *(checkpoint.source for checkpoint in entry.checkpoints)):
            assert source.url.startswith("https://")
    assert catalogue["qwen3-32b"].unverified == ("parsers",)
    assert "architecture" in catalogue["xuanyuan3-70b"].unverified


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("bge-reranker-v2-m3", 567_755_777),  # BGE-M3's encoder with XLMRobertaForSequenceClassification's head
        ("qwen3-embedding-0.6b", 595_776_512),  # model.safetensors, without an output layer
        ("gemma-3-12b", 12_187_325_040),
    ],
)
def test_numbers_of_parameters_are_met_exactly(catalogue, name, published):
    assert count_parameters(catalogue[name].architecture).total == published


def vllm_names(package):
    """Return the parsers that the installed vLLM registers, read without importing it."""
    found = importlib.util.find_spec("vllm")
    if found is None or found.origin is None:
        pytest.skip("vLLM is not installed")
    text = (Path(found.origin).parent / package / "__init__.py").read_text(encoding="utf-8")
    return set(re.findall(r'^    "([\w.-]+)": \(', text, re.MULTILINE))


def test_vllm_has_the_parsers(catalogue):
    tools, reasoning = vllm_names("tool_parsers"), vllm_names("reasoning")
    assert "hermes" in tools
    for entry in catalogue.values():
        assert entry.tool_parser is None or entry.tool_parser in tools, entry.name
        assert entry.reasoning_parser is None or entry.reasoning_parser in reasoning, entry.name


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("hidden_size: 4096", "hiden_size: 4096", "hiden_size: unknown (did you mean hidden_size?)"),
        ("  layers: 36", "  layers: 0", "layers: it must be at least 1"),
        ("kv_heads: 8", "kv_heads: 5", "heads must be a multiple of kv_heads"),
        ("kind: gqa", "kind: mla", "attention.mla.query_rank: must be given"),
        ("precision: fp8", "precision: fp9", "it must be one of"),
        ("kind: chat", "kind: [chat", "cannot be used"),
        ("context: 40960\n", "", "context: must be given"),
        ("parameters: 8", "parameters: -8", "it must be at least 1"),
        ("licence: Apache-2.0", "licence: 3", "it must be a text"),
        ("name: qwen3-8b", "name: ../x", "characters that are not allowed"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(old, new, told):
    assert old in BASE
    with pytest.raises(ConfigError) as refused:
        parse_entry(BASE.replace(old, new, 1), "qwen3-8b.yaml")
    assert "qwen3-8b.yaml" in str(refused.value)
    assert told in str(refused.value)


def test_all_faults_are_told_at_once():
    with pytest.raises(ConfigError) as refused:
        parse_entry(BASE.replace("licence:", "license:").replace("title:", "titel:"), "x.yaml")
    assert "did you mean licence?" in str(refused.value)
    assert "did you mean title?" in str(refused.value)


def test_models_are_found_by_name_and_by_package(catalogue):
    assert find_model(catalogue, "qwen3-32b").title == "Qwen3 32B"
    assert find_model(catalogue, "base").name == "smollm2-135m"
    with pytest.raises(NotFound, match="Did you mean qwen3-32b"):
        find_model(catalogue, "Qwen3-32")
    with pytest.raises(NotFound, match="Known models: "):
        find_model(catalogue, "zzzzzzzzzz")


@pytest.mark.parametrize(
    ("vendor", "name", "known"),
    [
        ("nvidia", "NVIDIA L20", "NVIDIA L20"),
        ("nvidia", "NVIDIA L20S", None),
        ("nvidia", "NVIDIA L40S", "NVIDIA L40S"),
        ("nvidia", "NVIDIA H20", "NVIDIA H20"),
        ("nvidia", "NVIDIA H200", "NVIDIA H200"),
        ("nvidia", "NVIDIA H100 80GB HBM3", "NVIDIA H100"),
        ("nvidia", "NVIDIA H100 PCIe", "NVIDIA H100 PCIe"),
        ("nvidia", "NVIDIA A100-SXM4-80GB", "NVIDIA A100"),
        ("nvidia", "NVIDIA A100-PCIE-40GB", "NVIDIA A100 PCIe"),
        ("nvidia", "NVIDIA A800-SXM4-80GB", "NVIDIA A800"),
        ("nvidia", "NVIDIA A10", "NVIDIA A10"),
        ("nvidia", "Tesla T4", "NVIDIA T4"),
        ("nvidia", "NVIDIA GeForce RTX 4090 D", "NVIDIA GeForce RTX 4090"),
        ("ascend", "910B4", "Ascend 910B4"),
        ("ascend", "910B2C", "Ascend 910B2"),
        ("ascend", "910B3", "Ascend 910B3"),
        ("ascend", "Ascend910_9392", "Ascend 910C (one die)"),
        ("hygon", "K100_AI", "Hygon K100_AI"),
        ("hygon", "Z100L", "Hygon Z100"),
        ("amd", "AMD Instinct MI300X", "AMD Instinct MI300X"),
        ("amd", "NVIDIA L20", None),
    ],
)
def test_cards_are_known_by_the_driver_s_name(vendor, name, known):
    found = card_type(vendor, name)
    assert (found.name if found else None) == known


def test_every_card_has_a_speed_for_what_it_computes():
    for card in load_card_types():
        assert all(card.flops(precision) > 0 for precision in card.precisions)
        assert card.source.url.startswith("https://")
