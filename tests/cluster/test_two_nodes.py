"""Two hosts joined by token over TLS, asked from a third: what callers see when a node comes, goes and is lost.

The tests go on from one another, in the order of the file: starting engines takes most of the time.
"""

import contextlib
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from faults.hosts import cluster, titles
from faults.outcomes import failed, silent
from faults.rig import MODEL

from appliance.cluster.certificates import client_context, node_files
from appliance.config.home import Home
from tests.terminal.screen import opened

APPLIANCE = Path(sys.executable).parent / "appliance"
GCS, PORT = 6380, 8080
DEADLINE_S = 600
STREAMS = 32


@pytest.fixture(scope="module")
def nodes(hosts_can_be_made, tmp_path_factory, model_home):
    with cluster(tmp_path_factory.mktemp("lab"), model_home, STREAMS, STREAMS) as found:
        await_replicas(found, 1, 1)
        yield found


def await_replicas(nodes, on_head, on_worker):
    """Wait until the model has so many replicas on each host, and all of them run."""
    deadline = time.monotonic() + DEADLINE_S
    while (found := replicas(nodes)) != (on_head, on_worker, on_head + on_worker):
        assert time.monotonic() < deadline, found
        time.sleep(1)


def replicas(nodes):
    """Return the model's processes on the head and on the worker, and how many replicas serve."""
    told = command(nodes.head, "status", "--json")
    applications = json.loads(told.stdout)["applications"] if told.returncode == 0 else []
    running = sum(one["replicas_running"] for one in applications if (one["kind"], one["name"]) == ("model", "general"))
    return titles(nodes.head).count(MODEL), titles(nodes.worker).count(MODEL), running


def command(host, *words, timeout=DEADLINE_S):
    return host.run([APPLIANCE, *words], timeout=timeout)


def done(host, *words):
    ran = command(host, *words)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def states(nodes):
    listed = json.loads(done(nodes.head, "node", "list", "--json"))["nodes"]
    return {node["address"]: node["state"] for node in listed}


def chat(nodes, host, key=None):
    """Ask a host's gateway from the third host."""
    body = {"model": "general", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8}
    headers = {"Authorization": f"Bearer {key or nodes.rig.key}"}
    with nodes.lab["client"].network(), httpx.Client(timeout=120, headers=headers) as client:
        return client.post(f"http://{host.address}:{PORT}/v1/chat/completions", json=body)


def worker_name(nodes):
    listed = json.loads(done(nodes.head, "node", "list", "--json"))["nodes"]
    return next(node["name"] for node in listed if node["role"] == "worker")


def test_the_replicas_of_a_model_are_on_both_nodes(nodes):
    assert states(nodes) == {nodes.head.address: "ready", nodes.worker.address: "ready"}
    assert (titles(nodes.head).count(MODEL), titles(nodes.worker).count(MODEL)) == (1, 1)
    told = json.loads(done(nodes.head, "status", "--json"))["nodes"]
    assert [(one["address"], one["head"], one["state"]) for one in told] == [
        (nodes.head.address, True, "alive"),
        (nodes.worker.address, False, "alive"),
    ]
    assert [one["standing"] for one in told] == ["ready", "ready"]
    assert told[0]["name"] == "head"
    assert all(one["cpu_cores"] and one["memory_used_bytes"] for one in told)


def test_every_node_answers_and_the_head_knows_who_asked(nodes):
    mine, elsewhere = (key_for(nodes, address) for address in (nodes.lab["client"].address, nodes.worker.address))
    for host in (nodes.head, nodes.worker):
        assert chat(nodes, host, key=mine).status_code == 200
        assert chat(nodes, host, key=elsewhere).status_code in (401, 403)  # the relay's own address is not the caller's


def key_for(nodes, address):
    """Return a key that is good from one address only."""
    made = done(nodes.head, "key", "create", f"from-{address}", "--network", f"{address}/32", "--json")
    return json.loads(made)["key"]


def test_ray_speaks_tls_with_those_who_show_a_certificate_of_the_appliance(nodes):
    files = node_files(Home(nodes.worker.home).secrets)
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stranger.load_verify_locations(files.authority)
    with nodes.lab["client"].network():
        assert hello(nodes.head.address, client_context(files))
        assert not hello(nodes.head.address, stranger)
        assert not hello(nodes.head.address, None)


def test_no_port_but_the_gateways_answers_who_has_nothing_to_show(nodes):
    for host in (nodes.head, nodes.worker):
        listening = host.run(["ss", "-Hltn"]).stdout.split("\n")
        places = {line.split()[3].rpartition(":") for line in listening if line}
        ports = {int(port) for address, _colon, port in places if not address.startswith(("127.", "[::1]"))}
        assert {PORT, GCS} <= ports if host is nodes.head else PORT in ports
        open_ports = {port for port in ports if answers_http(nodes, host, port)}
        assert open_ports == {PORT}


def answers_http(nodes, host, port):
    """Tell whether a port gives somebody without certificate and token a page."""
    with nodes.lab["client"].network():
        for scheme in ("http", "https"):
            with httpx.Client(verify=False, timeout=5) as client:
                try:
                    if client.get(f"{scheme}://{host.address}:{port}/healthz").is_success:
                        return True
                    if client.get(f"{scheme}://{host.address}:{port}/metrics").is_success:
                        return True
                except httpx.HTTPError:
                    continue
    return False


def hello(address, context):
    """Begin HTTP/2 with Ray's control service; tell whether it answers in kind."""
    try:
        with socket.create_connection((address, GCS), timeout=10) as plain:
            if context is not None:
                context.set_alpn_protocols(["h2"])
            connection = plain if context is None else context.wrap_socket(plain, server_hostname=address)
            with connection:
                connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
                return len(connection.recv(9)) == 9
    except (ssl.SSLError, ConnectionError):
        return False


def test_who_may_not_join_is_told_why_and_nothing_is_left(nodes, tmp_path):
    third = nodes.lab["client"]
    token = json.loads(done(nodes.head, "node", "token", "create", "--json"))
    done(nodes.head, "node", "token", "revoke", token["id"])
    refused = command(third, "node", "join", nodes.head.address, "--token", token["token"])
    assert refused.returncode != 0
    assert "revoked" in refused.stderr
    wrong = token["token"].replace(token["id"], "njt_" + "0" * 26)
    refused = command(third, "node", "join", nodes.head.address, "--token", wrong)
    assert "not one of this appliance" in refused.stderr
    ends = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    short = json.loads(done(nodes.head, "node", "token", "create", "--valid", ends, "--json"))
    time.sleep(3)
    refused = command(third, "node", "join", nodes.head.address, "--token", short["token"])
    assert "expired" in refused.stderr
    again = json.loads(done(nodes.head, "node", "token", "create", "--json"))
    twice = command(nodes.worker, "node", "join", nodes.head.address, "--token", again["token"])
    assert twice.returncode != 0
    assert "already" in twice.stderr or "runs" in twice.stderr
    assert len(states(nodes)) == 2
    assert not list(third.home.glob("secrets/*"))
    assert not (third.home / "node.json").exists()


@pytest.fixture
def capacity(nodes, tmp_path):
    """Give the terminal on the head, at its second screen."""
    if shutil.which("tmux") is None:
        pytest.skip("the program tmux is not installed")
    with opened(tmp_path, nodes.head.home, run=nodes.head.run) as terminal:
        terminal.type("2")
        terminal.wait_for("j Join")
        yield terminal


def open_worker(nodes, terminal):
    """Open the worker, which is below the head; return its name."""
    name = worker_name(nodes)
    terminal.wait_for(f"│  {name}")
    terminal.type("Down", "Enter")
    terminal.wait_for("c Cordon")
    terminal.wait_for(f"appliance node show {name}")
    return name


def test_a_node_is_closed_and_opened_in_the_terminal(nodes, capacity):
    name = open_worker(nodes, capacity)
    assert "u Uncordon" not in capacity.text()
    capacity.confirm("c", f"Give {name} no new work?", "The node takes no new work")
    assert states(nodes)[nodes.worker.address] == "cordoned"
    capacity.type("Escape")
    capacity.wait_for("■ cordoned ─╯")
    capacity.wait_for("u Uncordon")
    capacity.confirm("u", f"Give {name} new work again?", "The node takes new work.")
    assert states(nodes)[nodes.worker.address] == "ready"
    capacity.type("Escape")
    capacity.wait_for("● ready ─╯")


def test_a_node_is_drained_under_load_and_no_request_fails(nodes):
    with nodes.rig.load("drain", clients=STREAMS, answer_tokens=96) as load:
        load.await_open(8)
        done(nodes.head, "node", "drain", worker_name(nodes))
        assert titles(nodes.worker).count(MODEL) == 0
        load.await_whole(4)
    assert failed(load.outcomes) == []
    assert len(load.outcomes) >= STREAMS
    assert states(nodes)[nodes.worker.address] == "draining"
    assert chat(nodes, nodes.head).status_code == 200


def test_a_drained_node_serves_again_after_a_restart(nodes):
    done(nodes.worker, "down")
    done(nodes.worker, "up")
    await_replicas(nodes, 1, 1)
    assert states(nodes)[nodes.worker.address] == "ready"


def test_a_lost_worker_costs_few_requests_and_none_ends_silently(nodes):
    with nodes.rig.load("lost") as load:
        load.await_open(2)
        nodes.worker.kill()
        at = time.monotonic()
        load.await_whole(8)
        time.sleep(15)
        settled = time.monotonic()
        load.await_whole(8)
    assert silent(load.outcomes) == []
    assert failed(one for one in load.outcomes if one.sent > settled) == []
    assert at < settled


def test_a_worker_comes_back_by_its_unit_alone(nodes):
    unit = nodes.worker.start([APPLIANCE, "run"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    await_replicas(nodes, 1, 1)
    assert unit.poll() is None


def test_a_network_that_was_cut_heals_by_itself(nodes):
    with nodes.rig.load("cut") as load:
        load.await_open(2)
        nodes.lab.cut("worker", "head")
        time.sleep(30)  # longer than Ray waits for a node
        assert chat(nodes, nodes.worker).status_code == 503
        nodes.lab.heal()
        await_replicas(nodes, 1, 1)
        healed = time.monotonic()
        load.await_whole(8)
    assert silent(load.outcomes) == []
    assert failed(one for one in load.outcomes if one.sent > healed) == []
    assert chat(nodes, nodes.worker).status_code == 200
    assert states(nodes)[nodes.worker.address] == "ready"


@contextlib.contextmanager
def head_api(nodes):
    headers = {"Authorization": f"Bearer {nodes.rig.key}"}
    with (
        nodes.lab["client"].network(),
        httpx.Client(base_url=f"http://{nodes.head.address}:{PORT}/v1", headers=headers, timeout=60) as client,
    ):
        yield client


def begin_batch(nodes, rows):
    """Upload requests and have them run; return the batch's id."""
    line = {"method": "POST", "url": "/v1/chat/completions"}
    body = {"model": "general", "messages": [{"role": "user", "content": "Count."}], "max_tokens": 64}
    lines = "\n".join(json.dumps({**line, "custom_id": f"row-{row}", "body": body}) for row in range(rows))
    with head_api(nodes) as client:
        file = client.post("/files", data={"purpose": "batch"}, files={"file": ("rows.jsonl", lines)}).json()["id"]
        order = {"input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        return client.post("/batches", json=order).json()["id"]


def test_while_the_head_is_away_other_nodes_say_so_and_its_engines_stay(nodes):
    batch = begin_batch(nodes, rows=24)
    engines = [pid for pid in nodes.worker.pids() if b"VLLM" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    nodes.head.kill()
    answer = chat(nodes, nodes.worker)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["error"]["code"] in ("head_unavailable", "head_lost")
    done(nodes.head, "up")
    assert chat(nodes, nodes.worker).status_code == 200
    await_replicas(nodes, 1, 1)
    still = [pid for pid in nodes.worker.pids() if b"VLLM" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert still == engines  # its model was not loaded again
    deadline = time.monotonic() + DEADLINE_S
    with head_api(nodes) as client:
        while (job := client.get(f"/batches/{batch}").json())["status"] != "completed":
            assert time.monotonic() < deadline, job
            time.sleep(1)
    assert job["request_counts"] == {"total": 24, "completed": 24, "failed": 0}  # it went on by itself


def test_a_node_is_emptied_and_taken_out_in_the_terminal(nodes, capacity):
    name = open_worker(nodes, capacity)
    capacity.type("d")
    capacity.wait_for("Longest wait in seconds")
    capacity.type("240")
    capacity.wait_for(f"appliance node drain {name} --timeout 240")
    capacity.confirm("C-s", f"Empty the node {name}?", "The node is empty.", seconds=DEADLINE_S)
    assert titles(nodes.worker).count(MODEL) == 0
    assert states(nodes)[nodes.worker.address] == "draining"
    assert chat(nodes, nodes.head).status_code == 200
    capacity.type("Escape")
    capacity.wait_for("▼ draining ─╯")
    capacity.confirm("x", f"Empty the node {name} and take it out", "no part of the appliance", seconds=DEADLINE_S)
    assert nodes.worker.address not in states(nodes)
    capacity.type("Escape")
    capacity.wait_for("This node is not there any more.")


def test_a_machine_joins_with_a_token_made_in_the_terminal(nodes, capacity):
    capacity.type("j")
    capacity.wait_for("n New token")
    capacity.type("n")
    capacity.wait_for("appliance node token create --valid 1h")
    capacity.type("C-s")
    done(nodes.worker, *join_words(capacity.wait_for("It is shown this once")))
    assert states(nodes)[nodes.worker.address] == "ready"
    capacity.type("Escape")
    capacity.wait_for("n New token")
    capacity.type("r")
    capacity.wait_for("◆ used")
    capacity.type("Escape")
    capacity.wait_for("2 of 2 take new work", 60)


def join_words(shown):
    """Return the words of the command that a dialog shows over several lines."""
    lines = [line.strip(" │") for line in shown.splitlines()]
    first = next(number for number, line in enumerate(lines) if line.startswith("appliance node join"))
    whole = "".join(line for line in lines[first:] if line).partition("▲")[0]
    found = re.fullmatch(r"appliance node join\s*(\S+?)\s*--token\s*(\S+)", whole)
    assert found, shown
    return "node", "join", found[1], "--token", found[2]


def test_a_removed_node_is_out(nodes):
    name = worker_name(nodes)
    done(nodes.head, "node", "remove", name)
    assert nodes.worker.address not in states(nodes)
    deadline = time.monotonic() + DEADLINE_S
    while any(title.startswith("ray::") for title in titles(nodes.worker)):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert chat(nodes, nodes.head).status_code == 200
