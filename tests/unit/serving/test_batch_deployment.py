"""The runner's deployment class on a real home folder; Serve alone is stood in for."""

import asyncio
import socket
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from ray import serve

from appliance.config.home import Home
from appliance.config.site import GatewaySettings, SiteConfig
from appliance.core.clock import utc_now
from appliance.core.principal import Principal
from appliance.serving.batch import deployment
from appliance.serving.batch.deployment import Batch
from appliance.serving.gateway import logs
from appliance.serving.gateway.app import Gateway
from appliance.serving.handles import Handles
from appliance.serving.ledger_app import LEDGER_APPLICATION
from appliance.state.database import Database, sqlite_url
from appliance.state.keys import KeyRing
from appliance.state.review_records import Held, NewReview
from appliance.state.secret_files import load_or_create_pepper
from tests.unit.serving.batch_desk import Desk, line
from tests.unit.serving.conftest import DIRECTORY
from tests.unit.serving.deployments import WHOLE, LedgerDeployment


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Give a migrated home folder, and the face of Serve that a replica sees."""
    replica = SimpleNamespace(replica_id=SimpleNamespace(unique_id="r1"))
    monkeypatch.setattr(serve, "get_replica_context", lambda: replica)
    monkeypatch.setattr(logs, "configure", lambda *_arguments: None)  # it would be that of all later tests
    monkeypatch.setattr(deployment, "_LOCK_AGAIN_S", 0.01)
    folders = Home(tmp_path / "home")
    folders.create()
    database = Database.open(sqlite_url(folders.database))
    database.migrate()
    database.close()
    return folders


@pytest.fixture
def handles(model, ledger):
    model.scripts = [[WHOLE]]
    made = Handles()
    made._models["model-general"] = model
    made._others[LEDGER_APPLICATION] = LedgerDeployment(ledger)
    return made


async def stop(*replicas):
    tasks = [task for replica in replicas for task in replica._tasks]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition):
    for _try in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


async def test_a_replica_works_once_it_knows_the_models_and_alone(home, handles):
    database = Database.open(sqlite_url(home.database))
    desk = Desk(database, home.files)
    ring = KeyRing(database, load_or_create_pepper(home.pepper_file))
    who = ring.principal(ring.create("batches")[0])
    first = Batch(str(home.root), SiteConfig(), handles)
    second = Batch(str(home.root), SiteConfig(), handles)
    try:
        batch_id = desk.submit(line("a"), who=who)
        await first.check_health()
        assert desk.record(batch_id).status == "validating"
        await first.reconfigure(DIRECTORY)
        await until(lambda: desk.record(batch_id).status == "completed")
        assert desk.record(batch_id).completed == 1
        await first.reconfigure(DIRECTORY)
        assert len(first._tasks) == 3
        await second.reconfigure(DIRECTORY)
        await second.check_health()
        await stop(first)
        later = desk.submit(line("a"), who=who)
        await until(lambda: desk.record(later).status == "completed")
        with pytest.raises(RuntimeError, match="cancelled"):
            await first.check_health()
    finally:
        await stop(first, second)
        database.close()


async def test_a_replica_applies_the_retention_of_held_answers(home, handles):
    site = SiteConfig.model_validate({"reviews": {"keep_days": 2}})
    replica = Batch(str(home.root), site, handles)
    reviews = replica._context.reviews
    asker = Principal("default", "caller", "lma-asker")
    asked = NewReview(asker, "r-1", "/v1/chat/completions", "general", (), "q", Held({}, "a"))
    reviews._clock = lambda: utc_now() - timedelta(days=3)
    late = reviews.hold(asked)
    reviews._clock = lambda: utc_now() - timedelta(days=1)
    waiting = reviews.hold(asked)
    reviews._clock = utc_now
    assert [one.id for one in reviews.lapsed(10)] == [late]
    try:
        await replica.reconfigure(DIRECTORY)
        await until(lambda: not reviews.lapsed(10))
        await replica.check_health()
        assert [reviews.of_asker(one, asker).status for one in (late, waiting)] == ["expired", "pending"]
    finally:
        await stop(replica)


async def test_only_one_process_holds_the_lock(home):
    with home.batch_lock_file.open("w") as one, home.batch_lock_file.open("w") as other:
        await deployment._locked(one)
        waiting = asyncio.create_task(deployment._locked(other))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        one.close()
        await waiting


async def test_a_replica_whose_task_ended_is_not_healthy(home, handles, monkeypatch):
    replica = Batch(str(home.root), SiteConfig(), handles)

    async def fail():
        raise ValueError("inside")

    monkeypatch.setattr(replica, "_run", fail)
    await replica.reconfigure(DIRECTORY)
    await asyncio.sleep(0)
    try:
        with pytest.raises(RuntimeError, match="inside"):
            await replica.check_health()
    finally:
        await stop(replica)


async def test_the_gateway_opens_the_same_context(home, handles):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gateway = Gateway(str(home.root), SiteConfig(gateway=GatewaySettings(port=port)), handles)
    try:
        await gateway.reconfigure(DIRECTORY)
        await gateway.reconfigure(DIRECTORY)
        assert [entry.alias for entry in gateway._context.directory.models] == ["general", "embedder"]
        assert gateway._context.batches.settings == SiteConfig().batch
        assert gateway._context.accounts is not None
        await gateway.check_health()
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200
    finally:
        await gateway.__del__()
        await stop(gateway)
