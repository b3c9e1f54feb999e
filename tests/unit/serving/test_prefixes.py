"""Which replica holds a prompt's beginning, and the router that goes by it. Its replicas are stood in for."""

import asyncio
from types import SimpleNamespace

import pytest
from ray.serve._private.common import DeploymentHandleSource, DeploymentID, ReplicaID, RequestMetadata
from ray.serve._private.request_router.common import PendingRequest

from appliance.config.site import EngineSettings, ModelSettings
from appliance.serving.prefix_options import router_options
from appliance.serving.prefix_router import PrefixRouter
from appliance.serving.prefixes import PrefixIndex, close_enough, prompt_blocks

LONG = "The policy of the bank on mortgages. " * 40
DEPLOYMENT = DeploymentID("Model", "model-general")


def body(*texts, salt="tenant a", **more):
    roles = ["system", *["user", "assistant"] * len(texts)]
    messages = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
    return {"model": "general", "cache_salt": salt, "messages": messages, **more}


def shared(one, other):
    """Count the blocks that two prompts begin with alike."""
    return sum(a == b for a, b in zip(prompt_blocks(one), prompt_blocks(other), strict=False))


def test_the_next_turn_begins_as_the_one_before():
    first, second = body(LONG, "And now?"), body(LONG, "And now?", "Yes." * 100, "Why?")
    assert shared(first, second) == len(prompt_blocks(first)) > 5
    assert len(prompt_blocks(second)) > len(prompt_blocks(first))


@pytest.mark.parametrize(
    "other",
    [
        body(LONG, salt="tenant b"),
        {**body(LONG), "model": "finance"},
        body(LONG, tools=[{"type": "function", "function": {"name": "rate"}}]),
        body("Dear. " + LONG),
    ],
    ids=["another tenant", "another model", "tools come first", "another beginning"],
)
def test_what_the_engines_cache_keeps_apart_is_kept_apart(other):
    assert shared(body(LONG), other) == 0


@pytest.mark.parametrize(
    "odd",
    [
        {"prompt": LONG}, {"prompt": [LONG, "x"]}, {"prompt": [[1, 2, 3] * 200]}, {"messages": []}, {},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": LONG}]}]},
        {"messages": [{"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}]},
        {"messages": [{"role": "user", "content": "\ud800" * 300}]},
    ],
)  # fmt: skip
def test_every_prompt_that_a_request_may_hold_has_blocks_or_none(odd):
    assert prompt_blocks(odd) == prompt_blocks(odd)


def test_a_very_long_prompt_is_looked_at_so_far_only():
    assert len(prompt_blocks({"prompt": "x" * 10_000_000})) == 512


def test_the_longest_beginning_counts():
    index = PrefixIndex()
    index.add([b"1", b"2"], "a")
    index.add([b"1", b"2", b"3"], "b")
    assert index.holders([b"1", b"2", b"3", b"4"], ["a", "b"]) == (3, {"b"})
    assert index.holders([b"1", b"2", b"9"], ["a", "b"]) == (2, {"a", "b"})
    assert index.holders([b"1", b"2", b"3"], ["a"]) == (2, {"a"})
    assert index.holders([b"2"], ["c"]) == (0, frozenset())
    index.forget(["b"])
    assert index.holders([b"1", b"2", b"3"], ["a", "b"]) == (2, {"a"})


def test_what_nobody_asked_for_is_forgotten_first():
    index = PrefixIndex(most=3)
    index.add([b"1", b"2", b"3"], "a")
    index.add([b"1"], "a")
    index.add([b"4"], "a")
    assert len(index) == 3
    assert index.holders([b"1"], ["a"])[0] == 1
    assert index.holders([b"2"], ["a"])[0] == 0


def test_a_busy_holder_is_left_alone():
    assert close_enough({"a": 3, "b": 0}, ["a"], 3) == ["a"]
    assert close_enough({"a": 4, "b": 0}, ["a"], 3) == []
    assert close_enough({"b": 0}, ["a"], 3) == []  # it does not tell


class Replica:
    """A running replica as the router sees it; `waiting` is what it tells when it is asked."""

    def __init__(self, name, waiting=0):
        self.replica_id = ReplicaID(name, DEPLOYMENT)
        self.actor_id, self.node_id, self.availability_zone = name, "n", None
        self.multiplexed_model_ids = set()
        self.max_ongoing_requests = 16
        self.is_cross_language = False
        self.waiting = waiting

    async def get_queue_len(self, *, deadline_s):
        return self.waiting


def pending(*arguments):
    metadata = RequestMetadata(request_id="r", internal_request_id=f"i{id(arguments)}", call_method="generate")
    return PendingRequest(args=list(arguments), kwargs={}, metadata=metadata)


def asking(one):
    return pending("chat", one, "r")


@pytest.fixture
async def router():
    made = PrefixRouter(
        deployment_id=DEPLOYMENT,
        handle_source=DeploymentHandleSource.REPLICA,
        use_replica_queue_len_cache=True,
        create_replica_wrapper_func=lambda info: info,
    )
    made.initialize_state(spread=2)
    return made


async def sent(router, request):
    """Let the router place a request, as Serve does; return the replica's name."""
    replica = await asyncio.wait_for(router._choose_replica_for_request(request), 5)
    router.on_send_request(replica.replica_id)
    router.on_request_routed(request, replica.replica_id, SimpleNamespace())
    return replica.replica_id.unique_id


async def done(router, name):
    router.decrement_queue_len_cache(ReplicaID(name, DEPLOYMENT))


async def test_the_turns_of_a_conversation_stay_on_one_replica(router):
    router.update_replicas([Replica(f"r{number}") for number in range(8)])
    texts, places = [LONG], set()
    for turn in range(6):
        texts += [f"question {turn} " * 20]
        place = await sent(router, asking(body(*texts)))
        places.add(place)
        await done(router, place)
        texts += [f"answer {turn} " * 20]
    assert len(places) == 1


async def test_conversations_without_a_common_beginning_are_spread(router):
    router.update_replicas([Replica(f"r{number}") for number in range(4)])
    places = [await sent(router, asking(body(f"{number} " + LONG))) for number in range(32)]
    assert {places.count(f"r{number}") for number in range(4)} <= set(range(4, 13))


async def test_a_replica_that_is_too_busy_does_not_get_it_and_the_next_one_learns_it(router):
    router.update_replicas([Replica("a"), Replica("b")])
    first = await sent(router, asking(body(LONG)))
    other = "b" if first == "a" else "a"
    places = [await sent(router, asking(body(LONG))) for _ in range(4)]
    assert places == [first, first, other, other] or places == [first, first, other, first], places


async def test_a_replica_that_is_gone_is_forgotten(router):
    router.update_replicas([Replica("a"), Replica("b")])
    first = await sent(router, asking(body(LONG)))
    other = "b" if first == "a" else "a"
    router.update_replicas([Replica(other), Replica("c")])
    assert len(router._index) == 0
    assert await sent(router, asking(body(LONG))) in {other, "c"}


async def test_other_calls_go_as_ever(router):
    router.update_replicas([Replica("a"), Replica("b")])
    assert await sent(router, pending()) in {"a", "b"}
    assert len(router._index) == 0


def test_the_router_is_asked_of_serve_by_the_setting():
    assert router_options(ModelSettings(package="base")) == {}
    asked = router_options(ModelSettings(package="base", routing="prefix", engine=EngineSettings(max_num_seqs=2)))[
        "request_router_config"
    ]
    assert asked["request_router_kwargs"] == {"spread": 1}
