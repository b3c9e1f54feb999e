"""Errors as callers see them: one JSON shape, OpenAI's, and one table of HTTP statuses."""

import json
from typing import Any

from starlette.types import Scope, Send

from appliance.core.errors import (
    ApplianceError,
    AuthenticationFailed,
    BodyTooLarge,
    Conflict,
    DiskFull,
    EngineFailed,
    Gone,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PermissionDenied,
    RequestError,
    TooManyRequests,
    Unavailable,
    Unsupported,
)
from appliance.core.messages import _

# The first match counts; the tree's narrower classes come first.
STATUSES: tuple[tuple[type[ApplianceError], int], ...] = (
    (AuthenticationFailed, 401),
    (PermissionDenied, 403),
    (NotFound, 404),
    (MethodNotAllowed, 405),
    (Conflict, 409),
    (Gone, 410),
    (BodyTooLarge, 413),
    (Unsupported, 415),
    (TooManyRequests, 429),
    (RequestError, 400),
    (EngineFailed, 502),
    (Unavailable, 503),
    (DiskFull, 507),
    (ApplianceError, 500),
)
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def status_of(error: ApplianceError) -> int:
    """Return the HTTP status for `error`."""
    return next(status for kind, status in STATUSES if isinstance(error, kind))


def error_body(error: ApplianceError, language: str) -> dict[str, Any]:
    """Return OpenAI's error object; further keys carry facts such as the list of models."""
    status = status_of(error)
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    body: dict[str, Any] = {
        "message": error.render(language),
        "type": kind,
        "param": getattr(error, "param", None),
        "code": error.code,
    }
    return {"error": {**getattr(error, "details", {}), **body}}


def error_headers(error: ApplianceError) -> dict[str, str]:
    """Return headers that belong to the status."""
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(max(1, round(error.retry_after_s)))}
    if isinstance(error, MethodNotAllowed) and error.allowed:
        return {"Allow": ", ".join(error.allowed)}
    if isinstance(error, AuthenticationFailed):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, Unavailable):
        return {"Retry-After": "5"}
    return {}


async def deny(scope: Scope, send: Send, error: ApplianceError, language: str) -> None:
    """Refuse a WebSocket before it is open: with the error's status and JSON, else by the close code 4000 + status."""
    status = status_of(error)
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 4000 + status, "reason": error.code})
        return
    body = json.dumps(error_body(error, language), ensure_ascii=False).encode()
    told = {"content-type": "application/json", "content-length": str(len(body)), **error_headers(error)}
    headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def from_engine(error: dict[str, Any], context_length: int, prompt_field: str = "messages") -> ApplianceError:
    """Turn the engine's error object into one of ours; a request that is too long is told with both numbers.

    The model's deployment adds `prompt_tokens` and `max_tokens` to what the engine refuses; `prompt_field` is the name
    of the request's field that holds the prompt.
    """
    reason = str(error.get("message", ""))
    prompt, output = error.get("prompt_tokens"), error.get("max_tokens") or 1
    # The engine itself shortens an answer that would not fit behind its prompt: that is no refusal.
    if isinstance(prompt, int) and (prompt >= context_length or output > context_length):
        return InvalidRequest(
            _(
                "The request needs {asked} tokens; this model's context holds {limit}.",
                asked=prompt + output,
                limit=context_length,
            ),
            _("Shorten the prompt, or lower max_tokens."),
            param=prompt_field if prompt >= context_length else "max_tokens",
            code="context_length_exceeded",
            details={"context_length": context_length, "requested_tokens": prompt + output, "prompt_tokens": prompt},
        )
    if field := error.get("schema"):
        return InvalidRequest(
            _("The engine cannot keep an answer to this schema."),
            _("Simplify it: it may allow no answer at all, or refer to itself in a way that the engine does not know."),
            param=field,
            code="schema_not_usable",
        )
    code = error.get("code")
    if isinstance(code, int) and 400 <= code < 500:
        return InvalidRequest(
            _("The model cannot run this request: {reason}", reason=reason),
            param=error.get("param"),
            code="engine_refused",
        )
    return EngineFailed(
        _("The model's engine failed during this request."),
        _("Send it again; if it fails again, tell the operator the request id."),
    )


def unknown_model(name: str, known: list[str]) -> NotFound:
    """Return the 404 for a model alias that does not exist, with the ones that do."""
    return NotFound(
        _("There is no model {name} here.", name=name),
        _("Models: {models}.", models=", ".join(known) or "–"),
        param="model",
        code="model_not_found",
        details={"models": known},
    )


def wrong_kind(name: str, suited: list[str]) -> InvalidRequest:
    """Return the 400 for a model that exists but cannot do what the route asks."""
    return InvalidRequest(
        _("The model {name} cannot serve this route.", name=name),
        _("Models that can: {models}.", models=", ".join(suited) or "–"),
        param="model",
        code="model_not_suited",
        details={"models": suited},
    )
