"""A client that streams chat completions and notes when each piece of text came. Light: it shares the machine."""

import asyncio
import itertools
import json
import random
import time
from collections.abc import Iterator, Sequence
from typing import Any

import aiohttp
from figures import Burst, Reply

ANSWER_TOKENS = 64
_TIMEOUT_S = 600
SENTENCES = (
    "The branch opens at nine and the counter for companies closes half an hour before the others.",
    "A customer who changes the address must show a document that was issued in the last three months.",
    "Transfers above the daily limit wait for a second signature and are released by the back office.",
    "The card was blocked after three wrong codes and a new one is on its way by registered post.",
    "Interest is worked out each day on the closing balance and paid on the last working day of the quarter.",
    "The clerk compares the passport with the register and notes the result in the customer's file.",
    "A mortgage may be repaid early once a year without a fee, up to a tenth of the first amount.",
    "Complaints are answered within five working days, or the customer is told why it takes longer.",
    "The safe is opened by two people, each of whom knows one half of the combination.",
    "Statements are kept for fifteen years and can be had as a file or on paper.",
    "Foreign notes are bought at the rate shown on the board and must be free of tears and ink.",
    "The auditor asked for the list of dormant accounts and for the letters that had been sent.",
)
_TASK = "Write a long and detailed story in many paragraphs about one working day in this bank."


class BrokenReply(Exception):
    """The server answered with an error, broke off, or sent no text or no token counts."""


def prompt_for(round_number: int, streams: int, number: int, sentences: int) -> str:
    """Return a prompt whose start no other request shares, so that no prefix cache helps.

    It has about 60 tokens and 20 more for each of `sentences`. The same numbers give the same prompt: both servers
    get the same work.
    """
    chance = random.Random(f"{round_number}/{streams}/{number}")
    notes = " ".join(chance.sample(SENTENCES, sentences))
    return f"{chance.getrandbits(64):016x} is the number of this file. {notes} {_TASK}"


class EventParser:
    """Server-sent events from bytes that arrive cut anywhere."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the payload of each `data:` line that is complete by now."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()


def has_text(event: dict[str, Any]) -> bool:
    """Tell whether a chunk carries generated text; the first one often carries only the role."""
    return any(choice.get("delta", {}).get("content") for choice in event.get("choices", ()))


async def stream_once(session: aiohttp.ClientSession, url: str, model: str, prompt: str) -> Reply:
    """Send one streaming request and time its pieces. Raises `BrokenReply`."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": ANSWER_TOKENS,
        "temperature": 0.0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    parser, arrivals, usage = EventParser(), [], None
    sent = time.perf_counter()
    async with session.post(f"{url}/v1/chat/completions", json=body) as response:
        if response.status != 200:
            raise BrokenReply(f"HTTP {response.status}: {(await response.text())[:300]}")
        async for data in response.content.iter_any():
            now = time.perf_counter()
            for payload in parser.feed(data):
                if payload == b"[DONE]":
                    continue
                event = json.loads(payload)
                if "error" in event:
                    raise BrokenReply(str(event["error"])[:300])
                usage = event.get("usage") or usage
                if has_text(event):
                    arrivals.append(now)
    if not arrivals or usage is None:
        raise BrokenReply("the stream ended without text or without token counts")
    gaps = tuple(later - earlier for earlier, later in itertools.pairwise(arrivals))
    return Reply(arrivals[0] - sent, gaps, usage["prompt_tokens"], usage["completion_tokens"])


async def _burst(url: str, key: str | None, model: str, prompts: Sequence[str], streams: int) -> Burst:
    waiting = iter(prompts)
    replies: list[Reply] = []

    async def worker(session: aiohttp.ClientSession) -> None:
        for prompt in waiting:
            replies.append(await stream_once(session, url, model, prompt))

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=streams),
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S),
        headers={"Authorization": f"Bearer {key}"} if key else None,
    ) as session:
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _number in range(streams):
                group.create_task(worker(session))
        return Burst(streams, time.perf_counter() - started, tuple(replies))


def run_burst(url: str, key: str | None, model: str, streams: int, prompts: Sequence[str]) -> Burst:
    """Send `prompts` with `streams` at a time, each stream the next one as soon as its last answer has ended.

    Raises `BrokenReply` at the first request that fails.
    """
    try:
        return asyncio.run(_burst(url, key, model, prompts, streams))
    except* (BrokenReply, aiohttp.ClientError, TimeoutError) as group:
        first = group.exceptions[0]
        raise BrokenReply(f"{type(first).__name__}: {first}") from None
