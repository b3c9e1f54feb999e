"""Places models on devices: the largest first, each with the split, precision and replicas that serve best."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from appliance.catalogue.calibration import Calibration
from appliance.catalogue.devices import Device, Inventory, Node, take_inventory
from appliance.catalogue.explaining import plan_notes, refusal_reason, remarks, shortfall
from appliance.catalogue.fitting import Group, Ledger, Option, Task, options
from appliance.catalogue.loading import Catalogue, find_model
from appliance.catalogue.model import Precision
from appliance.catalogue.plan import DeviceUse, Placement, Plan, Refusal
from appliance.catalogue.roofline import service
from appliance.catalogue.sizing import cache_bytes, weights_bytes
from appliance.catalogue.wish import Wish
from appliance.core.units import GIB

AcceleratorSetting = Literal["auto", "cpu", "gpu"]


@dataclass
class _Draft:
    """A model with its places, while others may still come beside it."""

    option: Option
    groups: tuple[Group, ...]
    cache: int
    """Bytes of cache on each card."""
    spare: int
    """Groups that were left over."""
    preferred_fits: bool
    """Weights in the precision that the model prefers fit too."""

    @property
    def task(self) -> Task:
        return self.option.task

    @property
    def devices(self) -> list[Device]:
        return [device for group in self.groups for device in group]


@dataclass(frozen=True)
class Situation:
    """Everything that a plan depends on, so that remedies can change one thing and plan again."""

    wish: Wish
    nodes: tuple[Node, ...]
    catalogue: Catalogue
    calibration: Calibration | None = None
    accelerator: AcceleratorSetting = "auto"


def plan_once(situation: Situation) -> Plan:
    """Plan without looking for changes: the first plan that serves everything, or the one that serves most.

    Tried in turn: each model with the precision that is best for it, then one of them in smaller weights; each time
    with cards kept for the models that come later, then without.
    """
    inventory = take_inventory(situation.nodes, situation.calibration, situation.accelerator)
    best: Plan | None = None
    for trial in _trials(situation):
        for fair in (True, False):
            plan = _plan(situation, inventory, trial, fair)
            if best is None or (len(plan.served), len(plan.placements)) > (len(best.served), len(best.placements)):
                best = plan
            if best.complete or len(situation.wish.models) == 1:
                return best
    if best is None:
        raise RuntimeError("there is always a first trial")
    return best


def _trials(situation: Situation) -> Iterator[Mapping[str, Precision]]:
    """Yield precisions by alias, for models that leave theirs to the planner."""
    yield {}
    for asked in situation.wish.models:
        entry = find_model(situation.catalogue, asked.model)
        if asked.precision is None and entry.kind == "chat":
            yield from ({asked.alias: precision} for precision in entry.precisions[1:])


def _plan(situation: Situation, inventory: Inventory, trial: Mapping[str, Precision], fair: bool) -> Plan:
    wish = situation.wish
    tasks = [
        Task(asked, find_model(situation.catalogue, asked.model), wish.level, trial.get(asked.alias))
        for asked in wish.models
    ]
    ledger = Ledger()
    drafts: list[_Draft] = []
    refusals: list[Refusal] = []
    waiting = sorted(tasks, key=_weight, reverse=True)
    while waiting:
        task = waiting.pop(0)
        devices = _devices_for(task, inventory)
        most = _fair_cards(task, waiting, devices, ledger) if fair else len(devices)
        draft = _draft(task, devices, ledger, most)
        if draft is None:
            refusals.append(Refusal(task.wish.alias, task.entry.name, refusal_reason(task, devices, ledger)))
            continue
        drafts.append(draft)
        for device in draft.devices:
            ledger.take(device, draft.option.need.total + draft.cache, task.wish.alias)
    _give_what_is_left(drafts, ledger)
    order = {asked.alias: number for number, asked in enumerate(wish.models)}
    placements = sorted((_placement(draft, drafts, ledger) for draft in drafts), key=lambda placed: order[placed.alias])
    refusals.sort(key=lambda refusal: order[refusal.alias])
    return Plan(wish.level, tuple(placements), tuple(refusals), plan_notes(inventory, situation.calibration))


def _weight(task: Task) -> int:
    precision = task.wish.precision or task.entry.precisions[0]
    return weights_bytes(task.entry, precision)


def _devices_for(task: Task, inventory: Inventory) -> tuple[Device, ...]:
    """Return where the model may go: cards where there are any; the built-in engine computes on processors."""
    if task.entry.engine == "built-in" or not inventory.cards:
        return inventory.processors
    return inventory.cards


def _fair_cards(task: Task, waiting: Sequence[Task], devices: Sequence[Device], ledger: Ledger) -> int:
    """Return how many cards a model may take while others wait: the empty ones less what those weigh for."""
    chats = [other for other in waiting if other.chats]
    together = _weight(task) + sum(map(_weight, chats))
    kept = sum(max(1, len(devices) * _weight(other) // together) for other in chats)
    empty = sum(1 for device in devices if device not in ledger.used)
    return max(1, empty - kept)


@dataclass(frozen=True)
class _Choice:
    option: Option
    replicas: int
    users: int | None
    """All replicas together; None: unknown or not a chat model."""
    fitting: int
    """How many replicas would fit."""

    def score(self) -> tuple[float, ...]:
        """Return what is compared, the smaller the better.

        First whether the level is reached, and for how many users; then whether replicas are inside one machine; then
        the precision that the model prefers; then few cards where the users are known, many users on these machines
        where they are not.
        """
        task, option = self.option.task, self.option
        split = option.replica.split
        cards = float(self.replicas * split.cards)
        preferred = (float(split.pipeline), float(option.rank))
        shape = (cards, float(split.tensor))
        if self.users is None:
            return (0.0, 0.0, *preferred, *shape)
        wanted = task.level.users
        if wanted is None:
            everywhere = self.users / self.replicas * self.fitting
            if everywhere:
                return (0.0, 0.0, *preferred, -everywhere, *shape)
            got = service(option.replica, 1, task.level)
            return (1.0, 0.0, *preferred, 0.0 if got is None else got.late_ttft_s, *shape)
        return (0.0, -min(wanted, self.users), *preferred, *shape)


def _draft(task: Task, devices: Sequence[Device], ledger: Ledger, fair: int) -> _Draft | None:
    """Return the best choice among those that leave room to others; among all where there is none."""
    if task.chats and task.level.tokens > max(task.contexts):
        return None
    possible = list(options(task, devices, ledger))
    choices = [choice for option in possible if (choice := _choose(option, fair)) is not None]
    if not choices:
        choices = [choice for option in possible if (choice := _choose(option, len(devices))) is not None]
    best = min(choices, key=_Choice.score, default=None)
    if best is None:
        return None
    option = best.option
    taken = option.groups[: best.replicas]
    room = min(room for _group, room in taken)
    cache = option.least_cache
    if task.chats and task.level.users is not None:
        share = -(-task.level.users // best.replicas)
        wanted = min(share, task.sequences) * cache_bytes(
            task.entry.architecture, task.level.tokens, option.replica.split, option.replica.precision
        )
        if option.replica.device.kind == "cpu":
            wanted = -(-wanted // GIB) * GIB
            cache = max(cache, min(wanted, room // GIB * GIB))
        else:
            cache = max(cache, min(wanted, room))
    return _Draft(
        option, tuple(group for group, _room in taken), cache, max(0, _places(option) - best.replicas),
        any(other.rank == 0 and other.replica.split.pipeline == 1 for other in possible),
    )  # fmt: skip


def _choose(option: Option, most_cards: int) -> _Choice | None:
    """Return how many replicas are wanted of this option on at most so many cards; None where so many do not fit."""
    task = option.task
    fixed, wanted = task.wish.replicas, task.level.users
    fitting = min(len(option.groups), most_cards // option.replica.split.cards)
    if option.replica.device.kind == "cpu":  # a second engine on the same cores makes nothing faster
        fitting = len(option.groups) if fixed else _places(option)
    if not fitting:
        return None
    if fixed is not None:
        if fixed > fitting:
            return None
        each = option.users(_cache(option, fixed))
        return _Choice(option, fixed, None if each is None else each * fixed, fitting)
    each = option.users(_cache(option, 1))
    if wanted is None or not task.chats or each is None or each == 0:
        return _Choice(option, 1, each, fitting)
    replicas, together = 1, each
    while together < wanted and replicas < fitting:
        replicas += 1
        together = replicas * (option.users(_cache(option, replicas)) or 0)
    return _Choice(option, replicas, together, fitting)


def _places(option: Option) -> int:
    """Return how many replicas have cards, or processors, of their own."""
    groups = [group for group, _room in option.groups]
    return len({group[0].node for group in groups}) if option.replica.device.kind == "cpu" else len(groups)


def _cache(option: Option, replicas: int) -> int:
    """Return the cache a card that so many replicas can have; on CPU what the settings give."""
    if option.replica.device.kind == "cpu" and option.task.level.users is None:
        return option.least_cache
    return option.groups[replicas - 1][1]


def _give_what_is_left(drafts: Sequence[_Draft], ledger: Ledger) -> None:
    """Give the cards' free memory to the caches of chat models, in equal parts: beginnings of prompts stay there."""
    growing = [draft for draft in drafts if draft.task.chats and draft.option.replica.device.kind == "gpu"]
    claims: dict[Device, int] = {}
    for draft in growing:
        for device in draft.devices:
            claims[device] = claims.get(device, 0) + 1
    more = [
        max(0, min(ledger.room(device, draft.task.wish.memory_share) // claims[device] for device in draft.devices))
        for draft in growing
    ]
    for draft, extra in zip(growing, more, strict=True):
        draft.cache += extra
        for device in draft.devices:
            ledger.take(device, extra, draft.task.wish.alias)


def _busy_engines(draft: _Draft, drafts: Sequence[_Draft]) -> int:
    """Return how many engines of chat models are on the fullest of its devices."""
    engines = Counter(device for other in drafts if other.task.chats for device in other.devices)
    return max(1, *(engines[device] for device in draft.devices))


def _placement(draft: _Draft, drafts: Sequence[_Draft], ledger: Ledger) -> Placement:
    task = draft.task
    option = replace(draft.option, replica=replace(draft.option.replica, sharing=_busy_engines(draft, drafts)))
    each = option.users(draft.cache)
    carried = None if each is None else each * len(draft.groups)
    uses = tuple(tuple(_use(device, draft) for device in group) for group in draft.groups)
    share = None
    if option.replica.device.kind == "gpu":
        fullest = max(use.total / use.capacity for group in uses for use in group)
        share = min(task.wish.memory_share, math.ceil(fullest * 100) / 100)
    planned = task.level.users if task.level.users is not None else carried
    at_once = max(1, -(-(planned or 1) // len(draft.groups)))
    got = service(option.replica, at_once, task.level) if task.chats else None
    return Placement(
        task.wish.alias, task.entry, option.replica.precision, option.replica.split, uses, option.context,
        min(task.sequences, max(at_once, task.wish.sequences or 1)), share, got, carried, draft.spare,
        remarks(option, draft.devices, ledger, draft.preferred_fits), shortfall(option, carried),
    )  # fmt: skip


def _use(device: Device, draft: _Draft) -> DeviceUse:
    need = draft.option.need
    return DeviceUse(
        device.node, device.index, device.type.name, device.type.memory, need.weights, draft.cache, need.activations,
        need.overhead,
    )  # fmt: skip
