"""What of a request and its answer is passed on, and what may be sent twice. Pure."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from multidict import CIMultiDict
from starlette.types import Scope

from appliance.serving.gateway.inner import CALLER_HEADER

_HOP_BY_HOP: Final = frozenset((
    b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization", b"te",
    b"trailer", b"transfer-encoding", b"upgrade",
))  # fmt: skip
_NOT_ASKED: Final = frozenset((b"expect", b"content-length", CALLER_HEADER))
_NOT_ANSWERED: Final = frozenset((b"date", b"x-request-id"))  # the server here, and what stands before it, write them
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))
_OF_HANDSHAKE: Final = b"sec-websocket-"
_SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_GENERATING: Final = frozenset(("/v1/chat/completions", "/v1/completions", "/v1/embeddings"))
_NAMED_ERRORS: Final = "/v1/scenarios/"

RawHeaders = Iterable[tuple[bytes, bytes]]


def target_of(scope: Scope) -> str:
    """Return path and query as the caller wrote them."""
    path: bytes = scope["raw_path"]
    target = path if path.startswith(b"/") else b"/" + path  # "*", of OPTIONS
    return quote(target + b"?" + scope["query_string"] if scope["query_string"] else target, safe=_ASCII)


def asked_headers(scope: Scope) -> CIMultiDict[str]:
    """Return a request's headers for the head, without those of this hop, and with the address that it came from."""
    client = scope.get("client")
    kept = (*_passed_on(scope["headers"], _NOT_ASKED), (CALLER_HEADER, (client[0] if client else "").encode()))
    return CIMultiDict((name.decode("latin-1"), value.decode("utf-8", "replace")) for name, value in kept)


def socket_headers(scope: Scope) -> CIMultiDict[str]:
    """Return the headers of a WebSocket's request for the head, which gets a handshake of its own."""
    kept = [(name, value) for name, value in scope["headers"] if not name.startswith(_OF_HANDSHAKE)]
    return asked_headers({**scope, "headers": kept})


def answered_headers(raw: RawHeaders) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers for the caller, without those of this hop."""
    return _passed_on(((name.lower(), value) for name, value in raw), _NOT_ANSWERED)


def _passed_on(raw: RawHeaders, left_out: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    headers = list(raw)
    named = {part.strip().lower() for name, value in headers if name == b"connection" for part in value.split(b",")}
    # A caller must not have the head lose what is told of it.
    dropped = _HOP_BY_HOP | left_out | named
    return [(name, value) for name, value in headers if name not in dropped]


def may_repeat(scope: Scope) -> bool:
    """Tell whether a request may be sent again where the first sending may have arrived: it changes nothing there."""
    return scope["method"] in _SAFE or (scope["method"] == "POST" and scope["path"] in _GENERATING)


def is_upload(scope: Scope) -> bool:
    """Tell whether a body is a form with a file, which may be large: it is passed on as it comes."""
    return any(
        name == b"content-type" and value.lower().startswith(b"multipart/form-data") for name, value in scope["headers"]
    )


def declared_length(scope: Scope) -> str | None:
    """Return the length that a request says its body has."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"content-length"), None)


def error_event_name(scope: Scope) -> str | None:
    """Return the name of the event that tells an error in this route's streams; OpenAI's have none."""
    return "error" if scope["path"].startswith(_NAMED_ERRORS) else None


class WholeEvents:
    """Server-sent events out of a stream's pieces, so that a stream which breaks has no half event before its error."""

    def __init__(self) -> None:
        self._begun = b""

    def take(self, piece: bytes) -> bytes:
        """Return what is whole by now."""
        have = self._begun + piece
        end = max((have.rfind(mark) + len(mark) for mark in (b"\n\n", b"\r\n\r\n") if mark in have), default=0)
        self._begun = have[end:]
        return have[:end]

    def rest(self) -> bytes:
        """Return what no blank line has ended."""
        return self._begun
