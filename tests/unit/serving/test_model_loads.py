"""What the status tells of the engines: asked of every replica, also through Serve's own handle."""

import asyncio
from types import SimpleNamespace

import pytest
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException
from vllm.v1.metrics.stats import SchedulerStats

from appliance.core.status import TrafficStatus
from appliance.serving.engine_load import WAITING, EngineLoad, load_of
from appliance.serving.generation import ApplicationGone
from appliance.serving.model_loads import ModelLoad, ModelLoads
from appliance.serving.scaling import KV_USE
from appliance.serving.status import _load


class Asked:
    """A `DeploymentBroadcastResponse`."""

    def __init__(self, *answers):
        self.answers = list(answers)

    async def results_async(self, *, return_exceptions):
        assert return_exceptions
        answer = self.answers.pop(0)
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Replicas:
    """A handle whose broadcasts are answered in turn."""

    def __init__(self, *asked):
        self.asked = list(asked)
        self.methods = []

    def broadcast(self, method):
        self.methods.append(method)
        answer = self.asked.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def told(waiting, kv_use):
    return {WAITING: waiting, KV_USE: kv_use}


def test_the_engine_tells_how_many_wait_and_how_full_its_cache_is():
    load = EngineLoad()
    load.record(SchedulerStats(num_waiting_reqs=7, kv_cache_usage=0.5), None)
    load.record(None, None)
    assert load_of(load) == {WAITING: 7, KV_USE: 0.5}
    assert load_of(None) == {}


async def test_those_that_wait_are_added_and_the_fullest_cache_counts():
    replicas = Replicas(Asked([told(3, 0.2), told(0, 0.9), RuntimeError("an older replica"), {}]))
    assert await ModelLoads().read("model-general", replicas) == ModelLoad(3, 0.9)
    assert replicas.methods == ["load_now"]


async def test_what_nobody_tells_is_not_known():
    assert await ModelLoads().read("model-general", Replicas(Asked([{}]))) == ModelLoad(None, None)


@pytest.mark.parametrize("error", [RayServeException("no replicas"), RayError("gone")])
async def test_replicas_that_go_away_are_not_known(error):
    assert await ModelLoads().read("model-general", Replicas(error)) == ModelLoad()
    assert await ModelLoads().read("model-general", Replicas(Asked(error))) == ModelLoad()


async def test_a_late_answer_is_waited_for_and_not_asked_for_again():
    late = asyncio.Event()
    loads, replicas = ModelLoads(), Replicas(Asked(late, [told(1, 0.1)]), Asked([told(2, 0.2)]))
    assert await loads.read("model-general", replicas) == ModelLoad()
    late.set()
    assert await loads.read("model-general", replicas) == ModelLoad(1, 0.1)
    assert len(replicas.methods) == 1
    assert await loads.read("model-general", replicas) == ModelLoad(2, 0.2)


async def test_serves_own_handle_answers_so():
    @serve.deployment
    class Model:
        async def load_now(self):
            return told(4, 0.25)

    handle = serve.run(Model.bind(), name="model-general", _local_testing_mode=True).options(stream=True)
    assert await ModelLoads().read("model-general", handle) == ModelLoad(4, 0.25)


async def test_without_a_replica_everything_that_came_in_waits():
    def handle(application):
        raise ApplicationGone(application)

    gateway = SimpleNamespace(loads=ModelLoads(), models=SimpleNamespace(handle=handle))
    traffic = TrafficStatus(in_flight=5)
    loop = asyncio.get_running_loop()
    assert _load(gateway, "model-general", 0, traffic, loop) == ModelLoad(waiting=5)
    assert _load(gateway, "model-general", 1, traffic, loop) == ModelLoad()
    gateway.models.handle = lambda _application: Replicas(Asked([told(1, 0.3)]))
    assert await asyncio.to_thread(_load, gateway, "model-general", 1, traffic, loop) == ModelLoad(1, 0.3)
