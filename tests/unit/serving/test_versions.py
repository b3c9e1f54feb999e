"""Versions behind an alias, from the database to the request: choice, polling, moving, what is told of it."""

import asyncio
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray.exceptions import RayActorError
from ray.serve.exceptions import DeploymentUnavailableError

from appliance.core.errors import EngineFailed, NotFound, Unavailable
from appliance.serving.generation import ApplicationGone, Generation
from appliance.serving.handles import Handles
from appliance.serving.model_items import BEGUN
from appliance.serving.routing import ServedView, chosen
from appliance.state.accounts.tenants import Tenants
from appliance.state.served import Served
from tests.unit.serving.deployments import USAGE_ITEM, WHOLE, ModelDeployment, chunk
from tests.unit.serving.readings import audited, error_of
from tests.unit.state.test_served import variant

HELLO = {"model": "general", "messages": [{"role": "user", "content": "Hello"}]}
OLD, NEW = variant(), variant("candidate", 2)


def promoted():
    return [variant("stable", 2), variant("previous", 1, state="stopped")]


@pytest.fixture
def served(ring):
    """Give the directory in the gateway's database, with one version that serves."""
    found = Served(ring._database)
    found.replace(found.read(), [OLD])
    return found


@pytest.fixture
def models(context, served):
    """Give the stand-ins of two versions by release; the gateway goes by the directory."""
    found = {1: ModelDeployment(), 2: ModelDeployment()}
    context.models._models = {f"model-general@{number}": one for number, one in found.items()}
    context.models.served = ServedView(served)
    context.models.served.take(context.models.served.load())
    return found


def change(served, *variants):
    served.change(served.read(), "general", variants)


# Which version a request goes to


def test_without_a_candidate_all_goes_to_the_stable_one():
    assert chosen((OLD,), ("default",), "r") is OLD
    assert chosen((), ("default",), "r") is None
    assert chosen((variant(state="stopped"),), ("default",), "r") is None


@settings(deadline=None)
@given(st.integers(0, 100))
def test_the_percentage_holds_over_many_requests(share):
    candidate = variant("candidate", 2, share=share)
    hits = sum(chosen((OLD, candidate), ("default",), f"req_{number}") is candidate for number in range(2000))
    assert abs(hits / 20 - share) < 5
    assert hits == {0: 0, 100: 2000}.get(share, hits)


@settings(deadline=None)
@given(st.text(), st.integers(0, 99))
def test_one_request_falls_always_on_the_same_side_and_stays_with_the_candidate_when_its_share_grows(request_id, share):
    def goes_to(percent):
        return chosen((OLD, variant("candidate", 2, share=percent)), ("default",), request_id).slot

    assert goes_to(share) == goes_to(share)
    if goes_to(share) == "candidate":
        assert goes_to(share + 1) == "candidate"


def test_a_tenant_of_the_rule_and_those_below_it_go_to_the_candidate_whatever_the_percentage(served, ring):
    tenants = Tenants(ring._database)
    for name, parent in (("retail", "default"), ("branch", "retail"), ("retail-two", "default")):
        tenants.add(name, parent=parent)
    change(served, OLD, variant("candidate", 2, share=0, tenants=("retail",)))
    view = ServedView(served)
    view.take(view.load())
    found = {name: view.choose("general", name, "r").slot for name in ("default", "retail", "branch", "retail-two")}
    assert found == {"default": "stable", "retail": "candidate", "branch": "candidate", "retail-two": "stable"}


async def test_a_tenant_made_below_one_of_the_rule_goes_there_from_the_next_look_on(served, ring):
    tenants = Tenants(ring._database)
    tenants.add("retail")
    change(served, OLD, variant("candidate", 2, share=0, tenants=("retail",)))
    view = ServedView(served)
    view.take(view.load())
    tenants.add("branch", parent="retail")
    assert view.choose("general", "branch", "r").slot == "stable"
    await view.refresh()
    assert view.choose("general", "branch", "r").slot == "candidate"
    assert view.load() is None


@settings(deadline=None)
@given(st.text(), st.text())
def test_a_candidate_that_is_not_ready_gets_nothing(tenant, request_id):
    candidate = variant("candidate", 2, share=100, tenants=(tenant,), state="starting")
    assert chosen((OLD, candidate), (tenant,), request_id) is OLD


# What a process knows


async def test_another_revision_is_found_by_the_poll_and_ends_what_left(served, monkeypatch):
    monkeypatch.setattr("appliance.serving.routing.POLL_S", 0.01)
    view = ServedView(served)
    view.take(view.load())
    assert view.load() is None
    old, kept = view.ended("model-general@1"), view.ended("model-other@1")
    following = asyncio.create_task(view.follow_for_ever())
    try:
        change(served, *promoted())
        async with asyncio.timeout(30):
            await old.wait()
        assert view.choose("general", "default", "r").release_counter == 2
        assert not kept.is_set()
        assert not view.ended("model-general@2").is_set()
    finally:
        following.cancel()


async def test_a_database_that_does_not_answer_leaves_what_is_known(served, monkeypatch):
    monkeypatch.setattr("appliance.serving.routing.POLL_S", 0.01)
    view = ServedView(served)
    view.take(view.load())
    asked = asyncio.Event()

    def fail():
        asked.set()
        raise Unavailable("no database")

    monkeypatch.setattr(served, "stamp", fail)
    following = asyncio.create_task(view.follow_for_ever())
    async with asyncio.timeout(30):
        await asked.wait()
    assert view.choose("general", "default", "r") == OLD
    assert not following.done()
    following.cancel()


def test_an_older_directory_is_not_taken_over(served):
    view = ServedView(served)
    older = view.load()
    change(served, *promoted())
    view.take(view.load())
    view.take(older)
    assert view.directory.get("general", "stable").release_counter == 2


def test_while_nothing_serves_the_caller_is_told_to_come_back(served):
    view = ServedView(served)
    change(served, variant(state="stopped"))
    view.take(view.load())
    with pytest.raises(Unavailable) as caught:
        view.choose("general", "default", "r")
    assert caught.value.code == "model_switching"
    with pytest.raises(NotFound):
        view.choose("general", "default", "r", "candidate")


def test_an_alias_of_which_nothing_is_written_goes_to_its_first_application():
    assert Handles().choose("general", ("default",), "r").application == "model-general"


def test_handles_are_pickled_as_they_were_made(models, context):
    assert pickle.loads(pickle.dumps(context.models)).served is None


# Through the gateway


async def test_the_version_is_in_header_audit_log_and_metrics(http, models, context, ring):
    models[1].scripts = [[BEGUN, WHOLE]]
    answer = await http.post("/v1/chat/completions", json=HELLO)
    assert answer.status_code == 200
    assert answer.headers["x-model-version"] == "base:1-r1"
    ((_record, opened),) = audited(ring, "request.opened")
    ((_record, closed),) = audited(ring)
    assert opened["version"] == closed["version"] == "base:1-r1"
    assert 'version="base:1-r1"' in context.metrics.exposition().decode()


async def test_a_stream_tells_its_version(http, models):
    models[1].scripts = [[chunk("a"), USAGE_ITEM]]
    answer = await http.post("/v1/chat/completions", json={**HELLO, "stream": True})
    assert answer.headers["x-model-version"] == "base:1-r1"
    assert answer.text.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize("looked", [True, False], ids=["polled", "staged since the last look"])
async def test_an_administrator_addresses_the_candidate(admin, models, served, context, looked):
    change(served, OLD, variant("candidate", 2, context_length=128))
    if looked:
        await context.models.served.refresh()
    models[2].scripts = [[BEGUN, WHOLE]]
    answer = await admin.post("/v1/chat/completions", json={**HELLO, "model": "general@candidate"})
    assert answer.headers["x-model-version"] == "base:1-r2"
    assert models[2].calls[0][1]["model"] == "general"
    assert models[1].calls == []


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [("general@candidate", 403, "permission_denied"), ("general@stable", 403, "permission_denied"),
     ("general@previous", 404, "model_not_found"), ("general@nonsense", 404, "model_not_found"),
     ("general@", 400, "invalid_value"), ("embedder@stable", 400, "model_not_suited"),
     ("other@stable", 404, "model_not_found")],
)  # fmt: skip
async def test_what_a_caller_may_not_address(http, models, model, status, code):
    error_of(await http.post("/v1/chat/completions", json={**HELLO, "model": model}), status, code)
    assert models[1].calls == models[2].calls == []


async def test_a_model_that_serves_again_since_the_last_look_is_not_refused(http, models, served, context):
    change(served, variant(state="stopped"))
    await context.models.served.refresh()
    change(served, variant("stable", 2))
    models[2].scripts = [[BEGUN, WHOLE]]
    assert (await http.post("/v1/chat/completions", json=HELLO)).status_code == 200


async def test_a_slot_without_a_version_is_told(admin, models):
    error_of(
        await admin.post("/v1/chat/completions", json={**HELLO, "model": "general@candidate"}), 404, "model_not_found"
    )


async def test_models_are_listed_with_version_and_for_administrators_with_all(http, admin, models, served, context):
    change(served, OLD, variant("candidate", 2, share=10))
    await context.models.served.refresh()
    (general, embedder) = (await http.get("/v1/models")).json()["data"]
    assert (general["version"], embedder["version"]) == ("1-r1", None)
    assert "variants" not in general
    told = (await admin.get("/v1/models/general")).json()
    assert [(one["slot"], one["share"]) for one in told["variants"]] == [("candidate", 10), ("stable", 0)]


@pytest.mark.parametrize("error", [DeploymentUnavailableError("d"), RayActorError()], ids=["deleted", "died"])
async def test_a_request_whose_application_is_gone_is_read_anew_and_replayed_once(http, models, served, ring, error):
    change(served, *promoted())  # this gateway has not looked since
    models[1].scripts = [[error]]
    models[2].scripts = [[BEGUN, WHOLE]]
    answer = await http.post("/v1/chat/completions", json=HELLO)
    assert answer.status_code == 200
    assert answer.headers["x-model-version"] == "base:1-r2"
    ((_record, opened),) = audited(ring, "request.opened")
    ((_record, closed),) = audited(ring)
    assert (opened["version"], closed["version"]) == ("base:1-r1", "base:1-r2")


async def test_an_application_that_cannot_be_found_is_read_anew_too(context, models, served):
    def nothing(application):
        raise ApplicationGone(application)

    change(served, *promoted())
    context.models.handle, found = (
        lambda name: nothing(name) if name.endswith("@1") else found(name),
        context.models.handle,
    )
    models[2].scripts = [[WHOLE]]
    generation = Generation(context.models.route("general", "t", "r"), "general", "chat", {}, "r")
    assert await generation.first() == WHOLE
    assert generation.version == "base:1-r2"


async def test_a_second_failure_is_told(http, models):
    models[1].scripts = [[RayActorError()]]
    error_of(await http.post("/v1/chat/completions", json=HELLO), 502, "engine_failed")
    assert len(models[1].calls) == 2


async def started(generation, model):
    first = asyncio.create_task(generation.first())
    for _turn in range(100):
        if model.calls:
            break
        await asyncio.sleep(0)
    return first


async def test_a_request_that_waits_moves_when_its_version_is_taken_out(context, models, served):
    models[1].scripts = [[asyncio.Event(), chunk("old")]]
    models[2].scripts = [[chunk("new"), USAGE_ITEM]]
    generation = Generation(context.models.route("general", "t", "r"), "general", "chat", {}, "r")
    first = await started(generation, models[1])
    change(served, *promoted())
    await context.models.served.refresh()
    assert await first == chunk("new")
    assert models[1].streams[0].cancelled
    assert [item async for item in generation.rest()] == [USAGE_ITEM]
    assert not models[2].streams[0].cancelled


async def test_a_whole_answer_that_has_begun_ends_where_it_is(context, models, served):
    written = asyncio.Event()
    models[1].scripts = [[BEGUN, written, WHOLE]]
    generation = Generation(context.models.route("general", "t", "r"), "general", "chat", {}, "r")
    first = await started(generation, models[1])
    await asyncio.sleep(0.01)
    change(served, *promoted())
    await context.models.served.refresh()
    await asyncio.sleep(0.01)
    assert not first.done()
    written.set()
    assert await first == WHOLE
    assert not models[1].streams[0].cancelled
    assert models[2].calls == []


async def test_a_request_does_not_move_for_ever(context, models, served):
    models[1].scripts = models[2].scripts = [[asyncio.Event()]]
    generation = Generation(context.models.route("general", "t", "r"), "general", "chat", {}, "r")
    first = asyncio.create_task(generation.first())
    for turn in range(20):
        await asyncio.sleep(0.01)
        if first.done():
            break
        change(served, variant("stable", 2 - turn % 2))
        await context.models.served.refresh()
    with pytest.raises(EngineFailed):
        await first
