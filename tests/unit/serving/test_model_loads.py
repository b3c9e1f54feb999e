"""What the status and the metrics tell of the engines: asked of every replica, past what limits its requests."""

import asyncio
from types import SimpleNamespace

import pytest
from ray.exceptions import RayError
from ray.serve._private.replica import ReplicaActor
from ray.serve._private.request_router.replica_wrapper import RunningReplica
from ray.serve._private.router import AsyncioRouter, CurrentLoopRouter, RouterMetricsManager
from ray.serve.exceptions import RayServeException
from vllm.v1.metrics.stats import SchedulerStats

from appliance.metering.metrics import GatewayMetrics
from appliance.serving.engine_load import RUNNING, WAITING, EngineLoad, load_of
from appliance.serving.gateway.directory import Directory, ModelEntry
from appliance.serving.generation import ApplicationGone
from appliance.serving.model_loads import ModelLoad, ModelLoads
from appliance.serving.scaling import KV_USE
from appliance.serving.status import _applications, read_loads
from appliance.state.served import ServedDirectory, Variant
from tests.unit.serving.deployments import ModelDeployment, Router

GENERAL = "model-general"


class Clock:
    def __init__(self):
        self.at = 100.0

    def __call__(self):
        return self.at


def told(running, waiting, kv_use):
    return {RUNNING: running, WAITING: waiting, KV_USE: kv_use}


async def load_from(router, loads=None):
    return (await (loads or ModelLoads()).read([GENERAL], lambda _name: ModelDeployment(router)))[GENERAL]


def test_the_engine_tells_what_runs_what_waits_and_how_full_its_cache_is():
    load = EngineLoad()
    stats = SchedulerStats(num_running_reqs=4, num_waiting_reqs=5, num_skipped_waiting_reqs=2, kv_cache_usage=0.5)
    load.record(stats, None)
    load.record(None, None)
    assert load_of(load) == {RUNNING: 4, WAITING: 7, KV_USE: 0.5}


async def test_replicas_are_added_the_fullest_cache_counts_and_so_does_what_has_no_place():
    answers = [told(8, 3, 0.2), told(4, 0, 0.9), RayError("gone")]
    assert await load_from(Router(answers, held=40)) == ModelLoad(12, 43, 0.9)


async def test_what_nobody_tells_is_not_known():
    assert await load_from(Router([RayError("gone"), {}])) == ModelLoad()
    assert await load_from(Router([])) == ModelLoad()
    assert await load_from(Router([], held=3)) == ModelLoad(waiting=3)


@pytest.mark.parametrize("error", [ApplicationGone("x"), RayServeException("no replicas"), RayError("gone")])
async def test_an_application_that_goes_away_is_not_known(error):
    def gone(_name):
        raise error

    assert await ModelLoads().read([GENERAL], gone) == {GENERAL: ModelLoad()}


async def test_many_readers_cost_one_question_a_second():
    now, router = Clock(), Router([told(1, 0, 0.1)], [told(2, 0, 0.2)])
    loads = ModelLoads(now)
    found = await asyncio.gather(*(load_from(router, loads) for _ in range(20)))
    now.at += 0.9
    assert {*found, await load_from(router, loads)} == {ModelLoad(1, 0, 0.1)}
    assert router.questions == 1
    now.at += 0.1
    assert await load_from(router, loads) == ModelLoad(2, 0, 0.2)
    assert router.questions == 2


async def test_many_models_that_do_not_answer_cost_the_patience_of_one():
    silent = [Router([told(1, 0, 0.1)]) for _ in range(50)]
    for router in silent:
        router.arrived.clear()
    names = {f"model-{number}": ModelDeployment(router) for number, router in enumerate(silent)}
    began = asyncio.get_running_loop().time()
    assert set((await ModelLoads().read(names, names.__getitem__)).values()) == {ModelLoad()}
    assert asyncio.get_running_loop().time() - began < 3


async def test_a_late_answer_is_waited_for_and_not_asked_for_again():
    now, router = Clock(), Router([told(0, 1, 0.1)], [told(0, 2, 0.2)])
    router.arrived.clear()
    loads = ModelLoads(now)
    assert await load_from(router, loads) == ModelLoad()
    router.arrived.set()
    assert await load_from(router, loads) == ModelLoad(0, 1, 0.1)
    assert router.questions == 1
    now.at += 1
    assert await load_from(router, loads) == ModelLoad(0, 2, 0.2)


def test_serve_has_what_is_read_past_its_public_face():
    made = {
        name
        for kind in (AsyncioRouter, CurrentLoopRouter, RouterMetricsManager, RunningReplica)
        for name in kind.__init__.__code__.co_names
    }
    assert {"_asyncio_router", "_request_router_initialized", "_metrics_manager", "_actor_handle"} <= made
    assert "num_queued_requests" in made
    assert callable(ReplicaActor.record_routing_stats)


def overview(*running):
    deployments = [SimpleNamespace(replica_states={"RUNNING": count}) for count in running]
    return SimpleNamespace(status="RUNNING", message="", deployments=dict(enumerate(deployments)))


def gateway(routers, served=None):
    handles = {name: ModelDeployment(router) for name, router in routers.items()}
    entries = [ModelEntry(alias=alias, kind="chat", package="base", context_length=8, languages=(), created=0)
               for alias in ("general", "law")]  # fmt: skip
    return SimpleNamespace(
        loads=ModelLoads(), metrics=GatewayMetrics(), models=SimpleNamespace(handle=handles.__getitem__, served=served),
        directory=Directory(models=tuple(entries)),
    )  # fmt: skip


async def test_the_status_tells_every_engine_and_that_all_wait_where_none_runs(monkeypatch):
    applications = {GENERAL: overview(2), "model-law": overview(0), "ledger": overview(1)}
    monkeypatch.setattr("ray.serve.status", lambda: SimpleNamespace(applications=applications))
    context = gateway({GENERAL: Router([told(8, 1, 0.3)])})
    for _ in range(5):
        context.metrics.started("law", "default")
    found = await asyncio.to_thread(_applications, context, asyncio.get_running_loop())
    rows = {one.name: (one.state, one.running, one.waiting, one.kv_use) for one in found}
    assert rows == {
        "general": ("running", 8, 1, 0.3), "law": ("asleep", None, 5, None), "ledger": ("running", None, None, None),
    }  # fmt: skip


async def test_the_metrics_tell_each_version_that_gets_requests():
    slots = {"stable": GENERAL, "candidate": "model-general@2", "previous": "model-x"}
    variants = [Variant("general", slot, "base", None, "1", name, 8, (), "ready") for slot, name in slots.items()]
    served = SimpleNamespace(directory=ServedDirectory(1, tuple(variants)))
    answers = {GENERAL: [told(1, 0, 0.1)], "model-general@2": [told(2, 0, 0.2)], "model-law": []}
    routers = {name: Router(answer) for name, answer in answers.items()}
    assert await read_loads(gateway(routers, served)) == {
        "general": ModelLoad(1, 0, 0.1), "general@candidate": ModelLoad(2, 0, 0.2), "law": ModelLoad(),
    }  # fmt: skip


async def test_whoever_scrapes_a_gateway_reads_what_its_engines_carry(client_of, model):
    model._router = Router([told(8, 2, 0.5)], held=30)
    async with client_of() as anyone:
        lines = (await anyone.get("/metrics")).text.splitlines()
    assert 'appliance_model_requests_running{target="general"} 8.0' in lines
    assert 'appliance_model_requests_waiting{target="general"} 32.0' in lines
    assert 'appliance_model_kv_cache_usage_ratio{target="general"} 0.5' in lines
