"""The models that there are, as OpenAI lists them."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from appliance.core.authority import Permission, may
from appliance.serving.gateway.context import context_of, principal_of
from appliance.serving.gateway.directory import ModelEntry
from appliance.serving.gateway.errors import unknown_model

router = APIRouter(prefix="/v1", tags=["OpenAI"])


@router.get("/models", summary="List the models")
async def list_models(request: Request) -> Response:
    """Return the model aliases that the caller may use, with kind, version, context length and languages."""
    return JSONResponse({"object": "list", "data": [_told(request, entry) for entry in _usable(request)]})


def _told(request: Request, entry: ModelEntry) -> dict[str, Any]:
    served = context_of(request).models.served
    variants = () if served is None else served.directory.of(entry.alias)
    return entry.to_openai(variants, every=may(principal_of(request), Permission.MODELS_MANAGE))


def _usable(request: Request) -> list[ModelEntry]:
    who = principal_of(request)
    models = context_of(request).directory.models
    return [entry for entry in models if who.scopes.models is None or entry.alias in who.scopes.models]


@router.get("/models/{alias}", summary="Show one model")
async def get_model(request: Request, alias: str) -> Response:
    """Return one model; 404 lists the aliases there are."""
    models = _usable(request)
    for entry in models:
        if entry.alias == alias:
            return JSONResponse(_told(request, entry))
    raise unknown_model(alias, [entry.alias for entry in models])
