"""`appliance node join`: what is typed, and what comes of it."""

import json

import pytest

from appliance.cluster.membership import read_membership
from appliance.core.progress import Progress
from tests.unit.operations.node_homes import HEAD, running_cluster


@pytest.fixture
def cluster(tmp_path):
    with running_cluster(tmp_path) as found:
        yield found


@pytest.fixture
def started(monkeypatch):
    """Join without Ray; give the homes whose start was asked for."""
    homes = []

    def start_node(home):
        homes.append(home)
        yield Progress("ray", title="Ray", state="done")

    monkeypatch.setattr("appliance.operations.nodes.starting.start_node", start_node)
    return homes


def test_a_machine_joins_by_one_command(cluster, run, started):
    home = cluster.machine("node")
    head = f"{HEAD}:{cluster.first_port + 9}"
    joined = run(
        "--home", home.root, "node", "join", head, "--token", cluster.token(), "--name", "box-2", "--address",
        "127.0.0.2", "--label", "rack=7", "--label", "card=none", "--json",
    )  # fmt: skip
    assert joined.code == 0, joined.err
    # The head's service is in this process here and writes its log around it.
    told, _end = json.JSONDecoder().raw_decode(joined.out, joined.out.index("{"))
    assert list(told) == ["node_id", "name", "address", "head"]
    assert (told["name"], told["address"], told["head"]) == ("box-2", "127.0.0.2", HEAD)
    assert started == [home]
    assert read_membership(home).node_id == told["node_id"]
    (node,) = cluster.workers()
    assert node.labels == {"rack": "7", "card": "none"}


def test_why_not_is_said_in_the_language_of_the_command(cluster, run, started):
    home, token = cluster.machine("node"), cluster.token()
    cluster.tokens.revoke(token.partition(".")[0])
    head = f"{HEAD}:{cluster.first_port + 9}"
    refused = run("--home", home.root, "node", "join", head, "--token", token, "--address", "127.0.0.2")
    assert refused.code == 7
    assert "is revoked" in refused.err
    assert "appliance node token create" in refused.err
    assert started == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--token", "njt_nonsense"), 7),
        ((), 2),
        (("--token", "x", "--label", "rack"), 7),
        (("--token", "x", "--label", "rack=a b"), 7),
    ],
)
def test_what_cannot_be_meant(run, home, arguments, code):
    refused = run("node", "join", HEAD, *arguments)
    assert refused.code == code
    assert not (home / "node.json").exists()
