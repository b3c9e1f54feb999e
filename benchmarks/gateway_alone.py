"""The gateway alone, beside Ray Serve LLM's own ingress and the LiteLLM proxy: the engine behind each is a double.

    python benchmarks/gateway_alone.py --litellm ~/litellm/bin/litellm
    python benchmarks/gateway_alone.py --clients 1,16 --rounds 5 --json > result.json

The double answers at once with a fixed text. All servers run at the same time and are asked in turns, so that what else
the machine does meets each alike. The figure that holds on a busy machine is processor time; latencies are given as
what each adds to asking the double directly.
"""

import argparse
import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from alone_servers import Contestant, NotStarted, double_server, litellm_server, ray_server
from figures import percentile
from load import BrokenReply, EventParser, has_text
from machine import describe

_PORTS = {"gateway": 8290, "ray": 8291, "double": 8292, "litellm": 8293}
_CLUSTERS = {"appliance": 28380, "ray": 28400}
_TIMEOUT_S = 120
_PROMPT = "What does a transfer abroad cost, and how long does it take until the money is there?"
Times = list[tuple[float, float]]


async def _ask(session: aiohttp.ClientSession, url: str, *, stream: bool) -> tuple[float, float]:
    """Return seconds to the first text and to the end."""
    body = {"model": "general", "messages": [{"role": "user", "content": _PROMPT}], "max_tokens": 64, "stream": stream}
    sent, first = time.perf_counter(), 0.0
    async with session.post(f"{url}/v1/chat/completions", json=body) as response:
        if response.status != 200:
            raise BrokenReply(f"HTTP {response.status}: {(await response.text())[:300]}")
        if not stream:
            answer = await response.json()
            if not answer["choices"][0]["message"]["content"]:
                raise BrokenReply("an answer without text")
            ended = time.perf_counter() - sent
            return ended, ended
        parser, payload = EventParser(), b""
        async for data in response.content.iter_any():
            for payload in parser.feed(data):
                if not first and payload != b"[DONE]" and has_text(json.loads(payload)):
                    first = time.perf_counter() - sent
        if payload != b"[DONE]" or not first:
            raise BrokenReply("a stream without text or end")
    return first, time.perf_counter() - sent


async def _burst(one: Contestant, clients: int, requests: int, *, stream: bool) -> tuple[Times, float]:
    left, times = iter(range(requests)), []

    async def client(session: aiohttp.ClientSession) -> None:
        for _number in left:
            times.append(await _ask(session, one.url, stream=stream))

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=clients),
        timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S),
        headers={"Authorization": f"Bearer {one.key}"},
    ) as session:
        started = time.perf_counter()
        await asyncio.gather(*(client(session) for _number in range(clients)))
        return times, time.perf_counter() - started


def _spent(counted: dict[psutil.Process, bool]) -> tuple[float, float]:
    """Return seconds of processor time of the gateway's processes and of the double's."""
    spent = {False: 0.0, True: 0.0}
    for process, double in counted.items():
        with contextlib.suppress(psutil.Error):
            reading = process.cpu_times()
            spent[double] += reading.user + reading.system
    return spent[False], spent[True]


def measure(contestants: list[Contestant], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Ask everybody in turns; return one row for each way, number of clients and server."""
    counted = {one.name: one.counted() for one in contestants}
    seen: dict[tuple[bool, int, str], list[dict[str, Any]]] = defaultdict(list)
    ways = [(stream, clients) for stream in (False, True) for clients in arguments.clients]
    for one in contestants:
        for stream, clients in ways:
            asyncio.run(_burst(one, clients, max(40, clients), stream=stream))
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
        order = contestants[number % len(contestants) :] + contestants[: number % len(contestants)]
        for stream, clients in ways:
            for one in order:
                before = _spent(counted[one.name])
                times, wall = asyncio.run(_burst(one, clients, arguments.requests, stream=stream))
                time.sleep(0.2)  # what it still writes when the answer has gone belongs to it
                after = _spent(counted[one.name])
                spent, double = (end - start for start, end in zip(before, after, strict=True))
                seen[stream, clients, one.name].append(
                    {"times": times, "wall_s": wall, "cpu_s": spent, "double_cpu_s": double}
                )
    return [_row(*way, bursts, seen[way[0], way[1], contestants[0].name]) for way, bursts in seen.items()]


def _row(
    stream: bool, clients: int, name: str, bursts: list[dict[str, Any]], direct: list[dict[str, Any]]
) -> dict[str, Any]:
    requests = sum(len(burst["times"]) for burst in bursts)
    cpu = sum(burst["cpu_s"] for burst in bursts)
    row: dict[str, Any] = {
        "stream": stream, "clients": clients, "server": name, "requests": requests,
        "requests_per_s": round(requests / sum(burst["wall_s"] for burst in bursts), 1),
        "cpu_ms_per_request": round(1000 * cpu / requests, 2),
        "requests_per_core_s": round(requests / cpu, 1) if cpu else None,
        "double_cpu_ms_per_request": round(1000 * sum(burst["double_cpu_s"] for burst in bursts) / requests, 2),
    }  # fmt: skip
    for field, place in (("first", 0), ("end", 1)):
        for share in (0.5, 0.99):
            mine, theirs = (
                [percentile([one[place] for one in burst["times"]], share) for burst in side]
                for side in (bursts, direct)
            )
            added = [1000 * (own - base) for own, base in zip(mine, theirs, strict=True)]
            row[f"added_{field}_p{share * 100:.0f}_ms"] = round(percentile(added, 0.5), 2)
    return row


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print the rows; added times are medians over the rounds of the difference within a round."""
    print(
        f"{'':<10} {'clients':>7}  {'server':<14} {'requests/s':>10} {'CPU ms':>7} {'/core s':>8} "
        f"{'+first p50':>11} {'+first p99':>11} {'+end p50':>10} {'+end p99':>10}"
    )
    for row in sorted(rows, key=lambda one: (one["stream"], one["clients"])):
        added = " ".join(
            f"{row[name]:>8.1f} ms"
            for name in ("added_first_p50_ms", "added_first_p99_ms", "added_end_p50_ms", "added_end_p99_ms")
        )
        print(
            f"{'stream' if row['stream'] else 'whole':<10} {row['clients']:>7}  {row['server']:<14} "
            f"{row['requests_per_s']:>10.1f} {row['cpu_ms_per_request']:>7.2f} "
            f"{row['requests_per_core_s'] or 0:>8.1f} {added}"
        )


@contextlib.contextmanager
def servers(arguments: argparse.Namespace, folder: Path) -> Iterator[list[Contestant]]:
    """Run the double and everything that is asked for; the double comes first."""
    with contextlib.ExitStack() as stack:
        double = stack.enter_context(double_server(folder, _PORTS["double"], arguments.tokens))
        found = [double]
        for kind, port in (("appliance", _PORTS["gateway"]), ("ray", _PORTS["ray"])):
            if kind in arguments.servers:
                print(f"starting {kind}", file=sys.stderr, flush=True)
                found.append(stack.enter_context(ray_server(kind, folder, port, _CLUSTERS[kind], arguments.tokens)))
        if arguments.litellm is not None:
            print("starting LiteLLM", file=sys.stderr, flush=True)
            found.append(stack.enter_context(litellm_server(folder, _PORTS["litellm"], double, arguments.litellm)))
        yield found


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure the gateway alone, with a double in place of an engine.")
    parser.add_argument("--servers", default="appliance,ray", help="which of them (default: %(default)s)")
    parser.add_argument("--litellm", type=Path, help="program `litellm` of an environment of its own; else left out")
    parser.add_argument("--clients", default="1,16", help="how many ask at a time (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=300, help="requests a burst (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="bursts of each kind (default: %(default)s)")
    parser.add_argument("--tokens", type=int, default=16, help="tokens of each answer (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    found = parser.parse_args(arguments)
    found.servers = found.servers.split(",")
    found.clients = [int(part) for part in found.clients.split(",")]
    return found


def main() -> None:
    """Measure and print."""
    arguments = parse_arguments()
    folder = Path(tempfile.mkdtemp(prefix="alone-"))
    try:
        with servers(arguments, folder) as contestants:
            result = {"machine": describe(), "rows": measure(contestants, arguments)}
    except (NotStarted, BrokenReply) as error:
        sys.exit(f"benchmark: {error}")  # the logs stay
    shutil.rmtree(folder, ignore_errors=True)
    if arguments.json:
        print(json.dumps(result, indent=2))
    else:
        print_table(result["rows"])


if __name__ == "__main__":
    main()
