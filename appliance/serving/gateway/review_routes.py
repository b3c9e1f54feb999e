"""Answers that wait for a person: the reviewers' queue, their decisions, and what the asker gets in the end."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from appliance.core.authority import Permission
from appliance.core.errors import Conflict, InvalidRequest, PermissionDenied
from appliance.core.messages import _
from appliance.serving.gateway.body import read_body
from appliance.serving.gateway.context import context_of, principal_of, request_id_of, reviews_of
from appliance.serving.gateway.guarding import FILTERED
from appliance.serving.gateway.held_answers import edited
from appliance.serving.gateway.holding import told_to_wait
from appliance.serving.gateway.openapi import body_of
from appliance.serving.gateway.permission import permit
from appliance.serving.gateway.review_bodies import FETCHING, ApprovalRequest, EditRequest, RefusalRequest
from appliance.state.review_records import (
    Decision,
    Held,
    ReviewRecord,
    Status,
    check_decidable,
    check_others,
    texts_gone,
)
from appliance.state.reviews import MOST_LISTED

router = APIRouter(prefix="/v1/reviews", tags=["Reviews"])

_DECIDED = "admin.review"
_READ = "admin.review.read"
_FETCHED = "admin.review.fetched"
_ACTIONS: Mapping[Decision, str] = {"approved": "approve", "edited": "edit", "refused": "refuse"}
_DECIDING = [permit(Permission.REVIEW_DECIDE)]

StatusWanted = Annotated[Status | None, Query(description="Only of this status.")]
After = Annotated[str | None, Query(max_length=100, description="The id that the page before ended with.")]
Limit = Annotated[int, Query(strict=False, ge=1, le=MOST_LISTED, description="Most answers in this page.")]
Order = Annotated[Literal["asc", "desc"], Query(description="desc: newest first; asc: who has waited longest.")]


@router.get("", summary="List held answers", dependencies=_DECIDING)
async def list_reviews(
    request: Request, status: StatusWanted = None, after: After = None, limit: Limit = 20, order: Order = "desc"
) -> Response:
    """Return answers of the caller's tenant and those below that were held, without their texts."""
    records, more = await run_in_threadpool(
        reviews_of(context_of(request)).page, principal_of(request), status, after, limit, oldest_first=order == "asc"
    )
    return JSONResponse({"object": "list", "data": [record.to_dict() for record in records], "has_more": more})


@router.get("/{review_id}", summary="Show one held answer", dependencies=_DECIDING)
async def get_review(request: Request, review_id: str) -> Response:
    """Return one held answer with the question and the texts, once the audit knows who reads; one's own is refused."""
    reviews, who = reviews_of(context_of(request)), principal_of(request)
    record = await run_in_threadpool(reviews.get, review_id, who)
    check_others(record, who)
    if record.erased:
        return JSONResponse({**record.to_dict(), "question": None, "answer": None, "edited": None, "editable": False})
    texts = await run_in_threadpool(reviews.texts, record)
    await _record(request, _READ, record, "read", "ok")
    told = {"question": texts.question, "answer": texts.held.text, "edited": texts.edited}
    return JSONResponse({**record.to_dict(), **told, "editable": texts.held.editable})


@router.post(
    "/{review_id}/approve",
    summary="Release a held answer",
    openapi_extra=body_of(ApprovalRequest),
    dependencies=_DECIDING,
)
async def approve_review(request: Request, review_id: str) -> Response:
    """Let the asker have the answer as it is."""
    await read_body(request, ApprovalRequest)
    return await _decide(request, review_id, "approved")


@router.post(
    "/{review_id}/edit",
    summary="Put another text in a held answer's place",
    openapi_extra=body_of(EditRequest),
    dependencies=_DECIDING,
)
async def edit_review(request: Request, review_id: str) -> Response:
    """Let the asker have this text instead of what was written."""
    body = await read_body(request, EditRequest)
    return await _decide(request, review_id, "edited", text=body.text)


@router.post(
    "/{review_id}/refuse",
    summary="Withhold a held answer",
    openapi_extra=body_of(RefusalRequest),
    dependencies=_DECIDING,
)
async def refuse_review(request: Request, review_id: str) -> Response:
    """Withhold the answer; the asker is told the reason."""
    body = await read_body(request, RefusalRequest)
    return await _decide(request, review_id, "refused", reason=body.reason)


@router.get("/{review_id}/answer", summary="Get one's own answer that was held", responses=FETCHING)
async def get_answer(request: Request, review_id: str) -> Response:
    """Return the answer once it is released; 202 while it waits, 410 once it is erased. For who asked, and nobody else.

    What is released leaves once the audit knows who fetches it.
    """
    reviews = reviews_of(context_of(request))
    record = await run_in_threadpool(reviews.of_asker, review_id, principal_of(request))
    if record.status == "pending":
        return told_to_wait(record.id)
    if record.status == "refused":
        raise PermissionDenied(
            _("A reviewer has withheld this answer: {reason}", reason=record.reason or "–"),
            code="review_refused",
            details={"reason": record.reason},
        )
    if record.erased:
        raise texts_gone(record)
    body = await run_in_threadpool(reviews.released, record)
    await _record(request, _FETCHED, record, "fetch", "ok")
    return JSONResponse(body)


async def _decide(
    request: Request, review_id: str, decision: Decision, *, text: str | None = None, reason: str | None = None
) -> Response:
    """Write the decision in the audit, then make it: what is not written down does not happen."""
    reviews, who = reviews_of(context_of(request)), principal_of(request)
    record = await run_in_threadpool(reviews.get, review_id, who)
    check_decidable(record, who)
    instead: Held | None = None
    if text is not None:
        held = (await run_in_threadpool(reviews.texts, record)).held
        instead = await _edited(request, record, held, text)
    await _record(request, _DECIDED, record, _ACTIONS[decision], "ok")
    try:
        decided = await run_in_threadpool(reviews.decide, record.id, decision, who, edited=instead, reason=reason)
    except Conflict:
        await _record(request, _DECIDED, record, _ACTIONS[decision], "overtaken")
        raise
    return JSONResponse(decided.to_dict())


async def _edited(request: Request, record: ReviewRecord, held: Held, text: str) -> Held:
    """Return the edited answer. Raises `InvalidRequest` for one that cannot be edited, and for forbidden words."""
    if not held.editable:
        raise InvalidRequest(
            _("One text cannot take the place of this answer."), _("Approve it or refuse it."), code="not_editable"
        )
    guard = context_of(request).chain.request(record.tenant)
    verdict = await run_in_threadpool(guard.check_output, text, [text])  # whose data it is, the reviewer has judged
    if verdict.action == "block":
        rule = next(one.rule for one in verdict.findings if one.action == "block")
        raise InvalidRequest(
            _("The text was refused by the rule {rule}.", rule=rule), _("Word it differently."),
            param="text", code=FILTERED,
        )  # fmt: skip
    return edited(held, text)


async def _record(request: Request, kind: str, record: ReviewRecord, act: str, outcome: str) -> None:
    """Write who does what about an answer, without any of its texts. Raises `Unavailable`."""
    who = principal_of(request)
    caller: dict[str, Any] = {
        "request_id": request_id_of(request), "tenant": who.tenant, "actor": who.key_id, "role": who.role
    }  # fmt: skip
    data = {
        "action": f"review {act}", "target": record.id, "outcome": outcome, "tenant": record.tenant,
        "answers": record.request_id, "rules": list(record.rules),
    }  # fmt: skip
    await context_of(request).models.ledger("record", kind, caller, data)
