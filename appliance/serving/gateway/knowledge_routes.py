"""Knowledge bases: list, make, share, search. Changes need an admin key of the tenant that owns the base."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from appliance.core.authority import Permission
from appliance.serving.gateway import document_routes, knowledge_calls
from appliance.serving.gateway.body import read_body
from appliance.serving.gateway.knowledge_bodies import (
    GlossaryText,
    KnowledgeBaseChange,
    KnowledgeBaseRequest,
    SearchRequest,
)
from appliance.serving.gateway.knowledge_calls import ask_knowledge
from appliance.serving.gateway.openapi import body_of
from appliance.serving.gateway.permission import permit

router = APIRouter(prefix="/v1/knowledge-bases", tags=["Knowledge bases"])


@router.get("", summary="List the knowledge bases", dependencies=[permit(Permission.KNOWLEDGE_READ)])
async def list_bases(request: Request) -> Response:
    """Return the knowledge bases that the caller may read, each with its number of documents."""
    return JSONResponse({"object": "list", "data": await ask_knowledge(request, "bases")})


@router.post(
    "",
    summary="Make a knowledge base",
    openapi_extra=body_of(KnowledgeBaseRequest),
    dependencies=[permit(Permission.KNOWLEDGE_MANAGE)],
)
async def make_base(request: Request) -> Response:
    """Make a knowledge base for the caller's tenant, or return the one that has this name."""
    body = await read_body(request, KnowledgeBaseRequest)
    made = await ask_knowledge(request, "ensure_base", body.name, body.title, body.shared_with)
    return JSONResponse(made, status_code=201)


@router.get("/{base}", summary="Show one knowledge base", dependencies=[permit(Permission.KNOWLEDGE_READ)])
async def get_base(request: Request, base: str) -> Response:
    """Return one knowledge base."""
    return JSONResponse(await ask_knowledge(request, "base", base))


@router.patch(
    "/{base}",
    summary="Change a knowledge base",
    openapi_extra=body_of(KnowledgeBaseChange),
    dependencies=[permit(Permission.KNOWLEDGE_MANAGE)],
)
async def change_base(request: Request, base: str) -> Response:
    """Change the title, or which further tenants may read it."""
    body = await read_body(request, KnowledgeBaseChange)
    return JSONResponse(await ask_knowledge(request, "change_base", base, body.title, body.shared_with))


@router.delete("/{base}", summary="Delete a knowledge base", dependencies=[permit(Permission.KNOWLEDGE_MANAGE)])
async def delete_base(request: Request, base: str) -> Response:
    """Delete a knowledge base with all its documents and their files."""
    await ask_knowledge(request, "delete_base", base)
    return JSONResponse({"name": base, "deleted": True})


@router.get("/{base}/glossary", summary="Show a base's own terms", dependencies=[permit(Permission.KNOWLEDGE_READ)])
async def get_glossary(request: Request, base: str) -> Response:
    """Return the bank's own terms, one `中文,别名|english,other` a line."""
    return JSONResponse({"text": await ask_knowledge(request, "glossary", base)})


@router.put(
    "/{base}/glossary",
    summary="Replace a base's own terms",
    openapi_extra=body_of(GlossaryText),
    dependencies=[permit(Permission.KNOWLEDGE_WRITE)],
)
async def put_glossary(request: Request, base: str) -> Response:
    """Replace the bank's own terms; an error names the line that is not an entry."""
    body = await read_body(request, GlossaryText)
    await ask_knowledge(request, "set_glossary", base, body.text)
    return JSONResponse({"text": body.text})


@router.post(
    "/{base}/search",
    summary="Search",
    openapi_extra=body_of(SearchRequest),
    dependencies=[permit(Permission.KNOWLEDGE_READ)],
)
async def search(request: Request, base: str) -> Response:
    """Return the passages that fit best, from documents that the caller may read and that hold on the day.

    The query passes the guardrails, and passages that they forbid are left out.
    """
    body = await read_body(request, SearchRequest)
    passages = await knowledge_calls.search(request, base, body.query, body.k, body.selection())
    return JSONResponse({"object": "list", "data": passages})


@router.post(
    "/{base}/rebuild",
    summary="Make the index again",
    status_code=202,
    dependencies=[permit(Permission.KNOWLEDGE_WRITE)],
)
async def rebuild(request: Request, base: str) -> Response:
    """Throw the index away and begin to make it again from the documents; searches wait for it with 503."""
    waiting = await ask_knowledge(request, "rebuild", base)
    return JSONResponse({"name": base, "pending": waiting}, status_code=202)


router.include_router(document_routes.router)
