"""Health, readiness and metrics: no key, no secret in them."""

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from appliance.core.errors import ApplianceError
from appliance.core.messages import current_language
from appliance.serving.gateway.context import GatewayContext, context_of
from appliance.serving.status import read_loads

router = APIRouter(tags=["Health"])

_CANARY_TIMEOUT_S = 20.0
_CANARY_KEPT_S = 5.0  # many probes a second cost one token every five


class Canary:
    """One-token generations, at most one at a time a model, remembered for a few seconds."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._results: dict[str, tuple[float, ApplianceError | None]] = {}

    async def check(self, gateway: GatewayContext, alias: str) -> ApplianceError | None:
        """Return None for a model that generates, else why not."""
        async with self._locks.setdefault(alias, asyncio.Lock()):
            taken, result = self._results.get(alias, (None, None))
            if taken is None or time.monotonic() - taken > _CANARY_KEPT_S:
                try:
                    await gateway.models.canary(alias, _CANARY_TIMEOUT_S)
                    result = None
                except ApplianceError as error:
                    result = error
                self._results[alias] = (time.monotonic(), result)
            return result


@router.get("/healthz", summary="Is the gateway alive?")
async def healthz() -> Response:
    """Answer 200 as long as this gateway works."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", summary="Can every model generate?")
async def readyz(request: Request) -> Response:
    """Let every chat model generate one token: 200 when all did, else 503 with the reason for each.

    A model that sleeps is ready, and is let sleep.
    """
    gateway = context_of(request)
    canary: Canary = request.app.state.canary
    aliases = [entry.alias for entry in gateway.directory.models if entry.kind == "chat"]
    found = await asyncio.gather(*(_readiness(gateway, canary, alias) for alias in aliases))
    models = dict(zip(aliases, found, strict=True))
    ready = bool(models) and all(model["ready"] for model in found)
    return JSONResponse(
        {"status": "ready" if ready else "not ready", "models": models}, status_code=200 if ready else 503
    )


async def _readiness(gateway: GatewayContext, canary: Canary, alias: str) -> dict[str, Any]:
    try:
        asleep = await gateway.models.asleep(alias)
    except ApplianceError:  # no version serves: the canary tells why
        asleep = False
    error = None if asleep else await canary.check(gateway, alias)
    reason = None if error is None else error.render(current_language())
    return {"ready": error is None, "asleep": asleep, "reason": reason}


@router.get("/metrics", summary="Prometheus metrics")
async def metrics(request: Request) -> Response:
    """Return this gateway's metrics in Prometheus' text format."""
    gateway = context_of(request)
    loads = await read_loads(gateway)
    gateway.metrics.engines_told({name: (one.running, one.waiting, one.kv_use) for name, one in loads.items()})
    return Response(gateway.metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
