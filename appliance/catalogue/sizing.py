"""Memory of a model: weights, cache and the rest, for the whole and for the fullest shard of a replica. Bytes."""

from dataclasses import dataclass
from typing import Final, Literal

from appliance.catalogue.architecture import LayerParameters, Parameters, count_parameters, next_token_parameters
from appliance.catalogue.model import Architecture, Checkpoint, LatentAttention, ModelEntry, Precision, SlidingWindow
from appliance.core.units import GIB, MIB

_GROUP = 128  # values that share a scale, in AWQ, GPTQ and DeepSeek's block format
MATRIX_BYTES: dict[Precision, float] = {
    "fp32": 4.0,
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0 + 4 / _GROUP**2,  # one 32-bit scale a block of 128 x 128
    "int8": 1.0 + 3 / _GROUP,  # 16-bit scale and zero point a group
    "int4": 0.5 + 2.5 / _GROUP,
}
"""Bytes of one value of a quantised matrix, its scale included. Embeddings, norms and routers keep 16 bits."""

# What one engine holds besides weights, cache and activations.
GPU_CONTEXT = 600 * MIB  # CUDA context, cuBLAS and kernels
GPU_GRAPHS = 1 * GIB  # CUDA graphs of a compiled model
GPU_COLLECTIVES = 400 * MIB  # NCCL's buffers, from two cards on
# Measured, not derived: memory of a running replica and its engine (Python, Ray, torch and vLLM), less the weights'
# files, the cache as set and the activations. One model, one size of cache: `benchmarks/engine_memory.py` reads others.
CPU_ENGINE = int(2.35 * GIB)
CPU_ENGINE_INSIDE = int(1.5 * GIB)  # the worker is inside the engine's process: few cores
CPU_BUILT_IN = int(0.35 * GIB)  # the embedder's process


@dataclass(frozen=True)
class Split:
    """How one replica is cut: `tensor` ways inside a node, `pipeline` ways across nodes."""

    tensor: int = 1
    pipeline: int = 1

    @property
    def cards(self) -> int:
        """Cards of one replica."""
        return self.tensor * self.pipeline


CPU_BATCHED_TOKENS: Final = 256
"""Tokens of one batch on processors, where a batch of vLLM's own size takes up to minutes: whoever else is being
answered would wait for it, and the engine look dead."""


@dataclass(frozen=True)
class Load:
    """What an engine is asked to hold: tokens of one batch, and sequences at once."""

    batched_tokens: int = 2048
    """vLLM's `max_num_batched_tokens`: what its profile run passes through."""
    sequences: int = 64
    compiled: bool = False


def weights_bytes(entry: ModelEntry, precision: Precision) -> int:
    """Return the weights of the whole model as loaded."""
    checkpoint = entry.checkpoint(precision)
    if checkpoint is not None and checkpoint.loaded_as_published and checkpoint.bytes is not None:
        return checkpoint.bytes
    counted = count_parameters(entry.architecture)
    quantised = _quantised(counted)
    return round(quantised * MATRIX_BYTES[precision] + (counted.total - quantised) * _kept(precision))


def checkpoint_bytes(entry: ModelEntry, checkpoint: Checkpoint) -> int:
    """Return what the published files should hold: also what is not loaded for serving."""
    matrices, rest = next_token_parameters(entry.architecture)
    kept = _kept(checkpoint.precision)
    more = matrices * MATRIX_BYTES[checkpoint.precision] + rest * kept
    if checkpoint.holds_head_twice:
        more += entry.architecture.vocabulary * entry.architecture.hidden_size * kept
    return weights_bytes(entry, checkpoint.precision) + round(more)


def split_fits(shape: Architecture, split: Split) -> bool:
    """Say whether the network can be cut so: heads divide evenly, and key-value heads divide or are copied."""
    tensor = split.tensor
    if shape.heads % tensor or split.pipeline > shape.layers:
        return False
    if isinstance(shape.attention, LatentAttention):
        return True
    return shape.kv_heads % tensor == 0 or tensor % shape.kv_heads == 0


def shard_weights(entry: ModelEntry, precision: Precision, split: Split) -> int:
    """Return the weights on the fullest card of one replica."""
    if split.cards == 1:
        return weights_bytes(entry, precision)
    shape = entry.architecture
    counted = count_parameters(shape)
    layers = _stage_layers(shape, split)
    sparse = min(layers, counted.sparse_layers)  # the fullest stage holds the layers with experts
    matrices, plain = 0.0, 0.0
    for layer, count in ((counted.dense, layers - sparse), (counted.sparse, sparse)):
        if layer is not None:
            matrices += count * _split_matrices(layer, counted.routed, shape, split.tensor)
            plain += count * layer.plain
    ends = (counted.embedding + counted.head) if split.pipeline == 1 else max(counted.embedding, counted.head)
    kept = _kept(precision)
    return round(matrices * MATRIX_BYTES[precision] + (plain + ends / split.tensor + counted.final) * kept)


def cache_bytes(shape: Architecture, tokens: int, split: Split | None = None, precision: Precision = "bf16") -> int:
    """Return the cache of one sequence of `tokens` tokens, on the fullest card of a replica.

    Keys and values have 16 bits, or 32 where the weights have. Latent attention cannot be divided by heads: every shard
    of a stage holds all of it. Key-value heads fewer than shards are copied.
    """
    split = split or Split()
    if shape.encoder is not None:
        return 0
    layers = _stage_layers(shape, split)
    if isinstance(shape.attention, LatentAttention):
        return layers * (shape.attention.kv_rank + shape.attention.rope_size) * _kept(precision) * tokens
    row = 2 * max(1, shape.kv_heads // split.tensor) * shape.head_size * _kept(precision)
    if isinstance(shape.attention, SlidingWindow):
        windowed = -(-shape.attention.windowed_layers * layers // shape.layers)
        return row * ((layers - windowed) * tokens + windowed * min(tokens, shape.attention.window))
    return row * layers * tokens


def activation_bytes(shape: Architecture, load: Load, split: Split | None = None) -> int:
    """Return the peak of the profile run: one full batch through the widest layer, and the logits of all sequences."""
    tensor = (split or Split()).tensor
    wide = max(shape.intermediate_size, shape.heads * shape.head_size) * 3 // tensor
    if shape.experts is not None:
        wide = max(wide, shape.experts.per_token * (2 * shape.experts.size // tensor + shape.hidden_size))
    batch = load.batched_tokens * (4 * shape.hidden_size + wide) * 2
    logits = load.sequences * shape.vocabulary * 4 * 2 if shape.has_head else 0
    return batch + logits


def overhead_bytes(kind: Literal["cpu", "gpu"], entry: ModelEntry, load: Load, split: Split | None = None) -> int:
    """Return what an engine's process holds before any model."""
    if kind == "cpu":
        return CPU_BUILT_IN if entry.engine == "built-in" else CPU_ENGINE
    several = (split or Split()).cards > 1
    return GPU_CONTEXT + (GPU_GRAPHS if load.compiled else 0) + (GPU_COLLECTIVES if several else 0)


def _kept(precision: Precision) -> int:
    """Return the bytes of a value that is not quantised."""
    return 4 if precision == "fp32" else 2


def _quantised(counted: Parameters) -> int:
    """Return how many values lie in matrices of layers."""
    total = counted.dense_layers * (counted.dense.total - counted.dense.plain)
    if counted.sparse is not None:
        sparse = counted.sparse
        total += counted.sparse_layers * (sparse.total - sparse.plain + sparse.expert * counted.routed)
    return total


def _split_matrices(layer: LayerParameters, routed: int, shape: Architecture, tensor: int) -> float:
    keys = layer.key_value / min(tensor, shape.kv_heads)
    return (layer.split + layer.expert * routed) / tensor + keys + layer.copied


def _stage_layers(shape: Architecture, split: Split) -> int:
    return -(-shape.layers // split.pipeline)
