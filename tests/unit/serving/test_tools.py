"""Tools in OpenAI's shape and over MCP, through the gateway's real application; MCP by the official client."""

import json
from types import SimpleNamespace

import httpx2
import jsonschema
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from appliance.config.site import GuardrailOverride, GuardrailSettings, QuotaSettings
from appliance.core.errors import NotFound
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.guardrails.chain import Chain
from appliance.serving.names import KNOWLEDGE_APPLICATION
from tests.unit.serving.canaries import FORBIDDEN, HARMLESS, INJECTED
from tests.unit.serving.readings import audited, error_of

NAMES = ["list_knowledge_bases", "search_knowledge", "ask_knowledge"]
PASSAGES = [{"document": "fees.md", "text": "A safe box costs 300 yuan a year."}]


@pytest.fixture
def mcp(app, keys):
    """Give a function that returns an official MCP client with the key of a role, or none."""

    def connect(role="caller"):
        headers = {"Authorization": f"Bearer {keys[role]}"} if role else {}
        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://gateway", headers=headers)
        return Client(streamable_http_client("http://gateway/mcp", http_client=http))

    return connect


async def test_tools_are_listed_as_a_chat_request_takes_them(http):
    tools = (await http.get("/v1/tools")).json()["data"]
    assert [tool["function"]["name"] for tool in tools] == NAMES
    for tool in tools:
        assert tool["type"] == "function"
        jsonschema.Draft202012Validator.check_schema(tool["function"]["parameters"])


async def test_a_tool_runs_for_the_caller_with_checked_arguments(http, knowledge):
    knowledge.answer = PASSAGES
    reply = await http.post("/v1/tools/search_knowledge", json={"query": "safe box", "knowledge_base": "bank"})
    assert reply.json() == {"passages": PASSAGES}
    method, who, base, query, k, selection = knowledge.calls[-1]
    assert (method, base, query, k, selection.as_of) == ("search", "bank", "safe box", 5, None)
    assert isinstance(who, Principal)
    assert (who.tenant, who.role) == ("default", "caller")


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({"query": "x"}, "knowledge_base"),
        ({"query": "", "knowledge_base": "b"}, "query"),
        ({"query": "x", "knowledge_base": "b", "k": 100}, "k"),
        ({"query": "x", "knowledge_base": "b", "as_of": "2026-02-30"}, "as_of"),
        ({"query": "x", "knowledge_base": "b", "tenant": "other"}, "tenant"),
    ],
)
async def test_wrong_arguments_are_refused_by_name(http, knowledge, arguments, param):
    reply = await http.post("/v1/tools/search_knowledge", json=arguments)
    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == param
    assert knowledge.calls == []


async def test_an_unknown_tool_is_a_404_that_lists_them(http):
    reply = await http.post("/v1/tools/delete_everything", json={})
    assert reply.status_code == 404
    assert "ask_knowledge" in reply.json()["error"]["message"]


async def test_mcp_lists_and_calls_the_same_tools(mcp, knowledge):
    knowledge.answer = PASSAGES
    async with mcp() as client:
        listed = await client.list_tools()
        assert [tool.name for tool in listed.tools] == NAMES
        assert all(tool.annotations.read_only_hint for tool in listed.tools)
        result = await client.call_tool("search_knowledge", {"query": "箱子", "knowledge_base": "bank", "k": 2})
    assert not result.is_error
    assert result.structured_content == {"passages": PASSAGES}
    assert knowledge.calls[-1][3:5] == ("箱子", 2)


async def test_mcp_tells_the_model_what_was_refused(mcp, knowledge):
    knowledge.answer = NotFound(_("There is no knowledge base {name}.", name="'secret'"))
    async with mcp() as client:
        result = await client.call_tool("search_knowledge", {"query": "why?", "knowledge_base": "secret"})
        wrong = await client.call_tool("ask_knowledge", {"knowledge_base": "secret"})
    assert result.is_error
    assert "There is no knowledge base" in result.content[0].text
    assert wrong.is_error
    assert "question" in wrong.content[0].text


async def test_mcp_needs_a_key(client_of):
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    async with client_of() as nobody:
        reply = await nobody.post("/mcp", json=body, headers={"Accept": "application/json, text/event-stream"})
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "missing_api_key"


async def test_mcp_survives_what_is_not_mcp(http, knowledge):
    accept = {"Accept": "application/json, text/event-stream"}
    for body in (b"", b"{", b"[]", b'{"jsonrpc":"2.0","id":1,"method":"no/such","params":{}}'):
        reply = await http.post("/mcp", content=body, headers={**accept, "Content-Type": "application/json"})
        assert 400 <= reply.status_code < 500 or "error" in reply.json(), body
    assert knowledge.calls == []


@pytest.mark.parametrize("kind", [None, "text/plain", "multipart/form-data; boundary=b"])
async def test_mcp_without_json_is_refused_as_everywhere(http, kind):
    headers = {"Accept": "application/json, text/event-stream", **({"Content-Type": kind} if kind else {})}
    reply = await http.post("/mcp", content=b"[[]]", headers=headers)
    assert reply.status_code == 415
    assert reply.json()["error"]["code"] == "unsupported"


MIXED = [{"document": "a.md", "text": text} for text in (*INJECTED, FORBIDDEN, *HARMLESS)]
CITING = {
    "question": "?", "answered": True, "text": HARMLESS[0], "confidence": 0.9, "language": "en", "as_of": "2026-11-26",
    "sentences": [{"text": INJECTED[0], "kind": "quoted", "citations": [0]}], "nearest": [],
    "citations": [
        {
            "document_id": "d", "document": "a.md", "version": 1, "section": "", "quote": INJECTED[0], "start": 0,
            "end": 5, "score": 0.9,
        }
    ],
}  # fmt: skip
SEARCH = {"query": "locker", "knowledge_base": "bank"}
ASK = {"question": "locker?", "knowledge_base": "bank"}


async def every_way(http, mcp, query="locker"):
    """Return what a search gives over each of its addresses."""
    asked = {**SEARCH, "query": query}
    by_route = await http.post("/v1/knowledge-bases/bank/search", json={"query": query})
    by_tool = await http.post("/v1/tools/search_knowledge", json=asked)
    async with mcp() as client:
        by_mcp = await client.call_tool("search_knowledge", asked)
    return by_route, by_tool, by_mcp


async def test_what_gives_orders_reaches_no_callers_model(http, mcp, knowledge, ring):
    knowledge.answer = MIXED
    by_route, by_tool, by_mcp = await every_way(http, mcp)
    clean = MIXED[-2:]
    assert by_route.json()["data"] == by_tool.json()["passages"] == by_mcp.structured_content["passages"] == clean
    assert json.loads(by_mcp.content[0].text)["passages"] == clean
    records = audited(ring)
    assert [record.action for record, _data in records] == [
        "/v1/knowledge-bases/{base}/search", "/v1/tools/{name}", "/mcp",
    ]  # fmt: skip
    for record, data in records:
        assert (record.target, record.outcome) == ("knowledge", "ok")
        assert {(one["stage"], one["action"]) for one in data["verdicts"]} == {("retrieved", "block")}
        assert INJECTED[0][-20:] not in record.data
    assert [data["knowledge_base"] for _record, data in audited(ring, "request.opened")] == ["bank"] * 3


async def test_an_answer_of_nothing_else_is_a_refusal(http, mcp, context):
    async def answer(*_asked):
        return CITING

    context.models._others[KNOWLEDGE_APPLICATION] = SimpleNamespace(answer=SimpleNamespace(remote=answer))
    told = (await http.post("/v1/tools/ask_knowledge", json=ASK)).json()
    async with mcp() as client:
        assert (await client.call_tool("ask_knowledge", ASK)).structured_content == told
    assert (told["answered"], told["citations"], told["sentences"]) == (False, [], [])
    assert told["text"] == "The documents do not answer this question."


async def test_a_forbidden_query_goes_nowhere_and_is_in_the_audit(http, mcp, knowledge, ring):
    by_route, by_tool, by_mcp = await every_way(http, mcp, FORBIDDEN)
    for response in (by_route, by_tool):
        error_of(response, 400, "content_filter")
    assert by_mcp.is_error
    assert "content_filter" in by_mcp.content[0].text
    assert knowledge.calls == []
    assert [(record.outcome, data["status"]) for record, data in audited(ring)] == [("content_filter", 400)] * 3


async def test_searches_count_as_requests(http, mcp, knowledge, ring, ledger):
    knowledge.answer = PASSAGES
    ledger._settings = QuotaSettings.model_validate({"default": {"requests_per_minute": 2}})
    ledger.begin()
    by_route, by_tool, by_mcp = await every_way(http, mcp)
    assert (by_route.status_code, by_tool.status_code, by_mcp.is_error) == (200, 200, True)
    assert "quota_exceeded" in by_mcp.content[0].text


async def test_a_tenant_that_lets_it_pass_gets_it(http, context, knowledge):
    knowledge.answer = MIXED
    context.chain = Chain(GuardrailSettings(tenants={"default": GuardrailOverride(injection="warn")}), None)
    found = (await http.post("/v1/tools/search_knowledge", json=SEARCH)).json()["passages"]
    assert [one["text"] for one in found] == [*INJECTED, *HARMLESS]


async def test_a_base_that_is_not_there_is_still_audited_once(http, knowledge, ring):
    knowledge.answer = NotFound(_("There is no knowledge base {name}.", name="'x'"))
    assert (await http.post("/v1/knowledge-bases/x/search", json={"query": "a"})).status_code == 404
    assert [record.outcome for record, _data in audited(ring)] == ["not_found"]
    assert audited(ring, "admin.request") == []
