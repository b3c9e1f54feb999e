"""Nodes and join tokens: no address twice, no token twice, whoever comes at the same moment."""

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.core.clock import iso
from appliance.core.errors import AuthenticationFailed, Conflict, InvalidRequest, NotFound
from appliance.state.node_records import NODE_STATES, read_token
from appliance.state.nodes import JoinTokens, NodeRecord, Nodes, new_node_id

PEPPER = bytes(range(32))
FINGERPRINT = "0123456789abcdef" * 4
FACTS = {"accelerators": [{"name": "Ascend 910B", "memory_bytes": 2**36}], "memory_bytes": 2**40}


class Clock:
    def __init__(self):
        self.now = datetime(2026, 5, 1, tzinfo=UTC)

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def nodes(database, clock):
    return Nodes(database, clock)


@pytest.fixture
def tokens(database, clock):
    return JoinTokens(database, PEPPER, clock)


def node(name="worker-1", address="10.0.0.2", **more):
    given = {"role": "worker", "version": "0.1.0", "certificate_serial": "ab", "certificate_fingerprint": "f" * 64}
    return NodeRecord(new_node_id(), name, address, **{**given, **more})


def refusal(call, *arguments):
    with pytest.raises(AuthenticationFailed) as refused:
        call(*arguments)
    return refused.value.code


def test_a_node_comes_back_as_it_was_recorded(nodes, clock):
    added = nodes.record(node(labels={"zone": "北京"}, facts=FACTS))
    assert (added.joined_at, added.seen_at, added.state) == (iso(clock.now), iso(clock.now), "joining")
    assert nodes.get(added.id) == added
    assert nodes.named("worker-1") == nodes.named(added.id) == added
    assert nodes.list() == (added,)
    assert added.to_dict()["facts"] == FACTS


def test_the_head_is_first(nodes):
    for name, address, role in (("b", "10.0.0.3", "worker"), ("z", "10.0.0.1", "head"), ("a", "10.0.0.2", "worker")):
        nodes.record(node(name, address, role=role))
    assert [one.name for one in nodes.list()] == ["z", "a", "b"]


@pytest.mark.parametrize(
    ("second", "code", "told"),
    [
        ({"name": "worker-2"}, "node_address_taken", "belongs to the node worker-1"),
        ({"address": "10.0.0.9"}, "node_name_taken", "belongs to the node at 10.0.0.2"),
        ({}, "node_address_taken", "belongs to the node worker-1"),
    ],
)
def test_a_name_or_address_that_is_taken_is_refused_with_the_node(nodes, second, code, told):
    nodes.record(node())
    with pytest.raises(Conflict, match=told) as refused:
        nodes.record(node(**second))
    assert refused.value.code == code
    assert len(nodes.list()) == 1


def test_the_same_node_twice_is_refused(nodes):
    added = nodes.record(node())
    with pytest.raises(Conflict, match="already the node worker-1") as refused:
        nodes.record(replace(added, name="other", address="10.0.0.9"))
    assert refused.value.code == "node_known"


def test_a_removed_node_leaves_its_name_and_address_and_stays_removed(nodes):
    gone = nodes.record(node())
    nodes.set_state(gone.id, "removed")
    again = nodes.record(node())
    assert nodes.list() == (again,)
    assert {one.id for one in nodes.list(removed=True)} == {gone.id, again.id}
    assert nodes.named("worker-1") == again
    assert nodes.get(gone.id).state == "removed"
    for change in (
        lambda: nodes.set_state(gone.id, "ready"),
        lambda: nodes.seen(gone.id),
        lambda: nodes.set_labels(gone.id, {}),
        lambda: nodes.update(gone),
    ):
        with pytest.raises(Conflict, match="is removed"):
            change()


def test_two_at_once_with_one_address_become_one_node(nodes):
    outcomes = []

    def join(number):
        try:
            outcomes.append(nodes.record(node(f"worker-{number}")).name)
        except Conflict as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=join, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(nodes.list()) == 1
    assert outcomes.count("node_address_taken") == 5


def test_a_start_writes_what_is_new_and_keeps_state_and_labels(nodes, clock):
    added = nodes.record(node(labels={"zone": "a"}))
    nodes.set_state(added.id, "cordoned")
    clock.now += timedelta(hours=1)
    told = replace(added, version="0.2.0", address="10.0.0.7", facts=FACTS, certificate_serial="cd", labels={})
    updated = nodes.update(told)
    assert (updated.state, updated.labels, updated.joined_at) == ("cordoned", {"zone": "a"}, added.joined_at)
    assert (updated.version, updated.address, updated.facts) == ("0.2.0", "10.0.0.7", FACTS)
    assert (updated.certificate_serial, updated.seen_at) == ("cd", iso(clock.now))


def test_a_start_cannot_take_another_nodes_address(nodes):
    nodes.record(node())
    second = nodes.record(node("worker-2", "10.0.0.3"))
    with pytest.raises(Conflict, match="belongs to the node worker-1") as refused:
        nodes.update(replace(second, address="10.0.0.2"))
    assert refused.value.code == "node_address_taken"
    assert nodes.get(second.id) == second


@pytest.mark.parametrize("state", NODE_STATES)
def test_every_state_is_kept(nodes, state):
    added = nodes.record(node())
    assert nodes.set_state(added.id, state).state == state
    assert nodes.get(added.id).state == state


def test_labels_are_put_and_dropped_in_one_step(nodes):
    added = nodes.record(node(labels={"zone": "a", "rack": "1"}))
    changed = nodes.change_labels(added.id, {"rack": "2", "power": "ups"}, ["zone", "never-there"])
    assert changed.labels == {"rack": "2", "power": "ups"} == nodes.get(added.id).labels
    assert nodes.set_labels(added.id, {"zone": "b"}).labels == {"zone": "b"}


def test_seen_moves_the_time_alone(nodes, clock):
    added = nodes.record(node())
    clock.now += timedelta(minutes=5)
    nodes.seen(added.id)
    assert nodes.get(added.id) == replace(added, seen_at=iso(clock.now))


@pytest.mark.parametrize("name", ["", "a b", "-a", "a.", "x" * 64, "机器", "a\n", "\x1b[31m"])
def test_a_name_that_is_none_is_refused(nodes, name):
    with pytest.raises(InvalidRequest):
        nodes.record(node(name))


@pytest.mark.parametrize("address", ["", "worker", "10.0.0", "10.0.0.1/8", "::0001", "10.0.0.1 "])
def test_an_address_that_is_none_is_refused(nodes, address):
    with pytest.raises(InvalidRequest):
        nodes.record(node(address=address))


@pytest.mark.parametrize("name", ["nobody", "", "\x00", "机器"])
def test_a_node_that_is_not_there_is_not_found(nodes, name):
    for ask in (nodes.get, nodes.named, nodes.seen):
        with pytest.raises(NotFound):
            ask(name)


def test_a_token_is_good_once_and_carries_the_pin(tokens, clock):
    record, text = tokens.create("os:root", 3600, FINGERPRINT)
    assert read_token(text) == (record.id, FINGERPRINT[:32])
    assert text.startswith("njt_")
    assert record.expires_at == iso(clock.now + timedelta(hours=1))
    assert tokens.check(text) == record
    spent = tokens.spend(text, "node_a")
    assert (spent.used_at, spent.used_by, spent.state(iso(clock.now))) == (iso(clock.now), "node_a", "used")
    assert tokens.list() == (spent,)
    assert refusal(tokens.check, text) == refusal(tokens.spend, text, "node_b") == "join_token_used"
    assert tokens.list() == (spent,)


def test_no_secret_is_in_the_database(tmp_path):
    from appliance.state.database import Database, sqlite_url

    database = Database.open(sqlite_url(tmp_path / "state.db"))
    database.migrate()
    _record, text = JoinTokens(database, PEPPER).create("os:root", 3600, FINGERPRINT)
    database.close()
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("state.db*"))
    assert text.split(".")[0].encode() in raw
    assert text.split(".")[1].encode() not in raw


def test_expiry_counts_to_the_moment(tokens, clock):
    _record, text = tokens.create("os:root", 60, FINGERPRINT)
    clock.now += timedelta(seconds=59)
    tokens.check(text)
    clock.now += timedelta(seconds=1)
    assert refusal(tokens.check, text) == refusal(tokens.spend, text, "node_a") == "join_token_expired"


def test_a_revoked_token_lets_nobody_join_and_keeps_its_time(tokens, clock):
    record, text = tokens.create("os:root", 60, FINGERPRINT)
    revoked = tokens.revoke(record.id)
    clock.now += timedelta(seconds=5)
    assert tokens.revoke(record.id) == revoked
    assert refusal(tokens.spend, text, "node_a") == "join_token_revoked"


def test_a_used_token_cannot_be_revoked_and_an_unknown_not_either(tokens):
    record, text = tokens.create("os:root", 60, FINGERPRINT)
    tokens.spend(text, "node_a")
    with pytest.raises(Conflict, match="node_a"):
        tokens.revoke(record.id)
    for unknown in ("njt_nothing", "\x00", "令牌"):
        with pytest.raises(NotFound):
            tokens.revoke(unknown)


def test_who_has_not_the_whole_token_learns_nothing(tokens, database, clock):
    record, text = tokens.create("os:root", 60, FINGERPRINT)
    tokens.spend(text, "node_a")
    token_id, secret, pin = text.split(".")
    wrong = (
        f"{token_id}.{'A' * 43}.{pin}",
        f"{token_id}.{secret}.{'0' * 32}",
        f"njt_{'0' * 26}.{secret}.{pin}",
        token_id,
        "",
        text + "\n",
        text * 100,
    )
    assert {refusal(tokens.check, one) for one in wrong} == {"join_token_unknown"}
    assert refusal(JoinTokens(database, bytes(32), clock).check, text) == "join_token_unknown"
    assert record.id == token_id


@pytest.mark.parametrize("valid_s", [0, -1, 31 * 24 * 3600, float("nan"), float("inf")])
def test_a_span_that_is_none_is_refused(tokens, valid_s):
    with pytest.raises(InvalidRequest):
        tokens.create("os:root", valid_s, FINGERPRINT)


def test_of_many_threads_one_spends_it(tokens):
    _record, text = tokens.create("os:root", 60, FINGERPRINT)
    outcomes, start = [], threading.Barrier(8)

    def spend(number):
        start.wait()
        try:
            tokens.spend(text, f"node_{number}")
            outcomes.append("spent")
        except AuthenticationFailed as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=spend, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["join_token_used"] * 7 + ["spent"]


_SPEND = """
import sys
from appliance.core.errors import AuthenticationFailed
from appliance.state.database import Database
from appliance.state.nodes import JoinTokens
url, text, node_id = sys.argv[1:]
tokens = JoinTokens(Database.open(url), bytes(range(32)))
print("ready", flush=True)
sys.stdin.readline()
try:
    print(tokens.spend(text, node_id).used_by)
except AuthenticationFailed as error:
    print(error.code)
"""


def test_of_many_processes_one_spends_it(database, url):
    tokens = JoinTokens(database, PEPPER)
    _record, text = tokens.create("os:root", 600, FINGERPRINT)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = [
        subprocess.Popen([sys.executable, "-c", _SPEND, url, text, f"node_{number}"], **pipes) for number in range(4)
    ]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("\n")
        process.stdin.flush()
    outcomes = sorted(process.communicate()[0].strip() for process in started)
    assert outcomes[:3] == ["join_token_used"] * 3
    assert tokens.list()[0].used_by == outcomes[3]


def test_a_token_and_its_node_count_together_or_not_at_all(tokens, nodes):
    there = nodes.record(node())
    _record, text = tokens.create("os:root", 60, FINGERPRINT)
    with pytest.raises(Conflict, match="worker-1"):
        tokens.admit(text, node("worker-2"))
    tokens.check(text)  # it is still good
    added = tokens.admit(text, node("worker-2", "10.0.0.3"))
    assert nodes.list() == (there, added)
    assert tokens.list()[0].used_by == added.id
    assert refusal(tokens.admit, text, node("worker-3", "10.0.0.4")) == "join_token_used"
    assert nodes.list() == (there, added)
