"""Many streams at once against one gateway, each timed against what its modelled engine says of it."""

import asyncio
import contextlib
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from figures import percentile
from load import EventParser

_TIMEOUT_S = 900
_PROMPT = "What does a transfer abroad cost, and how long does it take until the money is there?"
_EVENT_END = b"\n\n"


@dataclass(frozen=True)
class Answer:
    """One whole stream; times of the monotonic clock, in seconds."""

    sent: float
    first: float
    ended: float
    tokens: int
    came: float
    """When the engine got the request."""
    first_due: float
    first_left: float
    last_due: float

    @property
    def added_s(self) -> float:
        """What all but the modelled time adds to the first token: the way in, a late engine, the way out."""
        return (self.first - self.sent) - (self.first_due - self.came)

    @property
    def modelled_s(self) -> float:
        """What the modelled engine takes from request to last token."""
        return self.last_due - self.came


@dataclass
class Run:
    """What a number of streams gave. Streams that the end of the window cut off are not failures."""

    streams: int
    window_s: float = 0.0
    events: int = 0
    """Events that came within the window."""
    reads: int = 0
    """Pieces that they came in: an item of the gateway's is one piece, or a few of them together."""
    answers: list[Answer] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)


class _Window:
    def __init__(self) -> None:
        self.open = False
        self.closed = False


def summarise(run: Run, answer_tokens: int) -> dict[str, Any]:
    """Return the figures of a run: seconds become milliseconds. `delivered` is a part of what the engines made."""
    row: dict[str, Any] = {
        "streams": run.streams,
        "answers": len(run.answers),
        "failures": dict(run.failures),
        "tokens_per_s": round(run.events / run.window_s, 1),
        "tokens_a_read": round(run.events / max(1, run.reads), 2),
    }
    if not run.answers:
        return row
    each = sum(answer.modelled_s for answer in run.answers) / len(run.answers)
    row["modelled_ttft_p50_ms"] = _ms([one.first_due - one.came for one in run.answers], 0.5)
    row["modelled_tokens_per_s"] = round(run.streams * answer_tokens / each, 1)
    row["delivered"] = round(run.events / run.window_s / row["modelled_tokens_per_s"], 3)
    for name, values in (
        ("added_first", [one.added_s for one in run.answers]),
        ("way_in", [one.came - one.sent for one in run.answers]),
        ("engine_late", [one.first_left - one.first_due for one in run.answers]),
        ("way_out", [one.first - one.first_left for one in run.answers]),
        ("end_late", [one.ended - one.last_due for one in run.answers]),
    ):
        row[f"{name}_p50_ms"], row[f"{name}_p99_ms"] = _ms(values, 0.5), _ms(values, 0.99)
    return row


def _ms(values: list[float], share: float) -> float:
    return round(1000 * percentile(values, share), 1)


async def _stream(session: aiohttp.ClientSession, url: str, tokens: int, run: Run, window: _Window) -> None:
    body = {
        "model": "general", "messages": [{"role": "user", "content": _PROMPT}], "max_tokens": tokens, "stream": True,
        "stream_options": {"include_usage": True},
    }  # fmt: skip
    sent, first, tail = time.monotonic(), 0.0, b""
    async with session.post(f"{url}/v1/chat/completions", json=body) as response:
        if response.status != 200:
            run.failures[f"HTTP {response.status}"] += 1
            await response.read()
            await asyncio.sleep(1)  # as Retry-After asks
            return
        async for data in response.content.iter_any():
            first = first or time.monotonic()
            if window.open:
                run.events += data.count(_EVENT_END)
                run.reads += 1
            tail = (tail + data)[-2048:]
    ended = time.monotonic()
    answer = answer_of(tail, sent, first, ended)
    if answer is None:
        run.failures["broken off"] += 1
    else:
        run.answers.append(answer)


def answer_of(tail: bytes, sent: float, first: float, ended: float) -> Answer | None:
    """Return the answer whose stream ends with `tail`, or None where that is no whole end."""
    payloads = [payload for payload in EventParser().feed(tail + b"\n") if payload]
    if not payloads or payloads[-1] != b"[DONE]":
        return None
    for payload in payloads[:-1]:
        if b'"modelled"' in payload:
            event = json.loads(payload)
            return Answer(sent, first, ended, event["usage"]["completion_tokens"], **event["modelled"])
    return None


async def _caller(session: aiohttp.ClientSession, url: str, tokens: int, run: Run, window: _Window) -> None:
    while not window.closed:
        try:
            await _stream(session, url, tokens, run, window)
        except (aiohttp.ClientError, TimeoutError) as error:
            run.failures[type(error).__name__] += 1
            await asyncio.sleep(1)


async def run_streams(
    url: str, key: str, streams: int, tokens: int, *, ramp_s: float, settle_s: float, window_s: float
) -> Run:
    """Hold `streams` streams open: each begins its next answer as soon as its last has ended.

    They begin spread over `ramp_s`; after `settle_s` more the window opens. Streams still open at its end are left.
    """
    run, window = Run(streams), _Window()
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S),
        headers={"Authorization": f"Bearer {key}"},
    ) as session:
        callers = []
        for _number in range(streams):
            callers.append(asyncio.create_task(_caller(session, url, tokens, run, window)))
            await asyncio.sleep(ramp_s / streams)
        await asyncio.sleep(settle_s)
        run.answers.clear()
        window.open, opened = True, time.monotonic()
        await asyncio.sleep(window_s)
        window.open, run.window_s = False, time.monotonic() - opened
        window.closed = True
        for caller in callers:
            caller.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*callers, return_exceptions=True)
    return run
