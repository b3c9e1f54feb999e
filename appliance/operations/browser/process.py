"""One terminal in a browser: a process of its own for each connection, started without a shell."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from appliance.operations.browser.said import Size

DRIVER = "appliance.tui.browser_driver:BrowserDriver"
_PRELUDE = b"__GANGLION__\n"
_DATA, _META, _PACKED = b"D", b"M", b"P"
_ERROR_BYTES = 4096
_QUIT_S, _TERMINATE_S = 3.0, 2.0


class TerminalProcess(AppService):
    """Runs `command` and carries its packets to the browser; `ended` is done when the process is."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        write_bytes: Callable[[bytes], Awaitable[None]],
        write_str: Callable[[str], Awaitable[None]],
        close: Callable[[], Awaitable[object]],
    ) -> None:
        # The command of the base class would go through a shell, and is left empty. No screen hands files out.
        super().__init__(
            "",
            write_bytes=write_bytes,
            write_str=write_str,
            close=close,  # type: ignore[arg-type] # what it returns is not looked at
            download_manager=DownloadManager(),
        )
        self._argv = tuple(command)
        self._given = dict(environment)
        self._size = Size(width=80, height=24)
        self._errors = b""

    @property
    def last_words(self) -> str:
        """The end of what a process that failed has written to its standard error; empty for one that ended well."""
        if self._process is None or self._process.returncode in (0, None):
            return ""
        return self._errors.decode("utf-8", "replace").strip()

    async def begin(self, size: Size) -> None:
        """Start the process. Raises `OSError`."""
        self._size = size
        await self.start(size.width, size.height)

    async def resize(self, size: Size) -> None:
        """Tell the process the window's new size."""
        self._size = size
        await self.set_terminal_size(size.width, size.height)

    async def stop(self) -> None:
        """End the process: asked, then told, then killed. Only this process: what it started for good stays."""
        process, task = self._process, self._task
        if process is None or task is None:
            return
        with suppress(TimeoutError):
            # A process that hangs does not read: then writing to it waits, too.
            async with asyncio.timeout(_QUIT_S):
                await self.send_meta({"type": "quit"})
                await asyncio.wait({task})
        for end in (process.terminate, process.kill):
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    end()
                await asyncio.wait({task}, timeout=_TERMINATE_S)
        task.cancel()
        await asyncio.wait({task})

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        environment = self._given | {
            "TEXTUAL_DRIVER": DRIVER,
            "TEXTUAL_COLOR_SYSTEM": "truecolor",
            "COLUMNS": str(width),
            "ROWS": str(height),
        }
        # A session of its own: Ctrl-C at the server reaches the server alone, which ends its terminals in order.
        process = await asyncio.create_subprocess_exec(
            *self._argv, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, start_new_session=True
        )
        self._process, self._stdin = process, process.stdin
        return process

    async def run(self) -> None:
        """Carry packets until the process has ended, then close the connection."""
        process = self._process
        if process is None or process.stdout is None or process.stderr is None:
            raise RuntimeError("the process was not started")
        errors = asyncio.create_task(self._keep_errors(process.stderr))
        try:
            async for kind, payload in self._packets(process.stdout):
                if kind == _DATA:
                    await self.on_data(payload)
                elif kind == _META:
                    await self.on_meta(payload)
            await process.wait()
            await errors
        finally:
            errors.cancel()
        await self.remote_close()

    async def _packets(self, stdout: asyncio.StreamReader) -> AsyncIterator[tuple[bytes, bytes]]:
        """Yield kind and payload of each packet; a process may run one program after the other, each with a prelude."""
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while await stdout.readuntil() != _PRELUDE:
                pass
            while True:
                kind = await stdout.readexactly(1)
                if kind not in (_DATA, _META, _PACKED):
                    await stdout.readuntil()
                    await self.resize(self._size)  # the second program knows the size that the first began with
                    continue
                yield kind, await stdout.readexactly(int.from_bytes(await stdout.readexactly(4), "big"))

    async def _keep_errors(self, stderr: asyncio.StreamReader) -> None:
        while read := await stderr.read(_ERROR_BYTES):
            self._errors = (self._errors + read)[-_ERROR_BYTES:]

    async def on_data(self, payload: bytes) -> None:
        """Send to the browser; what comes after it has left is read and dropped, so that the process can end."""
        with suppress(ConnectionError):
            await self.remote_write_bytes(payload)

    async def on_meta(self, data: bytes) -> None:
        """Pass on addresses of the web that were clicked. That a program has ended is known by the process's end."""
        told = json.loads(data)
        if told.get("type") == "open_url" and urlsplit(str(told.get("url"))).scheme in ("http", "https"):
            with suppress(ConnectionError):
                await self.remote_write_str(json.dumps(["open_url", {"url": told["url"], "new_tab": True}]))
