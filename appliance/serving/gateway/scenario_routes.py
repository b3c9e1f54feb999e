"""Scenario routes: the gateway checks the key and finds the action; the scenario checks the request."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from appliance.core.authority import Permission, authorize
from appliance.core.errors import ApplianceError, EngineFailed, InvalidRequest
from appliance.core.messages import _, current_language
from appliance.scenario.actions import Caller
from appliance.scenario.routes import address_of
from appliance.serving.gateway.action_calls import ActionCall, carried_out, failed, labelled, meter, note, verdicts
from appliance.serving.gateway.admission import admitted_texts
from appliance.serving.gateway.body import parse_json
from appliance.serving.gateway.context import GatewayContext, context_of, exchange_of, principal_of
from appliance.serving.gateway.directory import ActionEntry, Resolved
from appliance.serving.gateway.events import event
from appliance.serving.gateway.exchange import Exchange
from appliance.serving.gateway.holding import held_scenario, may_hold, texts_of
from appliance.serving.gateway.permission import permit
from appliance.serving.gateway.stream import EventStream, whole_stream
from appliance.serving.generation import StreamedCall

router = APIRouter(prefix="/v1/scenarios", tags=["Scenarios"])

_WITH_BODY = ("POST", "PATCH")
_METHODS = ["GET", "POST", "PATCH", "DELETE"]
# Each action says which of all permissions it wants; these are for who may see that there is something.
_INSIDE = permit(Permission.SCENARIO_ASK, Permission.SCENARIO_SUPERVISE)


@router.get("", summary="List the scenarios", dependencies=[_INSIDE])
async def list_scenarios(request: Request) -> Response:
    """Return every scenario with its titles and actions."""
    entries = context_of(request).directory.scenarios
    data = [
        {
            **entry.model_dump(exclude={"actions", "sockets"}),
            "actions": list(entry.actions),
            "sockets": list(entry.sockets),
        }
        for entry in entries
    ]
    return JSONResponse({"object": "list", "data": data})


@router.api_route("/{scenario}", methods=_METHODS, include_in_schema=False, dependencies=[_INSIDE])
async def run_own_action(request: Request, scenario: str) -> Response:
    """Run the action at a scenario's own address."""
    return await run_action(request, scenario, "")


@router.api_route("/{scenario}/{path:path}", methods=_METHODS, include_in_schema=False, dependencies=[_INSIDE])
async def run_action(request: Request, scenario: str, path: str) -> Response:
    """Run the action at a path of a scenario; `/openapi.json` describes each one."""
    gateway = context_of(request)
    found = gateway.directory.action(scenario, request.method, path)
    authorize(principal_of(request), found.action.permission, scenario=scenario)
    payload = parse_json(await request.body()) if request.method in _WITH_BODY else None
    parameters = _parameters(request, found)
    streaming = found.action.streams and isinstance(payload, dict) and payload.get("stream") is True
    exchange = exchange_of(request, scenario, streaming=streaming)
    exchange.route = address_of("{scenario}", found.action.path)
    caller = Caller(principal_of(request), current_language(), exchange.request_id)
    if streaming:
        call = gateway.models.scenario_stream(
            scenario, found.name, payload, caller, parameters, gateway.generation_timeout_s
        )  # fmt: skip
        return await _stream(gateway, exchange, call, payload, found.action)
    action = found.action
    asked = ActionCall(
        scenario, found.name, payload, caller, parameters, action.status, action.spoken, action.download, action.files
    )  # fmt: skip
    return await carried_out(gateway, exchange, asked)


def _parameters(request: Request, found: Resolved) -> dict[str, str]:
    """Return the parameters of the path and, where there is no body, of the query. Raises `InvalidRequest`."""
    parameters = dict(found.parameters)
    for name, text in request.query_params.multi_items() if request.method not in _WITH_BODY else ():
        if name in parameters:
            raise InvalidRequest(
                _("The parameter {param} is given more than once.", param=name[:80]),
                param=name[:80],
                code="invalid_value",
            )
        parameters[name] = text
    return parameters


async def _stream(
    gateway: GatewayContext, exchange: Exchange, call: StreamedCall, payload: object, action: ActionEntry
) -> Response:
    """Send the request and wait for its first event: what is wrong before that is an answer of its own."""
    try:
        await admitted_texts(gateway, exchange, texts_of(payload, action.files), None, spoken=action.spoken)
        if action.reviews or may_hold(gateway.chain.request(exchange.who.tenant).review, exchange.target, "scenario"):
            exchange.streaming = False  # whether the answer may leave is known at its end
            return await _gathered(gateway, exchange, call, payload, spoken=action.spoken)
        first = await call.first()
        exchange.first_token()
        return EventStream(_events(gateway, exchange, call, first), call, exchange, error_name="error")
    except ApplianceError as error:
        call.close()
        failed(gateway, exchange, error)
        await exchange.settle_failed()
        raise
    except BaseException:
        call.close()
        exchange.close()
        await exchange.settle_failed()
        raise


async def _gathered(
    gateway: GatewayContext, exchange: Exchange, call: StreamedCall, payload: object, *, spoken: bool
) -> Response:
    """Return the stream once it is complete, or the response that it waits for a person. Raises as `_events`."""
    heard = len(verdicts(exchange)) if spoken else 0  # what somebody said holds no answer about it
    items: list[dict[str, Any]] = [await call.first()]
    exchange.first_token()
    note(exchange, items[0]["findings"])
    async for item in call.rest():
        note(exchange, item["findings"])
        items.append(item)
    end = items[-1]
    if "tokens" not in end:
        raise _broken_off(exchange)
    end["data"] = labelled(gateway, exchange, end["data"], end)
    findings = verdicts(exchange)[heard:]
    held = await held_scenario(gateway, exchange, findings, payload, end["data"], written=end["generated"])
    exchange.finish(200)  # does nothing where it is held
    meter(gateway, exchange, end["tokens"])
    await exchange.settle()
    return held or whole_stream([event(item["data"], item["event"]) for item in items])


async def _events(
    gateway: GatewayContext, exchange: Exchange, call: StreamedCall, first: dict[str, Any]
) -> AsyncIterator[str]:
    """Yield a scenario's events, the last one `done`. Raises what the scenario raises."""
    item: dict[str, Any] | None = first
    rest = call.rest()
    done = False
    try:
        while item is not None:
            data = item["data"]
            note(exchange, item["findings"])
            if "tokens" in item:  # it comes with `done`
                done = True
                exchange.finish(200)
                meter(gateway, exchange, item["tokens"])
                await exchange.settle()
                data = labelled(gateway, exchange, data, item)
            yield event(data, item["event"])
            item = await anext(rest, None)
        if not done:
            raise _broken_off(exchange)
    except ApplianceError as error:
        failed(gateway, exchange, error)
        raise


def _broken_off(exchange: Exchange) -> EngineFailed:
    return EngineFailed(_("{target} broke off its answer.", target=exchange.target), _("Send the request again."))
