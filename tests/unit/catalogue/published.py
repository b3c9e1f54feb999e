"""Memory that others published: what the planner's estimates are held to."""

from dataclasses import dataclass

QWEN3 = "https://qwen.readthedocs.io/en/latest/getting_started/speed_benchmark.html"
QWEN25 = "https://qwen.readthedocs.io/en/v2.5/benchmark/speed_benchmark.html"
HUB = "https://huggingface.co/"
MIB = 1024**2
GIB = 1024**3


@dataclass(frozen=True)
class Figure:
    """One published figure: bytes on all cards together, and how many tokens of cache are in them."""

    model: str
    precision: str
    bytes: float
    tokens: int
    machine: str
    cards: int
    source: str


def _measured(model, precision, mib, source, machine="8xH20", cards=1):
    return Figure(model, precision, mib * MIB, 2049, machine, cards, source)


def _file(model, precision, size, machine, cards, source):
    return Figure(model, precision, size, 0, machine, cards, HUB + source)


FIGURES = (
    # Measured on H20: one prompt token and 2048 written, "GPU Memory (MB)".
    _measured("qwen3-0.6b", "bf16", 1394, QWEN3),
    _measured("qwen3-1.7b", "bf16", 3412, QWEN3),
    _measured("qwen3-4b", "bf16", 7973, QWEN3),
    _measured("qwen3-4b", "int4", 2915, QWEN3),
    _measured("qwen3-8b", "bf16", 15947, QWEN3),
    _measured("qwen3-8b", "fp8", 9323, QWEN3),
    _measured("qwen3-8b", "int4", 6177, QWEN3),
    _measured("qwen3-14b", "bf16", 28402, QWEN3),
    _measured("qwen3-14b", "fp8", 16012, QWEN3),
    _measured("qwen3-14b", "int4", 9962, QWEN3),
    _measured("qwen3-32b", "bf16", 62751, QWEN3),
    _measured("qwen3-32b", "fp8", 33379, QWEN3),
    _measured("qwen3-32b", "int4", 19109, QWEN3),
    _measured("qwen3-30b-a3b", "bf16", 58462, QWEN3),
    _measured("qwen3-30b-a3b", "fp8", 30296, QWEN3),
    # Measured on A100 80GB, likewise, "GPU Memory (GB)".
    _measured("qwen2.5-14b", "bf16", 28.08 * 1024, QWEN25, "8xA800"),
    _measured("qwen2.5-14b", "int8", 16.11 * 1024, QWEN25, "8xA800"),
    _measured("qwen2.5-14b", "int4", 9.79 * 1024, QWEN25, "8xA800"),
    _measured("qwen2.5-32b", "bf16", 61.58 * 1024, QWEN25, "8xA800"),
    _measured("qwen2.5-32b", "int8", 33.56 * 1024, QWEN25, "8xA800"),
    _measured("qwen2.5-32b", "int4", 18.67 * 1024, QWEN25, "8xA800"),
    _measured("qwen2.5-72b", "bf16", 136.20 * 1024, QWEN25, "8xA800", 4),
    _measured("qwen2.5-72b", "int8", 72.61 * 1024, QWEN25, "8xA800", 2),
    _measured("qwen2.5-72b", "int4", 39.44 * 1024, QWEN25, "8xA800"),
    # Sizes of published weights, which are loaded whole (but for the layers of speculative decoding).
    _file("qwen3-235b-a22b", "bf16", 470187269120, "8xH20", 8, "Qwen/Qwen3-235B-A22B"),
    _file("qwen2.5-7b", "bf16", 15231233024, "1xL20", 1, "Qwen/Qwen2.5-7B-Instruct"),
    _file("deepseek-v3", "fp8", 688586727753, "8xH20", 8, "deepseek-ai/DeepSeek-V3"),
    _file("deepseek-r1", "fp8", 688586727753, "2x8xH100", 16, "deepseek-ai/DeepSeek-R1"),
    _file("deepseek-r1-distill-qwen-7b", "bf16", 15231233024, "2x4090", 1, "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"),
    _file("deepseek-r1-distill-qwen-14b", "bf16", 29540067328, "1xL20", 1, "deepseek-ai/DeepSeek-R1-Distill-Qwen-14B"),
    _file("deepseek-r1-distill-qwen-32b", "bf16", 65527752704, "8xH20", 1, "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B"),
    _file("deepseek-r1-distill-llama-70b", "bf16", 141107412992, "8xH20", 2,
          "deepseek-ai/DeepSeek-R1-Distill-Llama-70B"),
    _file("llama-3.1-8b", "bf16", 16060522496, "1xL20", 1, "meta-llama/Llama-3.1-8B-Instruct"),
    _file("llama-3.1-70b", "bf16", 141107412992, "8xA800", 4, "meta-llama/Llama-3.1-70B-Instruct"),
    _file("llama-3.3-70b", "bf16", 141107412992, "8xH100", 4, "meta-llama/Llama-3.3-70B-Instruct"),
    _file("gemma-3-4b", "bf16", 8600158944, "1xL20", 1, "google/gemma-3-4b-it"),
    _file("gemma-3-27b", "bf16", 54864813280, "8xH20", 1, "google/gemma-3-27b-it"),
    _file("glm-4.5-air", "bf16", 221e9, "8xH20", 4, "zai-org/GLM-4.5-Air"),
    _file("smollm2-135m", "bf16", 269030016, "1xL20", 1, "HuggingFaceTB/SmolLM2-135M-Instruct"),
)  # fmt: skip
