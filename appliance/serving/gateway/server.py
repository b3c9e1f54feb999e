"""The HTTP server inside a gateway's replica: uvicorn on the event loop that the application runs on."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from appliance.cluster.renewal import Renewed
from appliance.config.site import SiteConfig
from appliance.core.errors import StartFailed
from appliance.core.messages import Message, _
from appliance.serving.gateway.cancelling import Cancelling
from appliance.serving.gateway.edge import BodyLimits, Edge
from appliance.serving.gateway.inner import HandedIn, InnerPort, NodeProtocol
from appliance.serving.gateway.places import Places
from appliance.serving.gateway.socket_protocol import OPTIONS, SocketProtocol
from appliance.serving.gateway.tls import GatewayTls

KEEP_ALIVE_S: Final = 75
"""How long a connection without a request stays open: longer than load balancers keep theirs."""
_BACKLOG: Final = 2048
_LAST_WORDS_S: Final = 5.0  # for what cancelled requests still write
LOSS_S: Final = 15
"""How long a node may be silent before a connection to it is given up."""
_PROBE_AFTER_S: Final = 5
_PROBE_EVERY_S: Final = 3


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers: the process is Serve's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Serves `app` at an address that other replicas on this machine may share: the kernel deals out connections.

    The address is taken at once; it answers from `start` on. With the `tls` of nodes, which must require certificates,
    requests say whose certificate their connection showed. Raises `StartFailed` where the address cannot be taken.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, tls: Renewed | GatewayTls | None = None) -> None:
        self._tls = tls
        inner = isinstance(tls, Renewed)
        hint = _("Choose another cluster.address or cluster.port in the site file.") if inner else None
        self._sockets = bound(host, port, shared=True, hint=hint)
        if inner:
            for one in self._sockets:
                notice_loss(one)  # connections inherit it
        self._config = uvicorn.Config(
            app, http=NodeProtocol if inner else "httptools", ws=SocketProtocol, lifespan="off",
            interface="asgi3", access_log=False, log_config=None, log_level="critical", proxy_headers=False,
            server_header=False, timeout_keep_alive=KEEP_ALIVE_S, backlog=_BACKLOG,
            ssl_context_factory=None if tls is None else lambda _config, _default: tls.context, **OPTIONS,
        )  # fmt: skip
        self._server = _Server(self._config)
        self._serving: asyncio.Task[None] | None = None

    @property
    def ports(self) -> list[int]:
        """The ports that it listens at."""
        return [one.getsockname()[1] for one in self._sockets]

    async def start(self) -> None:
        """Return when it listens."""
        self._serving = asyncio.create_task(self._server.serve(self._sockets))
        while not self._server.started and not self._serving.done():  # noqa: ASYNC110
            await asyncio.sleep(0)  # uvicorn has no event for it
        self.check()

    async def stop(self, within_s: float) -> None:
        """Take no more requests, and return when those that run have ended; after `within_s` they are cancelled."""
        if self._serving is None:
            for one in self._sockets:
                one.close()
            return
        self._config.timeout_graceful_shutdown = within_s  # type: ignore[assignment]  # it waits for any number
        self._server.should_exit = True
        await asyncio.wait([self._serving])
        if cancelled := set(self._server.server_state.tasks):
            await asyncio.wait(cancelled, timeout=_LAST_WORDS_S)

    def check(self) -> None:
        """Raise `RuntimeError` where it has ended by itself; a renewed certificate is taken over."""
        if self._tls is not None:
            self._tls.look()
        if self._serving is not None and self._serving.done() and not self._server.should_exit:
            reason = None if self._serving.cancelled() else self._serving.exception()
            raise RuntimeError(f"the HTTP server ended: {reason!r}")


class Servers:
    """The servers of one replica, which start and stop together."""

    def __init__(self, servers: list[HttpServer]) -> None:
        self._servers = servers

    @property
    def ports(self) -> list[int]:
        """The ports that they listen at."""
        return [port for server in self._servers for port in server.ports]

    async def start(self) -> None:
        """Return when all listen."""
        for server in self._servers:
            await server.start()

    async def stop(self, within_s: float) -> None:
        """As `HttpServer.stop`, all at once."""
        await asyncio.gather(*(server.stop(within_s) for server in self._servers))

    def check(self) -> None:
        """Raise `RuntimeError` where one has ended by itself."""
        for server in self._servers:
            server.check()


def server_of(app: ASGIApp, site: SiteConfig, inner: InnerPort | None = None, tls: GatewayTls | None = None) -> Servers:
    """Return the servers of a gateway's application, with what stands before it; `inner` is for the head of a cluster.

    `tls` is that towards callers. All of them share the replica's places. Raises `StartFailed`.
    """
    settings = site.gateway
    limits = BodyLimits(settings.max_body_bytes, settings.max_upload_bytes, site.batch.max_file_bytes)
    places = Places(Cancelling(app), settings.max_ongoing_requests, settings.max_queued_requests)
    servers = [HttpServer(Edge(places, limits, site.language), settings.host, settings.port, tls)]
    if inner is not None:
        edge = Edge(HandedIn(places, inner.belongs, secure=tls is not None), limits, site.language)
        servers.append(HttpServer(edge, inner.host, inner.port, inner.tls))
    return Servers(servers)


def notice_loss(one: socket.socket) -> None:
    """Have the kernel end a TCP connection within `LOSS_S` when the machine at its other end is gone without a word."""
    one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _PROBE_AFTER_S)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_EVERY_S)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, LOSS_S * 1000)


def bound(host: str, port: int, *, shared: bool, hint: Message | None = None) -> list[socket.socket]:
    """Return sockets bound to each address of `host`; `shared`: with others of this user that are shared too.

    Raises `StartFailed`, with `hint` in place of the one that names the gateway's settings.
    """
    found: list[socket.socket] = []
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _name, address in dict.fromkeys(places):
            one = socket.socket(family, kind, protocol)
            found.append(one)
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shared))
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
    except OSError as error:
        for one in found:
            one.close()
        raise StartFailed(
            _("The gateway cannot listen on {host}:{port}: {reason}", host=host, port=port, reason=error.strerror),
            hint or _("Choose another gateway.host or gateway.port in the site file."),
        ) from error
    return found


def ensure_free(host: str, port: int) -> None:
    """Return where nobody listens at the address. Raises `StartFailed`."""
    for one in bound(host, port, shared=False):
        one.close()
