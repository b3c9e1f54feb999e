"""Batches: a file of requests that runs when nobody waits, with the same checks as any request. OpenAI's API."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from appliance.core.authority import Permission
from appliance.serving.gateway.batch_bodies import BatchRequest, batch_object, listed
from appliance.serving.gateway.body import read_body
from appliance.serving.gateway.context import batches_of, principal_of
from appliance.serving.gateway.openapi import body_of
from appliance.serving.gateway.permission import permit
from appliance.state.batches.records import Page

router = APIRouter(prefix="/v1/batches", tags=["Batches"], dependencies=[permit(Permission.BATCH_RUN)])

Limit = Annotated[int, Query(strict=False, ge=1, le=100, description="Most entries.")]
After = Annotated[str | None, Query(max_length=100, description="Id of the last entry of the page before.")]


@router.post("", summary="Run a file of requests", openapi_extra=body_of(BatchRequest))
async def make_batch(request: Request) -> Response:
    """Have the requests of a file run at low priority; what is wrong with its lines is told in `errors`."""
    body = await read_body(request, BatchRequest)
    made = await run_in_threadpool(
        batches_of(request).batches.create,
        principal_of(request), body.input_file_id, body.endpoint, body.metadata or {},
    )  # fmt: skip
    return JSONResponse(batch_object(made))


@router.get("", summary="List the batches")
async def list_batches(request: Request, limit: Limit = 20, after: After = None) -> Response:
    """Return one's own batches, the newest first; an admin sees those of the tenants in reach."""
    found, more = await run_in_threadpool(batches_of(request).batches.list, principal_of(request), Page(limit, after))
    return JSONResponse(listed([batch_object(one) for one in found], more=more))


@router.get("/{batch_id}", summary="Show one batch")
async def get_batch(request: Request, batch_id: str) -> Response:
    """Return one batch: how far it is, and its files once it has ended."""
    found = await run_in_threadpool(batches_of(request).batches.get, principal_of(request), batch_id)
    return JSONResponse(batch_object(found))


@router.post("/{batch_id}/cancel", summary="Cancel a batch")
async def cancel_batch(request: Request, batch_id: str) -> Response:
    """Begin no more of its requests; those that run end, and what was done is in its files."""
    changed = await run_in_threadpool(batches_of(request).batches.cancel, principal_of(request), batch_id)
    return JSONResponse(batch_object(changed))
