import pytest

from appliance.catalogue.sizing import (
    Load,
    Split,
    activation_bytes,
    cache_bytes,
    overhead_bytes,
    shard_weights,
    split_fits,
    weights_bytes,
)
from tests.unit.catalogue.published import FIGURES, GIB, Figure

KIB = 1024


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: f"{figure.model}-{figure.precision}")
def test_planned_memory_is_within_15_percent_of_what_is_published(catalogue, plan, figure: Figure):
    """Weights on all cards of a plan, and the cache of the measured conversation, against the published figure."""
    asked = {"model": figure.model, "precision": figure.precision, "replicas": 1, "context": 2100}
    tensor = min(figure.cards, 8)
    placed = plan(
        figure.machine, {"general": asked | {"tensor_parallel": tensor}}, ttft_ms=1e6, tokens_per_s=0.01,
        prompt_tokens=1800,
    ).placement("general")  # fmt: skip
    assert placed is not None
    assert placed.split.cards == figure.cards
    weights = sum(use.weights for use in placed.replicas[0])
    entry = catalogue[figure.model]
    cache = cache_bytes(entry.architecture, figure.tokens) if figure.tokens else 0
    assert weights + cache == pytest.approx(figure.bytes, rel=0.15)
    if figure.cards == 1:  # nothing is copied: the estimate is as good as the arithmetic
        assert weights + cache == pytest.approx(figure.bytes, rel=0.03)


def test_at_least_20_models_have_a_published_figure():
    assert len({figure.model for figure in FIGURES}) >= 20
    assert {figure.machine for figure in FIGURES} >= {"1xL20", "2x4090", "8xA800", "8xH20", "8xH100", "2x8xH100"}


def test_the_base_model_on_cpu_is_within_15_percent_of_what_was_measured(catalogue):
    """About 4 GB resident for one engine with its replica, 1 GiB of cache: measured on the CPU box."""
    base, load = catalogue["smollm2-135m"], Load()
    estimate = (
        weights_bytes(base, "bf16") + GIB + activation_bytes(base.architecture, load)
        + overhead_bytes("cpu", base, load)
    )  # fmt: skip
    assert estimate == pytest.approx(4.0e9, rel=0.15)


@pytest.mark.parametrize(
    ("model", "a_token"),
    [
        ("llama-3.1-8b", 128 * KIB),
        ("qwen2.5-7b", 56 * KIB),
        ("qwen3-32b", 256 * KIB),
        ("qwen3-30b-a3b", 96 * KIB),
        ("llama-3.3-70b", 320 * KIB),
        ("deepseek-v3", 61 * (512 + 64) * 2),
        ("glm-4-32b", 61 * KIB),
        ("smollm2-135m", 22.5 * KIB),
        ("bge-m3", 0),
    ],
)
def test_cache_of_a_token(catalogue, model, a_token):
    assert cache_bytes(catalogue[model].architecture, 1) == a_token
    assert cache_bytes(catalogue[model].architecture, 1000) == 1000 * a_token


def test_windowed_layers_keep_their_window_only(catalogue):
    shape = catalogue["gemma-3-27b"].architecture
    row = 2 * 16 * 128 * 2
    assert cache_bytes(shape, 1000) == 62 * row * 1000
    assert cache_bytes(shape, 100_000) == row * (10 * 100_000 + 52 * 1024)


def test_cache_is_divided_as_far_as_there_are_heads(catalogue):
    qwen = catalogue["qwen3-235b-a22b"].architecture  # 4 key-value heads
    whole = cache_bytes(qwen, 1000)
    assert [whole // cache_bytes(qwen, 1000, Split(tensor)) for tensor in (1, 2, 4, 8)] == [1, 2, 4, 4]
    latent = catalogue["deepseek-v3"].architecture
    assert cache_bytes(latent, 1000, Split(8)) == cache_bytes(latent, 1000)
    assert cache_bytes(latent, 1000, Split(8, 2)) == cache_bytes(latent, 1000) * 31 // 61


def test_splits_follow_the_heads(catalogue):
    qwen7 = catalogue["qwen2.5-7b"].architecture  # 28 heads, 4 of keys
    assert [tensor for tensor in range(1, 17) if split_fits(qwen7, Split(tensor))] == [1, 2, 4]
    base = catalogue["smollm2-135m"].architecture  # 9 heads, 3 of keys
    assert [tensor for tensor in range(1, 17) if split_fits(base, Split(tensor))] == [1, 3, 9]
    assert not split_fits(base, Split(1, 31))


@pytest.mark.parametrize("model", ["qwen3-32b", "qwen3-235b-a22b", "deepseek-v3", "gemma-3-27b", "glm-4.5"])
def test_shards_together_hold_the_model_and_what_is_copied(catalogue, model):
    entry = catalogue[model]
    precision = entry.precisions[0]
    whole = weights_bytes(entry, precision)
    for split in (Split(2), Split(4), Split(8), Split(8, 2)):
        together = shard_weights(entry, precision, split) * split.cards
        # Every stage is counted as the fullest, the one with the embedding table.
        assert whole <= together <= whole * (1.15 if split.pipeline == 1 else 1.3)


def test_smaller_weights_are_smaller(catalogue):
    entry = catalogue["qwen2.5-72b"]
    sizes = [weights_bytes(entry, precision) for precision in ("fp32", "bf16", "int8", "fp8", "int4")]
    assert sizes == sorted(sizes, reverse=True)
    assert weights_bytes(entry, "fp16") == weights_bytes(entry, "bf16")


def test_activations_grow_with_batch_and_sequences_and_shrink_with_shards(catalogue):
    shape = catalogue["qwen3-32b"].architecture
    small = activation_bytes(shape, Load(2048, 64))
    assert activation_bytes(shape, Load(8192, 64)) > small
    assert activation_bytes(shape, Load(2048, 256)) > small
    assert activation_bytes(shape, Load(2048, 64), Split(8)) < small
    assert 0.1 * GIB < small < 2 * GIB


def test_what_an_engine_holds_beside(catalogue):
    entry = catalogue["qwen3-8b"]
    one, two = overhead_bytes("gpu", entry, Load()), overhead_bytes("gpu", entry, Load(), Split(2))
    assert two > one
    assert overhead_bytes("gpu", entry, Load(compiled=True)) > one
    assert overhead_bytes("cpu", catalogue["multilingual-e5-small"], Load()) < overhead_bytes("cpu", entry, Load())
