"""`appliance tui --serve`: listen on 127.0.0.1, print an address, and serve until a signal ends it."""

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence

from aiohttp import web

from appliance.core.errors import PortInUse, PreflightError
from appliance.core.messages import Message, _
from appliance.operations.browser.site import MOST_TERMINALS, TerminalSite

_KEEPALIVE_S = 30.0
_SHUTDOWN_S = 10.0
_ADDRESS = "127.0.0.1"


def serve_terminal(
    command: Sequence[str],
    environment: Mapping[str, str],
    port: int,
    language: str,
    tell: Callable[[Message], None],
) -> None:
    """Serve the terminal that `command` starts until SIGINT, SIGTERM or SIGHUP; every terminal ends with it.

    Raises `PortInUse`, `PreflightError`.
    """
    with _listening(port) as listening:
        site = TerminalSite(command, environment, listening.getsockname()[1], language, tell)
        asyncio.run(_serve(site, listening, tell))


def _listening(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_ADDRESS, port))
        listening.listen()
    except OSError as error:
        listening.close()
        another = _("Name another one with --port.")
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(_("Port {port} is in use by another program.", port=port), another) from error
        reason = error.strerror or str(error)
        raise PreflightError(_("Port {port} cannot be opened: {reason}", port=port, reason=reason), another) from error
    return listening


async def _serve(site: TerminalSite, listening: socket.socket, tell: Callable[[Message], None]) -> None:
    # No access log: the address of the first request holds the token.
    runner = web.AppRunner(
        site.application(), access_log=None, keepalive_timeout=_KEEPALIVE_S, shutdown_timeout=_SHUTDOWN_S
    )
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        tell(_address(site))
        tell(
            _(
                "From another machine: ssh -L {port}:127.0.0.1:{port} HOST there, then the same address. "
                "At most {count} terminals; Ctrl-C ends all.",
                port=listening.getsockname()[1],
                count=MOST_TERMINALS,
            )
        )
        if sys.stdin.isatty():
            tell(_("Enter prints a new address."))
            loop.add_reader(sys.stdin.fileno(), _on_enter, lambda: tell(_address(site)))
        await ended.wait()
    finally:
        await runner.cleanup()


def _address(site: TerminalSite) -> Message:
    return _("Open this address in one browser, once: {address}", address=site.new_address())


def _on_enter(print_address: Callable[[], None]) -> None:
    terminal = sys.stdin.fileno()
    if os.tcgetpgrp(terminal) != os.getpgrp():
        return  # in the background: the line is the shell's
    if os.read(terminal, 1024):
        print_address()
    else:
        asyncio.get_running_loop().remove_reader(terminal)
