"""The tools as an MCP server, one request at a time. Importing it takes a second, so `tool_routes` does it late."""

import json
from typing import Any

from fastapi import Request
from mcp.server import Server, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from starlette.types import Receive, Scope, Send

from appliance import __version__
from appliance.core.errors import ApplianceError
from appliance.core.messages import current_language
from appliance.serving.gateway.action_calls import json_of
from appliance.serving.gateway.errors import error_body
from appliance.serving.gateway.tools import Tool as OwnTool
from appliance.serving.gateway.tools import tool_named, tools_for

_Context = ServerRequestContext[Any, Request]


async def _list(context: _Context, _params: PaginatedRequestParams | None) -> ListToolsResult:
    assert context.request is not None  # over HTTP there always is one
    return ListToolsResult(tools=[_described(tool) for tool in tools_for(context.request)])


def _described(tool: OwnTool) -> Tool:
    hints = ToolAnnotations(read_only_hint=tool.reads_only, destructive_hint=tool.destroys, open_world_hint=False)
    return Tool(name=tool.name, description=tool.description, input_schema=tool.parameters, annotations=hints)


async def _call(context: _Context, params: CallToolRequestParams) -> CallToolResult:
    """Run a tool; what it refuses is told to the model, which may correct itself."""
    try:
        assert context.request is not None  # as above
        tool = tool_named(context.request, params.name)
        result = json_of(await tool.call(context.request, params.arguments or {}))
    except ApplianceError as error:
        told = error_body(error, current_language())
        return CallToolResult(content=[_text(told)], is_error=True)
    # MCP has no other structure than an object.
    return CallToolResult(content=[_text(result)], structured_content=result if isinstance(result, dict) else None)


def _text(value: object) -> TextContent:
    return TextContent(type="text", text=json.dumps(value, ensure_ascii=False))


_SERVER: Server[Any] = Server("llm-appliance", version=__version__, on_list_tools=_list, on_call_tool=_call)


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request whose caller may read knowledge."""
    # A manager runs once and holds nothing between requests here, so each request has its own.
    manager = StreamableHTTPSessionManager(_SERVER, json_response=True, stateless=True)
    async with manager.run():
        await manager.handle_request(scope, receive, send)
