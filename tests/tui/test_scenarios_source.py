"""What the appliance says of scenarios, in its own shapes, and what it refuses."""

import asyncio
import json
from importlib import import_module
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from appliance.config.installation import shipped
from appliance.core.errors import Conflict, NotFound, NotRunning, PermissionDenied, Unavailable
from appliance.scenario.loading import load_pack
from appliance.serving.gateway.directory import Directory
from appliance.serving.gateway.openapi import build_openapi
from appliance.tui.connection import HttpConnection
from appliance.tui.scenarios_source import HttpScenariosSource, actions_in
from tests.tui.scenarios_double import (
    CLIENTS,
    DECLINED,
    DONE_JOB,
    JOB,
    QUOTED,
    ROOT,
    SAMPLES,
    ScenariosDouble,
    sse,
)


@pytest.fixture
def double():
    return ScenariosDouble()


@pytest.fixture
def source(double, tmp_path):
    key_file = tmp_path / "a.key"
    key_file.write_text("key-1\n")
    return double.source(key_file)


@pytest.mark.parametrize(
    ("pack", "module", "name", "recorded"),
    [
        ("knowledge_qa", "answers", "AskResponse", (QUOTED, DECLINED)),
        ("agent_assist", "calls.samples", "SampleFacts", SAMPLES),
        ("advisor", "api.lists", "ClientRow", CLIENTS),
        ("reports", "api.views", "Job", (JOB, DONE_JOB)),
    ],
)
def test_the_double_has_the_shapes_of_the_packs(pack, module, name, recorded):
    package = load_pack(shipped("scenarios") / pack).package
    shape = getattr(import_module(f"{package}.{module}"), name)
    for one in recorded:
        shape.model_validate_json(json.dumps(one))


async def test_scenarios_by_name_with_titles(source):
    found = await source.find()
    assert [one.name for one in found] == ["advisor", "agent-assist", "front-desk", "knowledge-qa", "reports"]
    assert found[3].titled("zh_CN") == "智能知识问答"
    assert found[3].titled("fr") == "Knowledge Q&A"


async def test_actions_examples_and_no_errors_from_another_machine(source):
    facts = await source.facts("knowledge-qa", None, "en")
    assert [(one.name, one.method, one.needs, one.payload) for one in facts.actions] == [
        ("ask", "POST", "", {"question": "QUESTION"}),
        ("list-conversations", "GET", "", None),
        ("review-feedback", "POST", "knowledge.review", {"decision": "dismiss"}),
    ]
    assert facts.errors is None
    assert facts.examples[0].action == "ask"


async def test_a_scenario_that_is_gone(source):
    with pytest.raises(NotFound):
        await source.facts("no-such", None, "en")


def test_the_documents_of_the_gateway_are_read():
    described = load_pack(shipped("scenarios") / "knowledge_qa").describe()
    document = build_openapi(FastAPI(title="t"), Directory.model_validate({"scenarios": [described]}))
    actions = {one.name: one for one in actions_in(document, "knowledge-qa")}
    assert set(actions) == set(described["actions"])
    assert actions["ask"].method == "POST"
    assert actions["ask"].path == f"{ROOT}/knowledge-qa/ask"
    assert actions["ask"].payload == {"question": "QUESTION"}
    assert actions["list-feedback"].needs == "knowledge.review"


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        ((403, "permission_denied", "no"), PermissionDenied),
        ((404, "scenario_not_found", "There is no scenario advisor."), NotFound),
        ((503, "unavailable", "no replica"), Unavailable),
    ],
)
async def test_what_a_refusal_means(source, double, refusal, error):
    double.refusal = refusal
    for asked in (
        source.find(), source.facts("advisor", None, "en"), source.call("GET", f"{ROOT}/advisor/clients"),
        source.events(f"{ROOT}/agent-assist/replay", {}),
    ):  # fmt: skip
        with pytest.raises(error):
            await asked


async def test_an_answer_that_waits_for_a_person(source, double):
    double.answers["POST", f"{ROOT}/knowledge-qa/ask"] = {
        "id": "rev_1", "object": "review", "status": "pending", "status_url": "/v1/reviews/rev_1/status",
    }  # fmt: skip
    with pytest.raises(Conflict, match="waits for a person"):
        await source.call("POST", f"{ROOT}/knowledge-qa/ask", {"question": "?"})


async def test_a_stream_that_breaks_off_and_one_that_is_none(source, double):
    path = f"{ROOT}/agent-assist/replay"
    double.answers["POST", path] = sse(("assist", {}), ("error", {"error": {"message": "the engine died"}}))
    with pytest.raises(Unavailable, match="the engine died"):
        await source.events(path, {})
    double.answers["POST", path] = "data: {\n\n"
    with pytest.raises(Unavailable):
        await source.events(path, {})


@pytest.mark.parametrize("text", ["[]", "{", '{"paths": 3, "components": {}}'])
async def test_what_is_no_answer_of_this_version(tmp_path, text):
    (tmp_path / "key").write_text("k")
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, text=text))
    source = HttpScenariosSource(HttpConnection("http://127.0.0.1:8080", tmp_path / "key", transport=transport))
    with pytest.raises(Unavailable):
        await source.facts("advisor", None, "en")
    if text != '{"paths": 3, "components": {}}':
        with pytest.raises(Unavailable):
            await source.call("GET", "/v1/scenarios/advisor/clients")


async def test_nobody_there(source, double):
    double.down = True
    with pytest.raises(NotRunning):
        await source.find()
    assert not asyncio.all_tasks() - {asyncio.current_task()}
    assert Path(source.address.removeprefix("http://")).name == "127.0.0.1:8080"
