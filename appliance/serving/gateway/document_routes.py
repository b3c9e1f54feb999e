"""Documents of a knowledge base: upload, versions, original files, pictures of pages. Changes need an admin key."""

from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from appliance.core.authority import Permission
from appliance.core.messages import current_language
from appliance.serving.gateway.body import read_body
from appliance.serving.gateway.knowledge_bodies import DocumentDetails, upload_schema
from appliance.serving.gateway.knowledge_calls import ask_knowledge
from appliance.serving.gateway.openapi import body_of
from appliance.serving.gateway.permission import permit
from appliance.serving.gateway.upload import read_upload

router = APIRouter(prefix="/{base}/documents")

_PART_BYTES = 4 * 1024 * 1024  # of a download that are held in memory at once
# What others uploaded must not run in the appliance's name, and must not be taken for another type.
_AS_DATA = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
_UPLOAD: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": upload_schema()}}}
}

Wait = Annotated[bool, Query(strict=False, description="Answer once it is indexed or set aside, in 2 minutes at most.")]
Version = Annotated[int | None, Query(ge=1, description="Number of the version; the newest by default.")]
Offset = Annotated[int | None, Query(ge=0, description="Offset in the document's text, in characters.")]


@router.get("", summary="List the documents", dependencies=[permit(Permission.KNOWLEDGE_READ)])
async def list_documents(request: Request, base: str) -> Response:
    """Return the documents that the caller may read, and how far each is."""
    return JSONResponse({"object": "list", "data": await ask_knowledge(request, "documents", base, current_language())})


@router.post("", summary="Upload a document", openapi_extra=_UPLOAD, dependencies=[permit(Permission.KNOWLEDGE_WRITE)])
async def upload(request: Request, base: str, wait: Wait = False) -> Response:
    """Keep a document: 201 once it would survive a power cut. With `wait=true`, once it is indexed or set aside."""
    sent = await read_upload(request)
    document = await ask_knowledge(
        request, "add_document", base, sent.name, sent.content, sent.details, current_language(), wait
    )  # fmt: skip
    return JSONResponse(document, status_code=200 if document["duplicate"] else 201)


@router.get("/{document}", summary="Show one document", dependencies=[permit(Permission.KNOWLEDGE_READ)])
async def get_document(request: Request, base: str, document: str) -> Response:
    """Return one document, how far it is, and those that are nearly the same."""
    return JSONResponse(await ask_knowledge(request, "document", base, document, current_language()))


@router.patch(
    "/{document}",
    summary="Change a document",
    openapi_extra=body_of(DocumentDetails),
    dependencies=[permit(Permission.KNOWLEDGE_WRITE)],
)
async def change_document(request: Request, base: str, document: str) -> Response:
    """Change the department, the access list or the dates of the newest version; they hold when this returns."""
    body = await read_body(request, DocumentDetails)
    return JSONResponse(
        await ask_knowledge(request, "change_document", base, document, body.details(), current_language())
    )  # fmt: skip


@router.delete("/{document}", summary="Delete a document", dependencies=[permit(Permission.KNOWLEDGE_WRITE)])
async def delete_document(request: Request, base: str, document: str) -> Response:
    """Delete a document with all its versions; searches do not find it any more when this returns."""
    await ask_knowledge(request, "delete_document", base, document)
    return JSONResponse({"id": document, "deleted": True})


@router.get(
    "/{document}/versions", summary="List the versions of a document", dependencies=[permit(Permission.KNOWLEDGE_READ)]
)
async def list_versions(request: Request, base: str, document: str) -> Response:
    """Return the versions, oldest first."""
    versions = await ask_knowledge(request, "versions", base, document, current_language())
    return JSONResponse({"object": "list", "data": versions})


@router.post(
    "/{document}/versions",
    summary="Upload a new version of a document",
    openapi_extra=_UPLOAD,
    dependencies=[permit(Permission.KNOWLEDGE_WRITE)],
)
async def upload_version(request: Request, base: str, document: str, wait: Wait = False) -> Response:
    """Keep a new version, as an upload of a document; it takes the old one's place once it is indexed and holds."""
    sent = await read_upload(request)
    changed = await ask_knowledge(
        request, "add_version", base, document, sent.name, sent.content, sent.details, current_language(), wait
    )  # fmt: skip
    return JSONResponse(changed, status_code=200 if changed["duplicate"] else 201)


@router.get(
    "/{document}/file",
    summary="Download the original file",
    response_class=StreamingResponse,
    dependencies=[permit(Permission.KNOWLEDGE_READ)],
)
async def download(request: Request, base: str, document: str, version: Version = None) -> Response:
    """Return a version's file as it was uploaded."""
    found = await ask_knowledge(request, "file", base, document, version)
    size, number = found["size_bytes"], found["version"]

    async def parts() -> AsyncIterator[bytes]:
        for offset in range(0, size, _PART_BYTES):
            yield await ask_knowledge(request, "file_part", base, document, number, offset, _PART_BYTES)

    headers = {"Content-Disposition": _attachment(found["name"]), "Content-Length": str(size), **_AS_DATA}
    return StreamingResponse(parts(), media_type=found["media_type"], headers=headers)


@router.get(
    "/{document}/pages/{page}.png",
    summary="Show a page",
    response_class=Response,
    dependencies=[permit(Permission.KNOWLEDGE_READ)],
)
async def page_picture(
    request: Request,
    base: str,
    document: str,
    page: Annotated[int, Path(ge=1, description="Number of the page.")],
    version: Version = None,
    start: Offset = None,
    end: Offset = None,
) -> Response:
    """Return a page of a PDF as a picture, the lines from `start` to `end` of the document's text highlighted."""
    picture = await ask_knowledge(request, "page_picture", base, document, page, version, start, end)
    return Response(picture, media_type="image/png", headers={**_AS_DATA, "Cache-Control": "private, max-age=300"})


def _attachment(name: str) -> str:
    """Return a Content-Disposition (RFC 6266) with the name for old programs and for new ones."""
    plain = f"document{PurePosixPath(name).suffix}"
    plain = plain if plain.isascii() and '"' not in plain else "document"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
