"""From bytes to a checked request: JSON without surprises, then the strict schema."""

import json
import math
import re
from typing import Any, NoReturn, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.validation import invalid_request
from appliance.serving.gateway.json_schema import depth_and_size

Model = TypeVar("Model", bound=BaseModel)

_MAX_DEPTH = 64
_MAX_DIGITS = 400
_SMALL_BYTES = 16 * 1024  # a larger body is checked in a thread: a schema can take a third of a second
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse_constant(text)


def _whole(text: str) -> int:
    return int(text) if len(text) <= _MAX_DIGITS else _refuse_constant(text)


def parse_json(raw: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Parse a request body. Raises `InvalidRequest` for what is not JSON, not UTF-8 or nested too deep."""
    try:
        body = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole)
        if _SURROGATE.search(raw):  # half a character can be written in JSON and nowhere else
            json.dumps(body, ensure_ascii=False).encode()
    except RecursionError as error:
        raise _too_deep() from error
    except UnicodeError as error:
        raise InvalidRequest(_("The request body is not UTF-8."), code="invalid_json") from error
    except json.JSONDecodeError as error:
        raise InvalidRequest(
            _(
                "The request body is not valid JSON: line {line}, column {column}.",
                line=error.lineno,
                column=error.colno,
            ),
            code="invalid_json",
        ) from error
    except ValueError as error:
        raise InvalidRequest(
            _("The request body is not valid JSON: {value} is not a JSON value.", value=str(error)[:40]),
            code="invalid_json",
        ) from error
    if depth_and_size(body, _MAX_DEPTH)[0] > _MAX_DEPTH:
        raise _too_deep()
    return body


def _too_deep() -> InvalidRequest:
    return InvalidRequest(
        _("The request body is nested more than {limit} levels deep.", limit=_MAX_DEPTH), code="nested_too_deep"
    )


def parse_body(raw: bytes, model: type[Model]) -> Model:
    """Parse and validate a body. Raises `InvalidRequest`, which names the field at fault."""
    return checked(parse_json(raw), model)


def checked(body: object, model: type[Model]) -> Model:
    """Return parsed JSON as `model`. Raises `InvalidRequest`, which names the field at fault."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise invalid_request(error, body) from error


async def read_body(request: Request, model: type[Model]) -> Model:
    """Read and check the body of `request` without holding other requests up. Raises as `parse_body` does."""
    raw = await request.body()
    if len(raw) <= _SMALL_BYTES:
        return parse_body(raw, model)
    return await run_in_threadpool(parse_body, raw, model)
