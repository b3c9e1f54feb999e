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
from appliance.serving.gateway.errors import error_body
from appliance.serving.gateway.tools import TOOLS, tool_named

_Context = ServerRequestContext[Any, Request]
_READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)


async def _list(_context: ServerRequestContext[Any, Any], _params: PaginatedRequestParams | None) -> ListToolsResult:
    return ListToolsResult(
        tools=[
            Tool(
                name=tool.name, description=tool.description, input_schema=tool.parameters, annotations=_READ_ONLY
            )
            for tool in TOOLS
        ]
    )  # fmt: skip


async def _call(context: _Context, params: CallToolRequestParams) -> CallToolResult:
    """Run a tool; what it refuses is told to the model, which may correct itself."""
    try:
        assert context.request is not None  # over HTTP there always is one
        result = await tool_named(params.name).call(context.request, params.arguments or {})
    except ApplianceError as error:
        told = error_body(error, current_language())
        return CallToolResult(content=[_text(told)], is_error=True)
    return CallToolResult(content=[_text(result)], structured_content=result)


def _text(value: dict[str, Any]) -> TextContent:
    return TextContent(type="text", text=json.dumps(value, ensure_ascii=False))


_SERVER: Server[Any] = Server("llm-appliance", version=__version__, on_list_tools=_list, on_call_tool=_call)


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request whose caller may read knowledge."""
    # A manager runs once and holds nothing between requests here, so each request has its own.
    manager = StreamableHTTPSessionManager(_SERVER, json_response=True, stateless=True)
    async with manager.run():
        await manager.handle_request(scope, receive, send)
