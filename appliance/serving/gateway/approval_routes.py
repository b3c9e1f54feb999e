"""The second pair of eyes: what waits for it, and what it decides."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from appliance.core.authority import Permission
from appliance.core.clock import iso, utc_now
from appliance.core.errors import Conflict
from appliance.serving.gateway.approval_bodies import ApprovalRefusal
from appliance.serving.gateway.approving import record
from appliance.serving.gateway.body import read_body
from appliance.serving.gateway.context import accounts_of, principal_of
from appliance.serving.gateway.openapi import body_of
from appliance.serving.gateway.permission import permit
from appliance.state.approval_people import Person
from appliance.state.approval_records import Status

router = APIRouter(prefix="/v1/approvals", tags=["Approvals"], dependencies=[permit(Permission.APPROVALS_DECIDE)])

StatusWanted = Annotated[Status | None, Query(description="Only of this status.")]
After = Annotated[str | None, Query(max_length=100, description="The id that the page before ended with.")]
Limit = Annotated[int, Query(strict=False, ge=1, le=100, description="Most entries in this page.")]


@router.get("", summary="List approvals")
async def list_approvals(
    request: Request, status: StatusWanted = None, after: After = None, limit: Limit = 20
) -> Response:
    """Return requests for approval of the caller's tenant and those below, newest first."""
    approvals = accounts_of(request).approvals
    found = await run_in_threadpool(approvals.list, principal_of(request), status, limit + 1, after)
    now = iso(utc_now())
    data = [one.to_dict(now) for one in found[:limit]]
    return JSONResponse({"object": "list", "data": data, "has_more": len(found) > limit})


@router.get("/{approval_id}", summary="Show one approval")
async def get_approval(request: Request, approval_id: str) -> Response:
    """Return one request for approval with the whole change."""
    found = await run_in_threadpool(accounts_of(request).approvals.get, approval_id, principal_of(request))
    return JSONResponse(found.to_dict(iso(utc_now())))


@router.post("/{approval_id}/approve", summary="Approve a change")
async def approve(request: Request, approval_id: str) -> Response:
    """Let another person make the change that they asked for, once."""
    return await _decide(request, approval_id, "approved")


@router.post("/{approval_id}/refuse", summary="Refuse a change", openapi_extra=body_of(ApprovalRefusal))
async def refuse(request: Request, approval_id: str) -> Response:
    """Refuse a change; the asker is told the reason."""
    body = await read_body(request, ApprovalRefusal)
    return await _decide(request, approval_id, "refused", body.reason)


async def _decide(
    request: Request, approval_id: str, decision: Literal["approved", "refused"], reason: str | None = None
) -> Response:
    """Write the decision in the audit, then make it: what is not written down does not happen."""
    approvals, who = accounts_of(request).approvals, principal_of(request)
    by = Person.of(who)
    ticket = await run_in_threadpool(approvals.check_decidable, approval_id, by, who=who, reason=reason)
    told = {} if reason is None else {"reason": reason}
    await record(request, decision, ticket, **told)
    try:
        decided = await run_in_threadpool(approvals.decide, ticket.id, decision, by, reason=reason, who=who)
    except Conflict:
        await record(request, decision, ticket, "overtaken")
        raise
    return JSONResponse(decided.to_dict(iso(utc_now())))
