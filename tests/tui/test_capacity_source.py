"""What the terminal asks and does on the appliance's own machine, on a real home folder."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.errors import ConfigError, InvalidRequest, NotFound, NotRunning
from appliance.core.messages import _, current_language
from appliance.core.progress import Progress
from appliance.operations.nodes import leaving
from appliance.operations.planning import PlanRequest
from appliance.operations.scaling import ScaleWish
from appliance.state.database import Database, sqlite_url
from appliance.state.nodes import NodeRecord, Nodes
from appliance.state.usage import UsageRecord, add_usage
from appliance.tui.capacity_source import ALL, LocalCapacity, ModelLimits, NodeOrder, capacity_of
from appliance.tui.local import Local

FACTS = Path(__file__).parents[1] / "data" / "machines" / "facts"
SITE = """
cluster: {address: 10.20.0.11}
models:
  general: {package: qwen3-32b, replicas: 2, engine: {max_num_seqs: 32}}
  finance: {package: qwen3-8b, scaling: {min_replicas: 0, max_replicas: 3}}
"""
NOW = datetime(2026, 11, 24, 6, 2, 30, tzinfo=UTC)


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    made.create()
    made.site_file.write_text(SITE)
    return made


@pytest.fixture
def source(home):
    return LocalCapacity(Local(home), lambda: NOW)


@pytest.fixture
def filled(home, monkeypatch):
    """Give a home with a head, a worker and requests of two days."""
    monkeypatch.setattr("appliance.operations.usage.utc_now", lambda: NOW)
    database = Database.open(sqlite_url(home.database))
    database.migrate()
    for number, (name, role) in enumerate((("head", "head"), ("w1", "worker")), 1):
        address = f"10.20.0.1{number}"
        Nodes(database).record(NodeRecord(f"node_{number:026}", name, address, role, "0.1.0", "1", "a", "ready"))
    records = [
        UsageRecord(
            number, f"req_{number}", f"2026-11-{day}T10:00:00.000Z", "bank", "lma-a", "caller", "POST /x", target,
            model, "interactive", 200, "stop", 100, 20, 36.0,
        )
        for number, (day, target, model) in enumerate(
            [
                (22, "general", "general"), (22, "knowledge-qa", "general"), (23, "finance", "finance"),
                (24, "general", ""),
            ]
        )
    ]  # fmt: skip
    with database.write() as connection:
        add_usage(connection, records)
    database.close()
    return home


async def test_nodes_limits_and_whole_days(source, filled):
    found = await source.inventory("en")
    assert [node.name for node in found.nodes] == ["head", "w1"]
    assert found.models == {
        "general": ModelLimits("qwen3-32b", 2, 2, False, 32),
        "finance": ModelLimits("qwen3-8b", 0, 3, True, 64),
    }
    assert [(day.day, day.requests) for day in found.days["general"]] == [
        (date(2026, 11, 22), 2), (date(2026, 11, 23), 0),
    ]  # fmt: skip
    assert [(day.day, day.tokens) for day in found.days["finance"]] == [(date(2026, 11, 23), 120)]
    assert [day.requests for day in found.days[ALL]] == [2, 1]
    assert found.site_file == str(filled.site_file)


async def test_a_home_that_never_started(source):
    found = await source.inventory("en")
    assert found.nodes == ()
    assert found.days == {ALL: (), "general": (), "finance": ()}


async def test_a_worker_says_where_to_look(source, home):
    home.node_file.write_text("{}")
    with pytest.raises(ConfigError, match="worker"):
        await source.inventory("en")


async def test_a_plan_and_what_it_would_change(source, home):
    machines = (FACTS / "8xH20.json",)
    plan = await source.plan(PlanRequest(users=20, machines=machines, choose=True), "en")
    assert {placed.alias for placed in plan.placements} == {"general", "finance", "embedder"}
    with pytest.raises(InvalidRequest, match="--more-nodes"):
        await source.planned_change(PlanRequest(more_nodes=1, choose=True), "en")


async def test_replicas_are_written(source, home):
    change = await source.scaled_change("general", ScaleWish(3), "en")
    assert home.site_file.read_text() == SITE
    await source.apply_scale(change, "en")
    assert load_site(home.site_file).models["general"].replicas == 3
    again = await source.scaled_change("finance", ScaleWish(None, 1, 2), "en")
    await source.apply_plan(again, "en")
    assert load_site(home.site_file).models["finance"].scaling.min_replicas == 1
    with pytest.raises(NotFound):
        await source.scaled_change("other", ScaleWish(3), "en")


async def test_tokens_are_made_listed_and_revoked(source, filled):
    made = await source.make_token("2h", "en")
    assert made.command.startswith("appliance node join 10.20.0.11 --token njt_")
    assert [one.id for one in await source.tokens("en")] == [made.record.id]
    await source.revoke_token(made.record.id, "en")
    assert (await source.tokens("en"))[0].revoked_at is not None
    with pytest.raises(InvalidRequest):
        await source.make_token("soon", "en")


async def test_a_node_is_changed_only_where_the_appliance_runs(source, filled):
    told = []
    with pytest.raises(NotRunning):
        await source.carry_out(NodeOrder("cordon", "w1"), told.append, "en")
    await source.carry_out(NodeOrder("remove", "w1", force=True), told.append, "en")
    assert [one.state for one in told] == ["running", "done"]
    assert [node.name for node in (await source.inventory("en")).nodes] == ["head"]


@pytest.mark.parametrize(
    ("order", "called"),
    [
        (NodeOrder("cordon", "w1"), ("cordon", "w1")),
        (NodeOrder("uncordon", "w1"), ("uncordon", "w1")),
        (NodeOrder("drain", "w1", 90.0), ("drain", "w1", 90.0)),
        (NodeOrder("drain", "w1"), ("drain", "w1", None)),
        (NodeOrder("remove", "w1", force=True), ("remove", "w1", True, None)),
    ],
)
async def test_orders_reach_the_operations_in_the_readers_language(source, monkeypatch, order, called):
    seen, told = [], []

    def standing_in(name):
        def operation(_home, _site, node, *more, **named):
            seen.append((name, node, *more, *named.values()))
            yield Progress("node.x", _("Drain {name}", name=current_language()), "done")

        return operation

    for name in ("cordon", "uncordon", "drain", "remove"):
        monkeypatch.setattr(leaving, name, standing_in(name))
    await source.carry_out(order, told.append, "zh_CN")
    assert seen == [called]
    assert "zh_CN" in told[0].title.render("en")


def test_elsewhere_there_is_no_source(home):
    assert capacity_of(None) is None
    assert isinstance(capacity_of(Local(home)), LocalCapacity)
