"""Expected speed: a step takes as long as reading or computing takes, whichever is longer, and what each layer adds."""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.catalogue.architecture import Parameters, count_parameters
from appliance.catalogue.devices import DeviceType
from appliance.catalogue.model import LatentAttention, ModelEntry, Precision, SlidingWindow
from appliance.catalogue.sizing import MATRIX_BYTES, Split, cache_bytes
from appliance.catalogue.wish import ServiceLevel

_FAST_LINK = 150e9  # NVLink and HCCS; slower is PCIe
_REDUCE_S = {True: 10e-6, False: 30e-6}  # latency of one all-reduce, by fast link
_LATE = 3.0  # 95 % of exponential waits are below three times their mean
_HOP_S = 100e-6  # from one pipeline stage to the next, over the network
# What mixtures and latent attention cost on a card; docs/planning.md says what they were held against.
_MIXTURE_PART = 0.5  # of the speed that a dense network reaches: each expert gets few rows
_LATENT_LAYER_S = 120e-6  # a layer with latent attention launches more


@dataclass(frozen=True)
class Replica:
    """One replica as planned."""

    entry: ModelEntry
    precision: Precision
    split: Split
    device: DeviceType
    compiled: bool = False
    sharing: int = 1
    """Engines that are busy on its cards at the same time, itself among them."""


@dataclass(frozen=True)
class Service:
    """What each of so many users of one replica gets."""

    users: int
    ttft_s: float
    """Expected time to the first token."""
    late_ttft_s: float
    """What 95 of 100 requests do not exceed."""
    worst_ttft_s: float
    """The time of the last of all when they ask in the same moment."""
    tokens_per_s: float

    def meets(self, level: ServiceLevel) -> bool:
        """Say whether this is what was asked for, in 95 of 100 requests."""
        return self.late_ttft_s * 1000 <= level.ttft_ms and self.tokens_per_s >= level.tokens_per_s


def decode_step_s(replica: Replica, batch: int, context: int) -> float | None:
    """Return the time in which `batch` sequences of `context` tokens each get one more token; None: unknown."""
    device, shape = replica.device, replica.entry.architecture
    if device.read is None or device.flops is None:
        return None
    counted, tensor = count_parameters(shape), replica.split.tensor
    cache = batch * cache_bytes(shape, context, Split(tensor), replica.precision)
    read = (_read_bytes(replica, counted, batch) / tensor + cache) / device.read
    compute = 2 * _multiplied(replica, counted) * batch / tensor / _matrix_flops(replica, device.flops)
    return _together(replica, read, compute) + _fixed_s(replica, batch)


def prefill_s(replica: Replica, tokens: int) -> float | None:
    """Return the time to read a prompt of `tokens` tokens while nothing else runs; None: unknown."""
    work = _prompt_work_s(replica, tokens)
    return None if work is None else work + _fixed_s(replica, tokens)


def _prompt_work_s(replica: Replica, tokens: int) -> float | None:
    device, shape = replica.device, replica.entry.architecture
    if device.read is None or device.flops is None:
        return None
    counted, tensor = count_parameters(shape), replica.split.tensor
    full, pairs = shape.layers, 0.0
    if isinstance(shape.attention, SlidingWindow):
        full -= shape.attention.windowed_layers
        pairs = float(shape.attention.windowed_layers * tokens * min(tokens, shape.attention.window))
    pairs += full * tokens * tokens / 2
    attention = 4 * pairs * shape.heads * shape.head_size
    matrices = 2 * (_multiplied(replica, counted) - counted.head) * tokens
    compute = matrices / _matrix_flops(replica, device.flops) + attention / _attention_flops(replica, device.flops)
    read = _read_bytes(replica, counted, tokens) / tensor / device.read
    return _together(replica, read, compute / tensor)


def service(replica: Replica, users: int, level: ServiceLevel) -> Service | None:
    """Return what each of `users` users of one replica gets; None where the speed is unknown.

    Their prompts take turns with the decoding of all: an answer's time is its steps and everybody's prompts meanwhile.
    A prompt waits as in a queue with one server and even service times.
    """
    step = decode_step_s(replica, users, level.prompt_tokens + level.answer_tokens // 2)
    work = _prompt_work_s(replica, level.prompt_tokens)
    if step is None or work is None:
        return None
    fixed = _fixed_s(replica, level.prompt_tokens)
    answer_s = level.answer_tokens * step + users * work
    busy = (users - 1) * work / answer_s
    wait = work * busy / (2 * (1 - busy))  # below 1: an answer's own prompt and steps are in its time
    longest = (users - 1) * work
    own = work + fixed + step
    return Service(
        users, own + wait, own + min(_LATE * wait, longest), own + longest, level.answer_tokens / answer_s
    )  # fmt: skip


def most_users(replica: Replica, level: ServiceLevel, limit: int) -> int | None:
    """Return how many users one replica carries at the level, at most `limit`; None where the speed is unknown."""
    low, high = 0, max(0, limit)
    while low < high:
        middle = (low + high + 1) // 2
        got = service(replica, middle, level)
        if got is None:
            return None
        if got.meets(level):
            low = middle
        else:
            high = middle - 1
    return low


def _together(replica: Replica, read_s: float, compute_s: float) -> float:
    """Return the time of reading and computing: a card does both at once, the few cores of an engine one by one."""
    alone = read_s + compute_s if replica.device.kind == "cpu" else max(read_s, compute_s)
    return alone * replica.sharing


def _matrix_flops(replica: Replica, flops: Mapping[Precision, float]) -> float:
    """Return the operations a second on the matrices of layers."""
    checkpoint = replica.entry.checkpoint(replica.precision)
    if checkpoint is not None and checkpoint.weight_only:
        reached = _attention_flops(replica, flops)
    else:
        reached = flops[replica.precision]
    mixed = replica.entry.architecture.experts is not None and replica.device.kind == "gpu"
    return reached * _MIXTURE_PART if mixed else reached


def _attention_flops(replica: Replica, flops: Mapping[Precision, float]) -> float:
    """Return the operations a second between tokens: in 16 bits whatever the weights are, in 32 where they are."""
    if replica.precision == "fp32":
        return flops["fp32"]
    return flops.get("bf16") or flops.get("fp16") or flops[replica.precision]


def _read_bytes(replica: Replica, counted: Parameters, batch: int) -> float:
    """Return the weights that one step reads: of the experts only those that some sequence is sent to."""
    matrix = MATRIX_BYTES[replica.precision]
    kept = 4 if replica.precision == "fp32" else 2
    dense = counted.dense
    size = counted.dense_layers * ((dense.total - dense.plain) * matrix + dense.plain * kept)
    if counted.sparse is not None:
        sparse = counted.sparse
        touched = counted.routed * (1 - (1 - counted.per_token / counted.routed) ** batch)
        layer = (sparse.total - sparse.plain + sparse.expert * touched) * matrix + sparse.plain * kept
        size += counted.sparse_layers * layer
    return size + _output(replica, counted) * kept


def _multiplied(replica: Replica, counted: Parameters) -> int:
    """Return the parameters that one token is multiplied with."""
    looked_up = counted.embedding - (_output(replica, counted) if counted.head == 0 else 0)
    return counted.active - looked_up - counted.final


def _output(replica: Replica, counted: Parameters) -> int:
    """Return the size of the output layer, which may be the embedding table."""
    if not replica.entry.architecture.has_head:
        return 0
    return counted.head or counted.embedding


def _fixed_s(replica: Replica, batch: int) -> float:
    shape, split, device = replica.entry.architecture, replica.split, replica.device
    fixed = shape.layers * device.layer_s[replica.compiled] + (split.pipeline - 1) * _HOP_S
    if device.kind == "gpu" and isinstance(shape.attention, LatentAttention):
        fixed += shape.layers * _LATENT_LAYER_S
    if split.tensor > 1:
        message = 2 * (split.tensor - 1) / split.tensor * batch * shape.hidden_size * 2 / device.link
        fixed += shape.layers * 2 * (_REDUCE_S[device.link >= _FAST_LINK] + message)
    return fixed
