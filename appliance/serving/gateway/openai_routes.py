"""The OpenAI-compatible routes that work: chat, completions, embeddings."""

import base64
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import numpy
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from appliance.core.authority import Permission, authorize
from appliance.core.errors import ApplianceError, EngineFailed, InvalidRequest
from appliance.core.messages import _
from appliance.core.principal import urgency
from appliance.serving.gateway.admission import admitted, admitted_texts, kept
from appliance.serving.gateway.body import read_body
from appliance.serving.gateway.context import GatewayContext, context_of, exchange_of, principal_of, request_id_of
from appliance.serving.gateway.directory import ModelEntry
from appliance.serving.gateway.errors import from_engine
from appliance.serving.gateway.events import event
from appliance.serving.gateway.exchange import Exchange
from appliance.serving.gateway.guarding import Guarding
from appliance.serving.gateway.held_answers import answer_text, as_events, emptied
from appliance.serving.gateway.holding import hold, holds, may_hold
from appliance.serving.gateway.openapi import body_of
from appliance.serving.gateway.permission import permit
from appliance.serving.gateway.review_bodies import WAITING
from appliance.serving.gateway.schemas import ChatCompletionRequest, CompletionRequest, EmbeddingRequest
from appliance.serving.gateway.stream import EventStream, whole_stream
from appliance.serving.generation import Generation
from appliance.serving.handles import ModelRoute
from appliance.serving.model_items import EVENT_END, Item, Operation

router = APIRouter(prefix="/v1", tags=["OpenAI"])

VERSION_HEADER = "X-Model-Version"
"""Says which version of a model has answered."""

_DONE = "data: [DONE]\n\n"


@router.post(
    "/chat/completions",
    summary="Chat",
    openapi_extra=body_of(ChatCompletionRequest),
    responses=WAITING,
    dependencies=[permit(Permission.CHAT)],
)
async def chat_completions(request: Request) -> Response:
    """Answer a conversation, whole or as server-sent events."""
    body = await read_body(request, ChatCompletionRequest)
    engine_body = body.model_dump(exclude_none=True, mode="json")
    for message in engine_body["messages"]:
        if message["role"] == "developer":
            message["role"] = "system"
    return await _generate(request, "chat", body, engine_body)


@router.post(
    "/completions",
    summary="Complete a text",
    openapi_extra=body_of(CompletionRequest),
    responses=WAITING,
    dependencies=[permit(Permission.CHAT)],
)
async def completions(request: Request) -> Response:
    """Continue one text or several, whole or as server-sent events."""
    body = await read_body(request, CompletionRequest)
    return await _generate(request, "completions", body, body.model_dump(exclude_none=True, mode="json"))


async def _generate(
    request: Request, operation: Operation, body: ChatCompletionRequest | CompletionRequest, engine_body: dict[str, Any]
) -> Response:
    gateway = context_of(request)
    route, model, version = await _routed(request, body.model)
    exchange = exchange_of(request, model.alias, streaming=body.stream)
    if version:
        exchange.version = exchange.facts["version"] = version
    engine_body["model"] = model.alias
    engine_body["cache_salt"] = gateway.cache_salt(exchange.who.tenant)
    engine_body["priority"] = urgency(exchange.who.priority)
    engine_body.pop("stream_options", None)
    engine_body.pop("user", None)
    generation = Generation(
        route, model.alias, operation, engine_body, exchange.request_id, gateway.generation_timeout_s
    )
    wants_usage = body.stream_options is not None and body.stream_options.include_usage
    try:
        guarding = await admitted(gateway, exchange, engine_body, model.context_length)
        work = _Work(gateway, guarding, generation, exchange, model, operation, engine_body.get("n") or 1)
        if body.stream and may_hold(guarding.review, model.alias, "model"):
            # Whether the answer may leave is known at its end, so there is nothing to stream.
            engine_body["stream"] = exchange.streaming = False
        first = await generation.first()
        exchange.version = generation.version
        if isinstance(first, dict) and "error" in first:
            raise from_engine(first["error"], model.context_length, "messages" if operation == "chat" else "prompt")
        exchange.first_token()
        if exchange.streaming:
            stream = EventStream(_events(work, first, wants_usage=wants_usage), generation, exchange)
            return _with_version(stream, exchange)
        answer = await _whole(work, first, _asked(body))
        if isinstance(answer, Response):
            return answer
        whole = whole_stream(as_events(answer, usage=wants_usage)) if body.stream else JSONResponse(answer)
        return _with_version(whole, exchange)
    except ApplianceError as error:
        generation.close()
        exchange.fail(error)
        await exchange.settle_failed()
        raise
    except BaseException:
        generation.close()
        exchange.close()
        await exchange.settle_failed()
        raise


async def _routed(request: Request, name: str) -> tuple[ModelRoute, ModelEntry, str]:
    """Return where a request for a model goes, the model as it is there, and its version; empty where unwritten.

    Raises `NotFound`, `PermissionDenied`, `Unavailable`.
    """
    gateway, who = context_of(request), principal_of(request)
    model, slot = gateway.directory.addressed(name)
    authorize(who, Permission.CHAT, model=model.alias)
    if slot is not None:
        authorize(who, Permission.MODELS_MANAGE)
    route = gateway.models.route(model.alias, who.tenant, request_id_of(request), slot)
    chosen = await route.chosen()
    if not chosen.package:
        return route, model, ""
    return route, model.model_copy(update={"context_length": chosen.context_length}), chosen.label


def _with_version(response: Response, exchange: Exchange) -> Response:
    if exchange.version:
        response.headers[VERSION_HEADER] = exchange.version
    return response


@dataclass(frozen=True)
class _Work:
    """What a stream is made of; `choices` are how many answers were asked for."""

    gateway: GatewayContext
    guarding: Guarding
    generation: Generation
    exchange: Exchange
    model: ModelEntry
    operation: Operation
    choices: int

    @property
    def envelope(self) -> dict[str, Any]:
        """What a chunk says beside its choices."""
        kind = "chat.completion.chunk" if self.operation == "chat" else "text_completion"
        return {"id": self.exchange.request_id, "object": kind, "created": int(time.time()), "model": self.model.alias}


async def _events(work: _Work, first: Item, *, wants_usage: bool) -> AsyncIterator[str]:
    """Yield the stream's events, the last one `[DONE]`. Raises what the engine refuses or breaks off with."""
    gateway, guarding, exchange = work.gateway, work.guarding, work.exchange
    item: Item | None = first
    rest = work.generation.rest()
    while item is not None:
        if isinstance(item, str):
            exchange.streamed(item.count(EVENT_END))
            events = guarding.events(item)
            for text in await run_in_threadpool(list, events) if gateway.guards_slowly else events:
                yield gateway.labelled_event(text, exchange.request_id)
        elif "usage" in item:
            exchange.usage(item["usage"].get("usage"))
            if wants_usage:
                yield event(item["usage"])
        elif "error" in item:
            raise from_engine(item["error"], work.model.context_length)
        if guarding.over(work.choices):  # nothing more may leave, so the engine need not write it
            work.generation.close()
            break
        item = await anext(rest, None)
    for text in guarding.rest(work.envelope):
        yield text
    exchange.finish(200)
    await _settle(gateway, exchange, guarding)
    yield _DONE


async def _whole(work: _Work, first: Item, question: str | list[Any]) -> dict[str, Any] | Response:
    """Return the whole answer, or the response that it waits for a person. Raises `EngineFailed`, `Unavailable`."""
    gateway, guarding, exchange = work.gateway, work.guarding, work.exchange
    if not isinstance(first, dict):
        raise EngineFailed(
            _("The model {target} gave no answer.", target=work.model.alias), _("Send the request again.")
        )
    exchange.usage(first["result"].get("usage"))
    result = await run_in_threadpool(guarding.whole, first["result"])
    rules = holds(guarding.review, work.model.alias, "model", guarding.found) if guarding.review else []
    if rules and guarding.over(len(result["choices"])):
        # What stands before a forbidden word has not been reviewed, and nobody would want to: it stays here.
        result, rules = emptied(result), []
        guarding.written.clear()
    body = gateway.labelled(result, exchange.request_id)
    held: Response | None = None
    if rules:
        one = work.operation == "chat" or isinstance(question, str) or question == question[:1]
        held = await hold(
            gateway, exchange, body=body, question=question, answer=answer_text(body), rules=rules, editable=one
        )
    exchange.finish(200)  # does nothing where it is held
    await _settle(gateway, exchange, guarding)
    return held or body


def _asked(body: ChatCompletionRequest | CompletionRequest) -> str | list[Any]:
    """Return the messages or prompts of a request as they were sent."""
    if isinstance(body, CompletionRequest):
        return body.prompt
    return [message.model_dump(exclude_none=True, mode="json") for message in body.messages]


async def _settle(gateway: GatewayContext, exchange: Exchange, guarding: Guarding) -> None:
    """Have the ledger write the end, with what the site keeps of the answer."""
    assert exchange.entry is not None, "no model works before its request is let in"
    exchange.entry.content = await kept(gateway.audit_content, guarding.answers())
    await exchange.settle()


@router.post(
    "/embeddings",
    summary="Embed texts",
    openapi_extra=body_of(EmbeddingRequest),
    dependencies=[permit(Permission.EMBED)],
)
async def embeddings(request: Request) -> Response:
    """Return one vector a text, of length 1."""
    body = await read_body(request, EmbeddingRequest)
    gateway = context_of(request)
    model = gateway.directory.model(body.model, "embedding")
    authorize(principal_of(request), Permission.EMBED, model=model.alias)
    texts = [body.input] if isinstance(body.input, str) else body.input
    for position, text in enumerate(texts):
        if not text:
            param = "input" if isinstance(body.input, str) else f"input.{position}"
            raise InvalidRequest(_("The field {param} is empty.", param=param), param=param, code="invalid_value")
    exchange = exchange_of(request, model.alias)
    try:
        await admitted_texts(gateway, exchange, texts, model.alias)
        reply = await _embed(gateway, model, texts, body)
        vectors: numpy.ndarray[Any, numpy.dtype[numpy.float32]] = reply["vectors"]
        if body.dimensions not in (None, vectors.shape[1]):
            raise InvalidRequest(
                _(
                    "The model {model} has vectors of {size} numbers and no others.",
                    model=model.alias,
                    size=vectors.shape[1],
                ),
                param="dimensions",
                code="invalid_value",
            )
        usage = {"prompt_tokens": sum(reply["tokens"]), "total_tokens": sum(reply["tokens"])}
        exchange.first_token()
        exchange.usage(usage)
        exchange.finish(200)
        await exchange.settle()
        return JSONResponse({"object": "list", "model": model.alias, "data": _data(vectors, body), "usage": usage})
    except ApplianceError as error:
        exchange.fail(error)
        raise
    finally:
        exchange.close()
        await exchange.settle_failed()


async def _embed(
    gateway: GatewayContext, model: ModelEntry, texts: list[str], body: EmbeddingRequest
) -> dict[str, Any]:
    reply = await gateway.models.embed(texts, body.input_type)
    longest = max(range(len(texts)), key=lambda index: reply["tokens"][index])
    if reply["tokens"][longest] > model.context_length:
        param = "input" if isinstance(body.input, str) else f"input.{longest}"
        raise InvalidRequest(
            _(
                "The text has {asked} tokens; this model's context holds {limit}.",
                asked=reply["tokens"][longest], limit=model.context_length,
            ),
            _("Split it into shorter texts."),
            param=param,
            code="context_length_exceeded",
            details={"context_length": model.context_length, "requested_tokens": reply["tokens"][longest]},
        )  # fmt: skip
    return reply


def _data(vectors: numpy.ndarray[Any, numpy.dtype[numpy.float32]], body: EmbeddingRequest) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for index, vector in enumerate(vectors):
        value = base64.b64encode(vector.tobytes()).decode() if body.encoding_format == "base64" else vector.tolist()
        entries.append({"object": "embedding", "index": index, "embedding": value})
    return entries
