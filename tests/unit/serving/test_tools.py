"""Tools in OpenAI's shape and over MCP, through the gateway's real application; MCP by the official client."""

import httpx2
import jsonschema
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from appliance.core.errors import NotFound
from appliance.core.messages import _
from appliance.core.principal import Principal

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
