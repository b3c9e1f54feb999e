"""Scenario routes: the gateway checks the key and finds the action; the scenario checks the request."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from appliance.core.authority import Permission, authorize
from appliance.core.errors import ApplianceError, EngineFailed, InvalidRequest
from appliance.core.messages import _, current_language
from appliance.scenario.actions import Caller
from appliance.serving.gateway.admission import admitted_texts
from appliance.serving.gateway.body import parse_json
from appliance.serving.gateway.context import GatewayContext, context_of, exchange_of, principal_of
from appliance.serving.gateway.directory import Resolved
from appliance.serving.gateway.events import event
from appliance.serving.gateway.exchange import Exchange
from appliance.serving.gateway.holding import held_scenario, may_hold, texts_in
from appliance.serving.gateway.permission import permit
from appliance.serving.gateway.stream import EventStream, whole_stream
from appliance.serving.generation import StreamedCall

router = APIRouter(prefix="/v1/scenarios", tags=["Scenarios"])

_WITH_BODY = ("POST", "PATCH")


@router.get("", summary="List the scenarios", dependencies=[permit(Permission.SCENARIO_ASK)])
async def list_scenarios(request: Request) -> Response:
    """Return every scenario with its titles and actions."""
    entries = context_of(request).directory.scenarios
    data = [{**entry.model_dump(exclude={"actions"}), "actions": list(entry.actions)} for entry in entries]
    return JSONResponse({"object": "list", "data": data})


@router.api_route(
    "/{scenario}/{path:path}",
    methods=["GET", "POST", "PATCH", "DELETE"],
    include_in_schema=False,
    dependencies=[permit(Permission.SCENARIO_ASK)],
)
async def run_action(request: Request, scenario: str, path: str) -> Response:
    """Run the action at a path of a scenario; `/openapi.json` describes each one."""
    gateway = context_of(request)
    found = gateway.directory.action(scenario, request.method, path)
    needed = Permission.KNOWLEDGE_REVIEW if found.action.admin else Permission.SCENARIO_ASK
    authorize(principal_of(request), needed, scenario=scenario)
    payload = parse_json(await request.body()) if request.method in _WITH_BODY else None
    parameters = _parameters(request, found)
    streaming = found.action.streams and isinstance(payload, dict) and payload.get("stream") is True
    exchange = exchange_of(request, scenario, streaming=streaming)
    exchange.route = f"/v1/scenarios/{{scenario}}/{found.action.path}"
    caller = Caller(principal_of(request), current_language(), exchange.request_id)
    if streaming:
        call = gateway.models.scenario_stream(
            scenario, found.name, payload, caller, parameters, gateway.generation_timeout_s
        )  # fmt: skip
        return await _stream(gateway, exchange, call, payload, reviews=found.action.reviews)
    try:
        await admitted_texts(gateway, exchange, texts_in(payload), None)
        reply = await gateway.models.scenario(scenario, found.name, payload, caller, parameters)
        exchange.first_token()
        _note(exchange, reply["findings"])
        body = _labelled(gateway, exchange, reply["reply"], reply)
        held = await held_scenario(
            gateway, exchange, _verdicts(exchange), payload, body, found.action.status, written=reply["generated"]
        )
        exchange.finish(found.action.status)  # does nothing where it is held
        _meter(gateway, exchange, reply["tokens"])
        await exchange.settle()
        return held or JSONResponse(body, status_code=found.action.status)
    except ApplianceError as error:
        _fail(gateway, exchange, error)
        raise
    finally:
        exchange.close()
        await exchange.settle_failed()


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
    gateway: GatewayContext, exchange: Exchange, call: StreamedCall, payload: object, *, reviews: bool
) -> Response:
    """Send the request and wait for its first event: what is wrong before that is an answer of its own.

    `reviews` tells that a check of the action may ask for a person.
    """
    try:
        await admitted_texts(gateway, exchange, texts_in(payload), None)
        if reviews or may_hold(gateway.chain.request(exchange.who.tenant).review, exchange.target, "scenario"):
            exchange.streaming = False  # whether the answer may leave is known at its end
            return await _gathered(gateway, exchange, call, payload)
        first = await call.first()
        exchange.first_token()
        return EventStream(_events(gateway, exchange, call, first), call, exchange, error_name="error")
    except ApplianceError as error:
        call.close()
        _fail(gateway, exchange, error)
        await exchange.settle_failed()
        raise
    except BaseException:
        call.close()
        exchange.close()
        await exchange.settle_failed()
        raise


async def _gathered(gateway: GatewayContext, exchange: Exchange, call: StreamedCall, payload: object) -> Response:
    """Return the stream once it is complete, or the response that it waits for a person. Raises as `_events`."""
    items: list[dict[str, Any]] = [await call.first()]
    exchange.first_token()
    _note(exchange, items[0]["findings"])
    async for item in call.rest():
        _note(exchange, item["findings"])
        items.append(item)
    end = items[-1]
    if "tokens" not in end:
        raise _broken_off(exchange)
    end["data"] = _labelled(gateway, exchange, end["data"], end)
    held = await held_scenario(gateway, exchange, _verdicts(exchange), payload, end["data"], written=end["generated"])
    exchange.finish(200)  # does nothing where it is held
    _meter(gateway, exchange, end["tokens"])
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
            _note(exchange, item["findings"])
            if "tokens" in item:  # it comes with `done`
                done = True
                exchange.finish(200)
                _meter(gateway, exchange, item["tokens"])
                await exchange.settle()
                data = _labelled(gateway, exchange, data, item)
            yield event(data, item["event"])
            item = await anext(rest, None)
        if not done:
            raise _broken_off(exchange)
    except ApplianceError as error:
        _fail(gateway, exchange, error)
        raise


def _fail(gateway: GatewayContext, exchange: Exchange, error: ApplianceError) -> None:
    """Finish with an error; what the scenario had found and used until then is recorded all the same."""
    exchange.fail(error)
    told = error.for_records
    if told and exchange.entry is not None:
        _note(exchange, told["findings"])
        _meter(gateway, exchange, told["tokens"])


def _broken_off(exchange: Exchange) -> EngineFailed:
    return EngineFailed(_("{target} broke off its answer.", target=exchange.target), _("Send the request again."))


def _meter(gateway: GatewayContext, exchange: Exchange, tokens: Mapping[str, tuple[int, int]]) -> None:
    """Count the tokens that the scenario spent, by model alias, for its caller."""
    exchange.prompt_tokens = sum(prompt for prompt, _completion in tokens.values())
    exchange.completion_tokens = sum(completion for _prompt, completion in tokens.values())
    for alias, (prompt, completion) in tokens.items():
        gateway.metrics.tokens(alias, exchange.who.tenant, prompt, completion)


def _note(exchange: Exchange, findings: Sequence[dict[str, Any]]) -> None:
    """Put what the scenario's guardrails found into the audit of the request."""
    _verdicts(exchange).extend(findings)


def _verdicts(exchange: Exchange) -> list[dict[str, Any]]:
    assert exchange.entry is not None, "no scenario works before its request is let in"
    return exchange.entry.verdicts


def _labelled(
    gateway: GatewayContext, exchange: Exchange, data: dict[str, Any], told: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an answer with its label as generated content, where the scenario says that it holds a model's words."""
    return gateway.labelled(data, exchange.request_id) if told["generated"] else data
