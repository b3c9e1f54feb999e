"""Plans for many machines: what is the same for all cards is computed once."""

from collections import Counter

from appliance.catalogue import fitting
from appliance.catalogue.devices import Device, Node, take_inventory
from appliance.catalogue.roofline import most_users


def machines(nodes, count):
    (one,) = nodes("8xH20")
    return [Node(f"node-{number}", one.facts) for number in range(count)]


def test_users_are_computed_once_for_cards_with_the_same_room(plan, nodes, monkeypatch):
    asked = Counter()

    def counted(replica, level, limit):
        asked[limit] += 1
        return most_users(replica, level, limit)

    monkeypatch.setattr(fitting, "most_users", counted)
    found = plan(machines(nodes, 40), {"general": {"model": "deepseek-v3", "precision": "fp8"}}, users=1000)
    assert found.complete
    assert len(found.placement("general").replicas) == 29
    assert asked.total() < 29  # not once a replica


def test_a_card_is_found_without_looking_at_all_others(plan, nodes, monkeypatch):
    compared = Counter()
    equal = Device.__eq__

    def counted(self, other):
        compared["all"] += 1
        return equal(self, other)

    monkeypatch.setattr(Device, "__eq__", counted)
    count = 20
    assert plan(machines(nodes, count), {"general": "qwen3-32b"}, users=88 * 2 * count).complete
    assert compared["all"] < 100 * count  # 160 cards with each other would be 25,600


def test_cards_are_told_apart_by_machine_and_number(nodes):
    cards = take_inventory(machines(nodes, 3)).cards
    assert len(set(cards)) == 24
    assert set(cards) == set(take_inventory(machines(nodes, 3)).cards)
