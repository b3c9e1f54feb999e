"""The gateway's way to a ledger on the same machine: a Unix domain socket, without Serve between the two."""

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import Any, Final

from appliance.serving.ledger_frames import ADMIT, FORGO, HEARD, MAX_ITEM, Frames, error_from_item

_AGAIN_S: Final = 1.0  # where no ledger listens: it is on another machine, or being replaced


class NotCarried(Exception):
    """The ledger has not got this call, and will not get it."""


class ReplyLost(Exception):
    """The connection broke while a call was under way: whether it was done is not known."""


class CallFailed(Exception):
    """The ledger failed on this call with something that is none of our errors; its log says what."""


class LedgerChannel:
    """The connection of one process, on one event loop; opened with the first call and again when it has broken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()
        self._closed_until = 0.0

    async def call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - what the method returns
        """Call one of `ledger_frames.METHODS`.

        Raises what the ledger raises of our errors; `NotCarried`, `ReplyLost`, `CallFailed`. Who is cancelled while it
        waits for an admission leaves none behind.
        """
        return await (await self._connected()).call(method, arguments)

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.end()

    async def _connected(self) -> "_Connection":
        if self._connection is not None and self._connection.is_open:
            return self._connection
        async with self._connecting:
            if self._connection is not None and self._connection.is_open:
                return self._connection
            loop = asyncio.get_running_loop()
            if loop.time() < self._closed_until:
                raise NotCarried
            try:
                opened = _connect(self._path)
                _transport, self._connection = await loop.create_unix_connection(_Connection, sock=opened)
                if not self._connection.is_open:
                    raise PermissionError("another user listens there")
            except OSError as error:
                self._closed_until = loop.time() + _AGAIN_S
                raise NotCarried from error
            return self._connection


class _Connection(Frames):
    """One connection; replies find their calls by number."""

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._replies: dict[int, asyncio.Future[Any]] = {}

    async def call(self, method: str, arguments: tuple[object, ...]) -> Any:  # noqa: ANN401
        self._number += 1
        number = self._number
        try:
            item = json.dumps([number, method, arguments], separators=(",", ":")).encode()
        except (TypeError, ValueError) as error:
            raise NotCarried from error
        if len(item) > MAX_ITEM or not self.is_open:
            raise NotCarried
        reply = self._replies[number] = self._loop.create_future()
        self.put(item)
        try:
            result = await reply
        except asyncio.CancelledError:
            if method == ADMIT:
                self.put(b'[%d,"%s",[]]' % (number, FORGO.encode()))
            if reply.done() and not reply.cancelled():
                reply.exception()  # nobody asks for it any more
            raise
        finally:
            del self._replies[number]
        if method == ADMIT:
            self.put(b'[%d,"%s",[]]' % (number, HEARD.encode()))
        return result

    def take(self, item: list[Any]) -> None:
        """Hand a reply to its caller, if that still waits."""
        number, error, result = item
        reply = self._replies.get(number)
        if reply is None or reply.done():
            return
        if error is None:
            reply.set_result(result)
        elif error:
            reply.set_exception(error_from_item(error))
        else:
            reply.set_exception(CallFailed())

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell everybody who waits."""
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(ReplyLost())


def _connect(path: Path) -> socket.socket:
    """Return a connected socket; how long the path is does not matter. Raises `OSError`."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            opened.setblocking(False)
            opened.connect(f"/proc/self/fd/{folder}/{path.name}")
        except OSError:
            opened.close()
            raise
        return opened
    finally:
        os.close(folder)
