"""The gateway's FastAPI application and the Serve deployment around it."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from appliance import __version__
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ApplianceError, InvalidRequest, MethodNotAllowed, NotFound
from appliance.core.messages import _, current_language, negotiate, set_language
from appliance.core.validation import reason_for
from appliance.serving.gateway import (
    account_routes,
    appliance_routes,
    approval_routes,
    batch_routes,
    file_routes,
    health_routes,
    knowledge_routes,
    logs,
    model_routes,
    openai_routes,
    review_routes,
    scenario_routes,
    sign_in_routes,
    tool_routes,
)
from appliance.serving.gateway.audited import Audited, changes
from appliance.serving.gateway.context import (
    GatewayContext,
    context_of,
    known,
    request_id_of,
)
from appliance.serving.gateway.directory import Directory
from appliance.serving.gateway.errors import error_body, error_headers, status_of
from appliance.serving.gateway.exchange import unforeseen
from appliance.serving.gateway.openapi import build_openapi
from appliance.serving.gateway.opening import background, inner_port, open_context
from appliance.serving.gateway.server import server_of
from appliance.serving.gateway.socket_routes import serve_socket
from appliance.serving.gateway.tls import gateway_tls
from appliance.serving.handles import Handles

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")

PRINCIPAL = "appliance.principal"
"""Key of the ASGI scope that holds who asks, where the application is called in its own process."""
_OPEN_PATHS = (
    "/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/static-offline-docs",
    "/v1/auth/sign-in", "/v1/auth/oidc/start", "/v1/auth/oidc/callback",
)  # fmt: skip
_DESCRIPTION = (
    "OpenAI-compatible chat, completions and embeddings; scenarios and knowledge bases. "
    "Errors have one shape: `error.message`, `error.type`, `error.param`, `error.code`."
)


def _is_open(path: str) -> bool:
    return any(path == prefix or path.startswith(prefix + "/") for prefix in _OPEN_PATHS)


def error_response(request: Request, error: ApplianceError) -> Response:
    """Return `error` in OpenAI's shape and the caller's language."""
    return JSONResponse(
        error_body(error, current_language()), status_code=status_of(error), headers=error_headers(error)
    )


def build_app(context: GatewayContext) -> FastAPI:
    """Return the application around one replica's `context`."""
    app: FastAPI = FastAPIOffline(title="LLM Appliance", version=__version__, description=_DESCRIPTION, redoc_url=None)
    app.state.context = context
    app.state.canary = health_routes.Canary()
    app.include_router(model_routes.router)
    for routes in (openai_routes, scenario_routes, knowledge_routes, tool_routes, appliance_routes, health_routes):
        app.include_router(routes.router)
    for routes in (sign_in_routes, account_routes, approval_routes, file_routes, batch_routes, review_routes):
        app.include_router(routes.router)
    app.router.routes.append(tool_routes.MCP_ROUTE)

    @app.exception_handler(ApplianceError)
    async def refuse(request: Request, error: ApplianceError) -> Response:
        return refused(request, error)

    @app.exception_handler(HTTPException)
    async def refuse_route(request: Request, error: HTTPException) -> Response:
        return refused(request, _routing_error(request, error))

    @app.exception_handler(RequestValidationError)
    async def refuse_parameter(request: Request, error: RequestValidationError) -> Response:
        return refused(request, _parameter_error(error))

    @app.exception_handler(Exception)
    async def fail(request: Request, error: Exception) -> Response:
        # The last resort of this process: the caller learns the request id, the log the reason.
        return refused(request, unforeseen(error, request_id_of(request), request.url.path))

    app.openapi = lambda: build_openapi(app, context.directory)  # type: ignore[method-assign]
    app.add_middleware(Door)
    return app


def refused(request: Request, error: ApplianceError) -> Response:
    """Count and log a request that no `Exchange` accounts for, and return its error."""
    if not hasattr(request.state, "exchange"):
        route = getattr(request.scope.get("route"), "path", "-")  # a path that no route has is the caller's own text
        context_of(request).metrics.refused(route, status_of(error))
        log.info("refused", request_id=request_id_of(request), route=route, status=status_of(error), code=error.code)
    return error_response(request, error)


def _parameter_error(error: RequestValidationError) -> InvalidRequest:
    fault = error.errors()[0]
    name = str(fault["loc"][-1])
    reason = reason_for(fault["type"], fault.get("ctx", {}), fault["msg"])
    return InvalidRequest(
        _("The field {param} is not valid: {reason}.", param=name, reason=reason), param=name, code="invalid_value"
    )


def _routing_error(request: Request, error: HTTPException) -> ApplianceError:
    if error.status_code == 404:
        return NotFound(
            _("There is no route {method} {path} here.", method=request.method, path=request.url.path),
            _("/docs lists the routes."),
            code="route_not_found",
        )
    if error.status_code == 405:
        return MethodNotAllowed(
            _("The route {path} does not take {method}.", path=request.url.path, method=request.method),
            _("/docs lists the routes."),
        )
    return InvalidRequest(_("The request is not valid: {reason}.", reason=str(error.detail)), code="invalid_request")


class Door:
    """Set the language, check the key. Pure ASGI: a stream passes through untouched.

    Who calls the application in its own process names the caller in the scope; no HTTP request can.
    """

    def __init__(self, app: Any) -> None:  # noqa: ANN401 - an ASGI application
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's three
        """Let the request in, or answer 401."""
        if scope["type"] == "websocket":
            await serve_socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        context = context_of(request)
        set_language(negotiate(request.headers.get("accept-language"), context.default_language))
        if not _is_open(scope["path"]):
            try:
                request.state.principal = scope.get(PRINCIPAL) or await known(request)
            except ApplianceError as error:
                await refused(request, error)(scope, receive, send)
                return
        await self._app(scope, receive, Audited(request, send, error_response) if changes(request) else send)


class Gateway:
    """The deployment's class: a replica listens itself, beside others on its machine, without Serve's proxies."""

    _stopped = True  # nothing is there to be stopped before the constructor is through

    def __init__(self, home: str, site: SiteConfig, models: Handles) -> None:
        from ray import serve

        folders = Home(Path(home))
        logs.configure(folders.logs, serve.get_replica_context().replica_id.unique_id)
        self._context = open_context(folders, site, models)
        inner = inner_port(folders, site, self._context.nodes)
        self._server = server_of(build_app(self._context), site, inner, gateway_tls(folders, site))
        self._longest_s = site.gateway.generation_timeout_s
        self._stopped = False
        self._tasks: list[asyncio.Task[None]] = []

    async def reconfigure(self, config: dict[str, Any]) -> None:
        """Take the newest directory of models and scenarios; with the first one it begins to listen."""
        self._context.directory = Directory.model_validate(config)
        if not self._tasks:
            self._tasks = background(self._context)
            self._tasks.append(asyncio.create_task(tool_routes.MCP.load_later()))
            await self._server.start()

    async def check_health(self) -> None:
        """Fail when the HTTP server has ended: nothing would reach the application any more."""
        self._server.check()

    def __del__(self) -> Coroutine[Any, Any, None] | None:
        """Take no more requests and let those that run end: Serve awaits it before it ends the process."""
        if self._stopped:
            return None
        self._stopped = True
        return self._server.stop(self._longest_s)
