"""How calls to the ledger look on its socket, and who may be at the other end."""

import asyncio
import json
import os
import socket
import struct
from collections.abc import Mapping
from typing import Any, Final, cast

import structlog

from appliance.core.errors import ApplianceError, error_from_data

log: structlog.stdlib.BoundLogger = structlog.get_logger("ledger")

ADMIT: Final = "admit"
METHODS: Final = frozenset({ADMIT, "complete", "record", "interactive"})
"""What the socket carries: the calls that every request makes. Everything else goes by handle."""
REPEATABLE: Final = frozenset({"complete", "interactive"})
"""Those of them that may be called again where it is not known whether they were done."""
HEARD: Final = "heard"
"""The caller knows that its request was let in."""
FORGO: Final = "forgo"
"""Nobody waits for this admission any more."""
MAX_ITEM: Final = 64 * 1024**2
_TOGETHER: Final = 1024**2  # bytes: what is larger goes as more than one frame
_MAX_FRAME: Final = MAX_ITEM + _TOGETHER
_LENGTH: Final = struct.Struct(">I")
_CREDENTIALS: Final = struct.Struct("iII")  # pid, uid, gid: struct ucred of Linux


class Frames(asyncio.Protocol):
    """One end of a connection: lists in JSON, each behind its length (4 bytes, big-endian).

    Items that are put in one turn of the event loop go as one list. A frame that cannot be read ends the connection.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._waiting: list[bytes] = []

    @property
    def is_open(self) -> bool:
        """Tell whether something that is put now can arrive."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection, if this user's process is at the other end."""
        self._transport = cast(asyncio.Transport, transport)
        if peer_uid(transport.get_extra_info("socket")) != os.geteuid():
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take in what came; every whole frame is handed on item by item."""
        received = self._received
        received += data
        while len(received) >= _LENGTH.size and self.is_open:
            end = _LENGTH.size + _LENGTH.unpack_from(received)[0]
            if end > _MAX_FRAME:
                self.end()
                return
            if len(received) < end:
                return
            frame = bytes(received[_LENGTH.size : end])
            del received[:end]
            try:
                for item in json.loads(frame):
                    self.take(item)
            except (ValueError, TypeError, KeyError) as error:
                log.error("a frame cannot be read", reason=type(error).__name__)
                self.end()

    def take(self, item: list[Any]) -> None:
        """Handle one item. Raises `ValueError` or `TypeError` for one that is none."""
        raise NotImplementedError

    def put(self, item: bytes) -> None:
        """Send an item in JSON, together with others of this turn."""
        if not self._waiting:
            self._loop.call_soon(self._send)
        self._waiting.append(item)

    def end(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        group: list[bytes] = []
        size = 0
        for item in waiting:
            if group and size + len(item) > _TOGETHER:
                self._write(group)
                group, size = [], 0
            group.append(item)
            size += len(item) + 1
        self._write(group)

    def _write(self, items: list[bytes]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            body = b"[" + b",".join(items) + b"]"
            self._transport.write(_LENGTH.pack(len(body)) + body)


def peer_uid(connected: socket.socket) -> int:
    """Return the user whose process is at the other end of a Unix domain socket."""
    raw = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    uid: int = _CREDENTIALS.unpack(raw)[1]
    return uid


def error_to_item(error: ApplianceError) -> dict[str, Any]:
    """Return an error as plain data, with what its class has beside the texts."""
    fields = {name: value for name, value in vars(error).items() if name not in ("message", "hint", "code")}
    return {**error.to_data(), "fields": fields}


def error_from_item(data: Mapping[str, Any]) -> ApplianceError:
    """Return the error that `error_to_item` wrote."""
    error = error_from_data(data)
    vars(error).update(data["fields"])
    return error
