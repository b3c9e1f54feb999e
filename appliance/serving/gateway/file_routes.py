"""Files of requests for batches, and the files that come of them. OpenAI's API."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, JSONResponse, Response

from appliance.core.authority import Permission
from appliance.core.errors import BodyTooLarge, InvalidRequest
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.core.units import human_bytes
from appliance.knowledge.bases.names import check_file_name
from appliance.serving.gateway.batch_bodies import FileFields, file_form, file_object, listed
from appliance.serving.gateway.batch_routes import After
from appliance.serving.gateway.batches import GatewayBatches
from appliance.serving.gateway.body import checked
from appliance.serving.gateway.context import batches_of, principal_of
from appliance.serving.gateway.permission import permit
from appliance.serving.gateway.upload import reading_form
from appliance.state.batches.records import MOST_LISTED, FileRecord, Page, Purpose

router = APIRouter(prefix="/v1/files", tags=["Batches"], dependencies=[permit(Permission.BATCH_RUN)])

_PIECE_BYTES: Final = 1024 * 1024
_FORM: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": file_form()}}}
}
# What others sent must not run in the appliance's name, and must not be taken for another type.
_AS_DATA: Final = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}

Limit = Annotated[int, Query(strict=False, ge=1, le=MOST_LISTED, description="Most entries.")]
Order = Annotated[Literal["asc", "desc"], Query(description="By time of upload; the newest first by default.")]
OfPurpose = Annotated[Purpose | None, Query(description="Only files of this purpose.")]


@router.post("", summary="Upload a file of requests", openapi_extra=_FORM)
async def upload_file(request: Request) -> Response:
    """Keep a file: it would survive a power cut once this returns. Its lines are checked when a batch begins."""
    batches, who = batches_of(request), principal_of(request)
    async with reading_form(request) as (file, fields):
        checked(fields, FileFields)
        name = check_file_name(file.filename or "")
        kept = await run_in_threadpool(_keep, batches, who, name, file)
    return JSONResponse(file_object(kept))


@router.get("", summary="List the files")
async def list_files(
    request: Request, limit: Limit = MOST_LISTED, after: After = None, order: Order = "desc", purpose: OfPurpose = None
) -> Response:
    """Return one's own files; an admin sees those of the tenants in reach."""
    page = Page(limit, after, order == "asc")
    found, more = await run_in_threadpool(batches_of(request).files.list, principal_of(request), page, purpose)
    return JSONResponse(listed([file_object(one) for one in found], more=more))


@router.get("/{file_id}", summary="Show one file")
async def get_file(request: Request, file_id: str) -> Response:
    """Return what is known of a file."""
    return JSONResponse(file_object(await _found(request, file_id)))


@router.get("/{file_id}/content", summary="Download a file", response_class=FileResponse)
async def download(request: Request, file_id: str) -> Response:
    """Return a file's bytes."""
    found = await _found(request, file_id)
    path = batches_of(request).files.path(found.id)
    return FileResponse(path, media_type="application/octet-stream", filename=found.name, headers=_AS_DATA)


@router.delete("/{file_id}", summary="Delete a file")
async def delete_file(request: Request, file_id: str) -> Response:
    """Delete a file; its bytes are gone when this returns. 409 while a batch reads it."""
    await run_in_threadpool(batches_of(request).files.delete, principal_of(request), file_id)
    return JSONResponse({"id": file_id, "object": "file", "deleted": True})


async def _found(request: Request, file_id: str) -> FileRecord:
    return await run_in_threadpool(batches_of(request).files.get, principal_of(request), file_id)


def _keep(batches: GatewayBatches, who: Principal, name: str, file: UploadFile) -> FileRecord:
    """Copy an upload piece by piece: it may be larger than memory should hold."""
    most = batches.settings.max_file_bytes
    with batches.files.draft() as draft:
        while piece := file.file.read(_PIECE_BYTES):
            draft.write(piece)
            if draft.size_bytes > most:
                raise BodyTooLarge(
                    _("{name} is larger than {limit}.", name=name, limit=human_bytes(most)),
                    _("Split it into several batches."),
                    param="file",
                )
        if not draft.size_bytes:
            raise InvalidRequest(_("The file is empty."), param="file", code="empty_file")
    return batches.files.add(draft, who, name)
