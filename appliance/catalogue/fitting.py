"""Where a model can go: every precision and split that fits on some cards, with the users that each carries."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from appliance.catalogue.devices import Device, DeviceType
from appliance.catalogue.model import ModelEntry, Precision
from appliance.catalogue.roofline import Replica, most_users
from appliance.catalogue.sizing import (
    CPU_BATCHED_TOKENS,
    Load,
    Split,
    activation_bytes,
    cache_bytes,
    overhead_bytes,
    shard_weights,
    split_fits,
)
from appliance.catalogue.wish import MOST_SEQUENCES, ModelWish, ServiceLevel
from appliance.core.units import GIB

Group = tuple[Device, ...]
"""The cards of one replica, or the processors of one machine."""
_TENSOR_SIZES = (1, 2, 4, 8, 16)
_MOST_STAGES = 4  # machines in one pipeline: each adds its network and its failures
_CONTEXTS = (32_768, 16_384, 8_192)  # tried in this order where the context is left to the planner
_MOST_ENGINES = 32  # of one model on the processors of one machine
_LARGE_CARD = 70 * GIB  # from here vLLM passes 8192 tokens in one batch, below 2048


@dataclass
class Ledger:
    """What is taken of each device, in bytes, and by which models."""

    used: dict[Device, int] = field(default_factory=dict)
    tenants: dict[Device, list[str]] = field(default_factory=dict)

    def take(self, device: Device, size: int, alias: str) -> None:
        """Note that `alias` takes `size` bytes."""
        self.used[device] = self.used.get(device, 0) + size
        tenants = self.tenants.setdefault(device, [])
        if alias not in tenants:
            tenants.append(alias)

    def room(self, device: Device, share: float) -> int:
        """Return what engines may still take, where together they may take `share` of a card."""
        allowed = device.type.memory if device.type.kind == "cpu" else int(device.type.memory * share)
        return allowed - self.used.get(device, 0)


@dataclass(frozen=True)
class Need:
    """Bytes on the fullest card of a replica, without cache."""

    weights: int
    activations: int
    overhead: int

    @property
    def total(self) -> int:
        """All three."""
        return self.weights + self.activations + self.overhead


@dataclass(frozen=True)
class Task:
    """One wish with what the catalogue knows."""

    wish: ModelWish
    entry: ModelEntry
    level: ServiceLevel
    trial: Precision | None = None
    """The one precision that the planner tries now."""

    @property
    def contexts(self) -> tuple[int, ...]:
        """Tokens of the longest sequence that may be served, the preferred number first."""
        own = self.entry.context
        if self.wish.context is not None:
            return (min(self.wish.context, own),)
        usable = [min(context, own) for context in _CONTEXTS]
        return tuple(dict.fromkeys(context for context in usable if context >= self.level.tokens or context == own))

    @property
    def sequences(self) -> int:
        """Sequences that may be decoded together."""
        return self.wish.sequences or MOST_SEQUENCES

    @property
    def chats(self) -> bool:
        """Say whether users wait for its tokens."""
        return self.entry.kind == "chat"


@dataclass(frozen=True)
class Option:
    """One precision and split on one kind of device."""

    task: Task
    replica: Replica
    need: Need
    context: int
    """Tokens of the longest sequence."""
    least_cache: int
    """Cache of one whole context, a card: with less the engine does not start."""
    rank: int
    """Place of the precision among those that the model prefers."""
    groups: tuple[tuple[Group, int], ...]
    """Where a replica fits, the roomiest first, each with what is left for its cache on its fullest card."""
    _counted: dict[int, int | None] = field(default_factory=dict, init=False, compare=False, repr=False)
    """Users by the sequences that have room: of hundreds of groups most have the same room."""

    def users(self, cache: int) -> int | None:
        """Return the users that one replica with this much cache a card carries; None: unknown."""
        task = self.task
        if not task.chats:
            return None
        each = cache_bytes(task.entry.architecture, task.level.tokens, self.replica.split, self.replica.precision)
        limit = min(task.sequences, cache // each if each else task.sequences)
        if limit not in self._counted:
            self._counted[limit] = most_users(self.replica, task.level, limit)
        return self._counted[limit]


def options(task: Task, devices: Sequence[Device], ledger: Ledger) -> Iterator[Option]:
    """Yield what fits, over all kinds of devices: a replica never spans two kinds."""
    for kind, pool in _by_type(devices).items():
        for rank, precision in _usable_precisions(task, kind):
            for split in _splits(task, pool):
                for context in task.contexts:
                    option = _option(task, kind, pool, precision, rank, split, context, ledger)
                    if option.groups:
                        yield option
                        break


def nearest(task: Task, devices: Sequence[Device], ledger: Ledger) -> tuple[Option, int] | None:
    """Return the option that lacks least and how many bytes a card it lacks; None where nothing can be computed."""
    found = [
        _option(task, kind, pool, precision, rank, split, task.contexts[-1], ledger)
        for kind, pool in _by_type(devices).items()
        for rank, precision in _usable_precisions(task, kind)
        for split in _splits(task, pool)
    ]
    lacking = [(option, _lack(option, devices, ledger)) for option in found if not option.groups]
    return min(lacking, key=lambda pair: pair[1], default=None)


def _lack(option: Option, devices: Sequence[Device], ledger: Ledger) -> int:
    share = option.task.wish.memory_share
    rooms = sorted(
        (ledger.room(device, share) for device in devices if device.type == option.replica.device), reverse=True
    )
    cards = min(option.replica.split.cards, len(rooms))
    return max(1, option.need.total + option.least_cache - rooms[cards - 1])


def _by_type(devices: Sequence[Device]) -> Mapping[DeviceType, list[Device]]:
    pools: dict[DeviceType, list[Device]] = {}
    for device in devices:
        pools.setdefault(device.type, []).append(device)
    return pools


def _usable_precisions(task: Task, kind: DeviceType) -> list[tuple[int, Precision]]:
    """Return ranks and precisions: published ones that the device computes in, or the wished one alone."""
    published = task.entry.precisions if task.wish.precision is None else (task.wish.precision,)
    if task.entry.engine == "built-in":
        return list(enumerate(published))
    usable: list[tuple[int, Precision]] = []
    for rank, precision in enumerate(published):
        if task.trial not in (None, precision):
            continue
        if precision == "bf16" and "bf16" not in kind.precisions:
            precision = "fp16"  # the same weights, computed in the other 16-bit format
        if precision in kind.precisions:
            usable.append((rank, precision))
    return usable


def _splits(task: Task, pool: Sequence[Device]) -> Iterator[Split]:
    """Yield splits: tensor parallelism inside a machine; pipelines over machines whose cards are all taken."""
    if pool[0].type.kind == "cpu":
        yield Split()
        return
    cards = [len(list(found)) for _node, found in groupby(sorted(d.node for d in pool))]
    widest = max((size for size in _TENSOR_SIZES if size <= max(cards)), default=1)
    wished = task.wish.tensor_parallel
    for tensor in (wished,) if wished else _TENSOR_SIZES:
        if tensor > max(cards):
            continue
        stages = min(len(cards), _MOST_STAGES) if tensor in (widest, wished) else 1
        for pipeline in range(1, stages + 1):
            split = Split(tensor, pipeline)
            if split_fits(task.entry.architecture, split):
                yield split


def _batched_tokens(kind: DeviceType) -> int:
    if kind.kind == "cpu":
        return CPU_BATCHED_TOKENS
    return 8192 if kind.memory >= _LARGE_CARD else 2048


def _option(
    task: Task,
    kind: DeviceType,
    pool: Sequence[Device],
    precision: Precision,
    rank: int,
    split: Split,
    context: int,
    ledger: Ledger,
) -> Option:
    entry, shape = task.entry, task.entry.architecture
    load = Load(_batched_tokens(kind), task.sequences, task.wish.compiled)
    activations = 0 if entry.engine == "built-in" else activation_bytes(shape, load, split)
    overhead = overhead_bytes(kind.kind, entry, load, split)
    if entry.engine != "built-in" and kind.engine_bytes is not None:
        overhead = kind.engine_bytes
    need = Need(shard_weights(entry, precision, split), activations, overhead)
    least = cache_bytes(shape, context, split, precision) if entry.engine != "built-in" else 0
    if kind.kind == "cpu" and least:
        least = -(-max(least, task.wish.cache_bytes) // GIB) * GIB  # the engine takes whole GiB
    replica = Replica(entry, precision, split, kind, task.wish.compiled)
    groups = _groups(pool, split, need.total + least, task.wish.memory_share, ledger)
    return Option(
        task, replica, need, context, least, rank, tuple((group, room - need.total) for group, room in groups)
    )


def _groups(pool: Sequence[Device], split: Split, least: int, share: float, ledger: Ledger) -> list[tuple[Group, int]]:
    """Return disjoint groups of devices where each has room for `least` bytes, roomiest first, with that room."""
    if pool[0].type.kind == "cpu":
        return _on_processors(pool, least, ledger)
    inside: list[tuple[Group, int]] = []
    for _node, found in groupby(sorted(pool, key=lambda device: device.node), key=lambda device: device.node):
        rooms = [(device, ledger.room(device, share)) for device in found]
        # Empty cards first, then those with most room; the driver's order where they are alike.
        roomy = sorted((pair for pair in rooms if pair[1] >= least), key=lambda pair: -pair[1])
        for start in range(0, len(roomy) - split.tensor + 1, split.tensor):
            chosen = roomy[start : start + split.tensor]
            inside.append((tuple(device for device, _room in chosen), min(room for _device, room in chosen)))
    inside.sort(key=lambda pair: -pair[1])
    if split.pipeline == 1:
        return inside
    stages: list[tuple[Group, int]] = []
    one_a_node = list({group[0].node: (group, room) for group, room in reversed(inside)}.values())[::-1]
    for start in range(0, len(one_a_node) - split.pipeline + 1, split.pipeline):
        together = one_a_node[start : start + split.pipeline]
        stages.append((tuple(d for group, _room in together for d in group), min(room for _group, room in together)))
    return stages


def _on_processors(pool: Sequence[Device], least: int, ledger: Ledger) -> list[tuple[Group, int]]:
    """Return each machine as often as engines of `least` bytes fit; the n-th with what n engines can have each."""
    found: list[tuple[Group, int]] = []
    for device in pool:
        room = ledger.room(device, 1.0)
        found.extend(((device,), room // number) for number in range(1, min(room // least, _MOST_ENGINES) + 1))
    return sorted(found, key=lambda pair: -pair[1])
