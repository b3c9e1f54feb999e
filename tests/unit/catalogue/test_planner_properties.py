"""What holds for every plan, whatever the machines."""

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.catalogue.devices import Node
from appliance.catalogue.loading import load_catalogue
from appliance.catalogue.placing import Situation, plan_once
from appliance.catalogue.planner import make_plan
from appliance.catalogue.sizing import split_fits
from appliance.catalogue.wish import ModelWish, ServiceLevel, Wish
from appliance.core.units import GIB
from appliance.hardware.facts import Accelerator, MachineFacts, Memory, Processor

CATALOGUE = load_catalogue()
CARDS = [("nvidia", "NVIDIA L20"), ("nvidia", "NVIDIA H20"), ("ascend", "910B3"), ("nvidia", "NVIDIA X999")]
MODELS = ["qwen3-8b", "qwen3-32b", "qwen3-30b-a3b", "deepseek-v3", "gemma-3-27b", "fin-r1", "bge-m3", "smollm2-135m"]

machines = st.builds(
    lambda card, count, gib, ram: MachineFacts(
        processor=Processor(architecture="x86_64", physical_cores=16, usable_cores=32, features=("avx512f",)),
        memory=Memory(total_bytes=ram * GIB),
        accelerators=tuple(
            Accelerator(index=index, vendor=card[0], name=card[1], memory_total_bytes=gib * GIB)
            for index in range(count)
        ),
    ),
    st.sampled_from(CARDS),
    st.integers(0, 8),
    st.integers(8, 144),
    st.integers(2, 512),
)
wishes = st.lists(st.sampled_from(MODELS), min_size=1, max_size=3)
users = st.one_of(st.none(), st.integers(1, 300))


def situation(facts, models, level):
    asked = tuple(ModelWish(alias=f"m{number}", model=model) for number, model in enumerate(models))
    nodes = [Node(f"n{number}", machine) for number, machine in enumerate(facts)]
    return Situation(Wish(models=asked, level=level), tuple(nodes), CATALOGUE)


def made(facts, models, level):
    """Plan without the search for changes: they are plans of their own."""
    return plan_once(situation(facts, models, level))


@settings(max_examples=60, deadline=None)
@given(st.lists(machines, min_size=1, max_size=3), wishes, users)
def test_no_card_is_given_away_twice_and_heads_divide(facts, models, wanted):
    plan = made(facts, models, ServiceLevel(users=wanted))
    assert len(plan.placements) + len(plan.refusals) == len(models)
    taken = {}
    for placement in plan.placements:
        assert split_fits(placement.entry.architecture, placement.split)
        cards = [(use.node, use.index) for replica in placement.replicas for use in replica]
        if placement.memory_share is not None:
            assert len(cards) == len(set(cards))
            assert all(len(replica) == placement.split.cards for replica in placement.replicas)
        for use in (use for replica in placement.replicas for use in replica):
            assert min(use.weights, use.overhead) > 0
            key = (use.node, use.index)
            total, capacity = taken.get(key, (0, use.capacity))
            taken[key] = (total + use.total, capacity)
    assert all(total <= capacity for total, capacity in taken.values())
    assert all(total <= capacity * 0.9 + 1 for (_n, index), (total, capacity) in taken.items() if index is not None)


@settings(max_examples=60, deadline=None)
@given(machines, st.sampled_from(MODELS), st.integers(1, 100), users)
def test_more_memory_never_worsens_a_plan(machine, model, more, wanted):
    """A model that was served is served with more memory too, with the users asked for, or as many on all cards."""
    larger = machine.model_copy(
        update={
            "memory": Memory(total_bytes=(machine.memory.total_bytes or 0) + more * GIB),
            "accelerators": tuple(
                card.model_copy(update={"memory_total_bytes": (card.memory_total_bytes or 0) + more * GIB})
                for card in machine.accelerators
            ),
        }
    )
    level = ServiceLevel(users=wanted)
    before, after = made([machine], [model], level), made([larger], [model], level)
    assert after.served >= before.served
    assert len(after.placements) >= len(before.placements)
    if before.placements and not before.refusals:
        small, large = before.placements[0], after.placements[0]
        if wanted is not None and small.users is not None and large.users is not None:
            assert min(large.users, wanted) >= min(small.users, wanted)


@settings(max_examples=40, deadline=None)
@given(machines, st.sampled_from(MODELS), st.integers(1, 3))
def test_more_machines_never_worsen_a_plan(machine, model, more):
    level = ServiceLevel(users=50)
    assert made([machine] * (1 + more), [model], level).served >= made([machine], [model], level).served


@settings(max_examples=60, deadline=None)
@given(machines, st.sampled_from(MODELS), st.integers(1, 200), st.integers(1, 200))
def test_fewer_users_are_never_harder(machine, model, one, other):
    few, many = sorted((one, other))
    assert (
        made([machine], [model], ServiceLevel(users=few)).served
        >= made([machine], [model], ServiceLevel(users=many)).served
    )


@settings(max_examples=10, deadline=None)
@given(machines, wishes)
def test_a_change_that_is_offered_is_never_empty(machine, models):
    asked = situation([machine], models, ServiceLevel())
    plan = make_plan(asked.wish, asked.nodes, CATALOGUE)
    for blamed in (*plan.refusals, *plan.placements):
        for change in blamed.changes:
            assert str(change.text)
            assert change.value
