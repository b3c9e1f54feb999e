"""Scenario routes: the gateway checks the key and passes the payload on; the scenario validates it."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from appliance.core.errors import ApplianceError
from appliance.core.messages import current_language
from appliance.serving.gateway.body import parse_json
from appliance.serving.gateway.context import context_of, exchange_of

router = APIRouter(prefix="/v1/scenarios", tags=["Scenarios"])


@router.get("", summary="List the scenarios")
async def list_scenarios(request: Request) -> Response:
    """Return every scenario with its titles and actions."""
    entries = context_of(request).directory.scenarios
    data = [{**entry.model_dump(exclude={"actions"}), "actions": list(entry.actions)} for entry in entries]
    return JSONResponse({"object": "list", "data": data})


@router.post("/{scenario}/{action}", summary="Run an action of a scenario", include_in_schema=False)
async def run_action(request: Request, scenario: str, action: str) -> Response:
    """Run an action; `/openapi.json` describes each one's body."""
    payload = parse_json(await request.body())
    gateway = context_of(request)
    entry = gateway.directory.scenario(scenario, action)
    exchange = exchange_of(request, entry.name)
    caller = {"tenant": exchange.key.tenant, "language": current_language(), "request_id": exchange.request_id}
    try:
        reply = await gateway.models.scenario(entry.name, action, payload, caller)
        exchange.first_token()
        exchange.finish(200)
        for alias, (prompt, completion) in reply["tokens"].items():
            gateway.metrics.tokens(alias, exchange.key.tenant, prompt, completion)
        return JSONResponse(reply["reply"])
    except ApplianceError as error:
        exchange.fail(error)
        raise
    finally:
        exchange.close()
