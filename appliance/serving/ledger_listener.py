"""The ledger's end of its socket: takes calls from gateways on the same machine."""

import asyncio
import contextlib
import json
import os
import socket
from pathlib import Path
from typing import Any, Final

import structlog

from appliance.core.errors import ApplianceError
from appliance.serving.ledger_core import LedgerCore
from appliance.serving.ledger_frames import ADMIT, FORGO, HEARD, METHODS, Frames, error_to_item

log: structlog.stdlib.BoundLogger = structlog.get_logger("ledger")

_BACKLOG: Final = 128


def listening(path: Path) -> socket.socket:
    """Return a socket that listens at `path`, mode 0600, in place of one that an earlier process left.

    It is bound by way of the folder's descriptor, so that the length of the path does not matter. Raises `OSError`.
    """
    made = f"{path.name}.{os.getpid()}"
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(made, dir_fd=folder)
        opened.setblocking(False)
        opened.bind(f"/proc/self/fd/{folder}/{made}")
        os.chmod(made, 0o600, dir_fd=folder)
        opened.listen(_BACKLOG)
        # Nobody finds it before it listens, and no caller is ever without one.
        os.replace(made, path.name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        opened.close()
        raise
    finally:
        os.close(folder)
    return opened


class LedgerListener:
    """Serves the calls of `ledger_frames.METHODS` on a listening socket, on the event loop that runs.

    A connection that breaks ends what was let in through it and was not heard of: it counts as aborted.
    """

    def __init__(self, core: LedgerCore, path: Path) -> None:
        self._core = core
        self._callers: set[_Caller] = set()
        opened = listening(path)
        self._starting = asyncio.get_event_loop().create_task(self._start(opened))

    async def close(self) -> None:
        """Take no more calls. What callers were told stays: the ledger that takes over goes on with it."""
        server = await self._starting
        server.close()
        for caller in list(self._callers):
            caller.leave()

    async def _start(self, opened: socket.socket) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_unix_server(lambda: _Caller(self._core, self._callers), sock=opened)


class _Caller(Frames):
    """The connection of one gateway."""

    def __init__(self, core: LedgerCore, callers: "set[_Caller]") -> None:
        super().__init__()
        self._core = core
        self._callers = callers
        self._running: dict[int, tuple[str, asyncio.Task[None]]] = {}
        self._told: dict[int, int] = {}
        """Numbers of admissions that were told and not heard of yet, and of their records."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it among the others."""
        self._callers.add(self)
        super().connection_made(transport)

    def connection_lost(self, _error: Exception | None) -> None:
        """End what the caller does not know of."""
        self._callers.discard(self)
        for number in [*self._running, *self._told]:
            self._forgo(number)

    def take(self, item: list[Any]) -> None:
        """Begin a call, or learn what has become of an admission."""
        number, method, arguments = item
        if method == HEARD:
            self._told.pop(number, None)
        elif method == FORGO:
            self._forgo(number)
        elif method in METHODS:
            task = self._loop.create_task(self._run(number, method, arguments))
            self._running[number] = (method, task)
            task.add_done_callback(lambda _done: self._running.pop(number, None))
        else:
            raise ValueError("a method that goes by handle")

    def leave(self) -> None:
        """End the connection from this side; the caller may well have heard what it was told."""
        self._told.clear()
        self.end()

    def _forgo(self, number: int) -> None:
        seq = self._told.pop(number, None)
        method, task = self._running.get(number, ("", None))
        if seq is not None:
            self._core.forgo(seq)
        elif task is not None and method == ADMIT:
            task.cancel()  # the core ends what is let in after that

    async def _run(self, number: int, method: str, arguments: list[Any]) -> None:
        error: dict[str, Any] | None = None
        result: Any = None
        try:
            result = await getattr(self._core, method)(*arguments)
        except ApplianceError as refusal:
            error = error_to_item(refusal)
        except Exception as failure:
            # The caller is another process: it hears that this failed, the log has the reason.
            log.error("failure", method=method, exc_info=failure)
            error = {}
        else:
            if method == ADMIT:
                self._told[number] = result["seq"]
        self.put(json.dumps([number, error, result], separators=(",", ":")).encode())
