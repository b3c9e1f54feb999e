"""Places at a model: a burst gets exactly as many as there are, and every end of a request gives its own back."""

import asyncio
import pickle
from types import SimpleNamespace

import pytest
from ray.exceptions import ActorDiedError

from appliance.config.scaling import ScalingSettings
from appliance.config.site import EngineSettings, ModelSettings
from appliance.core.errors import EngineFailed, TooManyRequests
from appliance.serving.engine import most_at_once
from appliance.serving.generation import Generation, Place
from appliance.serving.handles import Handles
from appliance.serving.model_items import BEGUN
from appliance.serving.names import model_alias, model_application
from appliance.serving.seats import Seats
from tests.unit.serving.deployments import USAGE_ITEM, WHOLE, ModelDeployment, chunk
from tests.unit.serving.readings import error_of

HELLO = {"model": "general", "messages": [{"role": "user", "content": "Hello"}]}
STREAM = {**HELLO, "stream": True}
MOST = 3


@pytest.fixture
def go():
    """Give the event that the model waits for before it answers anything."""
    return asyncio.Event()


@pytest.fixture
def seats(context, model, go):
    """Give the places of the chat model, which has few; each call of it waits for `go`."""
    context.models._most = {"general": MOST}
    model.scripts = [[BEGUN, go, WHOLE]]
    return context.models.seats("model-general")


def ask(http, number, body=HELLO):
    headers = {"X-Request-ID": f"burst-{number}"}
    return asyncio.create_task(http.post("/v1/chat/completions", json=body, headers=headers))


async def test_a_burst_gets_exactly_the_places_there_are(http, seats, go, settle):
    asked = [ask(http, number) for number in range(3 * MOST)]
    await settle(lambda: sum(one.done() for one in asked) == 2 * MOST)
    assert seats.taken == MOST
    go.set()
    answers = await asyncio.gather(*asked)
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(refused) == 2 * MOST
    for answer in refused:
        error_of(answer, 429, "queue_full")
        assert int(answer.headers["retry-after"]) >= 1
    assert seats.taken == 0
    assert (await ask(http, "later")).status_code == 200


@pytest.mark.parametrize(
    ("script", "body"),
    [
        ([BEGUN, WHOLE], HELLO),
        ([chunk("a"), USAGE_ITEM], STREAM),
        ([chunk("a"), {"error": {"message": "x", "code": 500}}], STREAM),
        ([chunk("a"), ActorDiedError()], STREAM),
        ([{"error": {"message": "too long", "type": "BadRequestError", "param": None, "code": 400}}], HELLO),
        ([ActorDiedError()], HELLO),
        ([RuntimeError("nobody foresaw this")], HELLO),
        ([], HELLO),
    ],
    ids=["whole", "stream", "broken stream", "stream whose replica died", "refused", "died", "unforeseen", "nothing"],
)
async def test_every_end_gives_the_place_back(http, seats, model, script, body):
    model.scripts = [script]
    await ask(http, 1, body)
    assert model.calls
    assert seats.taken == 0


@pytest.mark.parametrize("script", [[BEGUN], [chunk("a")]], ids=["waiting", "streaming"])
async def test_a_caller_that_goes_away_gives_its_place_back(http, seats, model, go, settle, script):
    model.scripts = [[*script, go]]
    asked = ask(http, 1, STREAM if script != [BEGUN] else HELLO)
    await settle(lambda: model.streams)
    assert seats.taken == 1
    asked.cancel()
    await asyncio.wait([asked])
    await settle(lambda: seats.taken == 0)


async def test_a_request_is_counted_once_when_its_replica_dies_and_it_is_sent_again(http, seats, model, go, settle):
    model.scripts = [[ActorDiedError()], [BEGUN, go, WHOLE]]
    asked = ask(http, 1)
    await settle(lambda: len(model.streams) == 2)
    assert seats.taken == 1
    go.set()
    assert (await asked).status_code == 200
    assert seats.taken == 0


def route_over(*places):
    left = list(places)

    async def look_again():
        pass

    return SimpleNamespace(place=lambda: left.pop(0) if len(left) > 1 else left[0], look_again=look_again)


async def test_what_moves_to_another_version_is_let_in_there_too_and_new_requests_wait_for_it(go, settle):
    old, new = Seats(1), Seats(1)
    ended = asyncio.Event()
    waiting, answering = ModelDeployment(), ModelDeployment()
    waiting.scripts, answering.scripts = [[go]], [[go, WHOLE]]
    new.take("general")
    moving = Generation(
        route_over(Place(waiting, "1", ended, old), Place(answering, "2", None, new)), "general", "chat", HELLO, "r"
    )
    first = asyncio.create_task(moving.first())
    await settle(lambda: waiting.streams)
    ended.set()
    await settle(lambda: answering.streams)
    assert (old.taken, new.taken) == (0, 2)
    late = Generation(route_over(Place(answering, "2", None, new)), "general", "chat", HELLO, "s")
    with pytest.raises(TooManyRequests):
        await late.first()
    go.set()
    assert await first == WHOLE
    assert new.taken == 1


async def test_closing_twice_gives_one_place_back():
    seats = Seats(2)
    seats.take("general")
    model = ModelDeployment()
    model.scripts = [[chunk("a"), chunk("b")]]
    async with Generation(route_over(Place(model, "", None, seats)), "general", "chat", STREAM, "r") as generation:
        await generation.first()
        assert seats.taken == 2
        generation.close()
        assert seats.taken == 1
    assert seats.taken == 1


async def test_an_answer_that_never_comes_gives_its_place_back():
    seats = Seats(1)
    model = ModelDeployment()
    async with Generation(route_over(Place(model, "", None, seats)), "general", "chat", HELLO, "r") as generation:
        with pytest.raises(EngineFailed):
            await generation.first()
    assert seats.taken == 0


def test_what_runs_and_what_may_wait_is_let_in():
    engine = EngineSettings(max_num_seqs=8, max_queued_requests=5)
    assert most_at_once(ModelSettings(package="base", replicas=2, engine=engine)) == 21


def test_every_replica_that_there_may_be_counts():
    engine = EngineSettings(max_num_seqs=8, max_queued_requests=5)
    scaling = ScalingSettings(min_replicas=0, max_replicas=3)
    assert most_at_once(ModelSettings(package="base", scaling=scaling, engine=engine)) == 29


def test_a_model_without_a_queue_still_answers_what_it_has_places_for():
    engine = EngineSettings(max_num_seqs=4, max_queued_requests=0)
    assert most_at_once(ModelSettings(package="base", engine=engine)) == 4


@pytest.mark.parametrize("application", [model_application("general"), model_application("general", 7)])
def test_versions_of_an_alias_have_places_of_their_own_of_the_same_number(application):
    assert model_alias(application) == "general"
    handles = pickle.loads(pickle.dumps(Handles({"general": 1})))  # as Serve carries them
    seats = handles.seats(application)
    seats.take("general")
    with pytest.raises(TooManyRequests):
        seats.take("general")
    assert handles.seats(application) is seats
    handles.seats("model-general@9").take("general")


def test_a_process_that_was_told_nothing_counts_nothing():
    assert Handles().seats("model-general") is None
