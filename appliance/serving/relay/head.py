"""The head node as a relay sees it: where it is, the connections to it, and whether it answers."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import aiohttp
import structlog
from multidict import CIMultiDict
from yarl import URL

from appliance.cluster.membership import read_membership
from appliance.config.home import Home
from appliance.core.errors import ConfigError, Unavailable
from appliance.core.messages import _
from appliance.core.networks import with_port
from appliance.serving.gateway.inner import ALIVE_PATH
from appliance.serving.gateway.server import notice_loss
from appliance.serving.names import HEAD_AWAY

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")

PATIENCE_S: Final = 20.0
"""How long requests wait for a head that has just gone: its gateway is replaced within seconds."""
_CONNECT_S: Final = 2.0
_LOOK_EVERY_S: Final = 1.0
_LOOK_AGAIN_S: Final = 0.25  # while it is away
_LOOK_S: Final = 5.0  # that it may take to say that it lives: a busy machine is not a dead one
_KEEP_ALIVE_S: Final = 30.0  # shorter than the head keeps its side
_SOCKET_PING_S: Final = 20.0
_FIELD_BYTES: Final = 64 * 1024
_PIECE_BYTES: Final = 64 * 1024

NOT_REACHED: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Raised by `Head.ask` where nothing was sent."""
LOST: Final = (aiohttp.ClientError, OSError)
"""Raised by `Head.ask`, and while an answer is read, where the connection broke; `NOT_REACHED` are among them."""

Body = AsyncIterator[bytes] | bytes | None
"""What a request carries: pieces as they come, or the whole."""


@dataclass(frozen=True)
class HeadPlace:
    """The head's inner port."""

    address: str
    port: int


def read_place(home: Home) -> HeadPlace:
    """Return where the head of a worker's home is. Raises `ConfigError`."""
    member = read_membership(home)
    if member is None:
        raise ConfigError(
            _("The file {path} does not say where the head node is.", path=home.node_file),
            _("A relay runs on a node that has joined: join with `appliance node join`."),
        )
    return HeadPlace(member.head.address, member.head.ports.gateway)


class Head:
    """Asks the head over connections that are kept; an asynchronous context manager."""

    def __init__(self, place: HeadPlace, tls: ssl.SSLContext) -> None:
        self._place = place
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._sockets: aiohttp.ClientSession | None = None
        self._here = asyncio.Event()
        self._here.set()  # until it is found otherwise
        self._look = asyncio.Event()
        self._away_since = 0.0

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            ssl=self._tls, limit=0, keepalive_timeout=_KEEP_ALIVE_S, socket_factory=_watched_socket
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
            auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            max_line_size=_FIELD_BYTES,
            max_field_size=_FIELD_BYTES,
            read_bufsize=_PIECE_BYTES,
        )
        # It would send PUT and DELETE again by itself; what is sent again is decided in `passing`.
        self._session._retry_connection = False
        self._sockets = aiohttp.ClientSession(
            connector=connector, connector_owner=False, cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S), skip_auto_headers=("User-Agent",),
            max_line_size=_FIELD_BYTES, max_field_size=_FIELD_BYTES, raise_for_status=_refusing,
        )  # fmt: skip
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sockets is not None:
            await self._sockets.close()
        await self._opened.close()

    @property
    def _opened(self) -> aiohttp.ClientSession:
        assert self._session is not None, "a context manager"
        return self._session

    @property
    def answers(self) -> bool:
        """Whether it answered when it was last asked."""
        return self._here.is_set()

    async def ask(self, method: str, target: str, headers: CIMultiDict[str], body: Body) -> aiohttp.ClientResponse:
        """Return the beginning of its answer to a request for `target`, path and query as they are on the wire.

        The caller closes it. Raises `NOT_REACHED` or another of `LOST`.
        """
        url = URL(f"https://{with_port(self._place.address, self._place.port)}{target}", encoded=True)
        response = await self._opened.request(method, url, headers=headers, data=body, allow_redirects=False)
        self._found()
        return response

    async def open_socket(
        self, target: str, headers: CIMultiDict[str], protocols: Iterable[str]
    ) -> aiohttp.ClientWebSocketResponse:
        """Return an open WebSocket of the head. The caller closes it. Raises `SocketRefused`, `NOT_REACHED`, `LOST`."""
        assert self._sockets is not None, "a context manager"
        url = URL(f"https://{with_port(self._place.address, self._place.port)}{target}", encoded=True)
        socket = await self._sockets.ws_connect(
            url, headers=headers, protocols=tuple(protocols), autoping=True, heartbeat=_SOCKET_PING_S,
            max_msg_size=0,  # what the head sends is as large as it is
        )  # fmt: skip
        self._found()
        return socket

    def lost(self, error: BaseException) -> None:
        """Note that it did not answer; it is looked for at once."""
        if self._here.is_set():
            self._here.clear()
            self._away_since = time.monotonic()
            log.warning("head away", reason=type(error).__name__)
        self._look.set()

    async def present(self, *, tried: bool, patient: bool) -> None:
        """Return when it may be asked: at once where it answers, else when it does so again.

        Who is patient waits until `PATIENCE_S` after it was found away. From then on each request may try once, so that
        the first one after its return is not refused. Raises `Unavailable`.
        """
        if self._here.is_set():
            return
        left = self._away_since + PATIENCE_S - time.monotonic() if patient else 0.0
        if left > 0:
            try:
                await asyncio.wait_for(self._here.wait(), left)
            except TimeoutError:
                raise unavailable() from None
        elif tried:
            raise unavailable()

    async def watch(self) -> None:
        """Look every second whether it answers, for ever."""
        while True:
            await self._look_once()
            self._look.clear()
            try:
                await asyncio.wait_for(self._look.wait(), _LOOK_EVERY_S)
            except TimeoutError:
                continue
            await asyncio.sleep(_LOOK_AGAIN_S)

    async def _look_once(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_S):
                response = await self.ask("GET", ALIVE_PATH, CIMultiDict(), None)
                await response.read()
        except (*LOST, TimeoutError) as error:
            self.lost(error)

    def _found(self) -> None:
        if not self._here.is_set():
            self._here.set()
            log.info("head back", away_s=round(time.monotonic() - self._away_since, 1))


class SocketRefused(Exception):
    """The head has answered a WebSocket's request with something else than an open one."""

    def __init__(self, response: aiohttp.ClientResponse, body: bytes) -> None:
        super().__init__(response.status)
        self.status = response.status
        self.raw_headers = response.raw_headers
        self.body = body


async def _refusing(response: aiohttp.ClientResponse) -> None:
    """Raise `SocketRefused` with the head's own words, which aiohttp's error does not keep."""
    if response.status != 101:
        raise SocketRefused(response, await response.content.read(_FIELD_BYTES))


def unavailable() -> Unavailable:
    """Return what callers are told while the head does not answer."""
    return Unavailable(
        _("This gateway cannot reach the head node, which keys and records are on."),
        _("Try again in a moment; the operator sees more with `appliance status` on the head node."),
        code=HEAD_AWAY,
    )


def _watched_socket(place: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol = place[:3]
    one = socket.socket(family, kind, protocol)
    notice_loss(one)
    return one
