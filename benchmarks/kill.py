"""Kill processes of a running appliance under load; every answer that a caller got must be in audit and usage.

    python benchmarks/kill.py                                   # 1,000 requests, 10 kills, on $APPLIANCE_HOME
    python benchmarks/kill.py --requests 300 --kills 6 --model --seed 2

It asks the sample base, so the site file must not say `load_samples: false`. It makes a key of its own. A request
counts as acknowledged when its whole answer has come: a stream after `[DONE]`. The processes of the gateway, the ledger
and, with --model, the model's replica get SIGKILL at random moments. When --seconds are over no request begins any
more, and what was answered until then is judged.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from load import EventParser

VICTIMS = {"gateway": "ray::ServeReplica:gateway:", "ledger": "ray::ServeReplica:ledger:"}
MODEL_VICTIM = ("model", "ray::ServeReplica:model-general:")
_TIMEOUT_S = 120
_AGAIN_S = 0.5
_MOST_TRIES = 400
_READY_S = 300
_PROGRESS_S = 10.0
_SETTLE_S = 3.0  # what was answered is written by then; what was cut off may still be on its way
_BACK = (429, 500, 502, 503)
"""Statuses behind which the same request is sent again under another id."""


@dataclass(frozen=True)
class Acknowledged:
    """A request whose whole answer came, and the tokens that the answer told."""

    request_id: str
    kind: str
    tokens: int


@dataclass
class Seen:
    """What the clients and the killer saw."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    given_up: int = 0
    down: dict[str, float] = field(default_factory=dict)
    """When what nothing has answered since was killed, by victim."""
    back: list[tuple[str, float]] = field(default_factory=list)
    """Seconds from a kill to the first whole answer to a request sent after it."""

    def answered(self, found: Acknowledged, sent: float, now: float) -> None:
        """Note an answer to a request that was sent at `sent`."""
        self.acknowledged.append(found)
        for victim in [name for name, at in self.down.items() if sent >= at]:
            self.back.append((victim, now - self.down.pop(victim)))


class Cut(Exception):
    """An answer that broke off, or a refusal after which the request is sent again."""


def request_of(number: int) -> tuple[str, str, dict[str, Any]]:
    """Return kind, path and body of the request `number`; the kinds take turns."""
    message = [{"role": "user", "content": f"Note {number}: what is an annual fee?"}]
    chat = {"model": "general", "messages": message, "max_tokens": 4}
    kinds: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("chat", "/v1/chat/completions", chat),
        (
            "chat, streamed",
            "/v1/chat/completions",
            {**chat, "stream": True, "stream_options": {"include_usage": True}},
        ),
        ("embeddings", "/v1/embeddings", {"model": "embedder", "input": [f"Note {number}", "annual fee"]}),
        ("scenario", "/v1/scenarios/knowledge-qa/ask", {"question": f"What is the annual fee? ({number})"}),
        (
            "several prompts",
            "/v1/completions",
            {"model": "general", "prompt": [f"{number} is", "A bank is"], "max_tokens": 2},
        ),
    )
    return kinds[number % len(kinds)]


def tokens_of(answer: Mapping[str, Any]) -> int:
    """Return the tokens that an answer tells of; a scenario's tells none."""
    usage = answer.get("usage")
    return int(usage.get("total_tokens") or 0) if isinstance(usage, dict) else 0


async def ask(session: aiohttp.ClientSession, url: str, number: int, request_id: str) -> Acknowledged:
    """Send a request once. Raises `Cut` unless its whole answer came, and ends the program where none ever will."""
    kind, path, body = request_of(number)
    try:
        async with session.post(f"{url}{path}", json=body, headers={"X-Request-ID": request_id}) as response:
            if response.status in _BACK:
                raise Cut(f"HTTP {response.status}")
            if response.status != 200:
                raise SystemExit(f"{path} can never be answered: {await _unexpected(response)}")
            told = response.headers["X-Request-ID"]
            if not body.get("stream"):
                return Acknowledged(told, kind, tokens_of(await response.json()))
            parser, tokens, done = EventParser(), 0, False
            async for data in response.content.iter_any():
                for payload in parser.feed(data):
                    done = done or payload == b"[DONE]"
                    event = {} if payload == b"[DONE]" else json.loads(payload)
                    tokens = tokens_of(event) or tokens
                    if "error" in event:
                        raise Cut("an error in the stream")
            if not done:
                raise Cut("a stream without an end")
            return Acknowledged(told, kind, tokens)
    except (aiohttp.ClientError, TimeoutError, json.JSONDecodeError, ConnectionError) as error:
        raise Cut(type(error).__name__) from error


async def _unexpected(response: aiohttp.ClientResponse) -> str:
    return f"HTTP {response.status}: {(await response.text())[:160]}"


def replicas(home: Path, title: str) -> list[psutil.Process]:
    """Return the processes of the appliance in `home` whose title begins so; none of another Ray."""
    head = json.loads((home / "run" / "instance.json").read_text(encoding="utf-8"))["head_pid"]
    found = []
    for process in psutil.Process(head).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.name().startswith("ray::") and " ".join(process.cmdline()).startswith(title):
                found.append(process)
    return found


async def strike(home: Path, victim: str, title: str, seen: Seen) -> None:
    """Kill a replica, waiting for one that is only being started."""
    for _try in range(int(_READY_S / _AGAIN_S)):
        for process in await asyncio.to_thread(replicas, home, title):  # it reads every process: clients go on
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
                seen.kills[victim] += 1
                seen.down[victim] = time.monotonic()
                return
        await asyncio.sleep(_AGAIN_S)


async def run(url: str, key: str, home: Path, arguments: argparse.Namespace, victims: Mapping[str, str]) -> Seen:
    """Send every request until it is answered, and kill in between."""
    chance = random.Random(arguments.seed)
    numbers = iter(range(arguments.requests))
    at = sorted(chance.sample(range(1, arguments.requests), min(arguments.kills, arguments.requests - 1)))
    order = (list(victims) * arguments.kills)[: len(at)]
    chance.shuffle(order)
    seen, mark, answered = Seen(), f"kill-{os.getpid()}-{arguments.seed}", asyncio.Condition()
    over = time.monotonic() + arguments.seconds

    async def client(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            for attempt in range(_MOST_TRIES):
                if time.monotonic() > over:
                    return
                sent = time.monotonic()
                try:
                    found = await ask(session, url, number, f"{mark}-{number}-{attempt}")
                except Cut as cut:
                    seen.failures[str(cut)] += 1
                    await asyncio.sleep(_AGAIN_S)
                else:
                    async with answered:
                        seen.answered(found, sent, time.monotonic())
                        answered.notify_all()
                    break
            else:
                async with answered:
                    seen.given_up += 1
                    answered.notify_all()

    async def killer() -> None:
        for count, victim in zip(at, order, strict=True):
            async with answered:
                await answered.wait_for(lambda count=count: len(seen.acknowledged) + seen.given_up >= count)
            await asyncio.sleep(chance.random() * 0.2)
            await strike(home, victim, victims[victim], seen)

    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S), headers={"Authorization": f"Bearer {key}"}
    ) as session:
        killing = asyncio.create_task(killer())
        telling = asyncio.create_task(_progress(seen, arguments.requests))
        try:
            await asyncio.gather(*(client(session) for _number in range(arguments.clients)))
            if time.monotonic() > over:
                killing.cancel()  # what is left of it waits for answers that nobody asks for any more
            with contextlib.suppress(asyncio.CancelledError):
                await killing
        finally:
            telling.cancel()
    return seen


async def _progress(seen: Seen, requests: int) -> None:
    while True:
        await asyncio.sleep(_PROGRESS_S)
        told = f"  {len(seen.acknowledged)} of {requests} answered, {seen.kills.total()} killed"
        print(told, file=sys.stderr, flush=True)


async def await_generating(url: str, key: str, seconds: float = _READY_S) -> None:
    """Wait until every model generates. Raises `TimeoutError`."""
    headers = {"Authorization": f"Bearer {key}"}
    async with asyncio.timeout(seconds), aiohttp.ClientSession(headers=headers) as session:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/readyz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(_AGAIN_S)


async def await_ready(url: str, key: str, seconds: float = _READY_S) -> None:
    """Wait until the models generate and a request of each kind is let in. Raises `TimeoutError`."""
    headers = {"Authorization": f"Bearer {key}"}
    async with asyncio.timeout(seconds), aiohttp.ClientSession(headers=headers) as session:
        while True:
            await await_generating(url, key, seconds)
            with contextlib.suppress(Cut):
                for number in range(5):
                    await ask(session, url, number, f"ready-{os.getpid()}-{number}")
                return
            await asyncio.sleep(_AGAIN_S)


def appliance(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line on `home`."""
    command = [str(Path(sys.executable).parent / "appliance"), *arguments]
    environment = {**os.environ, "APPLIANCE_HOME": str(home), "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def completed_in(lines: Iterable[str]) -> Counter[str]:
    """Return how often each request id has a `request.completed` in an export in JSON lines."""
    found: Counter[str] = Counter()
    for line in lines:
        record = json.loads(line)
        if record.get("kind") == "request.completed":
            found[str(record["request_id"])] += 1
    return found


def verdicts(seen: Seen, completed: Mapping[str, int], counted: int, *, whole: bool) -> list[tuple[str, bool]]:
    """Return what must hold, and whether it does; `counted` are the tokens in the usage of the clients' key."""
    lost = [one.request_id for one in seen.acknowledged if not completed.get(one.request_id)]
    twice = [one.request_id for one in seen.acknowledged if completed.get(one.request_id, 0) > 1]
    told = sum(one.tokens for one in seen.acknowledged)
    return [
        (f"answers that are not in the audit: {len(lost)} {lost[:3] or ''}".strip(), not lost),
        (f"answers that are in the audit twice: {len(twice)} {twice[:3] or ''}".strip(), not twice),
        (f"tokens told to callers {told} ≤ tokens in the usage {counted}", told <= counted),
        (f"requests that never got an answer: {seen.given_up}", seen.given_up == 0),
        ("the audit verifies", whole),
    ]


def check(home: Path, key_id: str, seen: Seen) -> list[tuple[str, bool]]:
    """Read audit and usage by the command line, and judge."""
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "audit.jsonl"
        done = appliance(home, "audit", "export", "--output", str(export))
        if done.returncode != 0:
            return [(f"the audit cannot be exported: {done.stderr[-200:]}", False)]
        with export.open(encoding="utf-8") as lines:
            completed = completed_in(lines)
    usage = json.loads(appliance(home, "usage", "--json").stdout)["usage"]
    mine = [row for row in usage if row["actor"] == key_id]
    counted = sum(row["prompt_tokens"] + row["completion_tokens"] for row in mine)
    whole = appliance(home, "audit", "verify", "--json")
    return verdicts(seen, completed, counted, whole=whole.returncode == 0 and json.loads(whole.stdout)["ok"])


def attack(home: Path, arguments: argparse.Namespace) -> tuple[Seen, list[tuple[str, bool]], float]:
    """Run the whole test against the appliance in `home`; return what was seen, the verdicts and the seconds."""
    url = json.loads((home / "run" / "instance.json").read_text(encoding="utf-8"))["gateway_url"]
    made = json.loads(appliance(home, "key", "create", "kill", "--json").stdout)
    victims = {**VICTIMS, **({MODEL_VICTIM[0]: MODEL_VICTIM[1]} if arguments.model else {})}
    started = time.monotonic()
    try:
        seen = asyncio.run(run(url, made["key"], home, arguments, victims))
        seconds = time.monotonic() - started
        asyncio.run(await_ready(url, made["key"]))
        time.sleep(_SETTLE_S)
        return seen, check(home, made["id"], seen), seconds
    finally:
        appliance(home, "key", "revoke", made["id"])


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Kill processes under load; look for answers that are not accounted.")
    home = Path(os.environ.get("APPLIANCE_HOME") or "~/.local/share/appliance")
    parser.add_argument("--home", type=Path, default=home, help="home folder of the appliance (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=1000, help="requests (default: %(default)s)")
    parser.add_argument("--clients", type=int, default=16, help="how many at a time (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=900, help="longest time to send (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=10, help="processes to kill (default: %(default)s)")
    parser.add_argument("--model", action="store_true", help="kill the model's replica too: it takes a minute each")
    parser.add_argument("--seed", type=int, default=1, help="where the kills fall (default: %(default)s)")
    return parser.parse_args(arguments)


def main() -> None:
    """Attack and print."""
    arguments = parse_arguments()
    seen, found, seconds = attack(arguments.home.expanduser().resolve(), arguments)
    kinds = Counter(one.kind for one in seen.acknowledged)
    told = f"{len(seen.acknowledged)} of {arguments.requests} answered in {seconds:.0f} s"
    print(f"{told}, {arguments.clients} clients, seed {arguments.seed}")
    for name, counter in (("answered", kinds), ("killed", seen.kills), ("not answered, sent again", seen.failures)):
        print(f"{name}: " + (", ".join(f"{what} {count}" for what, count in counter.most_common()) or "none"))
    for victim in dict.fromkeys(name for name, _seconds in seen.back):
        times = sorted(took for name, took in seen.back if name == victim)
        print(f"{victim}: answered again after {times[len(times) // 2]:.1f} s (median), {times[-1]:.1f} s at most")
    for text, met in found:
        print(f"{'met' if met else 'MISSED'}: {text}")
    sys.exit(0 if all(met for _text, met in found) else 1)


if __name__ == "__main__":
    main()
