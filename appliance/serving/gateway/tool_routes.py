"""For models in other systems: tools in OpenAI's shape at `/v1/tools`, and an MCP server at `/mcp`."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from appliance.core.authority import Permission, authorize
from appliance.core.errors import Unsupported
from appliance.core.messages import _
from appliance.serving.gateway.body import parse_json
from appliance.serving.gateway.context import principal_of
from appliance.serving.gateway.permission import permit
from appliance.serving.gateway.tools import to_openai, tool_named, tools_for

router = APIRouter(prefix="/v1/tools", tags=["Tools"])

MCP_PATH = "/mcp"
_JSON: Final = "application/json"
_LOAD_AFTER_S: Final = 30.0  # a gateway that has just started has more urgent work


@router.get("", summary="List the tools", dependencies=[permit(Permission.KNOWLEDGE_READ)])
async def list_tools(request: Request) -> Response:
    """Return the caller's tools as the `tools` of a chat request takes them."""
    return JSONResponse({"object": "list", "data": [to_openai(tool) for tool in tools_for(request)]})


@router.post("/{name}", summary="Call a tool", dependencies=[permit(Permission.KNOWLEDGE_READ)])
async def call_tool(request: Request, name: str) -> Response:
    """Run a tool; the body is the `arguments` that a model wrote, as a JSON object."""
    tool = tool_named(request, name)
    return await tool.call(request, parse_json(await request.body()))


class McpEndpoint:
    """The MCP server as an ASGI application, without sessions: each request stands alone, on any gateway replica.

    The gateway's door has checked the key before a request comes here.
    """

    def __init__(self) -> None:
        self._answer: ASGIApp | None = None

    async def load(self) -> ASGIApp:
        """Return what answers. The library takes a second to import: in a thread, and not before the gateway serves."""
        if self._answer is None:
            self._answer = await run_in_threadpool(_imported)
        return self._answer

    async def load_later(self) -> None:
        """Load it when the start is over, so that no request waits for it."""
        await asyncio.sleep(_LOAD_AFTER_S)
        await self.load()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises `PermissionDenied` and `Unsupported`."""
        request = Request(scope)
        authorize(principal_of(request), Permission.KNOWLEDGE_READ)
        if (
            not request.headers.get("content-type", "").lower().startswith(_JSON)
        ):  # the library's own refusal is no JSON
            raise Unsupported(
                _("MCP takes JSON only."), _("Send the header Content-Type: application/json."), param="content-type"
            )
        answer = await self.load()
        await answer(scope, receive, send)


def _imported() -> ASGIApp:
    from appliance.serving.gateway.mcp_server import answer

    return answer


MCP = McpEndpoint()
MCP_ROUTE = Route(MCP_PATH, MCP, methods=["POST"])  # GET and DELETE are about sessions
