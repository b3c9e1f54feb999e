"""Knowledge bases: list, upload, search. Changes need an admin key."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _, current_language
from appliance.serving.gateway.body import read_body
from appliance.serving.gateway.context import context_of, require_admin
from appliance.serving.gateway.openapi import body_of, file_body

router = APIRouter(prefix="/v1/knowledge-bases", tags=["Knowledge bases"])

_MOST_FIELDS = 8


class KnowledgeBaseRequest(BaseModel):
    """Body of `POST /v1/knowledge-bases`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(description="Name in addresses: lower case letters, digits and hyphens.")
    title: str = Field(min_length=1, max_length=200, description="Title that people read.")


class SearchRequest(BaseModel):
    """Body of `POST /v1/knowledge-bases/{name}/search`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    query: str = Field(min_length=1, max_length=2000, description="What to look for, in Chinese or English.")
    k: int = Field(default=5, ge=1, le=100, description="How many passages.")


@router.get("", summary="List the knowledge bases")
async def list_bases(request: Request) -> Response:
    """Return every knowledge base with its number of documents."""
    return JSONResponse({"object": "list", "data": await context_of(request).models.knowledge("bases")})


@router.post("", summary="Make a knowledge base", openapi_extra=body_of(KnowledgeBaseRequest))
async def make_base(request: Request) -> Response:
    """Make a knowledge base, or return the one that has this name."""
    require_admin(request)
    body = await read_body(request, KnowledgeBaseRequest)
    base = await context_of(request).models.knowledge("ensure_base", body.name, body.title)
    return JSONResponse(base, status_code=201)


@router.get("/{base}/documents", summary="List the documents")
async def list_documents(request: Request, base: str) -> Response:
    """Return the documents of a knowledge base and how far each is."""
    documents = await context_of(request).models.knowledge("documents", base, current_language())
    return JSONResponse({"object": "list", "data": documents})


@router.post("/{base}/documents", summary="Upload a document", openapi_extra=file_body())
async def upload(request: Request, base: str, wait: Annotated[bool, Query(strict=False)] = False) -> Response:
    """Keep a document: 201 once it would survive a power cut. With `wait=true`, once it is indexed or set aside."""
    require_admin(request)
    try:
        form = await request.form(max_files=1, max_fields=_MOST_FIELDS)
    except HTTPException as error:
        raise _no_file() from error
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise _no_file()
    content = await file.read()
    document = await context_of(request).models.knowledge(
        "add_document", base, file.filename or "", content, current_language(), wait
    )
    return JSONResponse(document, status_code=200 if document["duplicate"] else 201)


@router.get("/{base}/documents/{document}", summary="Show one document")
async def get_document(request: Request, base: str, document: str) -> Response:
    """Return one document and how far it is."""
    return JSONResponse(await context_of(request).models.knowledge("document", base, document, current_language()))


@router.delete("/{base}/documents/{document}", summary="Delete a document")
async def delete_document(request: Request, base: str, document: str) -> Response:
    """Delete a document; searches do not find it any more when this returns."""
    require_admin(request)
    await context_of(request).models.knowledge("delete_document", base, document)
    return JSONResponse({"id": document, "deleted": True})


@router.post("/{base}/search", summary="Search", openapi_extra=body_of(SearchRequest))
async def search(request: Request, base: str) -> Response:
    """Return the passages that fit best."""
    body = await read_body(request, SearchRequest)
    passages = await context_of(request).models.knowledge("search", base, body.query, body.k)
    return JSONResponse({"object": "list", "data": passages})


def _no_file() -> InvalidRequest:
    return InvalidRequest(
        _("The request carries no file."),
        _("Send it as multipart/form-data in the field `file`."),
        param="file",
        code="missing_file",
    )
