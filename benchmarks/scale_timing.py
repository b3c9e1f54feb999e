"""From the planner to what a modelled engine is told: the roofline of one model on one recorded machine."""

import json
from dataclasses import dataclass
from pathlib import Path

from modelled_engine import Timing

from appliance.catalogue.devices import Node, take_inventory
from appliance.catalogue.loading import load_catalogue
from appliance.catalogue.planner import make_plan
from appliance.catalogue.roofline import Replica, prefill_s, service
from appliance.catalogue.wish import ModelWish, ServiceLevel, Wish
from appliance.hardware.facts import MachineFacts


class NotPlanned(Exception):
    """The model does not fit on the machine, or the speed of its cards is unknown."""


@dataclass(frozen=True)
class Modelled:
    """A model on a machine as the planner has it."""

    words: str
    """What it is, in a line."""
    timing: Timing
    users: int
    """Users that one replica carries at the level."""
    cards: int
    """Cards of one replica."""


def read_facts(machine: Path) -> MachineFacts:
    """Return the facts of a recorded machine; of a record of several, the first's."""
    raw = json.loads(machine.read_text(encoding="utf-8"))
    return MachineFacts.model_validate(raw[0] if isinstance(raw, list) else raw)


def modelled(machine: Path, model: str, level: ServiceLevel) -> Modelled:
    """Plan `model` on `machine` and return the timing of one of its replicas. Raises `NotPlanned`."""
    nodes = [Node("node-1", read_facts(machine))]
    plan = make_plan(Wish(models=(ModelWish(alias="general", model=model),), level=level), nodes, load_catalogue())
    placed = plan.placement("general")
    if placed is None or not placed.users:
        raise NotPlanned(f"{model} gives nobody the asked level on {machine.name}")
    use = placed.replicas[0][0]
    device = next(one.type for one in take_inventory(nodes).cards if one.index == use.index)
    replica = Replica(placed.entry, placed.precision, placed.split, device)
    prefill = prefill_s(replica, level.prompt_tokens)
    rates = [service(replica, users, level) for users in range(1, placed.users + 1)]
    steps = tuple(1 / got.tokens_per_s for got in rates if got is not None)
    if prefill is None or len(steps) != placed.users:
        raise NotPlanned(f"the speed of {device.name} is unknown")
    words = f"{placed.entry.title} {placed.precision} on {placed.split.cards} × {device.name}"
    return Modelled(words, Timing(prefill, steps), placed.users, placed.split.cards)
