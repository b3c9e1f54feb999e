"""The gateway's inner port: gateways of other nodes hand requests in, over TLS with certificates on both sides."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from appliance.cluster.certificate_forms import NODE_URI
from appliance.cluster.renewal import Renewed
from appliance.core.errors import PermissionDenied
from appliance.core.messages import _
from appliance.serving.names import NOT_ADMITTED

CALLER_HEADER: Final = b"x-appliance-caller"
"""Says which address a request came from at the other gateway. It is believed here only."""
NODE: Final = "appliance.node"
"""Key of the ASGI scope that holds the id of the node whose certificate the connection showed."""
BELONGS: Final = "appliance.belongs"
"""Key of the ASGI scope that holds a coroutine function, which tells whether that node still belongs here."""
ALIVE_PATH: Final = "/healthz"
"""Where relays ask whether the head lives."""
_KNOWN_S: Final = 2.0  # how long a node may still come in after its removal

Belongs = Callable[[str], bool]
"""Tells by a node's id whether it belongs to the appliance; it may block."""


@dataclass(frozen=True)
class InnerPort:
    """Where the inner port is, and who may come in."""

    host: str
    port: int
    tls: Renewed
    """It must require a certificate."""
    belongs: Belongs


def node_of(transport: asyncio.BaseTransport) -> str | None:
    """Return the id of the node whose certificate a connection showed."""
    names = (transport.get_extra_info("peercert") or {}).get("subjectAltName", ())
    ids = [value.removeprefix(NODE_URI) for kind, value in names if kind == "URI" and value.startswith(NODE_URI)]
    return ids[0] if len(ids) == 1 else None


class NodeProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which tells the application whose certificate the connection showed."""

    _node: str | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the certificate's node: the connection has its certificates by now."""
        super().connection_made(transport)
        self._node = node_of(transport)

    def on_message_begin(self) -> None:
        """Begin a request's scope."""
        super().on_message_begin()
        self.scope[NODE] = self._node  # type: ignore[typeddict-unknown-key]


class HandedIn:
    """ASGI middleware that lets nodes of this appliance in and gives a request the address that it came from.

    Raises `PermissionDenied` for a node that was removed or is not known, before anything is sent.
    """

    def __init__(self, app: ASGIApp, belongs: Belongs, *, secure: bool = False) -> None:
        self._app = app
        self._secure = secure
        self._belongs = belongs
        self._found: dict[str, tuple[float, bool]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as if its caller had come here."""
        node = scope.get(NODE)
        if node is None or not await self._belonging(node):
            raise PermissionDenied(
                _("This node does not belong to the appliance, or was removed from it."),
                _("Let it join again with a new token."),
                code=NOT_ADMITTED,
            )
        if scope["type"] == "http" and scope["path"] == ALIVE_PATH:
            # It needs no place: a head with many requests is not a head that is away.
            await JSONResponse({"status": "ok"})(scope, receive, send)
            return
        told = [value for name, value in scope["headers"] if name == CALLER_HEADER]
        kept = [(name, value) for name, value in scope["headers"] if name != CALLER_HEADER]
        # The caller spoke to the other gateway as callers do here, and may be told addresses of that kind only.
        scheme = ("http" if scope["type"] == "http" else "ws") + ("s" if self._secure else "")
        handed = {**scope, "headers": kept, "scheme": scheme}
        handed[BELONGS] = partial(self._belonging, node)
        if told:
            handed["client"] = (told[-1].decode("latin-1"), 0)
        await self._app(handed, receive, send)

    async def _belonging(self, node: str) -> bool:
        looked, belongs = self._found.get(node, (0.0, False))
        if not belongs or time.monotonic() - looked > _KNOWN_S:
            belongs = await run_in_threadpool(self._belongs, node)
            self._found[node] = (time.monotonic(), belongs)
        return belongs
