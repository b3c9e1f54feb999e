"""The web server of the terminal in a browser: one address that signs in, one page, its files, one connection."""

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus

from aiohttp import WSMsgType, web

from appliance.core.errors import AuthenticationFailed, TooManyRequests
from appliance.core.messages import Message, _
from appliance.operations.browser import pages
from appliance.operations.browser.process import TerminalProcess
from appliance.operations.browser.said import MOST_BYTES, read_said, read_size
from appliance.operations.browser.sign_in import ANOTHER, SignIn

MOST_TERMINALS = 4
COOKIE = "appliance_terminal"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_HEARTBEAT_S = 15.0
_CLOSE_S = 2.0
_NOT_UNDERSTOOD = _("The browser sent what is no message of a terminal, so the connection was closed.")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class TerminalSite:
    """Serves `command` on a port of 127.0.0.1. Everything but the sign-in lies below a path that nobody can guess.

    Browsers send a cookie to every port of a host: by the path, what listens on another port does not get it.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        port: int,
        language: str,
        tell: Callable[[Message], None],
    ) -> None:
        self._command, self._environment = tuple(command), dict(environment)
        self._language = language
        self._tell = tell
        self._sign_in = SignIn()
        self._base = f"/{secrets.token_urlsafe(16)}/"
        self._address = f"http://127.0.0.1:{port}/"
        self._hosts = {f"{name}:{port}" for name in _LOOPBACK} | (set(_LOOPBACK) if port == 80 else set())
        self._files = pages.files()
        self._open: dict[web.WebSocketResponse, TerminalProcess] = {}

    def new_address(self) -> str:
        """Return an address that signs one browser in; the one before it no longer does."""
        return f"{self._address}?token={self._sign_in.new_token()}"

    def application(self) -> web.Application:
        """Return the aiohttp application."""
        application = web.Application(middlewares=[self._guard], client_max_size=1024)
        get = [("/", self._enter), (self._base, self._page), (f"{self._base}ws", self._socket)]
        get.append((f"{self._base}static/{{name}}", self._file))
        application.add_routes([web.get(path, handler, allow_head=False) for path, handler in get])
        application.on_response_prepare.append(self._add_headers)
        application.on_shutdown.append(self._end_all)
        return application

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Let nobody further who asks by another name, which a foreign page could have, or who is not signed in."""
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return self._notice(
                HTTPStatus.MISDIRECTED_REQUEST,
                _("This server answers at {address} only.", address=self._address),
                _("For a tunnel take the same port at both ends, as in `ssh -L 8000:127.0.0.1:8000`."),
            )
        if request.path != "/" and not self._sign_in.knows(request.cookies.get(COOKIE, "")):
            # A browser that was led here by a page elsewhere keeps the cookie back, and sends it when led by this one.
            led = request.path == self._base and request.headers.get("Sec-Fetch-Site") == "cross-site"
            return self._notice(
                HTTPStatus.FORBIDDEN, _("This browser is not signed in."), ANOTHER, again=self._base if led else None
            )
        try:
            return await handler(request)
        except web.HTTPException as error:
            return self._notice(HTTPStatus(error.status), _("There is nothing here."), None)

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        """Exchange the address's token for a cookie, and lead to an address without it."""
        if "token" not in request.query:
            return self._notice(HTTPStatus.FORBIDDEN, _("This browser is not signed in."), ANOTHER)
        try:
            cookie = self._sign_in.exchange(request.query["token"])
        except TooManyRequests as error:
            return self._notice(HTTPStatus.TOO_MANY_REQUESTS, error.message, error.hint)
        except AuthenticationFailed as error:
            self._tell(_("A browser was refused: {reason}", reason=error.message))
            return self._notice(HTTPStatus.FORBIDDEN, error.message, error.hint)
        self._tell(_("A browser has signed in. Its address is used up."))
        response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": self._base})
        response.set_cookie(COOKIE, cookie, path=self._base, httponly=True, samesite="Strict")
        return response

    async def _page(self, request: web.Request) -> web.StreamResponse:
        if request.query_string:  # the terminal's script would follow some
            return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": self._base})
        socket = f"ws://{request.headers['Host']}{self._base}ws"
        return web.Response(text=pages.terminal_page(self._base, socket, self._language), content_type="text/html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        return web.FileResponse(file, headers={"Content-Type": pages.content_type(file)})

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.headers.getall("Origin", []) != [f"http://{request.headers['Host']}"]:
            return self._notice(HTTPStatus.FORBIDDEN, _("Another page may not open the terminal."), None)
        socket = web.WebSocketResponse(
            heartbeat=_HEARTBEAT_S, timeout=_CLOSE_S, max_msg_size=MOST_BYTES, compress=False
        )
        if not socket.can_prepare(request).ok:
            raise web.HTTPNotFound
        await socket.prepare(request)
        if len(self._open) < MOST_TERMINALS:
            await self._hold(socket, request.query)
        else:
            full = _("{count} terminals are open already, which is the most. Close one first.", count=MOST_TERMINALS)
            await self._end(socket, full)
        return socket

    async def _hold(self, socket: web.WebSocketResponse, query: Mapping[str, str]) -> None:
        """Run a terminal over a connection until one of both ends."""

        async def ended() -> None:
            last_words = process.last_words
            await self._end(socket, _words(last_words) if last_words else _("The terminal has ended."))

        process = TerminalProcess(self._command, self._environment, socket.send_bytes, socket.send_str, ended)
        self._open[socket] = process
        try:
            await self._end(socket, await self._converse(socket, process, query))
        finally:
            await process.stop()
            del self._open[socket]

    async def _converse(
        self, socket: web.WebSocketResponse, process: TerminalProcess, query: Mapping[str, str]
    ) -> Message:
        """Start the terminal and hand it what the browser says; return why that is over."""
        try:
            await process.begin(read_size(query))
        except ValueError:
            return _NOT_UNDERSTOOD
        except OSError as error:
            return _("The terminal cannot be started: {reason}", reason=error.strerror or error)
        async for message in socket:
            try:
                if message.type is not WSMsgType.TEXT:
                    return _NOT_UNDERSTOOD
                said = read_said(message.data)
            except ValueError:
                return _NOT_UNDERSTOOD
            match said:
                case ("stdin", text):
                    await process.send_bytes(text.encode())
                case ("resize", size):
                    await process.resize(size)
                case ("ping", sent):
                    with suppress(ConnectionError):
                        await socket.send_str(json.dumps(["pong", sent]))
                case ("focus",):
                    await process.focus()
                case ("blur",):
                    await process.blur()
        return _("The browser has left.")

    async def _end(self, socket: web.WebSocketResponse, reason: Message) -> None:
        """Close a connection with a reason, which the page shows."""
        if not socket.closed:
            with suppress(ConnectionError):
                await socket.send_str(json.dumps(["ended", reason.render(self._language)]))
            await socket.close()

    async def _end_all(self, _application: web.Application) -> None:
        for socket in tuple(self._open):
            await self._end(socket, _("`appliance tui --serve` was ended."))

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        host = request.headers.get("Host", "")
        response.headers.update(pages.headers(host if host in self._hosts else self._address.split("/")[2]))

    def _notice(
        self, status: HTTPStatus, message: Message, hint: Message | None, again: str | None = None
    ) -> web.Response:
        text = pages.notice_page(message, hint, self._language, again)
        return web.Response(status=status, text=text, content_type="text/html")


def _words(text: str) -> Message:
    return _("The terminal has ended: {reason}", reason=text)
