"""Fuzz a running appliance over HTTP: never a 5xx, every refusal told properly, and the engine goes on.

    python benchmarks/fuzz.py                                    # 10,000 requests on $APPLIANCE_HOME
    python benchmarks/fuzz.py --count 2000 --seed 7 --failures /tmp/failures

Half of the requests come from the live /openapi.json by Schemathesis, half are valid bodies with something wrong in
them. Needs the packages of `make install-dev`, and a home of its own: it makes keys, tenants, users, knowledge bases.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp
from from_schema import schema_requests
from multidict import CIMultiDict
from mutations import FuzzedRequest, mutations
from oracle import fault_of
from valid_bodies import FUZZ_BASE
from yarl import URL

_TIMEOUT_S = 120
_CANARY_EVERY = 500
_SLOW_S = 5.0
_MOST_PRINTED = 20
_CANARY = {"model": "general", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2}


class EngineGone(Exception):
    """The model does not answer a plain request any more."""


@dataclass
class Outcome:
    """What was sent and what came back."""

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    """By route."""
    sources: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, FuzzedRequest]] = field(default_factory=list)
    unsent: int = 0
    slow: list[tuple[float, FuzzedRequest]] = field(default_factory=list)
    canaries: int = 0

    @property
    def sent(self) -> int:
        """Requests that were answered."""
        return sum(counter.total() for counter in self.statuses.values())


async def _send(session: aiohttp.ClientSession, url: str, request: FuzzedRequest, into: Outcome) -> None:
    headers = CIMultiDict(request.headers)
    address = URL(url + request.path, encoded=True)
    started = time.perf_counter()
    try:
        async with session.request(
            request.method, address, data=request.content or None, headers=headers, allow_redirects=False
        ) as response:
            content = await response.read()
            told = {name.lower(): value for name, value in response.headers.items()}
            status = response.status
    except (ValueError, aiohttp.InvalidURL):  # the client itself refuses to send such a header or address
        into.unsent += 1
        return
    except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
        into.statuses[request.route][0] += 1
        into.faults.append((f"no answer: {type(error).__name__}", request))
        return
    into.statuses[request.route][status] += 1
    into.sources[request.how if request.how.startswith("schema") else "mutation"] += 1
    seconds = time.perf_counter() - started
    if seconds > _SLOW_S:
        into.slow.append((seconds, request))
    if fault := fault_of(request.method, request.route, status, told, content):
        into.faults.append((fault, request))


async def _canary(session: aiohttp.ClientSession, url: str, into: Outcome) -> None:
    async with session.post(f"{url}/v1/chat/completions", json=_CANARY) as response:
        text = await response.text()
        if response.status != 200 or not json.loads(text)["choices"]:
            raise EngineGone(f"after {into.sent} requests a plain one gets HTTP {response.status}: {text[:300]}")
    into.canaries += 1


def _requests(document: Mapping[str, Any], seed: int, count: int) -> Iterator[FuzzedRequest]:
    """Yield from both sources in turns."""
    ours, theirs = mutations(seed, count - count // 2, document), schema_requests(document, seed, count // 2)
    for own in ours:
        yield own
        yield from islice(theirs, 1)


async def run(url: str, key: str, *, seed: int, count: int, clients: int) -> Outcome:
    """Send everything. Raises `EngineGone`."""
    outcome = Outcome()
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S),
        connector=aiohttp.TCPConnector(limit=clients),
        headers={"Authorization": f"Bearer {key}"},
        skip_auto_headers=("content-type",),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        async with session.get(f"{url}/openapi.json") as response:
            document = await response.json()
        base = {"name": FUZZ_BASE, "title": "Fuzzing"}
        async with session.post(f"{url}/v1/knowledge-bases", json=base) as response:
            await response.read()
        await _canary(session, url, outcome)
        waiting = _requests(document, seed, count)
        making = asyncio.create_task(asyncio.to_thread(_group, waiting))
        while group := await making:
            # Making a request takes as long as answering it: the next ones are made while these are sent.
            making = asyncio.create_task(asyncio.to_thread(_group, waiting))
            await _send_all(session, url, group, clients, outcome)
            await _canary(session, url, outcome)
            print(f"  {outcome.sent} sent, {len(outcome.faults)} faults", file=sys.stderr, flush=True)
    return outcome


def _group(waiting: Iterator[FuzzedRequest]) -> list[FuzzedRequest]:
    return list(islice(waiting, _CANARY_EVERY))


async def _send_all(
    session: aiohttp.ClientSession, url: str, group: Iterable[FuzzedRequest], clients: int, into: Outcome
) -> None:
    left = iter(group)

    async def client() -> None:
        for request in left:
            await _send(session, url, request, into)

    await asyncio.gather(*(client() for _number in range(clients)))


def save(faults: Iterable[tuple[str, FuzzedRequest]], folder: Path) -> None:
    """Write each request that got a wrong answer to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (fault, request) in enumerate(faults):
        text = json.dumps({"fault": fault, **request.to_dict()}, indent=1)
        (folder / f"{number:04}.json").write_text(text, encoding="utf-8")


def print_outcome(outcome: Outcome) -> None:
    """Print requests by route and status, then what was wrong."""
    every = sorted({status for counter in outcome.statuses.values() for status in counter})
    print(f"{'route':<64} {'sent':>6} " + " ".join(f"{status or 'none':>5}" for status in every))
    for route, counter in sorted(outcome.statuses.items()):
        counts = " ".join(f"{counter[status] or '':>5}" for status in every)
        print(f"{route[:64]:<64} {counter.total():>6} {counts}")
    total: Counter[int] = sum(outcome.statuses.values(), Counter())
    print(f"{'all':<64} {outcome.sent:>6} " + " ".join(f"{total[status]:>5}" for status in every))
    print(", ".join(f"{name} {count}" for name, count in outcome.sources.most_common()))
    print(f"{outcome.unsent} were not sent: no HTTP client can; {outcome.canaries} plain requests in between answered")
    for seconds, request in sorted(outcome.slow, key=lambda one: -one[0])[:_MOST_PRINTED]:
        size = len(request.content)
        print(f"slow: {seconds:.1f} s, {request.method} {request.path[:80]}, {request.how}, {size} bytes")
    for fault, request in outcome.faults[:_MOST_PRINTED]:
        print(f"FAULT: {fault}: {request.method} {request.path[:80]}, {request.how}")
    print(f"{'met' if not outcome.faults else 'MISSED'}: {len(outcome.faults)} answers were wrong")


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Fuzz a running appliance over HTTP.")
    home = Path(os.environ.get("APPLIANCE_HOME") or "~/.local/share/appliance")
    parser.add_argument("--home", type=Path, default=home, help="home folder of the appliance (default: %(default)s)")
    parser.add_argument("--count", type=int, default=10_000, help="requests (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed sends the same (default: %(default)s)")
    parser.add_argument("--clients", type=int, default=16, help="how many at a time (default: %(default)s)")
    parser.add_argument("--failures", type=Path, default=Path("fuzz-failures"), help="folder (default: %(default)s)")
    return parser.parse_args(arguments)


def main() -> None:
    """Fuzz and print."""
    arguments = parse_arguments()
    home = arguments.home.expanduser().resolve()
    url = json.loads((home / "run" / "instance.json").read_text(encoding="utf-8"))["gateway_url"]
    key = (home / "admin.key").read_text(encoding="utf-8").strip()
    wanted = {"seed": arguments.seed, "count": arguments.count, "clients": arguments.clients}
    try:
        outcome = asyncio.run(run(url, key, **wanted))
    except EngineGone as error:
        sys.exit(f"MISSED: {error}")
    if outcome.faults:
        save(outcome.faults, arguments.failures)
        print(f"requests with wrong answers are in {arguments.failures}", file=sys.stderr)
    print_outcome(outcome)
    sys.exit(1 if outcome.faults else 0)


if __name__ == "__main__":
    main()
