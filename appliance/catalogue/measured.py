"""From times that were measured to the figures of a calibration: the roofline, solved for what it is made of."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from appliance.catalogue.calibration import CPU_DEVICE, DeviceCalibration
from appliance.catalogue.devices import CPU_LAYER_S, GPU_LAYER_S, DeviceType
from appliance.catalogue.model import ModelEntry, Precision
from appliance.catalogue.roofline import Replica, decode_step_s, prefill_s
from appliance.catalogue.sizing import CPU_BATCHED_TOKENS, MATRIX_BYTES, Load, Split, activation_bytes, weights_bytes

# A bare loop over the layers and an engine on one machine (docs/planning.md): what part of the loop's arithmetic an
# engine reaches, and how many times as long its layers take beyond reading and computing.
_ENGINE_COMPUTE = 0.25
_ENGINE_LAYER = 1.0
_CARD_COMPUTE = 0.6
"""Of the speed of large products, what a prefilling engine reaches: half of a data sheet that products reach 0.8 of."""
WHOLE = Split()
_SIXTEEN_BITS: tuple[Precision, ...] = ("bf16", "fp16")


@dataclass(frozen=True)
class Times:
    """One sequence through a model on one kind of device."""

    entry: ModelEntry
    prompt_tokens: int
    prefill_s: float
    """Time in which the prompt was read, alone."""
    context: int
    """Tokens before each step."""
    step_s: float
    """Time of one more token, alone."""
    precision: Precision = "bf16"
    split: Split = WHOLE
    compiled: bool = False


def calibrate_processors(read: float, times: Times) -> DeviceCalibration:
    """Return figures of an engine from those of a bare loop: bytes a second read, and its times."""
    flops, layer_s = solve("cpu", read, times)
    return DeviceCalibration(
        device=CPU_DEVICE,
        memory_bytes_per_s=read,
        flops=None if flops is None else flops * _ENGINE_COMPUTE,
        layer_s=None if layer_s is None else layer_s * _ENGINE_LAYER,
    )


def calibrate_card(name: str, read: float | None, multiply: float | None) -> DeviceCalibration:
    """Return figures of an engine on a card from its speed of copying and of large products; None: not measured."""
    flops = None if multiply is None else multiply * _CARD_COMPUTE
    return DeviceCalibration(device=name, memory_bytes_per_s=read, flops=flops)


def with_engine(found: DeviceCalibration, times: Times, resident: int | None, cache: int) -> DeviceCalibration:
    """Return `found` with what a running engine showed: its own times, and on processors its memory.

    `resident` are the bytes of all processes of one replica, `cache` those of its KV cache. What the times do not
    give stays as it was.
    """
    kind: Literal["cpu", "gpu"] = "cpu" if found.device == CPU_DEVICE else "gpu"
    flops, layer_s = (None, None) if found.memory_bytes_per_s is None else solve(kind, found.memory_bytes_per_s, times)
    engine = None
    if resident is not None and kind == "cpu":
        held = weights_bytes(times.entry, times.precision) + cache
        engine = resident - held - activation_bytes(times.entry.architecture, Load(CPU_BATCHED_TOKENS), times.split)
    return found.model_copy(
        update={
            "flops": found.flops if flops is None or times.precision not in _SIXTEEN_BITS else flops,
            "layer_s": found.layer_s if layer_s is None else layer_s,
            "engine_bytes": engine if engine is not None and engine > 0 else None,
        }
    )


def solve(kind: Literal["cpu", "gpu"], read: float, times: Times) -> tuple[float | None, float | None]:
    """Return operations a second, and seconds a layer of a model that is not compiled; None where times give none.

    On processors reading and computing add up; on a card a step waits for reading and a prompt for computing.
    """
    replica = _replica(times, kind)
    step = _terms(lambda device: decode_step_s(replace(replica, device=device), 1, times.context), kind)
    prompt = _terms(lambda device: prefill_s(replace(replica, device=device), times.prompt_tokens), kind)
    rest_step = times.step_s - step.fixed - step.read / read
    if kind == "cpu":
        rest_prompt = times.prefill_s - prompt.fixed - prompt.read / read
        # Both rests are operations × time each + layers × time each.
        each = (rest_prompt - rest_step) / (prompt.compute - step.compute)
        layer_s = (rest_step - step.compute * each) / step.layers
    else:
        layer_s = rest_step / step.layers
        each = (times.prefill_s - prompt.fixed - prompt.layers * max(0.0, layer_s)) / prompt.compute
    if times.compiled:
        layer_s /= _compiled_part(kind)
    return (1 / each if each > 0 else None), (layer_s if layer_s > 0 else None)


@dataclass(frozen=True)
class _Terms:
    """What a time is made of: seconds, bytes, operations and layers."""

    fixed: float
    read: float
    compute: float
    layers: float


def _terms(run: Callable[[DeviceType], float | None], kind: Literal["cpu", "gpu"]) -> _Terms:
    def of(read: float, flops: float, layer_s: float) -> float:
        found = run(_device(kind, read, flops, layer_s))
        assert found is not None, "speeds are given"
        return found

    fixed = of(math.inf, math.inf, 0.0)
    return _Terms(
        fixed, of(1.0, math.inf, 0.0) - fixed, of(math.inf, 1.0, 0.0) - fixed, of(math.inf, math.inf, 1.0) - fixed
    )


def _device(kind: Literal["cpu", "gpu"], read: float, flops: float, layer_s: float) -> DeviceType:
    speeds = dict.fromkeys(MATRIX_BYTES, flops)
    return DeviceType(kind, "-", "-", 0, (), read, speeds, math.inf, {True: layer_s, False: layer_s})


def _replica(times: Times, kind: Literal["cpu", "gpu"]) -> Replica:
    return Replica(times.entry, times.precision, times.split, _device(kind, 1.0, 1.0, 0.0), times.compiled)


def _compiled_part(kind: Literal["cpu", "gpu"]) -> float:
    layer_s = CPU_LAYER_S if kind == "cpu" else GPU_LAYER_S
    return layer_s[True] / layer_s[False]
