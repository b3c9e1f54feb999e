"""Sentences of a plan: why a level is not reached, what a placement brings with it, what a model lacks."""

from collections.abc import Iterator, Sequence

from appliance.catalogue.calibration import Calibration
from appliance.catalogue.devices import Device, Inventory
from appliance.catalogue.fitting import Ledger, Option, Task, nearest
from appliance.catalogue.model import LatentAttention
from appliance.catalogue.roofline import service
from appliance.core.messages import Message, _, one_or_many
from appliance.core.units import human_bytes


def shortfall(option: Option, carried: int | None) -> Message | None:
    """Say why the level is not reached where replicas carry `carried` users together; None where it is, or unknown."""
    level = option.task.level
    if carried is None or carried >= (level.users or 1):
        return None
    if carried:
        wanted = level.users or 1
        return one_or_many(
            carried,
            _("It carries 1 user at the level asked, not {wanted}.", wanted=wanted),
            _("It carries {carried} users at the level asked, not {wanted}.", carried=carried, wanted=wanted),
        )
    alone = service(option.replica, 1, level)
    if alone is None or alone.meets(level):
        return _("Its cache does not hold one conversation of {tokens} tokens.", tokens=level.tokens)
    if alone.late_ttft_s * 1000 > level.ttft_ms:
        return _(
            "A prompt of {tokens} tokens alone takes {got} ms to its first token, not {wanted} ms.",
            tokens=level.prompt_tokens, got=round(alone.late_ttft_s * 1000), wanted=round(level.ttft_ms),
        )  # fmt: skip
    return _(
        "One user alone gets {got} tokens/s, not {wanted}.",
        got=round(alone.tokens_per_s, 1), wanted=level.tokens_per_s,
    )  # fmt: skip


def remarks(option: Option, devices: Sequence[Device], ledger: Ledger, preferred_fits: bool) -> tuple[Message, ...]:
    """Say what an operator should know of a model on these devices.

    `preferred_fits`: weights in the precision that the model prefers would fit inside one machine too.
    """
    task = option.task
    entry, split = task.entry, option.replica.split
    found: list[Message] = [*_unserved(option)]
    if option.rank > 0:
        found.append(_why_smaller(option, preferred_fits))
    if task.wish.context is None and option.context < task.contexts[0]:
        found.append(
            _("{alias}: a context of {context} tokens; a longer one does not fit.",
              alias=task.wish.alias, context=option.context)
        )  # fmt: skip
    if task.wish.context is not None and task.wish.context > entry.context:
        found.append(
            _("{alias}: its context is held to the model's own, {context} tokens.",
              alias=task.wish.alias, context=entry.context)
        )  # fmt: skip
    shape = entry.architecture
    if split.tensor > shape.kv_heads or (isinstance(shape.attention, LatentAttention) and split.tensor > 1):
        found.append(_("{alias}: every card holds a copy of cache that cannot be divided.", alias=task.wish.alias))
    others = {name for device in devices for name in ledger.tenants[device]} - {task.wish.alias}
    if others and option.replica.device.kind == "gpu":
        found.append(
            _("{alias}: shares cards with {others}; its speed is that while all are busy.",
              alias=task.wish.alias, others=", ".join(sorted(others)))
        )  # fmt: skip
    return tuple(found)


def _unserved(option: Option) -> Iterator[Message]:
    """Yield what is planned although this release has not run it, or cannot."""
    task, pipeline = option.task, option.replica.split.pipeline
    if pipeline > 1:
        yield _(
            "{alias}: one replica over {count} machines, a stage on each; no such engine was run yet: try it first.",
            alias=task.wish.alias,
            count=pipeline,
        )
    if not task.chats and task.entry.engine != "built-in":
        yield _("{alias}: its memory is planned; this release serves no embedder or reranker but the shipped one.",
                alias=task.wish.alias)  # fmt: skip


def _why_smaller(option: Option, preferred_fits: bool) -> Message:
    """Say why the weights are not in the precision that the model prefers."""
    task, chosen = option.task, option.replica.precision
    alias, preferred = task.wish.alias, task.entry.precisions[0]
    if preferred not in option.replica.device.precisions:
        return _("{alias}: weights in {chosen}; {device} does not compute in {preferred}.",
                 alias=alias, chosen=chosen, device=option.replica.device.name, preferred=preferred)  # fmt: skip
    if task.trial is not None:
        return _("{alias}: weights in {chosen}; in {preferred} it leaves too little to the other models.",
                 alias=alias, chosen=chosen, preferred=preferred)  # fmt: skip
    if preferred_fits:
        return _("{alias}: weights in {chosen}; in {preferred} it carries fewer users.",
                 alias=alias, chosen=chosen, preferred=preferred)  # fmt: skip
    return _("{alias}: weights in {chosen}; in {preferred} it does not fit on the cards of one machine.",
             alias=alias, chosen=chosen, preferred=preferred)  # fmt: skip


def refusal_reason(task: Task, devices: Sequence[Device], ledger: Ledger) -> Message:
    """Say why a model does not fit on these devices."""
    if not devices:
        return _("No machine has a card, or memory, that is known well enough to plan on.")
    if task.level.tokens > max(task.contexts) and task.chats:
        return _("Prompt and answer take {tokens} tokens, its context is {context}.",
                 tokens=task.level.tokens, context=max(task.contexts))  # fmt: skip
    found = nearest(task, devices, ledger)
    if found is None:
        kinds = sorted({device.type.name for device in devices})
        if task.wish.tensor_parallel is not None:
            return _("It cannot be cut over {cards} cards here.", cards=task.wish.tensor_parallel)
        asked = (task.wish.precision,) if task.wish.precision else task.entry.precisions
        return _("Its weights are in {precisions}, which {devices} cannot compute.",
                 precisions=", ".join(asked), devices=", ".join(kinds))  # fmt: skip
    option, lack = found
    split, need = option.replica.split, option.need
    return _(
        "In {precision} over {cards} × {device} each needs {needed} (weights {weights}, context {cache}, rest {rest}): "
        "{lack} more than is free.",
        precision=option.replica.precision, cards=split.cards, device=option.replica.device.name,
        needed=human_bytes(need.total + option.least_cache), weights=human_bytes(need.weights),
        cache=human_bytes(option.least_cache), rest=human_bytes(need.activations + need.overhead),
        lack=human_bytes(lack),
    )  # fmt: skip


def plan_notes(inventory: Inventory, calibration: Calibration | None) -> tuple[Message, ...]:
    """Say what was assumed, and what the speeds rest on."""
    if calibration is None:
        basis = _("Speeds are computed from data sheets, not measured here.")
    else:
        basis = _("Speeds use what was measured here on {day}.", day=calibration.measured_at[:10])
    return (*inventory.notes, basis)
