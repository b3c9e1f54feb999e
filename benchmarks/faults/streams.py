"""Callers that stream chat completions without a pause, in a thread of their own, and note what became of each."""

import asyncio
import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
from load import EventParser, has_text, prompt_for

from faults.outcomes import Outcome

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10)  # who waits for a replica that loads may wait long
_AFTER_FAILURE_S = 0.2
_LOOK_S = 0.05
_LEAVE_S = 300.0
"""How long a stream may go on when no new ones begin; then it hangs."""


class NotInTime(Exception):
    """What was waited for did not come."""


@dataclass
class _Running:
    """A request on its way."""

    request_id: str
    sent: float
    first: float | None = None
    status: int | None = None
    tokens: int = 0
    told: str = ""
    done: bool = False

    def became(self, kind: Any) -> Outcome:  # noqa: ANN401 - `Kind`
        now = time.monotonic()
        return Outcome(self.request_id, kind, self.sent, now, self.first, self.status, self.tokens, self.told)


@dataclass
class Load:
    """`clients` streams at a time from `with` to its end; `outcomes` grows meanwhile."""

    url: str
    key: str
    name: str
    clients: int = 4
    answer_tokens: int = 48
    """Tokens asked for."""
    pause_s: float = 0.0
    """Between two pieces that a caller reads: a slow client."""
    refused_pause_s: float = _AFTER_FAILURE_S
    """Before a caller that was not answered asks again."""
    network: Callable[[], AbstractContextManager[None]] = nullcontext
    """What the thread that asks is in: the network of a host."""
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._running: dict[str, _Running] = {}
        self._numbers = itertools.count()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"load-{self.name}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Begin no more requests and wait until those on their way have ended."""
        self._stop.set()
        self._thread.join()

    def open(self) -> int:
        """Return how many streams have text and have not ended."""
        return sum(one.first is not None for one in list(self._running.values()))

    def await_open(self, count: int, within_s: float = 120.0) -> None:
        """Wait until so many streams are in their middle. Raises `NotInTime`."""
        self._await(lambda: self.open() >= count, within_s, f"{count} streams in their middle")

    def await_whole(self, count: int = 1, within_s: float = 300.0) -> float:
        """Wait for `count` whole answers to requests sent from now on; return the seconds. Raises `NotInTime`."""
        since = time.monotonic()

        def there() -> bool:
            return sum(one.whole and one.sent >= since for one in list(self.outcomes)) >= count

        self._await(there, within_s, f"{count} whole answers")
        return time.monotonic() - since

    def _await(self, true: Callable[[], bool], within_s: float, what: str) -> None:
        deadline = time.monotonic() + within_s
        while not true():
            if time.monotonic() > deadline:
                raise NotInTime(f"no {what} within {within_s:.0f} s")
            time.sleep(_LOOK_S)

    def _work(self) -> None:
        with self.network():
            asyncio.run(self._all())

    async def _all(self) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        connector = aiohttp.TCPConnector(limit=0, force_close=True)  # each request meets the appliance as it is now
        async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, headers=headers) as session:
            callers = [asyncio.create_task(self._caller(session)) for _number in range(self.clients)]
            await asyncio.to_thread(self._stop.wait)
            _ended, late = await asyncio.wait(callers, timeout=_LEAVE_S)
            for one in list(self._running.values()):
                self.outcomes.append(one.became("hung"))
            for task in late:
                task.cancel()
            await asyncio.gather(*callers, return_exceptions=True)
            for task in callers:
                if not task.cancelled() and (error := task.exception()):
                    raise error

    async def _caller(self, session: aiohttp.ClientSession) -> None:
        while not self._stop.is_set():
            number = next(self._numbers)
            running = _Running(f"{self.name}-{number}", time.monotonic())
            self._running[running.request_id] = running
            try:
                outcome = await self._ask(session, running, prompt_for(0, self.clients, number, 1))
            finally:
                self._running.pop(running.request_id, None)
            self.outcomes.append(outcome)
            if not outcome.whole:
                await asyncio.sleep(self.refused_pause_s)

    async def _ask(self, session: aiohttp.ClientSession, running: _Running, prompt: str) -> Outcome:
        body = {
            "model": "general", "messages": [{"role": "user", "content": prompt}], "temperature": 0.0, "stream": True,
            "max_tokens": self.answer_tokens, "stream_options": {"include_usage": True},
        }  # fmt: skip
        target, headers = f"{self.url}/v1/chat/completions", {"X-Request-ID": running.request_id}
        try:
            async with session.post(target, json=body, headers=headers) as response:
                running.status = response.status
                if response.status != 200:
                    running.told = (await response.text())[:200]
                    politely = response.status in (429, 503) and "Retry-After" in response.headers
                    return running.became("refused" if politely else "failed")
                await self._read(response, running)
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            running.told = type(error).__name__
            return running.became("no connection" if running.status is None else "broken off")
        if running.told:
            return running.became("error event")
        return running.became("whole" if running.done else "silent end")

    async def _read(self, response: aiohttp.ClientResponse, running: _Running) -> None:
        parser = EventParser()
        async for data in response.content.iter_any():
            for payload in parser.feed(data):
                if payload == b"[DONE]":
                    running.done = True
                    continue
                event = json.loads(payload)
                if "error" in event:
                    running.told = str(event["error"])[:200]
                if running.first is None and has_text(event):
                    running.first = time.monotonic()
                running.tokens = (event.get("usage") or {}).get("total_tokens") or running.tokens
            if self.pause_s:
                await asyncio.sleep(self.pause_s)


def leave_in_the_middle(url: str, key: str, request_id: str, answer_tokens: int) -> tuple[int, float]:
    """Begin a stream, read two pieces of text and close the socket.

    Returns how many pieces came, and when it was closed in seconds since the epoch.
    """

    async def ask() -> tuple[int, float]:
        body = {
            "model": "general", "messages": [{"role": "user", "content": prompt_for(1, 1, 1, 1)}], "stream": True,
            "max_tokens": answer_tokens, "temperature": 0.0,
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {key}", "X-Request-ID": request_id}
        pieces, parser = 0, EventParser()
        async with aiohttp.ClientSession(timeout=_TIMEOUT, headers=headers) as session:
            response = await session.post(f"{url}/v1/chat/completions", json=body)
            with contextlib.closing(response):  # closes the connection: the answer is not read to its end
                response.raise_for_status()
                async for data in response.content.iter_any():
                    pieces += sum(has_text(json.loads(one)) for one in parser.feed(data) if one != b"[DONE]")
                    if pieces >= 2:
                        break
            return pieces, time.time()

    return asyncio.run(ask())
