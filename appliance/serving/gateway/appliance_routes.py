"""The appliance's own state, for the terminal and the command line. Admin keys only."""

import asyncio

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from appliance.core.authority import Permission
from appliance.serving.gateway.context import context_of
from appliance.serving.gateway.permission import permit
from appliance.serving.status import read_status

router = APIRouter(prefix="/v1/appliance", tags=["Appliance"])


@router.get("/status", summary="Nodes, models, scenarios, traffic", dependencies=[permit(Permission.STATUS_READ)])
async def status(request: Request) -> Response:
    """Return the whole state as the first screen shows it."""
    gateway = context_of(request)
    reading = await run_in_threadpool(read_status, gateway, asyncio.get_running_loop())
    return Response(reading.model_dump_json(), media_type="application/json")
