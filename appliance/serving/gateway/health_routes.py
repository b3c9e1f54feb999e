"""Health, readiness and metrics: no key, no secret in them."""

import asyncio
import time

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from appliance.core.errors import ApplianceError
from appliance.core.messages import current_language
from appliance.serving.gateway.context import GatewayContext, context_of

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
    """Let every chat model generate one token: 200 when all did, else 503 with the reason for each."""
    gateway = context_of(request)
    canary: Canary = request.app.state.canary
    aliases = [entry.alias for entry in gateway.directory.models if entry.kind == "chat"]
    found = dict(zip(aliases, await asyncio.gather(*(canary.check(gateway, alias) for alias in aliases)), strict=True))
    language = current_language()
    models = {
        alias: {"ready": error is None, "reason": error.render(language) if error else None}
        for alias, error in found.items()
    }
    ready = bool(models) and all(error is None for error in found.values())
    return JSONResponse(
        {"status": "ready" if ready else "not ready", "models": models}, status_code=200 if ready else 503
    )


@router.get("/metrics", summary="Prometheus metrics")
async def metrics(request: Request) -> Response:
    """Return this gateway's metrics in Prometheus' text format."""
    return Response(context_of(request).metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
