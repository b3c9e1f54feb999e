"""From machine facts to what can be planned on: cards and processors, what they hold and how fast they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from appliance.catalogue.accelerators import CardType, card_type
from appliance.catalogue.calibration import CPU_DEVICE, Calibration, DeviceCalibration
from appliance.catalogue.model import Precision
from appliance.catalogue.sizing import CPU_ENGINE, CPU_ENGINE_INSIDE
from appliance.core.messages import Message, _
from appliance.core.units import GIB, human_bytes
from appliance.hardware.choice import choose_accelerator
from appliance.hardware.engines import SERVED, VENDORS
from appliance.hardware.facts import Accelerator, MachineFacts, Processor

# Parts of the data sheet that an engine reaches; see docs/planning.md for what they were held against.
READ_PART = 0.8
COMPUTE_PART = 0.5
EIGHT_BIT_PART = 0.35  # of the twice as high speed that data sheets give for 8 bits
GPU_LAYER_S = {True: 110e-6, False: 140e-6}
"""Time a layer adds to a step on a card: launches and scheduling; by `compiled`."""
CPU_LAYER_S = {True: 0.27e-3, False: 0.93e-3}

STACK_BYTES = int(2.1 * GIB)  # Ray, gateway, ledger, batches, knowledge and scenarios
SYSTEM_BYTES = int(0.9 * GIB)  # the operating system
PLATFORM_BYTES = STACK_BYTES + SYSTEM_BYTES
_CLOCK = 2.0e9  # operations count from a base clock, not a boost clock
_CPU_COMPUTE_PART = 0.44
_FLOPS_A_CYCLE = (("avx512_bf16", 128), ("avx512f", 64), ("bf16", 64), ("avx2", 32), ("asimd", 16))
_CORE_BANDWIDTH = 13e9  # bytes a second that one core reads
_NODE_BANDWIDTH = 80e9  # and all cores of a NUMA node together, conservatively
FEW_CORES = 4
"""Up to here the engine leaves one core to everything else, as one that only waits is a quarter of the machine or more,
and has its worker inside its own process."""


@dataclass(frozen=True)
class Node:
    """One machine of the plan."""

    name: str
    facts: MachineFacts


@dataclass(frozen=True)
class DeviceType:
    """Cards that are alike, or one kind of processors. Speeds are those that are reached; None: unknown."""

    kind: Literal["cpu", "gpu"]
    vendor: str
    name: str
    memory: int
    """Bytes that engines may use, before any engine's own share."""
    precisions: tuple[Precision, ...]
    read: float | None
    """Bytes a second."""
    flops: Mapping[Precision, float] | None
    """Operations a second, by the precision of the weights."""
    link: float
    """Bytes a second to the next card, one direction."""
    layer_s: Mapping[bool, float]
    """Seconds that a layer adds to a step, by `compiled`."""
    engine_bytes: int | None = None
    """Memory of an engine without its model, where it was measured."""

    def __hash__(self) -> int:
        return hash((self.kind, self.vendor, self.name, self.memory))


@dataclass(frozen=True)
class Device:
    """One card, or the processors of one machine."""

    node: str
    index: int | None
    """Number of the card; None for processors."""
    type: DeviceType

    def __hash__(self) -> int:  # without the type: the planner counts devices all the time
        return hash((self.node, self.index))


@dataclass(frozen=True)
class Inventory:
    """What the machines have to plan on, and what had to be assumed or left out."""

    cards: tuple[Device, ...]
    processors: tuple[Device, ...]
    notes: tuple[Message, ...]


def take_inventory(
    nodes: Sequence[Node], calibration: Calibration | None = None, accelerator: Literal["auto", "cpu", "gpu"] = "auto"
) -> Inventory:
    """Return the devices of all machines. `accelerator` is the site's setting.

    Raises `PreflightError` where it asks for cards that a machine has not.
    """
    cards: list[Device] = []
    processors: list[Device] = []
    notes: list[Message] = []
    for node in nodes:
        choice = choose_accelerator(accelerator, node.facts, frozenset(VENDORS))
        if choice.kind == "cpu" and node.facts.accelerators:
            notes.append(_("{node}: its cards are not used: {reason}", node=node.name, reason=choice.reason))
        for card in choice.accelerators:
            found = _card_type(card, calibration, node.name, notes)
            if found is not None:
                cards.append(Device(node.name, card.index, found))
        cpu = _processor_type(node, calibration, notes)
        if cpu is not None:
            processors.append(Device(node.name, None, cpu))
    return Inventory(tuple(cards), tuple(processors), tuple(dict.fromkeys(notes)))


def _card_type(
    card: Accelerator, calibration: Calibration | None, node: str, notes: list[Message]
) -> DeviceType | None:
    known = card_type(card.vendor, card.name)
    memory = card.memory_total_bytes
    if memory is None:
        if known is None:
            notes.append(
                _("{node}: card {index} ({name}) is left out: its memory is unknown.",
                  node=node, index=card.index, name=card.name)
            )  # fmt: skip
            return None
        memory = int(known.memory_gib * 0.95 * GIB)  # what drivers report is less than what is built in
        notes.append(
            _("{node}: the memory of {name} was not read; {size} is assumed from its data sheet.",
              node=node, name=card.name, size=human_bytes(memory))
        )  # fmt: skip
    measured = calibration.of(card.name) if calibration else None
    if known is None and (measured is None or measured.memory_bytes_per_s is None or measured.flops is None):
        notes.append(_("The speed of {name} is unknown: memory is planned, speeds and users are not.", name=card.name))
    if card.vendor not in SERVED:
        notes.append(
            _("{name}: this release serves on NVIDIA cards; these need their vendor's build of vLLM.",
              name=card.name)
        )  # fmt: skip
    return _speeds(card, known, measured, memory)


def _speeds(card: Accelerator, known: CardType | None, measured: DeviceCalibration | None, memory: int) -> DeviceType:
    precisions: tuple[Precision, ...] = known.precisions if known else ("bf16", "fp16")
    read = known.bandwidth * 1e9 * READ_PART if known else None
    flops = {precision: _reached(known, precision) for precision in precisions} if known else None
    layer: Mapping[bool, float] = GPU_LAYER_S
    if measured is not None:
        read = measured.memory_bytes_per_s or read
        if measured.flops is not None:
            scale = measured.flops / _reached(known, "bf16") if known else 1.0
            flops = {p: (_reached(known, p) * scale if known else measured.flops) for p in precisions}
        layer = _layer_s(GPU_LAYER_S, measured)
    return DeviceType(
        "gpu", card.vendor, card.name, memory, precisions, read, flops, (known.link if known else 16) * 1e9, layer,
        measured.engine_bytes if measured else None,
    )  # fmt: skip


def _reached(known: CardType, precision: Precision) -> float:
    return known.flops(precision) * (EIGHT_BIT_PART if precision in ("fp8", "int8") else COMPUTE_PART)


def _processor_type(node: Node, calibration: Calibration | None, notes: list[Message]) -> DeviceType | None:
    processor, total = node.facts.processor, node.facts.memory.total_bytes
    if total is None:
        notes.append(_("{node}: its memory is unknown; nothing is planned on its processors.", node=node.name))
        return None
    if processor.usable_cores is None and processor.physical_cores is None:
        notes.append(_("{node}: its cores are unknown; one is assumed.", node=node.name))
    working = working_cores(processor)
    read = min(working * _CORE_BANDWIDTH, (processor.numa_nodes or 1) * _NODE_BANDWIDTH)
    flops = working * _CLOCK * _flops_a_cycle(processor) * _CPU_COMPUTE_PART
    measured = calibration.of(CPU_DEVICE) if calibration else None
    layer: Mapping[bool, float] = CPU_LAYER_S
    if measured is not None:
        read, flops = measured.memory_bytes_per_s or read, measured.flops or flops
        layer = _layer_s(CPU_LAYER_S, measured)
    return DeviceType(
        "cpu", CPU_DEVICE, processor.model or processor.architecture, max(0, total - PLATFORM_BYTES),
        ("bf16", "fp16", "fp32"), read, {"bf16": flops, "fp16": flops, "fp32": flops / 2}, read, layer,
        engine_on_processors(processor, measured),
    )  # fmt: skip


def engine_on_processors(processor: Processor, measured: DeviceCalibration | None = None) -> int:
    """Return what an engine's processes take of main memory without weights, cache and activations."""
    if measured is not None and measured.engine_bytes is not None:
        return measured.engine_bytes
    few = (processor.usable_cores or processor.physical_cores or 1) <= FEW_CORES
    return CPU_ENGINE_INSIDE if few else CPU_ENGINE


def working_cores(processor: Processor) -> int:
    """Return the cores that an engine computes with."""
    cores = processor.usable_cores or processor.physical_cores or 1
    working = max(1, min(cores, processor.physical_cores or cores))
    return max(1, working - 1) if working <= FEW_CORES else working


def _layer_s(defaults: Mapping[bool, float], measured: DeviceCalibration) -> Mapping[bool, float]:
    """Return what was measured of a model that is not compiled; compiling saves the part that it does by default."""
    part = 1.0 if measured.layer_s is None else measured.layer_s / defaults[False]
    return {compiled: value * part for compiled, value in defaults.items()}


def _flops_a_cycle(processor: Processor) -> int:
    """Return operations a cycle and core of the widest instruction set; AMX is not reached by small batches."""
    return next((flops for name, flops in _FLOPS_A_CYCLE if name in processor.features), 8)
