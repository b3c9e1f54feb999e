"""Plays calls against a running appliance, each turn at the moment at which its words end, whatever came back before.

A turn that is answered late therefore does not put off the next one: waiting shows in the figures instead of in fewer
turns.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
from agent_assist_transcripts import LONGEST_TURN_S, Line, Transcript, transcript

ROOT = "/v1/scenarios/agent-assist"
GIVEN_UP_S = 30.0
"""A turn without an answer for this long counts as dropped."""
_TIMEOUT = aiohttp.ClientTimeout(total=GIVEN_UP_S, connect=10.0)

Mode = Literal["http", "websocket"]


@dataclass
class Told:
    """One turn that was sent. `seconds` is from sending it to its assist; None: none came, and `fault` says why."""

    speaker: str
    sent_at: float
    seconds: float | None = None
    has_card: bool = False
    has_intent: bool = False
    fault: str | None = None
    """None for a turn that was dropped without a word."""


@dataclass
class Played:
    """What happened so far: each turn, and how long the beginnings and ends of calls took."""

    turns: list[Told] = field(default_factory=list)
    begins_s: list[float] = field(default_factory=list)
    ends_s: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Of calls, not of turns."""
    call_ids: list[str] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0


class CallFault(Exception):
    """A call could not be begun, followed or ended."""


class Player:
    """Plays calls over one session. `base` names a knowledge base, None: the pack's own."""

    def __init__(self, session: aiohttp.ClientSession, url: str, mode: Mode, base: str | None = None) -> None:
        self._session, self._url, self._mode, self._base = session, url.rstrip("/") + ROOT, mode, base
        self.played = Played()

    async def take_calls(self, seat: int, seats: int, begin_at: float, until: float) -> None:
        """Play one seat: a call, and the next one when it is over; both times are of `time.perf_counter`.

        In the last seconds, in which no turn may be due any more, no call begins.
        """
        await asyncio.sleep(max(0.0, begin_at - time.perf_counter()))
        number = seat
        while time.perf_counter() < until - LONGEST_TURN_S:
            try:
                await self.play(transcript(number), f"bench-{seat:04d}", until)
            except (CallFault, aiohttp.ClientError, TimeoutError) as error:
                self.played.faults.append(f"{type(error).__name__}: {error}"[:300])
                await asyncio.sleep(1.0)
            number += seats

    async def play(self, call: Transcript, seat: str, until: float = float("inf")) -> None:
        """Play one call; what is not said by `until` is left out. Raises `CallFault` and aiohttp's errors."""
        call_id = await self._begin(seat)
        self.played.call_ids.append(call_id)
        self.played.open_now += 1
        self.played.most_open = max(self.played.most_open, self.played.open_now)
        try:
            if self._mode == "websocket":
                await self._over_socket(call, call_id, until)
            else:
                await self._over_http(call, call_id, until)
            await self._end(call_id)
        finally:
            self.played.open_now -= 1

    async def delete_calls(self) -> None:
        """Remove what was played; one that cannot be removed stays."""
        for call_id in self.played.call_ids:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._session.delete(f"{self._url}/calls/{call_id}", timeout=_TIMEOUT) as answer:
                    await answer.read()

    async def _begin(self, seat: str) -> str:
        started = time.perf_counter()
        body = {"seat": seat, "direction": "inbound"} | ({"knowledge_base": self._base} if self._base else {})
        begun = await self._asked(f"{self._url}/calls", body)
        self.played.begins_s.append(time.perf_counter() - started)
        return str(begun["id"])

    async def _end(self, call_id: str) -> None:
        started = time.perf_counter()
        await self._asked(f"{self._url}/calls/{call_id}/end", {"phrase": False})
        self.played.ends_s.append(time.perf_counter() - started)

    async def _asked(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(url, json=body, timeout=_TIMEOUT) as answer:
            if answer.status >= 400:
                raise CallFault(f"HTTP {answer.status}: {(await answer.text())[:200]}")
            told: dict[str, Any] = await answer.json()
            return told

    async def _over_http(self, call: Transcript, call_id: str, until: float) -> None:
        """Post each turn at its time, beside those that are not answered yet."""
        url = f"{self._url}/calls/{call_id}/turns"
        async with asyncio.TaskGroup() as group:

            def send(told: Told, turn: dict[str, Any]) -> None:
                group.create_task(self._post(url, told, turn))

            await self._speak(call, until, send)

    async def _post(self, url: str, told: Told, turn: dict[str, Any]) -> None:
        try:
            async with self._session.post(url, json={"turns": [turn]}, timeout=_TIMEOUT) as answer:
                content = await answer.read()
                arrived = time.perf_counter()
                if answer.status >= 400:
                    told.fault = f"HTTP {answer.status}: {content[:200].decode(errors='replace')}"
                    return
            _note(told, json.loads(content)["data"][0], arrived)
        except TimeoutError:
            return  # dropped
        except (aiohttp.ClientError, ValueError, LookupError) as error:
            told.fault = f"{type(error).__name__}: {error}"[:300]

    async def _over_socket(self, call: Transcript, call_id: str, until: float) -> None:
        """Send each turn on the call's socket and wait for its assist there, as a seat's screen does."""
        waiting: dict[str, Told] = {}
        url = f"{self._url}/calls/{call_id}/stream"
        async with self._session.ws_connect(url, max_msg_size=4 * 1024 * 1024) as socket:
            reading = asyncio.create_task(_read(socket, waiting))

            def send(told: Told, turn: dict[str, Any]) -> None:
                waiting[turn["id"]] = told
                # A frame this small is written at once: there is nothing to wait for.
                sending = asyncio.ensure_future(socket.send_json({"id": turn["id"], "turns": [turn]}))
                sending.add_done_callback(lambda done: _sent(done, told))

            try:
                await self._speak(call, until, send)
                deadline = time.perf_counter() + GIVEN_UP_S
                while waiting and not reading.done() and time.perf_counter() < deadline:  # noqa: ASYNC110 - any of them
                    await asyncio.sleep(0.02)
            finally:
                reading.cancel()
                await asyncio.wait([reading])
                if not reading.cancelled() and reading.exception() is not None:
                    self.played.faults.append(str(reading.exception())[:300])

    async def _speak(self, call: Transcript, until: float, send: Callable[[Told, dict[str, Any]], None]) -> None:
        """Send each turn when its words end."""
        began = time.perf_counter()
        for number, line in enumerate(call.lines, 1):
            due = began + line.end_s
            if due > until:
                return
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            told = Told(line.speaker, time.perf_counter())
            self.played.turns.append(told)
            send(told, _turn(number, line))


def _turn(number: int, line: Line) -> dict[str, Any]:
    return {
        "id": f"t{number}",
        "speaker": line.speaker,
        "text": line.text,
        "start_s": line.start_s,
        "end_s": line.end_s,
    }


def _note(told: Told, assist: dict[str, Any], arrived: float) -> None:
    told.seconds = arrived - told.sent_at
    told.has_card = assist.get("card") is not None
    told.has_intent = (assist.get("analysis") or {}).get("intent") is not None


def _sent(done: "asyncio.Future[None]", told: Told) -> None:
    if not done.cancelled() and done.exception() is not None:
        told.fault = f"{type(done.exception()).__name__}: {done.exception()}"[:300]


async def _read(socket: aiohttp.ClientWebSocketResponse, waiting: dict[str, Told]) -> None:
    """Take the turns that were answered out of `waiting`. Raises `CallFault` where the socket ends before the call."""
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.TEXT:
            break
        arrived, frame = time.perf_counter(), json.loads(message.data)
        if frame.get("event") == "assist":
            told = waiting.pop(frame["data"]["turn"]["id"], None)
            if told is not None:
                _note(told, frame["data"], arrived)
        elif "error" in frame or frame.get("event") == "error":
            told = waiting.pop(str(frame.get("id")), None)
            fault = json.dumps(frame.get("error") or frame.get("data"), ensure_ascii=False)[:300]
            if told is None:
                raise CallFault(fault)
            told.fault = fault
        elif frame.get("event") == "lagged":
            raise CallFault("the stream lagged")
    for told in waiting.values():
        told.fault = f"the socket was closed with {socket.close_code}"
    waiting.clear()
