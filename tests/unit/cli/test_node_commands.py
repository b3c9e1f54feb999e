"""`appliance node …` on the head's own database: tokens, and the nodes that have joined."""

import json
import os
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from appliance.cli.exit_codes import ExitCode
from appliance.cluster.certificates import ensure_authority
from appliance.cluster.instance import INSTANCE_VARIABLE, Instance, write_instance
from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.operations.accounts import open_accounts
from appliance.state.database import Database, sqlite_url
from appliance.state.nodes import JoinTokens, NodeRecord, Nodes, new_node_id, read_token
from appliance.state.secret_files import load_or_create_pepper

TOKEN = ["id", "created_by", "created_at", "expires_at", "revoked_at", "used_at", "used_by", "state"]
CARD = {"vendor": "nvidia", "name": "NVIDIA L20", "memory_total_bytes": 2**35}


@pytest.fixture
def head(home):
    """Give the home of a head that others can reach."""
    (home / "site.yaml").write_text("cluster: {address: 10.20.0.11}\n", encoding="utf-8")
    return Home(home)


@pytest.fixture
def nodes(head):
    """Give the nodes of the head's database."""
    with open_accounts(head, load_site(head.site_file)):
        pass
    database = Database.open(sqlite_url(head.database))
    yield Nodes(database)
    database.close()


def node(name, address, **more):
    given = {"role": "worker", "version": "0.1.0", "certificate_serial": "ab", "certificate_fingerprint": "f" * 64}
    return NodeRecord(new_node_id(), name, address, **{**given, **more})


def test_a_token_is_made_with_the_whole_command_listed_and_revoked(run, head, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    made = run("node", "token", "create")
    assert made.code == 0
    command, token = made.out.strip().rsplit(" ", 1)
    assert command == "appliance node join 10.20.0.11 --token"
    assert made.out.count("\n") == 1  # also on a narrow terminal: people copy it
    token_id, pin = read_token(token)
    assert token_id in made.err
    assert ensure_authority(head.secrets).fingerprint.startswith(pin)
    database = Database.open(sqlite_url(head.database))
    assert JoinTokens(database, load_or_create_pepper(head.pepper_file)).check(token).id == token_id
    database.close()

    listed = run("node", "token", "list", "--json")
    (row,) = listed.json["tokens"]
    assert list(row) == TOKEN
    assert (row["id"], row["state"]) == (token_id, "active")
    assert row["created_by"].startswith("os:")
    ends = datetime.fromisoformat(row["expires_at"]) - datetime.fromisoformat(row["created_at"])
    assert abs(ends - timedelta(hours=1)) < timedelta(seconds=1)
    assert token.split(".")[1] not in listed.out + run("node", "token", "list").out

    assert run("node", "token", "revoke", token_id).code == 0
    assert run("node", "token", "list", "--json").json["tokens"][0]["state"] == "revoked"


@pytest.mark.usefixtures("head")
def test_json_of_token_create_and_revoke(run):
    made = run("node", "token", "create", "--valid", "2d", "--json")
    assert list(made.json) == [*TOKEN, "token", "command"]
    assert made.json["command"].endswith(made.json["token"])
    assert made.err == ""
    revoked = run("node", "token", "revoke", made.json["id"], "--json")
    assert list(revoked.json) == TOKEN
    assert revoked.json["state"] == "revoked"


@pytest.mark.parametrize("valid", ["soon", "0h", "31d", "", "2020-01-01"])
@pytest.mark.usefixtures("head")
def test_a_span_that_cannot_be_is_refused(run, valid):
    assert run("node", "token", "create", "--valid", valid).code == 7
    assert run("node", "token", "list", "--json").json == {"tokens": []}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", None])
def test_without_an_address_that_others_reach_there_is_no_token(run, home, address):
    if address is not None:
        (home / "site.yaml").write_text(f"cluster: {{address: '{address}'}}\n", encoding="utf-8")
    refused = run("node", "token", "create")
    assert refused.code == 2
    assert refused.out == ""
    assert "Set cluster.address in the site file to this machine's address" in refused.err.replace("\n", " ")
    assert not (home / "secrets").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "create"),
        ("token", "list"),
        ("token", "revoke", "njt_a"),
        ("list",),
        ("show", "a"),
        ("label", "a", "b=c"),
        ("cordon", "a"),
        ("uncordon", "a"),
        ("drain", "a"),
        ("remove", "a"),
    ],
)
def test_a_worker_sends_people_to_the_head(run, head, arguments):
    head.node_file.write_text("{}", encoding="utf-8")
    refused = run("node", *arguments)
    assert refused.code == 2
    assert "head node" in refused.err
    assert not head.database.exists()


def test_listing_makes_nothing(run, home):
    assert run("node", "list", "--json").json == {"nodes": []}
    assert run("node", "token", "list", "--json").json == {"tokens": []}
    assert run("node", "show", "a").code == run("node", "token", "revoke", "njt_a").code == 7
    assert list(home.iterdir()) == []


def test_nodes_are_listed_with_their_accelerators(run, nodes):
    first = nodes.record(node("head", "10.20.0.11", role="head", state="ready"))
    second = nodes.record(
        node("gpu-1", "10.20.0.12", facts={"accelerators": [CARD, CARD, {**CARD, "vendor": "ascend", "name": "910B3"}]})
    )
    gone = nodes.record(node("old", "10.20.0.13"))
    nodes.set_state(gone.id, "removed")
    listed = run("node", "list")
    lines = listed.out.splitlines()
    assert [line.split()[0] for line in lines] == ["Name", "head", "gpu-1"]
    assert lines[1].split()[1:6] == ["10.20.0.11", "head", "node", "ready", "—"]
    assert "2 × NVIDIA L20, 1 × Ascend 910B3" in lines[2]
    assert second.seen_at[:10] in lines[2]
    assert [row["id"] for row in run("node", "list", "--json").json["nodes"]] == [first.id, second.id]
    assert "removed" in run("node", "list", "--all").out
    assert run("node", "list", "--json").json["nodes"][1] == second.to_dict()


def test_one_node_is_shown_by_name_or_id(run, nodes):
    added = nodes.record(node("gpu-1", "10.20.0.12", labels={"zone": "a", "rack": "7"}))
    shown = run("node", "show", "gpu-1")
    assert shown.out == run("node", "show", added.id).out
    for told in (added.id, "10.20.0.12", "rack=7, zone=a", "f" * 64, "joining"):
        assert told in shown.out
    assert run("node", "show", "gpu-1", "--json").json == added.to_dict()
    assert run("node", "show", "gpu-2").code == 7


def test_labels_are_put_and_removed(run, nodes):
    added = nodes.record(node("gpu-1", "10.20.0.12", labels={"zone": "a"}))
    changed = run("node", "label", "gpu-1", "rack=7", "power.supply=ups", "--remove", "zone", "--json")
    assert changed.json["labels"] == {"rack": "7", "power.supply": "ups"}
    assert nodes.get(added.id).labels == changed.json["labels"]
    assert "rack=8" in run("node", "label", "gpu-1", "rack=8").err


@pytest.fixture
def orders(head, tmp_path, monkeypatch):
    """Let an appliance run from the home whose cluster does whatever it is told; return the file with what it heard."""
    heard, module = tmp_path / "heard", "appliance.serving.node_orders"
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        f"if {module!r} in sys.orig_argv:\n"
        f"    print(sys.orig_argv[-1], file=open({str(heard)!r}, 'a'))\n"
        "    print('{\"replicas\": 0}', flush=True)\n"
        "    os._exit(0)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{Path.cwd()}")
    head.create()
    write_instance(head.instance_file, Instance("run_a", "", "", str(tmp_path / "ray"), "", ""))
    environment = {"PATH": os.environ["PATH"], INSTANCE_VARIABLE: "run_a"}
    with subprocess.Popen(["sleep", "600"], env=environment) as running:
        yield heard
        running.kill()


def test_a_node_is_closed_opened_emptied_and_removed(run, nodes, orders):
    added = nodes.record(node("gpu-1", "10.20.0.12", state="ready"))
    for command, state in (("cordon", "cordoned"), ("uncordon", "ready"), ("drain", "draining"), ("remove", "removed")):
        told = run("node", command, "gpu-1", "--json")
        assert (told.code, told.json["id"], told.json["state"]) == (0, added.id, state)
        assert nodes.get(added.id).to_dict() == told.json
        assert "gpu-1" in told.err
    told = [json.loads(line) for line in orders.read_text().splitlines()]
    assert [order["do"] for order in told] == ["cordon", "uncordon", "drain", "drain"]  # the last one before it is out
    assert {order["address"] for order in told} == {"10.20.0.12"}


def test_while_the_appliance_is_down_a_node_can_be_removed_and_nothing_closed_in_vain(run, nodes):
    added = nodes.record(node("gpu-1", "10.20.0.12", state="ready"))
    for command in ("cordon", "uncordon", "drain"):
        refused = run("node", command, "gpu-1", "--json")
        assert (refused.code, refused.out) == (ExitCode.NOT_RUNNING, "")
        assert "appliance up" in refused.err
        assert nodes.get(added.id).state == "ready"
    assert run("node", "remove", "gpu-1", "--json").json["state"] == "removed"


def test_a_state_that_a_command_does_not_fit_is_refused(run, nodes):
    nodes.record(node("head", "10.20.0.11", role="head", state="ready"))
    nodes.record(node("gpu-1", "10.20.0.12", state="draining"))
    for arguments in (("uncordon", "gpu-1"), ("cordon", "gpu-1"), ("drain", "head"), ("remove", "head", "--force")):
        refused = run("node", *arguments, "--json")
        assert (refused.code, refused.out) == (7, "")
    assert run("node", "drain", "gpu-2").code == 7
    assert [one.state for one in nodes.list()] == ["ready", "draining"]


@pytest.mark.parametrize(
    "labels",
    [
        (),
        ("rack",),
        ("=7",),
        ("rack=",),
        ("a b=c",),
        (f"{'x' * 64}=c",),
        ("a=b=c",),
        ("a/b=c",),
        ("zone=b", "--remove", "zone"),
    ],
)
def test_what_is_no_label_changes_nothing(run, nodes, labels):
    added = nodes.record(node("gpu-1", "10.20.0.12", labels={"zone": "a"}))
    assert run("node", "label", "gpu-1", *labels).code == 7
    assert nodes.get(added.id) == added


def test_each_change_is_in_the_audit(run, head, nodes):
    from appliance.core.cryptography.choice import DEFAULT_SUITE
    from appliance.state.audit.keys import AuditKeys
    from appliance.state.audit.log import AuditLog

    nodes.record(node("gpu-1", "10.20.0.12"))
    database = Database.open(sqlite_url(head.database))
    log = AuditLog(database, AuditKeys(head.audit_keys, head.audit_public_keys_file, DEFAULT_SUITE))
    log.begin()
    database.close()
    token_id = run("node", "token", "create", "--json").json["id"]
    run("node", "token", "revoke", token_id)
    run("node", "label", "gpu-1", "rack=7", "--remove", "zone")
    found = run("audit", "search", "--kind", "admin.command", "--json").json["records"]
    told = {(record["action"], record["target"]) for record in found}
    gpu = run("node", "show", "gpu-1", "--json").json["id"]
    assert told == {
        ("node.token.create", token_id),
        ("node.token.revoke", token_id),
        ("node.label +rack=7 -zone", gpu),
    }
    assert all(record["actor"].startswith("os:") for record in found)
