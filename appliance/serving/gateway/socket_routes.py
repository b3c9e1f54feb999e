"""WebSockets of scenarios: the gateway checks the key and finds the socket before it opens, and follows it then."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any, Final

import structlog
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from appliance.core.authority import authorize
from appliance.core.errors import ApplianceError, Conflict, InvalidRequest, NotFound
from appliance.core.messages import _, current_language, negotiate, set_language
from appliance.core.principal import Principal
from appliance.scenario.actions import Caller
from appliance.serving.gateway.action_calls import failed
from appliance.serving.gateway.admission import admitted_texts
from appliance.serving.gateway.context import GatewayContext, context_of, known, request_id_of
from appliance.serving.gateway.directory import ResolvedSocket
from appliance.serving.gateway.errors import deny, status_of
from appliance.serving.gateway.exchange import Exchange, unforeseen
from appliance.serving.gateway.holding import may_hold
from appliance.serving.gateway.socket_connection import Connection, Opened
from appliance.serving.generation import StreamedCall

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")

SUBPROTOCOL: Final = "appliance.v1"
"""What a browser asks for beside `bearer.KEY`: it can send no header of its own, and wants one of its offers back."""
FIRST_EVENT_S: Final = 2.0
"""How long a connection waits for the scenario's first event, or its refusal, before it opens without."""

_PREFIX: Final = "/v1/scenarios/"
_BEARER: Final = "bearer."


async def serve_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one connection that asks for a WebSocket: refuse it as HTTP does, or open it and follow it to its end."""
    _take_key_of_subprotocol(scope)
    connection = HTTPConnection(scope)
    gateway = context_of(connection)
    language = negotiate(connection.headers.get("accept-language"), gateway.default_language)
    set_language(language)
    route, refusal = "-", None
    try:
        who = await known(connection)
        found = _found(gateway, scope["path"])
        route = f"{_PREFIX}{{scenario}}/{found.socket.path}"
        authorize(who, found.socket.permission, scenario=found.scenario.name)
        with gateway.sockets.place(who.key_id):
            await _open(scope, receive, send, _Asked(connection, gateway, who, found, route))
    except _Answered as answered:
        refusal = answered.error
    except ApplianceError as error:
        refusal = error
        gateway.metrics.refused(route, status_of(error))
        log.info(
            "refused", request_id=request_id_of(connection), route=route, status=status_of(error), code=error.code
        )  # fmt: skip
    if refusal is not None:
        await deny(scope, send, refusal, language)


class _Answered(Exception):
    """A refusal that an exchange has accounted for."""

    def __init__(self, error: ApplianceError) -> None:
        super().__init__(error.code)
        self.error = error


@dataclass(frozen=True)
class _Asked:
    """A connection that may be opened, as far as the gateway can tell."""

    connection: HTTPConnection
    gateway: GatewayContext
    who: Principal
    found: ResolvedSocket
    route: str


def _take_key_of_subprotocol(scope: Scope) -> None:
    """Make the key that a browser sends as a subprotocol the header that other callers send."""
    offered = [one for one in scope.get("subprotocols", ()) if one.startswith(_BEARER)]
    if offered and all(name != b"authorization" for name, _value in scope["headers"]):
        key = offered[0].removeprefix(_BEARER)
        scope["headers"] = [*scope["headers"], (b"authorization", f"Bearer {key}".encode())]


def _found(gateway: GatewayContext, path: str) -> ResolvedSocket:
    scenario, _slash, rest = path.removeprefix(_PREFIX).partition("/")
    if not path.startswith(_PREFIX) or not rest:
        raise NotFound(
            _("There is no WebSocket {path} here.", path=path[:200]),
            _("Scenarios have them; /docs lists them."),
            code="route_not_found",
        )
    return gateway.directory.socket(scenario, rest)


def _parameters(asked: _Asked) -> dict[str, str]:
    """Return the parameters of path and query. Raises `InvalidRequest` for one that is given twice."""
    parameters = dict(asked.found.parameters)
    for name, text in asked.connection.query_params.multi_items():
        if name in parameters:
            raise InvalidRequest(
                _("The parameter {param} is given more than once.", param=name[:80]),
                param=name[:80],
                code="invalid_value",
            )
        parameters[name] = text
    return parameters


async def _open(scope: Scope, receive: Receive, send: Send, asked: _Asked) -> None:
    """Let the connection in, wait for the scenario's first word, open, follow. Raises `_Answered` and refusals."""
    gateway, found, who = asked.gateway, asked.found, asked.who
    scenario = found.scenario.name
    parameters = _parameters(asked)
    if may_hold(gateway.chain.request(who.tenant).review, scenario, "scenario"):
        raise Conflict(
            _("A person sees answers of {name} first, so it has no WebSockets.", name=scenario),
            _("Use its other actions; the guardrail policy of the tenant says so."),
            code="held_for_review",
        )
    exchange = Exchange(gateway.metrics, request_id_of(asked.connection), asked.route, scenario, who, streaming=True)
    caller = Caller(who, current_language(), exchange.request_id)
    call = gateway.models.scenario_socket(scenario, found.name, caller, parameters)
    try:
        first = await _admitted(gateway, exchange, call, receive)
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None
        opened = Opened(asked.connection, gateway, caller, found, asked.route)
        with contextlib.suppress(OSError):  # gone already
            await send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": []})
            await Connection(opened, scope, receive, send).follow(call, first)
    finally:
        call.close()


async def _admitted(
    gateway: GatewayContext, exchange: Exchange, call: StreamedCall, receive: Receive
) -> "asyncio.Task[Any]":
    """Return the scenario's first event, or the wait for it, once opening is written down. Raises `_Answered`."""
    try:
        await admitted_texts(gateway, exchange, [], None)
        first = await _first(call)
        if first.done():
            exchange.first_token()
        await _connected(receive)
        exchange.finish(101)
        await exchange.settle()
        return first
    except ApplianceError as error:
        failed(gateway, exchange, error)
        raise _Answered(error) from error
    except Exception as error:  # the last resort, as for requests: nothing else would answer
        exchange.close()
        raise _Answered(unforeseen(error, exchange.request_id, exchange.route)) from error
    finally:
        exchange.close()
        await exchange.settle_failed()


async def _connected(receive: Receive) -> None:
    """Take the message that every WebSocket begins with."""
    message = await receive()
    if message["type"] != "websocket.connect":
        raise asyncio.CancelledError


async def _first(call: StreamedCall) -> "asyncio.Task[Any]":
    """Return the call's first event, which may still be on its way. Raises what the scenario raises before it."""
    first = asyncio.ensure_future(call.first())
    try:
        await asyncio.wait([first], timeout=FIRST_EVENT_S)
    except BaseException:
        first.cancel()
        raise
    if first.done():
        first.result()
    return first
