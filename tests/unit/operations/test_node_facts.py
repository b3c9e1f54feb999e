"""What the planner gets of the appliance's nodes: workers tell over TLS what they are, each under its name."""

import contextlib
from pathlib import Path

import pytest

from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.core.messages import speaking
from appliance.hardware.discovery import discover
from appliance.operations.nodes import facts
from appliance.operations.nodes.facts import nodes_to_plan_on
from appliance.operations.plan_applying import change_to
from appliance.operations.planning import PlanRequest, plan_site, read_machines
from appliance.serving.nodes import peer_app
from tests.unit.operations.node_homes import running, running_cluster

MACHINES = Path(__file__).parents[2] / "data" / "machines" / "facts"


@pytest.fixture
def recorded(monkeypatch):
    """Replay recorded machines: nodes and head find what they hold in place of this one's."""

    def record(head, worker):
        (of_head,), (of_worker,) = (read_machines(MACHINES / f"{name}.json") for name in (head, worker))
        monkeypatch.setattr(facts, "discover", lambda **_folders: of_head)
        monkeypatch.setattr(peer_app, "discover", lambda **_folders: of_worker)
        return of_head, of_worker

    return record


@pytest.fixture
def cluster(tmp_path):
    with running_cluster(tmp_path) as found:
        yield found


@pytest.fixture
def site(cluster):
    return load_site(cluster.home.site_file)


def test_without_workers_it_is_this_machine(tmp_path):
    (node,), notes = nodes_to_plan_on(Home(tmp_path / "home"), SiteConfig())
    assert (node.name, node.facts.processor, notes) == ("node-1", discover().processor, ())
    assert not (tmp_path / "home").exists()


def test_a_head_alone_is_this_machine(cluster, site):
    (node,), notes = nodes_to_plan_on(cluster.home, site)
    assert (node.name, notes) == ("node-1", ())


def test_workers_tell_what_they_are(cluster, site, recorded):
    of_head, of_worker = recorded("cpu-only", "8xH100")
    worker = cluster.joined("rack-7", "127.0.0.2")
    with running(worker):
        nodes, notes = nodes_to_plan_on(cluster.home, site)
    assert [(node.name, node.facts) for node in nodes] == [("head", of_head), ("rack-7", of_worker)]
    assert notes == ()


def test_who_is_closed_or_silent_is_left_out_and_named(cluster, site, recorded):
    of_head, _of_worker = recorded("8xH100", "8xH100")
    with contextlib.ExitStack() as up:
        for number, name in enumerate(("closed", "silent", "gone"), 2):
            home = cluster.joined(name, f"127.0.0.{number}")
            if name == "closed":
                up.enter_context(running(home))
        workers = {node.name: node.id for node in cluster.workers()}
        cluster.nodes.set_state(workers["closed"], "cordoned")
        cluster.nodes.set_state(workers["gone"], "removed")
        nodes, notes = nodes_to_plan_on(cluster.home, site)
    assert [(node.name, node.facts) for node in nodes] == [("head", of_head)]
    closed, silent = map(str, notes)
    assert closed.startswith("closed: ")
    assert "takes no new work" in closed
    assert silent.startswith("silent: ")
    assert "127.0.0.3" in silent


def test_the_plan_goes_over_all_nodes_and_is_applied_on_the_head(cluster, recorded):
    recorded("8xH100", "8xH100")
    cluster.home.site_file.write_text(
        cluster.home.site_file.read_text().replace("package: base", "package: deepseek-v3")
    )
    site, asked = load_site(cluster.home.site_file), PlanRequest(context=16384, choose=True)
    assert plan_site(cluster.home, site, asked).refusal("general") is not None
    worker = cluster.joined("rack-7", "127.0.0.2")
    with running(worker):
        plan = plan_site(cluster.home, site, asked)
    (replica,) = plan.placement("general").replicas
    assert {use.node for use in replica} == {"head", "rack-7"}
    engine = change_to(cluster.home, site, plan).site.models["general"].engine
    assert (engine.tensor_parallel_size, engine.pipeline_parallel_size) == (8, 2)
    without = plan_site(cluster.home, site, asked)
    assert without.refusal("general") is not None
    with speaking("en"):
        assert str(without.notes[-1]).startswith("rack-7: nothing is planned on it: ")
