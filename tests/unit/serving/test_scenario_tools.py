"""Actions of a pack as tools, in OpenAI's shape and over MCP: the gateway's application, a real replica behind it."""

import json

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from appliance.config.home import Home
from appliance.config.site import GuardrailSettings, QuotaSettings
from appliance.core.principal import Scopes
from appliance.guardrails.chain import Chain
from appliance.scenario.loading import load_pack
from appliance.serving import scenario as scenario_replica
from appliance.serving.gateway.directory import Directory
from appliance.serving.gateway.schemas import ChatCompletionRequest
from appliance.serving.names import scenario_application
from tests.unit.serving.canaries import FORBIDDEN
from tests.unit.serving.deployments import WHOLE
from tests.unit.serving.readings import audited, error_of, requests_counted
from tests.unit.serving.replicas import ReplicaDeployment

DESCRIPTION = """
name: fund-desk
version: 1.0.0
title: {en: Funds, zh_CN: 基金}
description: {en: Funds., zh_CN: 基金。}
smoke: [{action: compare, payload: {funds: []}}]
"""
PROGRAM = """
from enum import Enum
from typing import Literal

from pydantic import BaseModel, Field, RootModel

from appliance.core.errors import NotFound
from appliance.core.messages import _, current_language
from appliance.scenario.pack import Action, Download, Permission

class Window(Enum):
    YEAR = "1y"
    ALL = "all"

class Weight(BaseModel):
    fund: str = Field(description="Fund code.")
    weight: float

class Look(BaseModel):
    model_config = {"extra": "forbid"}
    fund_id: str = Field(max_length=8, description="Fund code.")
    window: Window = Window.YEAR
    rolling: bool = False
    most: int = Field(default=3, ge=1)

class Change(BaseModel):
    model_config = {"extra": "forbid"}
    fund_id: str
    note: str
    grade: Literal["R1", "R2"] | None = "R1"

class Compare(BaseModel):
    model_config = {"extra": "forbid"}
    funds: list[Weight]
    stream: bool = False

class Told(BaseModel):
    text: str

class Advice(BaseModel):
    answer: str

class Listed(RootModel[list[str]]):
    pass

class Nothing(BaseModel):
    pass

def create(context):
    async def look(request, caller):
        if request.fund_id == "none":
            raise NotFound(_("There is no such thing here."), param="fund_id", code="fund_not_found")
        return Told(text=f"{request.fund_id} {request.window.value} {request.rolling} {request.most} "
                         f"{caller.tenant} {current_language()}")

    async def change(request, caller):
        return Told(text=f"{request.fund_id} {request.note} {request.grade}")

    async def compare(request, caller):
        answer = await context.chat.chat([{"role": "user", "content": "?"}], max_tokens=5)
        return Advice(answer=f"{answer.text} {[one.weight for one in request.funds]}")

    async def compare_aloud(request, caller):
        yield "done", await compare(request, caller)

    async def names(request, caller):
        return Listed(["a", "b"])

    async def export(request, caller):
        return Download(filename="a.csv", media_type="text/csv", content=b"a")

    return [
        Action("look", "Show.", Look, Told, look, method="GET", path="funds/{fund_id}", tool="Diagnose one fund."),
        Action("change", "Change.", Change, Told, change, path="funds/{fund_id}/notes", status=201,
               tool="Note something of a fund."),
        Action("compare", "Compare.", Compare, Advice, compare, stream=compare_aloud, tool="Compare funds."),
        Action("names", "List.", Nothing, Listed, names, method="GET", tool="List the funds."),
        Action("all", "Read all.", Nothing, Told, look, method="GET", permission=Permission.SCENARIO_SUPERVISE,
               tool="Read what others do."),
        Action("hidden", "Not for models.", Nothing, Told, look),
        Action("export", "Export.", Nothing, Download, export, method="GET"),
    ]
"""
KNOWLEDGE = ["list_knowledge_bases", "search_knowledge", "ask_knowledge"]
MINE = [f"fund-desk__{name}" for name in ("look", "change", "compare", "names")]
LOOK = {"fund_id": "000001", "window": "all", "rolling": True, "most": 5}
WEIGHTS = {"funds": [{"fund": "a", "weight": 1}, {"fund": "b", "weight": 0.5}]}


@pytest.fixture
async def desk(tmp_path, context, monkeypatch, chain):
    """Give the handle of the pack's replica, which the gateway's directory has by now."""
    folder = tmp_path / "scenarios" / "fund_desk"
    folder.mkdir(parents=True)
    (folder / "scenario.yaml").write_text(DESCRIPTION, encoding="utf-8")
    (folder / "app.py").write_text(PROGRAM, encoding="utf-8")
    monkeypatch.setattr(scenario_replica, "Handles", lambda wake_timeouts: context.models)
    monkeypatch.setattr(scenario_replica, "load_chain", lambda settings: (chain, False))
    Home(tmp_path).database.parent.mkdir(parents=True, exist_ok=True)
    described = json.loads(json.dumps(load_pack(folder).describe()))  # as Serve's `user_config` carries it
    context.directory = Directory.model_validate({"scenarios": [described]})
    replica = scenario_replica.Scenario(
        str(tmp_path), "fund-desk", {}, f"sqlite:///{tmp_path / 'appliance.db'}", GuardrailSettings()
    )
    context.models._others[scenario_application("fund-desk")] = ReplicaDeployment(replica)


@pytest.fixture
def mcp(app, keys):
    """Give a function that returns an official MCP client with a key."""

    def connect(key=keys["caller"]):
        headers = {"Authorization": f"Bearer {key}"}
        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://gateway", headers=headers)
        return Client(streamable_http_client("http://gateway/mcp", http_client=http))

    return connect


async def listed(http, **headers):
    tools = (await http.get("/v1/tools", **headers)).json()["data"]
    return {tool["function"]["name"]: tool["function"] for tool in tools}


async def call(http, action, arguments):
    return await http.post(f"/v1/tools/fund-desk__{action}", json=arguments)


async def test_actions_that_are_tools_are_listed_for_whom_they_are(http, admin, desk):
    assert list(await listed(http)) == [*KNOWLEDGE, *MINE]
    assert list(await listed(admin)) == [*KNOWLEDGE, *MINE, "fund-desk__all"]


async def test_a_listed_tool_stands_alone_and_a_chat_request_takes_it(http, desk):
    tools = await listed(http)
    ChatCompletionRequest.model_validate(
        {
            "model": "general",
            "messages": [{"role": "user", "content": "?"}],
            "tools": [{"type": "function", "function": tool} for tool in tools.values()],
        }
    )
    look = tools["fund-desk__look"]
    assert look["description"] == "Diagnose one fund."
    assert look["parameters"] == {
        "type": "object",
        "properties": {
            "fund_id": {"type": "string", "maxLength": 8, "description": "Fund code."},
            "window": {"type": "string", "enum": ["1y", "all"]},
            "rolling": {"type": "boolean"},
            "most": {"type": "integer", "minimum": 1},
        },
        "required": ["fund_id"],
        "additionalProperties": False,
    }
    compare = tools["fund-desk__compare"]
    assert "stream" not in compare["parameters"]["properties"]
    assert "$ref" not in json.dumps(compare)
    assert [name for name, tool in tools.items() if tool.get("strict")] == [
        "fund-desk__compare", "fund-desk__names",
    ]  # fmt: skip


async def test_a_tool_does_what_its_address_does(http, desk):
    by_tool = await call(http, "look", LOOK)
    by_route = await http.get("/v1/scenarios/fund-desk/funds/000001?window=all&rolling=true&most=5")
    assert by_tool.json() == by_route.json() == {"text": "000001 all True 5 default en"}
    noted = await call(http, "change", {"fund_id": "7", "note": "steady"})
    assert (noted.status_code, noted.json()) == (201, {"text": "7 steady R1"})


async def test_null_leaves_a_field_out_unless_it_means_something(http, desk):
    nothing = {"window": None, "rolling": None, "most": None}
    assert (await call(http, "look", {"fund_id": "7", **nothing})).json()["text"].startswith("7 1y False 3")
    assert (await call(http, "change", {"fund_id": "7", "note": "x", "grade": None})).json()["text"] == "7 x None"


@pytest.mark.parametrize(
    ("action", "arguments", "param"),
    [
        ("look", {}, "fund_id"),
        ("look", {"fund_id": "123456789"}, "fund_id"),
        ("look", {"fund_id": ""}, "fund_id"),
        ("look", {"fund_id": "a/b"}, "fund_id"),
        ("look", {"fund_id": ["7"]}, "fund_id"),
        ("look", {"fund_id": "7", "most": 0}, "most"),
        ("look", {"fund_id": "7", "window": "2y"}, "window"),
        ("look", {"fund_id": "7", "tenant": "other"}, "tenant"),
        ("change", {"fund_id": "7", "note": None}, "note"),
        ("change", {"fund_id": "7", "note": 5}, "note"),
        ("compare", {**WEIGHTS, "stream": True}, "stream"),
        ("compare", {"funds": [{"fund": "a"}]}, "funds.0.weight"),
        ("look", [], None),
    ],
)
async def test_wrong_arguments_are_refused_by_name(http, desk, model, action, arguments, param):
    response = await call(http, action, arguments)
    assert response.status_code == 400, response.text
    assert response.json()["error"]["param"] == param
    assert model.calls == []


@pytest.mark.parametrize("name", ["hidden", "export", "nothing"])
async def test_what_is_no_tool_is_a_404(http, desk, name):
    error = error_of(await call(http, name, {}), 404, "tool_not_found")
    assert "fund-desk__look" in error["message"]
    assert "fund-desk__all" not in error["message"]


async def test_who_may_not_may_not_by_a_tool_either(http, client_of, desk, ring, mcp):
    error_of(await call(http, "all", {}), 403, "permission_denied")
    _record, key = ring.create("elsewhere", scopes=Scopes(scenarios=frozenset({"other"})))
    headers = {"Authorization": f"Bearer {key}"}
    async with client_of() as client:
        assert list(await listed(client, headers=headers)) == KNOWLEDGE
        error = error_of(
            await client.post("/v1/tools/fund-desk__look", json=LOOK, headers=headers), 403, "permission_denied"
        )
        assert error["param"] == "scenario"
    async with mcp(key) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == KNOWLEDGE
        assert (await client.call_tool("fund-desk__look", LOOK)).is_error


async def test_a_call_is_counted_metered_and_written_as_any_request(http, context, desk, ring, model):
    model.scripts = [[WHOLE]]
    assert (await call(http, "compare", WEIGHTS)).json() == {"answer": "Hi [1.0, 0.5]"}
    assert requests_counted(context) == {("fund-desk", "/v1/tools/{name}", "200"): 1}
    spent = context.metrics.traffic("general")
    assert (spent.prompt_tokens_total, spent.completion_tokens_total) == (7, 2)
    ((record, data),) = audited(ring)
    assert (record.target, record.outcome, data["prompt_tokens"]) == ("fund-desk", "ok", 7)
    ((_record, opened),) = audited(ring, "request.opened")
    assert opened["action"] == "compare"
    error_of(await call(http, "look", {"fund_id": "none"}), 404, "fund_not_found")
    assert [record.outcome for record, _data in audited(ring)] == ["ok", "fund_not_found"]


async def test_what_a_model_wrote_is_labelled(http, context, desk, model):
    context.label_producer = "001191350100M000100Y4300000"
    model.scripts = [[WHOLE]]
    assert (await call(http, "compare", WEIGHTS)).json()["AIGC"]["Label"] == "1"
    assert "AIGC" not in (await call(http, "look", LOOK)).json()


async def test_what_may_not_be_asked_may_not_be_asked_by_a_tool(http, desk, ring, mcp):
    note = {"fund_id": "7", "note": FORBIDDEN}
    error_of(await call(http, "change", note), 400, "content_filter")
    async with mcp() as client:
        refused = await client.call_tool("fund-desk__change", note)
    assert refused.is_error
    assert "content_filter" in refused.content[0].text
    assert [(record.action, record.outcome) for record, _data in audited(ring)] == [
        ("/v1/tools/{name}", "content_filter"), ("/mcp", "content_filter"),
    ]  # fmt: skip


async def test_a_call_takes_of_the_callers_quota(http, desk, ledger):
    ledger._settings = QuotaSettings.model_validate({"default": {"requests_per_minute": 1}})
    ledger.begin()
    assert (await call(http, "look", LOOK)).status_code == 200
    error_of(await call(http, "look", LOOK), 429, "quota_exceeded")


async def test_an_answer_that_waits_for_a_person_waits_by_a_tool_too(http, context, desk, model, mcp):
    context.chain = Chain(GuardrailSettings(review=("scenario:fund-desk",)), None)
    model.scripts = [[WHOLE]]
    held = await call(http, "compare", WEIGHTS)
    assert (held.status_code, held.json()["status"]) == (202, "pending")
    assert held.headers["location"] == held.json()["status_url"]
    async with mcp() as client:
        told = await client.call_tool("fund-desk__compare", WEIGHTS)
    assert not told.is_error
    assert told.structured_content["status"] == "pending"
    assert "Hi" not in held.text + told.content[0].text


async def test_mcp_lists_and_calls_the_same_tools(mcp, desk, model):
    model.scripts = [[WHOLE]]
    async with mcp() as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        looked = await client.call_tool("fund-desk__look", LOOK)
        compared = await client.call_tool("fund-desk__compare", WEIGHTS)
        names = await client.call_tool("fund-desk__names", {})
        none = await client.call_tool("fund-desk__look", {"fund_id": "none"})
        wrong = await client.call_tool("fund-desk__look", {"fund": "7"})
    assert list(tools) == [*KNOWLEDGE, *MINE]
    assert tools["fund-desk__look"].annotations.read_only_hint
    assert not tools["fund-desk__change"].annotations.read_only_hint
    assert tools["fund-desk__look"].input_schema["required"] == ["fund_id"]
    assert looked.structured_content == {"text": "000001 all True 5 default en"}
    assert compared.structured_content == {"answer": "Hi [1.0, 0.5]"}
    assert (json.loads(names.content[0].text), names.structured_content) == (["a", "b"], None)
    assert none.is_error
    assert json.loads(none.content[0].text)["error"]["code"] == "fund_not_found"
    assert wrong.is_error
    assert "fund_id" in wrong.content[0].text
