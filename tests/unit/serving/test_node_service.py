"""The node service of its own: the process, heartbeats, certificates that end, nodes that never ended joining."""

import asyncio
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import psutil
import pytest
import yaml

from appliance.cluster.certificate_forms import NODE_LIFE
from appliance.cluster.certificates import (
    enrolling_context,
    ensure_authority,
    node_files,
    read_certificate,
    request_for,
    store_node_certificate,
)
from appliance.cluster.enrolment import HEARTBEAT_PATH, LEAVE_PATH
from appliance.cluster.gateway_certificate import caller_names
from appliance.cluster.membership import NodeStanding, Peer, read_membership, read_standing
from appliance.cluster.peers import NodeClient
from appliance.cluster.supervision import PartState, Supervision, write_supervision
from appliance.config.site import load_site, parse_site
from appliance.core.clock import iso, utc_now
from appliance.core.errors import (
    ConfigError,
    Conflict,
    InvalidRequest,
    PermissionDenied,
    StartFailed,
    TooManyRequests,
    Unavailable,
)
from appliance.core.status import NodeStatus
from appliance.operations.nodes.starting import start_node
from appliance.operations.nodes.worker_files import check_home
from appliance.serving.nodes.attempts import PAUSE_AFTER, PAUSE_S, Attempts
from appliance.serving.nodes.head import FORGOTTEN_AFTER_S, open_registry, settings_for
from appliance.serving.nodes.service import serve_node
from appliance.serving.nodes.worker import Watch
from appliance.state.node_records import READING
from appliance.state.nodes import NodeRecord, Nodes, new_node_id
from tests.unit.operations.node_homes import HEAD, Cluster, called, running, write_site


@pytest.fixture
def cluster(tmp_path):
    found = Cluster(tmp_path)
    yield found
    found.database.close()


@pytest.fixture
def head(cluster):
    with running(cluster.home):
        yield cluster


def test_the_process_serves_until_it_is_told_to_end(cluster):
    command = [sys.executable, "-m", "appliance.serving.nodes.service", str(cluster.home.root)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            authority = None
            while authority is None and process.poll() is None:
                with suppress(Unavailable), NodeClient(HEAD, cluster.first_port + 9, enrolling_context()) as client:
                    authority = client.text("/authority")
            assert authority == cluster.home.ca_file.read_bytes()
        finally:
            process.send_signal(signal.SIGTERM)
            _out, said = process.communicate(timeout=60)
    assert process.returncode == 0, said


def test_a_port_that_is_taken_is_said(head):
    command = [sys.executable, "-m", "appliance.serving.nodes.service", str(head.home.root)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1
    assert f"{HEAD}:{head.first_port + 9}" in ended.stderr
    assert "cluster.port" in ended.stderr


async def test_a_second_service_shares_no_port(head):
    with pytest.raises(StartFailed, match="node service"):
        await serve_node(head.home, load_site(head.home.site_file))


def test_heartbeats_say_who_is_there(head):
    home = head.joined("node", "127.0.0.2")
    member = read_membership(home)
    before = utc_now() - timedelta(seconds=9)
    Nodes(head.database, lambda: before).seen(member.node_id)
    with called(home, head.peer) as client:
        told = client.post(HEARTBEAT_PATH, {})
    assert told["standing"] == {"state": "ready", "labels": {}}
    assert [peer["id"] for peer in told["peers"]] == [head.peer.id, member.node_id]
    (after,) = head.workers()
    assert after.seen_at > iso(before)


def test_a_worker_gets_a_certificate_for_the_names_that_callers_use(cluster):
    settings = yaml.safe_load(cluster.home.site_file.read_text())
    settings["gateway"]["tls"] = {"names": ["ai.bank.example"]}
    write_site(cluster.home, **settings)
    with running(cluster.home):
        home = cluster.joined("node", "127.0.0.2")
        site, member, files = load_site(home.site_file), read_membership(home), node_files(home.secrets)
        assert site.gateway.tls.names == ("ai.bank.example",)
        watch = Watch(home, member, caller_names(site))
        watch.beat()
        got = read_certificate(files.certificate.read_bytes())
        assert got.addresses == {"127.0.0.1", "127.0.0.2", "localhost", "ai.bank.example"}
        watch.beat()
        other = Watch(home, member, ("localhost", "evil.example"))  # a node does not choose its names
        other.beat()
        again = read_certificate(files.certificate.read_bytes())
        assert (again.addresses, again.serial != got.serial) == (got.addresses, True)
        other.beat()  # and does not ask at each heartbeat
        assert read_certificate(files.certificate.read_bytes()).serial == again.serial


def test_a_worker_tells_what_its_hardware_does(head):
    home = head.joined("node", "127.0.0.2")
    Watch(home, read_membership(home)).beat()
    (node,) = head.workers()
    reading = NodeStatus.model_validate(node.facts[READING])
    assert (reading.address, reading.head, reading.state) == ("127.0.0.2", False, "alive")
    assert reading.cpu_cores >= 1
    assert 0 < reading.memory_used_bytes < reading.memory_total_bytes


def test_a_heartbeat_that_says_something_else_is_refused(head):
    home = head.joined("node", "127.0.0.2")
    with called(home, head.peer) as client:
        for body in ({"start": "x" * 65}, {"reading": {"node_id": 1}}, {"state": "ready"}):
            with pytest.raises(InvalidRequest):
                client.post(HEARTBEAT_PATH, body)


def test_a_worker_lets_in_whom_the_head_names(head):
    home = head.joined("node", "127.0.0.2")
    watch = Watch(home, read_membership(home))
    assert watch.belongs(head.peer.id)
    other = head.joined("other", "127.0.0.3")
    assert watch.belongs(read_membership(other).node_id)  # asked at once: it does not wait for its next beat
    assert not watch.belongs("node_nobody")


def test_a_worker_may_be_asked_to_beat_by_many_at_once(head):
    home = head.joined("node", "127.0.0.2")
    watch = Watch(home, read_membership(home))
    with ThreadPoolExecutor(8) as threads:
        for beat in [threads.submit(watch.beat) for _ in range(16)]:
            beat.result()
    assert read_standing(home).state == "ready"


async def test_a_worker_that_can_no_longer_show_that_it_is_there_ends_with_the_reason(head):
    home = head.joined("node", "127.0.0.2")
    home.node_state_file.mkdir(parents=True)  # what the head says cannot be kept
    with pytest.raises(OSError, match=home.node_state_file.name):
        await asyncio.wait_for(serve_node(home, load_site(home.site_file)), 30)


def test_a_node_speaks_for_itself_only(head):
    home = head.joined("node", "127.0.0.2")
    with called(home, head.peer) as client:
        assert client.post(LEAVE_PATH, {})["state"] == "removed"
    assert head.workers() == []
    with called(head.home, head.peer) as client, pytest.raises(Conflict) as told:
        client.post(LEAVE_PATH, {})
    assert told.value.code == "head_cannot_leave"
    with called(home, head.peer) as client, pytest.raises(PermissionDenied):
        client.post(HEARTBEAT_PATH, {})


@pytest.mark.parametrize("state", ["cordoned", "draining"])
def test_a_worker_keeps_what_the_head_says_of_it_and_a_restart_opens_it_again(head, state):
    home = head.joined("node", "127.0.0.2")
    member = read_membership(home)
    with open_registry(head.home, load_site(head.home.site_file)) as registry:
        nodes = registry.nodes
        Watch(home, member).beat()
        nodes.set_state(member.node_id, state)
        nodes.set_labels(member.node_id, {"zone": "a"})
        started_by(home, 1)
        watch = Watch(home, member)
        watch.beat()  # the first start that the head hears of
        assert read_standing(home) == NodeStanding(state=state, labels={"zone": "a"})
        watch.beat()
        assert nodes.get(member.node_id).state == state
        started_by(home, 2)
        Watch(home, member).beat()
        assert read_standing(home).state == "ready"
        assert nodes.get(member.node_id).state == "ready"
        assert nodes.get(member.node_id).facts["home_id"]  # the other facts stay


def test_a_worker_says_itself_which_program_it_runs(head):
    home = head.joined("node", "127.0.0.2")
    with called(home, head.peer) as client:
        client.post(HEARTBEAT_PATH, {"start": "1", "version": "9.9.9"})
        assert head.workers()[0].version == "9.9.9"
        client.post(HEARTBEAT_PATH, {"start": "2"})
        assert head.workers()[0].version == "9.9.9"


def started_by(home, pid):
    """Let the supervisor say that Ray was started, by it or anew."""
    home.run.mkdir(exist_ok=True)
    since = f"2026-01-01T00:00:0{pid}.000Z"
    write_supervision(home.supervisor_file, Supervision(9, 9.0, "running", since, (PartState("ray", 10, since, 0),)))


async def test_a_worker_that_was_removed_ends_itself(head):
    home = head.joined("node", "127.0.0.2")
    member = read_membership(home)
    with subprocess.Popen(["sleep", "60"]) as supervisor:  # noqa: ASYNC220 - it only has to be there
        created = psutil.Process(supervisor.pid).create_time()
        home.run.mkdir(exist_ok=True)
        told = Supervision(supervisor.pid, created, "running", "2026-01-01T00:00:00.000Z")
        write_supervision(home.supervisor_file, told)
        with open_registry(head.home, load_site(head.home.site_file)) as registry:
            registry.nodes.set_state(member.node_id, "removed")
        await asyncio.wait_for(Watch(home, member).run(0.05), 30)
        assert supervisor.wait(10) == -signal.SIGTERM
    assert read_membership(home).state == "removed"
    with pytest.raises(ConfigError) as refused:
        list(start_node(home))
    assert refused.value.code == "node_removed"
    check_home(home)  # it may join again
    assert not home.node_key_file.exists()


def test_a_certificate_that_ends_soon_is_renewed(head):
    home = head.joined("node", "127.0.0.2")
    member, files = read_membership(home), node_files(home.secrets)
    key = files.key.read_bytes()
    early = ensure_authority(head.home.secrets, lambda: utc_now())
    old = replace(early, _clock=lambda: utc_now() - NODE_LIFE + timedelta(days=10))
    request = request_for(key, member.node_id, [member.address])
    store_node_certificate(
        home.secrets, key, old.issue(request, member.node_id, [member.address]), files.authority.read_bytes()
    )
    before = read_certificate(files.certificate.read_bytes())
    watch = Watch(home, member)
    watch.beat()
    after = read_certificate(files.certificate.read_bytes())
    assert after.ends_at - before.ends_at > timedelta(days=300)
    (node,) = head.workers()
    assert node.certificate_serial == after.serial
    watch.beat()
    assert read_certificate(files.certificate.read_bytes()) == after


def test_who_does_not_end_joining_is_forgotten(cluster):
    def node(name, address, state, seen):
        return NodeRecord(
            new_node_id(), name, address, "worker", "0.1.0", "1", "a" * 64, state, {}, {"first_port": 7000},
            seen_at=iso(seen),
        )  # fmt: skip

    late = utc_now() - timedelta(seconds=FORGOTTEN_AFTER_S + 60)
    with open_registry(cluster.home, load_site(cluster.home.site_file)) as registry:
        for name, address, state, seen in (
            ("gone", "127.0.0.2", "joining", late),
            ("busy", "127.0.0.3", "joining", utc_now()),
            ("old", "127.0.0.4", "ready", late),
        ):
            registry.nodes.record(node(name, address, state, seen))
        registry.forget_unfinished()
        assert [one.name for one in registry.nodes.list() if one.role == "worker"] == ["busy", "old"]


def test_the_head_stays_the_same_node(cluster):
    site = load_site(cluster.home.site_file)
    with open_registry(cluster.home, site) as registry:
        first = registry.head
    with open_registry(cluster.home, site) as registry:
        assert registry.head.id == first.id
        assert [node.role for node in Nodes(registry.database).list()] == ["head"]
        assert registry.peer == Peer(id=first.id, address=HEAD, port=cluster.first_port)


def test_a_gateway_at_the_heads_own_address_is_at_the_workers_own():
    at_one = parse_site("gateway: {host: 10.0.0.1}\ncluster: {address: 10.0.0.1}", "site")
    assert settings_for(at_one, "10.0.0.2")["gateway"]["host"] == "10.0.0.2"
    assert "host" not in settings_for(at_one, None)["gateway"]  # the head's own address is no other machine's
    at_all = parse_site("gateway: {host: 0.0.0.0}\ncluster: {address: 10.0.0.1}", "site")
    assert settings_for(at_all, "10.0.0.2")["gateway"]["host"] == "0.0.0.0"


def test_attempts_are_counted_by_source():
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    for _attempt in range(PAUSE_AFTER):
        attempts.check("a")
        attempts.failed("a")
    with pytest.raises(TooManyRequests) as told:
        attempts.check("a")
    assert told.value.retry_after_s == PAUSE_S
    attempts.check("b")
    now[0] += PAUSE_S
    attempts.check("a")
    for _attempt in range(PAUSE_AFTER - 1):
        attempts.failed("a")
    attempts.succeeded("a")
    attempts.failed("a")
    attempts.check("a")
