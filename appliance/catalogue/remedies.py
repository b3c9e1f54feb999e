"""What would make a model fit, found by planning again with one thing changed, the least change first."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from appliance.catalogue.accelerators import load_card_types
from appliance.catalogue.devices import Node, take_inventory
from appliance.catalogue.loading import find_model
from appliance.catalogue.model import Checkpoint, ModelEntry, Precision, Source
from appliance.catalogue.placing import Situation, plan_once
from appliance.catalogue.plan import Change, Plan
from appliance.catalogue.sizing import MATRIX_BYTES
from appliance.catalogue.wish import ModelWish
from appliance.core.messages import _, one_or_many
from appliance.core.units import GIB
from appliance.hardware.engines import SERVED
from appliance.hardware.facts import Accelerator

MOST_NODES = 8
"""Machines more, up to which is searched."""
_CONTEXT_STEP = 1024
_PROMPT_STEP = 100
_MOST_SHARE = 95
"""Percent of a card that engines may take at most: the rest is the driver's."""
_CARDS = (1, 2, 4, 8)


def changes_for(situation: Situation, before: Plan, alias: str) -> tuple[Change, ...]:
    """Return the changes that each alone give `alias` what was asked, without taking it from another model."""
    found: list[Change] = []
    for search in _SEARCHES:
        change = next(iter(search(situation, before, alias)), None)
        if change is not None:
            found.append(change)
    return tuple(found)


def _compiled(situation: Situation, before: Plan, alias: str) -> Iterator[Change]:
    if not _wish_of(situation, alias).compiled and _works(_with(situation, alias, compiled=True), before, alias):
        yield Change("compile", 1, _("Compile the model at start (engine: compile)."))


def _works(situation: Situation, before: Plan, alias: str) -> bool:
    return plan_once(situation).served >= before.served | {alias}


def _wish_of(situation: Situation, alias: str) -> ModelWish:
    return next(wish for wish in situation.wish.models if wish.alias == alias)


def _with(situation: Situation, alias: str, **values: object) -> Situation:
    models = tuple(wish.model_copy(update=values) if wish.alias == alias else wish for wish in situation.wish.models)
    return replace(situation, wish=situation.wish.model_copy(update={"models": models}))


def _tensor_parallel(situation: Situation, before: Plan, alias: str) -> Iterator[Change]:
    if _wish_of(situation, alias).tensor_parallel is None:
        return
    changed = _with(situation, alias, tensor_parallel=None)
    if _works(changed, before, alias):
        placed = plan_once(changed).placement(alias)
        size = placed.split.tensor if placed else 1
        yield Change("tensor_parallel", size, _("Spread each replica over {cards} cards of a machine.", cards=size))


def _precision(situation: Situation, before: Plan, alias: str) -> Iterator[Change]:
    """Yield smaller weights: published ones that were not wished, then ones that a site would quantise itself."""
    wish = _wish_of(situation, alias)
    entry = find_model(situation.catalogue, wish.model)
    smallest = min(entry.precisions, key=lambda precision: MATRIX_BYTES[precision])
    now = smallest if wish.precision is None else wish.precision
    inventory = take_inventory(situation.nodes, situation.calibration, situation.accelerator)
    computed = {precision for device in inventory.cards or inventory.processors for precision in device.type.precisions}
    smaller: list[Precision] = [
        p for p in ("fp8", "int8", "int4") if MATRIX_BYTES[p] < MATRIX_BYTES[now] and p in computed
    ]
    for precision in sorted(smaller, key=lambda p: p not in entry.precisions):
        published = entry.checkpoint(precision)
        changed = _with(situation, alias, precision=precision)
        if published is None:
            changed = replace(changed, catalogue={**situation.catalogue, entry.name: _quantised(entry, precision)})
        if not _works(changed, before, alias):
            continue
        if published is not None:
            yield Change("precision", precision, _("Take its weights in {precision}: {repository}.",
                                                   precision=precision, repository=published.repository))  # fmt: skip
        else:
            yield Change("precision", precision, _("Quantise its weights to {precision}; none are published.",
                                                   precision=precision))  # fmt: skip


def _quantised(entry: ModelEntry, precision: Precision) -> ModelEntry:
    own = Checkpoint(precision=precision, repository=entry.name, source=Source(url="-", unverified=True))
    return entry.model_copy(update={"checkpoints": (*entry.checkpoints, own)})


def _cache(situation: Situation, before: Plan, alias: str) -> Iterator[Change]:
    """Yield the largest smaller cache that works, where the cache is set: on processors."""
    now = -(-_wish_of(situation, alias).cache_bytes // GIB)
    best = _last(now - 1, lambda less: _works(_with(situation, alias, cache_bytes=(less + 1) * GIB), before, alias))
    if best is not None and before.placement(alias) is None:
        yield Change("cache", best + 1, _("Lower its KV cache to {size} GiB (engine: kv_cache_gib).", size=best + 1))


def _memory_share(situation: Situation, before: Plan, alias: str) -> Iterator[Change]:
    """Yield the least larger part of the cards that works, where the model does not fit."""
    now = round(_wish_of(situation, alias).memory_share * 100)
    if before.placement(alias) is not None:
        return
    for percent in range(now + 1, _MOST_SHARE + 1):
        if _works(_with(situation, alias, memory_share=percent / 100), before, alias):
            yield Change("memory_share", percent, _(
                "Let engines take {percent} % of a card's memory (engine: gpu_memory_utilization: {share}).",
                percent=percent, share=percent / 100,
            ))  # fmt: skip
            return


def _replicas(situation: Situation, before: Plan, alias: str) -> Iterator[Change]:
    """Yield the most replicas that fit, where fewer than are wished do."""
    wished = _wish_of(situation, alias).replicas or 1
    best = _last(wished - 1, lambda less: _works(_with(situation, alias, replicas=less + 1), before, alias))
    if best is not None and before.placement(alias) is None:
        many = _("Run {count} replicas of it, not {wished}.", count=best + 1, wished=wished)
        told = one_or_many(best + 1, _("Run 1 replica of it, not {wished}.", wished=wished), many)
        yield Change("replicas", best + 1, told)


def _context(situation: Situation, before: Plan, alias: str) -> Iterator[Change]:
    """Yield the longest shorter context that works, in steps of 1024 tokens."""
    wish = _wish_of(situation, alias)
    entry = find_model(situation.catalogue, wish.model)
    placed = before.placement(alias)
    now = placed.context if placed else min(wish.context or entry.context, entry.context)
    least = situation.wish.level.tokens
    steps = range(-(-least // _CONTEXT_STEP), -(-now // _CONTEXT_STEP))
    best = _last(len(steps), lambda i: _works(_with(situation, alias, context=steps[i] * _CONTEXT_STEP), before, alias))
    if best is not None:
        tokens = steps[best] * _CONTEXT_STEP
        yield Change("context", tokens, _("Shorten its context to {tokens} tokens.", tokens=tokens))


def _users(situation: Situation, before: Plan, alias: str) -> Iterator[Change]:
    """Yield how many users can be served instead of those asked for."""
    asked = situation.wish.level.users
    placed = before.placement(alias)
    if asked is None or placed is None:
        return

    best = _last(asked - 1, lambda fewer: _at_level(situation, before, alias, users=fewer + 1))
    if best is not None:
        many = _("Serve {users} users at once instead of {asked}.", users=best + 1, asked=asked)
        told = one_or_many(best + 1, _("Serve 1 user at once instead of {asked}.", asked=asked), many)
        yield Change("users", best + 1, told)


def _shorter_prompts(situation: Situation, before: Plan, alias: str) -> Iterator[Change]:
    """Yield the longest prompts that work, in steps of 100 tokens."""
    asked = situation.wish.level.prompt_tokens
    best = _last(
        asked // _PROMPT_STEP, lambda i: _at_level(situation, before, alias, prompt_tokens=(i + 1) * _PROMPT_STEP)
    )
    if best is not None and before.placement(alias) is not None:
        tokens = (best + 1) * _PROMPT_STEP
        yield Change("prompt_tokens", tokens, _("Keep prompts to {tokens} tokens.", tokens=tokens))


def _more_patience(situation: Situation, before: Plan, alias: str) -> Iterator[Change]:
    """Yield the shortest time to the first token that can be kept, where only that is in the way."""
    placed, asked = before.placement(alias), situation.wish.level.ttft_ms
    if placed is None:
        return
    for times in (1.5, 2, 3, 5, 10, 20):
        if _at_level(situation, before, alias, ttft_ms=asked * times):
            allowed = round(asked * times)
            yield Change("ttft_ms", allowed, _("Allow {time} ms to the first token.", time=allowed))
            return


def _at_level(situation: Situation, before: Plan, alias: str, **values: object) -> bool:
    level = situation.wish.level.model_copy(update=values)
    return _works(replace(situation, wish=situation.wish.model_copy(update={"level": level})), before, alias)


def _cards(situation: Situation, before: Plan, alias: str) -> Iterator[Change]:
    """Yield the fewest gigabytes of cards that work in the first machine, where no machine has cards."""
    first, *others = situation.nodes
    if situation.accelerator == "cpu" or any(node.facts.accelerators for node in situation.nodes):
        return
    kinds = [card for card in load_card_types() if card.vendor in SERVED]
    ways = [(card, count) for card in kinds for count in _CARDS]
    for card, count in sorted(ways, key=lambda way: (way[0].memory_gib * way[1], way[1])):
        added = tuple(Accelerator(index=index, vendor=card.vendor, name=card.name) for index in range(count))
        node = Node(first.name, first.facts.model_copy(update={"accelerators": added}))
        if _works(replace(situation, nodes=(node, *others)), before, alias):
            text = _("Put cards into {node}: {count} × {card}.", node=first.name, count=count, card=card.name)
            yield Change("cards", f"{count} x {card.name}", text)
            return


def _nodes(situation: Situation, before: Plan, alias: str) -> Iterator[Change]:
    """Yield the fewest machines more of a type that is there."""
    kinds = list({node.facts.model_dump_json(exclude={"disks"}): node for node in situation.nodes}.values())
    found: list[tuple[bool, int, Node]] = []
    for kind in kinds:
        for more in range(1, MOST_NODES + 1):
            added = tuple(Node(f"{kind.name}+{number}", kind.facts) for number in range(1, more + 1))
            plan = plan_once(replace(situation, nodes=(*situation.nodes, *added)))
            placed = plan.placement(alias)
            if placed is not None and plan.served >= before.served | {alias}:
                found.append((placed.split.pipeline > 1, more, kind))
                break
    if not found:
        return
    spans, more, kind = min(found, key=lambda way: way[:2])
    text = _("Add machines like {node}: {count}.", node=kind.name, count=more)
    if spans:
        text = _("Add machines like {node}: {count}; a replica then spans machines.",
                 node=kind.name, count=more)  # fmt: skip
    yield Change("nodes", more, text)


def _other_model(situation: Situation, before: Plan, alias: str) -> Iterator[Change]:
    """Yield the largest smaller model of the family that works, of the same industry before others."""
    wish = _wish_of(situation, alias)
    entry = find_model(situation.catalogue, wish.model)
    family = [
        other
        for other in situation.catalogue.values()
        if (other.family, other.kind) == (entry.family, entry.kind) and other.parameters < entry.parameters
    ]
    for other in sorted(family, key=lambda other: (other.industry != entry.industry, -other.parameters)):
        if _works(_with(situation, alias, model=other.name, precision=None, tensor_parallel=None), before, alias):
            yield Change("model", other.name, _("Take {model}, which fits.", model=other.title))
            return


def _last(count: int, works: Callable[[int], bool]) -> int | None:
    """Return the last of `range(count)` that works, where all before it do too; None where none does."""
    low, high = -1, count - 1
    while low < high:
        middle = (low + high + 1) // 2
        if works(middle):
            low = middle
        else:
            high = middle - 1
    return None if low < 0 else low


_SEARCHES = (
    _compiled, _tensor_parallel, _precision, _cache, _memory_share, _replicas, _context, _users, _shorter_prompts,
    _more_patience, _cards, _nodes, _other_model,
)  # fmt: skip
"""In the order of what they cost a site."""
