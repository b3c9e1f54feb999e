"""Calls to another node's service. Failures come back as the error tree, in the words of the other side."""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from appliance.core.errors import (
    ApplianceError,
    AuthenticationFailed,
    ConfigError,
    Conflict,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RequestError,
    TooManyRequests,
    Unavailable,
)
from appliance.core.messages import Message, _, current_language
from appliance.core.networks import with_port

Shape = TypeVar("Shape", bound=BaseModel)

CONNECT_TIMEOUT_S: Final = 5.0
READ_TIMEOUT_S: Final = 30.0

_REFUSALS: Final[Mapping[int, type[RequestError]]] = {
    400: InvalidRequest,
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    429: TooManyRequests,
}


class NodeClient:
    """One node's service at `address`:`port`. A context manager; methods raise the error tree.

    `Unavailable`: nothing answers, or not as it should. `ConfigError`: its certificate is not one to be trusted.
    `RequestError` and its kind: it refused, and why.
    """

    def __init__(self, address: str, port: int, context: ssl.SSLContext, timeout_s: float = READ_TIMEOUT_S) -> None:
        self.place = with_port(address, port)
        self._http = httpx.Client(
            base_url=f"https://{self.place}",
            verify=context,
            headers={"Accept-Language": current_language().replace("_", "-")},
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
            trust_env=False,  # a proxy for the outside has no business between nodes
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON object at `path`."""
        return self._object("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a JSON object; return the one that comes back."""
        return self._object("POST", path, body)

    def text(self, path: str) -> bytes:
        """Return what lies at `path`."""
        with self._telling():
            answer = self._http.get(path)
            _check(answer, self.place)
            return answer.content

    def lines(self, path: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Send a JSON object; yield each that comes back, a line of its own. Raises also what one tells."""
        with self._telling(), self._http.stream("POST", path, json=body) as answer:
            if answer.is_error:
                answer.read()
            _check(answer, self.place)
            for line in answer.iter_lines():
                try:
                    found = json.loads(line)
                except ValueError:
                    found = None
                if not isinstance(found, dict):
                    raise _not_a_node(self.place)
                if "error" in found:
                    raise _told(found, 409, self.place)
                yield found

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Give an answer that is read piece by piece."""
        with self._telling(), self._http.stream("GET", path, headers=dict(headers)) as answer:
            if answer.is_error:
                answer.read()
            _check(answer, self.place)
            yield answer

    def _object(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        with self._telling():
            answer = self._http.request(method, path, json=body)
        _check(answer, self.place)
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise _not_a_node(self.place)
        return found

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            cause: BaseException | None = error
            while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
                cause = cause.__cause__ or cause.__context__
            if cause is not None:
                raise ConfigError(
                    _("What answers at {place} is no node of this appliance: {reason}.", place=self.place,
                      reason=cause.verify_message),
                    _("Check the address; another appliance, or somebody in between, may have answered."),
                    code="node_not_trusted",
                ) from error  # fmt: skip
            raise unreachable(self.place, str(error) or repr(error)) from error


def unreachable(place: str, reason: str) -> Unavailable:
    """Return what is told where nothing answers at `place`."""
    return Unavailable(
        _("The node at {place} does not answer: {reason}", place=place, reason=reason),
        _("Check the address, the port and the firewall between both, and that it runs."),
        code="node_unreachable",
    )


def shaped(shape: type[Shape], data: Mapping[str, object], client: NodeClient) -> Shape:
    """Return what a node said as the shape that it must have. Raises `Unavailable`."""
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        raise _not_a_node(client.place) from error


def _check(answer: httpx.Response, place: str) -> None:
    """Raise the error that the other side told of."""
    if answer.is_success:
        return
    try:
        body = answer.json()
    except ValueError:
        body = None
    raise _told(body, answer.status_code, place)


def _told(body: Any, status: int, place: str) -> ApplianceError:  # noqa: ANN401 - whatever came
    """Return the error that `body` tells of."""
    try:
        told = body["error"]
        reason, hint, code = str(told["message"]), told.get("hint"), str(told["code"])
    except (KeyError, TypeError, AttributeError):
        return _not_a_node(place)
    kind: type[ApplianceError] = _REFUSALS.get(status, RequestError if status < 500 else Unavailable)
    return kind(_as_it_is(reason), _as_it_is(str(hint)) if hint else None, code=code)


def _as_it_is(text: str) -> Message:
    """Carry a text that another node rendered."""
    return Message("{text}", (("text", text),))


def _not_a_node(place: str) -> Unavailable:
    return Unavailable(
        _("What answers at {place} is not a node of this version.", place=place),
        _("Check the port, and `appliance --version` on both sides."),
        code="not_a_node",
    )
