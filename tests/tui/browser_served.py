"""`appliance tui --serve` as people start it, and a browser's side of it that says whatever a test wants."""

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import aiohttp
import psutil

ROOT = Path(__file__).parents[2]
SOON_S = 120.0
ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|.)")


class Served:
    """A running server: what it printed, its terminals, and its address."""

    def __init__(self, process) -> None:
        self.process = process
        self.printed = ""
        self._lines: Queue[str] = Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.address = self.wait_for_line(r"(http://127\.0\.0\.1:\d+/\?token=\S+)")
        self.root = self.address.partition("?")[0]
        self.host = self.root.removeprefix("http://").rstrip("/")

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)

    def wait_for_line(self, pattern):
        """Return what the first group of `pattern` matches in the next line that has it."""
        end = time.monotonic() + SOON_S
        while time.monotonic() < end:
            try:
                line = self._lines.get(timeout=1)
            except Empty:
                assert self.process.poll() is None, self.printed
                continue
            self.printed += line
            if found := re.search(pattern, line):
                return found[1]
        raise AssertionError(f"no line has {pattern}:\n{self.printed}")

    def everything_printed(self):
        while not self._lines.empty():
            self.printed += self._lines.get()
        return self.printed

    def terminals(self):
        return [child for child in psutil.Process(self.process.pid).children() if runs(child)]

    async def sign_in(self, client):
        """Use the address up; return the path below which everything lies."""
        async with client.get(self.address, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
            return answer.headers["Location"]

    @contextmanager
    def ending(self):
        try:
            yield self
        finally:
            self.process.kill()
            self.process.wait(10)
            self.process.stdout.close()


def start_served(port, *options, home, language="en", **popen):
    """Start the command line with `--serve`."""
    command = [sys.executable, "-m", "appliance.cli.main", "--home", home, "--language", language, "tui", "--serve"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}
    return subprocess.Popen(
        [*command, "--port", str(port), *options],
        text=True,
        env=environment,
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | popen,
    )


class Browser:
    """One connection; `text` is what came, without the sequences that place it."""

    def __init__(self, socket) -> None:
        self.socket = socket
        self.raw = ""
        self.said = []

    async def say(self, *message):
        await self.socket.send_str(json.dumps(list(message)))

    @property
    def text(self):
        return ESCAPES.sub("", self.raw)

    async def wait_until(self, met):
        """Read until `met(self)`."""
        async with asyncio.timeout(SOON_S):
            while not met(self):
                assert await self.read(), f"closed: {self.said} {self.text[-2000:]}"

    async def read(self):
        """Read one message; tell whether the connection still stands."""
        message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            self.raw += message.data.decode("utf-8", "replace")
        elif message.type is aiohttp.WSMsgType.TEXT:
            self.said.append(json.loads(message.data))
        return message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT)

    async def reason(self):
        """Read to the end; return why the page says that the terminal ended."""
        async with asyncio.timeout(SOON_S):
            while await self.read():
                pass
        return next((text for kind, text in self.said if kind == "ended"), None)


async def until(met):
    """Wait until `met()`, at most `SOON_S`."""
    for _attempt in range(int(SOON_S / 0.05)):
        if met():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to that")


def runs(terminal):
    """Tell whether a process still runs; where nobody collects orphans, an ended one stays as a zombie."""
    return terminal.is_running() and terminal.status() != psutil.STATUS_ZOMBIE
