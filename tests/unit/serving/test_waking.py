"""Requests to a model that sleeps: they wait, and are told in time when it takes too long. Serve is stood in for."""

import asyncio
import pickle
from collections import Counter
from types import SimpleNamespace

import pytest
from ray import serve
from ray.exceptions import RayError

from appliance.config.scaling import ScalingSettings
from appliance.config.site import ModelSettings
from appliance.core.errors import Unavailable
from appliance.core.messages import LANGUAGES
from appliance.serving.generation import Generation, Place
from appliance.serving.handles import Handles
from appliance.serving.model_items import BEGUN
from appliance.serving.names import model_application
from appliance.serving.seats import Seats
from appliance.serving.status import _state
from appliance.serving.waking import Waking, wake_timeouts
from tests.unit.serving.deployments import WHOLE, ModelDeployment
from tests.unit.serving.readings import error_of, gauges

APPLICATION = model_application("general")
HELLO = {"model": "general", "messages": [{"role": "user", "content": "Hello"}]}
SOON = 0.05


@pytest.fixture
def replicas(monkeypatch):
    """Give the states of the model's replicas as Serve tells them."""
    states = {}

    def status():
        deployments = {"Model": SimpleNamespace(replica_states=states)}
        return SimpleNamespace(applications={APPLICATION: SimpleNamespace(deployments=deployments)})

    monkeypatch.setattr(serve, "status", status)
    return states


def generation(model, timeout_s=SOON, ended=None, seats=None, answer_timeout_s=None):
    place = Place(model, "", ended, seats, Waking(APPLICATION, timeout_s))

    async def look_again():
        pass

    route = SimpleNamespace(place=lambda: place, look_again=look_again)
    return Generation(route, "general", "chat", HELLO, "r", answer_timeout_s)


async def comes_late(*begun, timeout_s, after_s):
    """Ask a model whose answer comes `after_s` later; the request must wait for it."""
    slow = asyncio.Event()
    model = ModelDeployment()
    model.scripts = [[slow, *begun, WHOLE]]
    async with generation(model, timeout_s) as waiting:
        first = asyncio.create_task(waiting.first())
        await asyncio.sleep(after_s)
        assert not first.done()
        slow.set()
        assert await first == WHOLE


async def test_a_request_waits_for_the_model_to_wake(replicas):
    await comes_late(BEGUN, timeout_s=60, after_s=SOON)


async def test_one_that_does_not_wake_in_time_is_an_honest_503(replicas):
    replicas["STARTING"] = 1
    seats = Seats(1)
    model = ModelDeployment()
    model.scripts = [[asyncio.Event()]]
    async with generation(model, seats=seats) as waiting:
        with pytest.raises(Unavailable) as caught:
            await waiting.first()
    assert caught.value.code == "model_waking"
    assert all("general" in caught.value.render(language) for language in LANGUAGES)
    assert model.streams[0].cancelled
    assert seats.taken == 0


async def test_a_model_that_only_works_long_is_no_sleeping_one(replicas):
    replicas["RUNNING"] = 1
    await comes_late(BEGUN, timeout_s=SOON, after_s=4 * SOON)


async def test_while_serve_does_not_tell_nobody_is_sent_away(monkeypatch):
    def silent():
        raise RayError

    monkeypatch.setattr(serve, "status", silent)
    await comes_late(timeout_s=SOON, after_s=4 * SOON)


async def test_what_waits_for_a_sleeping_version_moves_when_that_is_taken_out(replicas):
    ended = asyncio.Event()
    old, new = ModelDeployment(), ModelDeployment()
    old.scripts, new.scripts = [[asyncio.Event()]], [[WHOLE]]
    places = [Place(old, "1", ended, None, Waking(APPLICATION, 60)), Place(new, "2")]
    route = SimpleNamespace(place=lambda: places.pop(0))
    async with Generation(route, "general", "chat", HELLO, "r") as moving:
        first = asyncio.create_task(moving.first())
        await asyncio.sleep(SOON)
        ended.set()
        assert await first == WHOLE


async def test_callers_get_503_with_retry_after_and_the_request_is_over(http, context, model, replicas):
    context.models._wake_timeouts = {"general": SOON}
    model.scripts = [[asyncio.Event()]]
    response = await http.post("/v1/chat/completions", json=HELLO)
    error_of(response, 503, "model_waking")
    assert int(response.headers["retry-after"]) >= 1
    assert gauges(context) == {}


async def test_a_sleeping_model_is_ready_listed_and_not_woken_by_looking(client_of, http, context, model, replicas):
    context.models._wake_timeouts = {"general": 60}
    async with client_of() as anyone:
        ready = await anyone.get("/readyz")
        assert (ready.status_code, ready.json()["models"]) == (
            200, {"general": {"ready": True, "asleep": True, "reason": None}},
        )  # fmt: skip
        assert model.calls == []
        replicas["RUNNING"] = 1
        assert (await anyone.get("/readyz")).json()["models"]["general"]["asleep"] is False
    assert model.calls == ["canary"]
    assert "general" in {entry["id"] for entry in (await http.get("/v1/models")).json()["data"]}


def test_only_models_without_a_least_number_may_sleep():
    models = {
        "fixed": ModelSettings(package="base"),
        "elastic": ModelSettings(package="base", scaling=ScalingSettings(max_replicas=2)),
        "rare": ModelSettings(package="base", scaling=ScalingSettings(min_replicas=0, wake_timeout_s=5)),
    }
    assert wake_timeouts(models) == {"rare": 5}
    handles = pickle.loads(pickle.dumps(Handles({}, wake_timeouts(models))))  # as Serve carries them
    assert handles.waking("model-rare@3") == Waking("model-rare@3", 5)
    assert handles.waking("model-fixed") is None


@pytest.mark.parametrize(
    ("kind", "status", "replicas", "state"),
    [
        ("model", "RUNNING", {"RUNNING": 1, "STARTING": 1}, "running"),
        ("model", "RUNNING", {}, "asleep"),
        ("model", "RUNNING", {"STOPPING": 1}, "asleep"),
        ("model", "RUNNING", {"STOPPING": 1, "STARTING": 1}, "starting"),
        ("model", "DEPLOY_FAILED", {}, "failed"),
        ("scenario", "RUNNING", {}, "running"),
        ("model", "something new", {}, "starting"),
    ],
)
def test_a_model_that_is_well_without_a_replica_sleeps(kind, status, replicas, state):
    assert _state(kind, status, Counter(replicas)) == state
