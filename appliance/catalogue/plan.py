"""A plan: what goes where and what it gives, what does not fit and why. It explains itself in rows and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from appliance.catalogue.model import ModelEntry, Precision
from appliance.catalogue.roofline import Service
from appliance.catalogue.sizing import Split
from appliance.catalogue.wish import ServiceLevel
from appliance.core.messages import Message, _
from appliance.core.units import GIB, human_seconds

Row = tuple[object, ...]
PLACEMENT_HEADINGS = (
    _("Alias"), _("Model"), _("Weights"), _("Replicas"), _("Cards each"), _("Where"), _("Context"), _("First token"),
    _("Tokens/s"), _("Users"),
)  # fmt: skip
MEMORY_HEADINGS = (
    _("Where"), _("Alias"), _("Weights"), _("KV cache"), _("Activations"), _("Engine"), _("Sum"), _("Capacity"),
)  # fmt: skip
"""Of sizes in GiB."""


@dataclass(frozen=True)
class DeviceUse:
    """What one engine takes of one device, in bytes."""

    node: str
    index: int | None
    device: str
    capacity: int
    """What the device holds (a card) or may give to engines (the memory of a machine)."""
    weights: int
    cache: int
    activations: int
    overhead: int

    @property
    def total(self) -> int:
        """All together."""
        return self.weights + self.cache + self.activations + self.overhead


@dataclass(frozen=True)
class Change:
    """One change that makes a model fit, or gives the asked service."""

    kind: Literal[
        "compile",
        "tensor_parallel",
        "precision",
        "cache",
        "memory_share",
        "replicas",
        "context",
        "users",
        "prompt_tokens",
        "ttft_ms",
        "cards",
        "nodes",
        "model",
    ]
    value: int | str
    text: Message

    def to_dict(self) -> dict[str, object]:
        """Return it as plain data."""
        return {"kind": self.kind, "value": self.value, "text": str(self.text)}


@dataclass(frozen=True)
class Placement:
    """One model as it would be served."""

    alias: str
    entry: ModelEntry
    precision: Precision
    split: Split
    replicas: tuple[tuple[DeviceUse, ...], ...]
    """Devices of each replica."""
    context: int
    sequences: int
    memory_share: float | None
    """`gpu_memory_utilization` of its engines; None on CPU."""
    service: Service | None
    """What users get when as many are there as planned; None: unknown, or not a chat model."""
    users: int | None
    """Users that all replicas carry at the level; None: unknown, or not a chat model."""
    more_replicas: int
    """How many replicas more would fit beside."""
    notes: tuple[Message, ...] = ()
    shortfall: Message | None = None
    """Why the asked level is not reached; None where it is."""
    changes: tuple[Change, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data: bytes, seconds, tokens."""
        return {
            "alias": self.alias,
            "model": self.entry.name,
            "precision": self.precision,
            "tensor_parallel": self.split.tensor,
            "pipeline_parallel": self.split.pipeline,
            "replicas": [[_use(use) for use in replica] for replica in self.replicas],
            "context": self.context,
            "sequences": self.sequences,
            "gpu_memory_utilization": self.memory_share,
            "ttft_s": None if self.service is None else round(self.service.ttft_s, 4),
            "late_ttft_s": None if self.service is None else round(self.service.late_ttft_s, 4),
            "worst_ttft_s": None if self.service is None else round(self.service.worst_ttft_s, 4),
            "tokens_per_s": None if self.service is None else round(self.service.tokens_per_s, 2),
            "users": self.users,
            "more_replicas": self.more_replicas,
            "notes": [str(note) for note in self.notes],
            "shortfall": None if self.shortfall is None else str(self.shortfall),
            "changes": [change.to_dict() for change in self.changes],
        }

    def row(self) -> Row:
        """Return the cells under `PLACEMENT_HEADINGS`."""
        got = self.service
        cards = None if self.memory_share is None else split_text(self.split)
        return (
            self.alias, self.entry.title, self.precision, len(self.replicas), cards,
            where_text(self.replicas), f"{self.context:,}", None if got is None else human_seconds(got.ttft_s),
            None if got is None else f"{got.tokens_per_s:.1f}", self.users,
        )  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """One model that does not fit."""

    alias: str
    model: str
    reason: Message
    changes: tuple[Change, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        changes = [change.to_dict() for change in self.changes]
        return {"alias": self.alias, "model": self.model, "reason": str(self.reason), "changes": changes}


@dataclass(frozen=True)
class Plan:
    """The whole plan."""

    level: ServiceLevel
    placements: tuple[Placement, ...]
    refusals: tuple[Refusal, ...]
    notes: tuple[Message, ...]

    @property
    def served(self) -> frozenset[str]:
        """Aliases that are placed and give what was asked."""
        return frozenset(placement.alias for placement in self.placements if placement.shortfall is None)

    @property
    def complete(self) -> bool:
        """Say whether every model is placed and gives what was asked."""
        return not self.refusals and len(self.served) == len(self.placements)

    def placement(self, alias: str) -> Placement | None:
        """Return where `alias` goes, None where it does not fit."""
        return next((found for found in self.placements if found.alias == alias), None)

    def refusal(self, alias: str) -> Refusal | None:
        """Return why `alias` does not fit, None where it does."""
        return next((found for found in self.refusals if found.alias == alias), None)

    def memory_rows(self) -> list[Row]:
        """Return the cells under `MEMORY_HEADINGS`: one row an engine and machine, cards that are alike together."""
        alike: dict[tuple[str, str, tuple[int, ...]], list[DeviceUse]] = {}
        for placement in self.placements:
            for use in (use for replica in placement.replicas for use in replica):
                sizes = (use.weights, use.cache, use.activations, use.overhead, use.total, use.capacity)
                alike.setdefault((use.node, placement.alias, sizes), []).append(use)
        rows = [(where_text([uses]), alias, *map(_gib, sizes)) for (_node, alias, sizes), uses in alike.items()]
        return sorted(rows, key=lambda row: str(row[0]))

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, its sentences in the current language."""
        return {
            "complete": self.complete,
            "level": self.level.model_dump(),
            "placements": [placement.to_dict() for placement in self.placements],
            "refusals": [refusal.to_dict() for refusal in self.refusals],
            "notes": [str(note) for note in self.notes],
        }


def split_text(split: Split) -> str:
    """Return e.g. `8` or `8 × 2` for tensor and pipeline parallelism."""
    return str(split.tensor) if split.pipeline == 1 else f"{split.tensor} × {split.pipeline}"


def where_text(replicas: Sequence[Sequence[DeviceUse]]) -> str:
    """Return e.g. `node-1:0-7; node-2:0,2`."""
    cards: dict[str, list[int]] = {}
    for replica in replicas:
        for use in replica:
            found = cards.setdefault(use.node, [])
            if use.index is not None:
                found.append(use.index)
    return "; ".join(node if not found else f"{node}:{_ranges(found)}" for node, found in cards.items())


def _gib(size: int) -> str:
    return f"{size / GIB:.1f}"


def _ranges(numbers: Sequence[int]) -> str:
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)


def _use(use: DeviceUse) -> dict[str, Any]:
    return {
        "node": use.node,
        "index": use.index,
        "device": use.device,
        "capacity_bytes": use.capacity,
        "weights_bytes": use.weights,
        "cache_bytes": use.cache,
        "activations_bytes": use.activations,
        "engine_bytes": use.overhead,
    }
