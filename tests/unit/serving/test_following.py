from dataclasses import dataclass

import pytest

from appliance.config.site import ModelSettings
from appliance.serving.following import FollowingPolicy, Places, count_options, places_for, read_cordoned, within_places


@dataclass
class Context:
    current_num_replicas: int
    target_num_replicas: int = 1
    total_num_requests: float = 0.0
    raw_metrics: dict | None = None


@pytest.mark.parametrize(
    ("wanted", "running", "places", "expected"),
    [
        (2, 1, Places(1), 1),  # a lone box
        (2, 1, Places(2), 2),  # a node has joined
        (2, 2, Places(1), 1),  # one is drained or lost
        (2, 2, Places(1, 1), 2),  # one is cordoned: its replica stays
        (2, 1, Places(1, 1), 1),  # and it takes no further one
        (3, 3, Places(1, 1), 2),
        (1, 2, Places(4), 1),
        (2, 0, Places(0), 0),
        (0, 1, Places(2), 0),
    ],
)
def test_there_are_as_many_as_have_a_place(wanted, running, places, expected):
    assert within_places(wanted, running, places) == expected


def test_places_are_nodes_with_the_labels():
    nodes = {"a": {"vendor": "nvidia", "zone": "1"}, "b": {"vendor": "ascend"}, "c": {"vendor": "nvidia"}}
    assert places_for({}, nodes, frozenset()) == Places(3)
    assert places_for({"vendor": "nvidia"}, nodes, frozenset({"c"})) == Places(1, 1)
    assert places_for({"vendor": "nvidia", "zone": "2"}, nodes, frozenset()) == Places(0)


@pytest.mark.parametrize(("said", "ids"), [(None, set()), (b"", set()), (b"a,b", {"a", "b"})])
def test_closed_nodes_are_read_from_the_store(said, ids):
    assert read_cordoned(said) == ids


def test_replicas_follow_the_nodes(monkeypatch):
    nodes, cordoned = {"a": {}}, set()
    policy = FollowingPolicy(2, {}, look=lambda: (nodes, frozenset(cordoned)))
    now = [0.0]
    monkeypatch.setattr("appliance.serving.following.time.monotonic", lambda: now[0])
    assert policy(Context(1)) == (1, {})
    nodes["b"] = {}
    assert policy(Context(1))[0] == 1  # it looks once a second
    now[0] = 1.1
    assert policy(Context(1))[0] == 2
    del nodes["a"]
    now[0] = 2.2
    assert policy(Context(2))[0] == 1


def test_the_load_decides_within_the_places():
    targets = {"least": 0, "most": 4, "requests": 2.0, "kv_use": 0.9, "ttft_ms": None, "idle_s": 60.0}
    policy = FollowingPolicy(4, {}, targets, look=lambda: ({"a": {}, "b": {}}, frozenset()))
    assert policy(Context(1, 1, 20.0))[0] == 2
    assert policy(Context(1, 1, 1.0))[0] == 1
    assert policy(Context(0, 0, 0.0))[0] == 0


def test_only_several_replicas_on_processors_need_the_policy():
    one, two = ModelSettings(package="base"), ModelSettings(package="base", replicas=2)
    assert count_options(one, "cpu") == {"num_replicas": 1}
    assert count_options(two, "gpu") == {"num_replicas": 2}  # cards are what Ray counts
    options = count_options(two, "cpu")["autoscaling_config"]
    assert (options["min_replicas"], options["max_replicas"]) == (1, 2)
    assert options["policy"]["policy_kwargs"] == {"replicas": 2, "labels": {}, "scaling": None}


def test_serve_takes_the_policy():
    from ray.serve.config import AutoscalingConfig

    config = AutoscalingConfig(**count_options(ModelSettings(package="base", replicas=2), "cpu")["autoscaling_config"])
    assert (config.min_replicas, config.max_replicas) == (1, 2)
