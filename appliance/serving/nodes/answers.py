"""What both ports of the node service have in common: bodies, errors, and who may come in."""

import json
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

from appliance.cluster.enrolment import LARGEST_BODY
from appliance.core.errors import ApplianceError, BodyTooLarge, InvalidRequest, NotFound, PermissionDenied
from appliance.core.messages import _, negotiate
from appliance.serving.gateway.errors import error_headers, status_of
from appliance.serving.gateway.inner import NODE, Belongs
from appliance.serving.names import NOT_ADMITTED

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")


class Admitted:
    """ASGI middleware that lets in connections with the certificate of a node that belongs to the appliance."""

    def __init__(self, app: ASGIApp, belongs: Belongs) -> None:
        self._app = app
        self._belongs = belongs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with 403 before its body is read."""
        node = scope.get(NODE)
        if node is None or not await run_in_threadpool(self._belongs, node):
            error = PermissionDenied(
                _("This node does not belong to the appliance, or was removed from it."),
                _("Let it join again with a new token."),
                code=NOT_ADMITTED,
            )
            await refusal(Request(scope), error)(scope, receive, send)
            return
        await self._app(scope, receive, send)


async def object_in(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body. Raises `BodyTooLarge`, `InvalidRequest`."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge(_("The request's body is too large."))
    try:
        found = json.loads(bytes(body))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidRequest(_("The body must be a JSON object."))
    return found


def language_of(request: Request) -> str:
    """Return the language that the other side asks for."""
    return negotiate(request.headers.get("accept-language"))


def told_of(error: ApplianceError, language: str) -> dict[str, object]:
    """Return an error as another node reads it: message and hint in its language, and the code."""
    hint = None if error.hint is None else error.hint.render(language)
    return {"message": error.message.render(language), "hint": hint, "code": error.code}


def refusal(request: Request, error: ApplianceError) -> JSONResponse:
    """Return an error as an answer."""
    body = {"error": told_of(error, language_of(request))}
    return JSONResponse(body, status_of(error), headers=error_headers(error))


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, ApplianceError):
        raise error
    log.info("node_refused", path=request.url.path, code=error.code, source=request.client and request.client.host)
    return refusal(request, error)


async def _no_such_route(request: Request, _error: Exception) -> Response:
    return refusal(request, NotFound(_("There is no such route at this port.")))


HANDLERS: Mapping[Any, ExceptionHandler] = {
    ApplianceError: _refused, 404: _no_such_route, 405: _no_such_route,
}  # fmt: skip
"""For starlette's `exception_handlers`."""
