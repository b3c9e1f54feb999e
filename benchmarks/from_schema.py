"""Requests from an OpenAPI document by Schemathesis: half of them as it describes, half of them not."""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import requests
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException
from mutations import FuzzedRequest, dumped, tamed
from schemathesis import Case, GenerationMode, openapi
from schemathesis.core.errors import SchemathesisError

_BASE = "http://fuzz"
_UNNEEDED = {"content-length", "connection", "accept-encoding", "user-agent", "authorization", "cookie"}
_SETTINGS: dict[str, Any] = {
    "database": None,
    "deadline": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}
_MOST_TURNS = 50


def schema_requests(document: Mapping[str, Any], number: int, count: int) -> Iterator[FuzzedRequest]:
    """Yield `count` requests, the same for the same document and seed `number`; every operation has its share."""
    schema = openapi.from_dict(dict(document))
    operations = [found.ok() for found in schema.get_all_operations()]
    ways = [(operation, mode) for operation in operations for mode in GenerationMode]
    each = max(1, count // len(ways) + 1)
    given_out = 0
    for turn in range(_MOST_TURNS):
        for operation, mode in ways:
            for case in _cases(operation, mode, number + turn * 1000, each):
                request = _request(case, mode.value)
                if request is not None and given_out < count:
                    given_out += 1
                    yield request
        if given_out >= count:
            return


def _cases(operation: Any, mode: GenerationMode, number: int, count: int) -> list[Case]:  # noqa: ANN401 - untyped there
    """Return what Schemathesis makes for one operation; nothing where there is nothing to vary."""
    found: list[Case] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            strategy = operation.as_strategy(generation_mode=mode)

            @seed(number)
            @settings(max_examples=count, **_SETTINGS)
            @given(strategy)
            def draw(case: Case) -> None:
                found.append(case)

            draw()
        except (HypothesisException, SchemathesisError, NotImplementedError):
            return found
    return found


def _request(case: Case, mode: str) -> FuzzedRequest | None:
    """Return a case as it is sent; None for one that no HTTP client can send."""
    if isinstance(case.body, dict):
        case.body = tamed(case.path, case.body)
    try:
        made = requests.Request(**case.as_transport_kwargs(base_url=_BASE)).prepare()
        headers = tuple(
            (name.lower(), value if isinstance(value, str) else value.decode("latin-1"))
            for name, value in made.headers.items()
            if name.lower() not in _UNNEEDED and not name.lower().startswith("x-schemathesis")
        )
        for pair in headers:
            "".join(pair).encode("latin-1")
    except (requests.RequestException, UnicodeError, TypeError, ValueError):
        return None
    content = made.body or b""
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    if not isinstance(content, bytes):
        content = dumped(None)
    path = str(made.url).removeprefix(_BASE)
    return FuzzedRequest(f"schema, {mode}", case.method.upper(), case.path, path, headers, content)
