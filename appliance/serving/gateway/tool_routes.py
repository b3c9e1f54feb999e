"""Retrieval for models in other systems: tools in OpenAI's shape at `/v1/tools`, and an MCP server at `/mcp`."""

import json
from typing import Any

from fastapi import APIRouter, Request
from mcp.server import Server, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as McpTool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from appliance import __version__
from appliance.core.authority import Permission, authorize
from appliance.core.errors import ApplianceError
from appliance.core.messages import current_language
from appliance.serving.gateway.body import parse_json
from appliance.serving.gateway.context import principal_of
from appliance.serving.gateway.errors import error_body
from appliance.serving.gateway.permission import permit
from appliance.serving.gateway.tools import TOOLS, tool_named

router = APIRouter(prefix="/v1/tools", tags=["Tools"])

MCP_PATH = "/mcp"
_Context = ServerRequestContext[Any, Request]
_READ_ONLY = ToolAnnotations(read_only_hint=True, open_world_hint=False)


@router.get("", summary="List the tools", dependencies=[permit(Permission.KNOWLEDGE_READ)])
async def list_tools() -> Response:
    """Return the tools as the `tools` of a chat request takes them."""
    return JSONResponse({"object": "list", "data": [tool.to_openai() for tool in TOOLS]})


@router.post("/{name}", summary="Call a tool", dependencies=[permit(Permission.KNOWLEDGE_READ)])
async def call_tool(request: Request, name: str) -> Response:
    """Run a tool; the body is the `arguments` that a model wrote, as a JSON object."""
    tool = tool_named(name)
    return JSONResponse(await tool.call(request, parse_json(await request.body())))


async def _list_mcp(
    _context: ServerRequestContext[Any, Any], _params: PaginatedRequestParams | None
) -> ListToolsResult:
    return ListToolsResult(
        tools=[
            McpTool(
                name=tool.name, description=tool.description, input_schema=tool.parameters, annotations=_READ_ONLY
            )
            for tool in TOOLS
        ]
    )  # fmt: skip


async def _call_mcp(context: _Context, params: CallToolRequestParams) -> CallToolResult:
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


class McpEndpoint:
    """The MCP server as an ASGI application, without sessions: each request stands alone, on any gateway replica.

    The gateway's door has checked the key before a request comes here.
    """

    def __init__(self) -> None:
        self._server: Server[Any] = Server(
            "llm-appliance", version=__version__, on_list_tools=_list_mcp, on_call_tool=_call_mcp
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises `PermissionDenied`."""
        authorize(principal_of(Request(scope)), Permission.KNOWLEDGE_READ)
        # A manager runs once and holds nothing between requests here, so each request has its own.
        manager = StreamableHTTPSessionManager(self._server, json_response=True, stateless=True)
        async with manager.run():
            await manager.handle_request(scope, receive, send)


MCP_ROUTE = Route(MCP_PATH, McpEndpoint(), methods=["POST"])  # GET and DELETE are about sessions
