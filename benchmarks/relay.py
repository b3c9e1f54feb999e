"""What the gateway of a worker node adds: through it, and straight to the head, in turns in one run.

    python benchmarks/relay.py [--rounds N] [--streams 1,16,64] [--gap-ms MS] [--tokens N] [--upload-mib N]

The upstream is MODELLED: no model works, an application answers with `--tokens` pieces of text, `--gap-ms` apart, and
drops what is uploaded. Before it stands the gateway's real server, with its inner port and mutual TLS; the relay is the
real process. Head, relay and client share this machine's cores, so a relay costs here what in a cluster two machines
do beside each other.
"""

import argparse
import asyncio
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import psutil
import uvloop
from figures import Burst, percentile, summarise
from load import prompt_for, run_burst
from machine import describe
from starlette.types import Receive, Scope, Send

from appliance.cluster.certificates import ensure_authority, ensure_node_certificate, node_files
from appliance.cluster.renewal import Renewed
from appliance.config.site import GatewaySettings, SiteConfig
from appliance.core.units import MIB
from appliance.serving.gateway.inner import InnerPort
from appliance.serving.gateway.server import server_of

_HOST = "127.0.0.1"
_INNER = 11  # behind the cluster's first port
_REQUESTS_PER_STREAM = 4
_SMALL = 1000
_BRIEF = {"answer": "no", "why": "modelled"}


class ModelledUpstream:
    """ASGI application with the gateway's routes and MODELLED answers."""

    def __init__(self, tokens: int, gap_s: float) -> None:
        self._tokens = tokens
        self._gap_s = gap_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        length, more = 0, True
        while more:
            message = await receive()
            length += len(message.get("body", b""))
            more = message.get("more_body", False)
        if scope["path"] != "/v1/chat/completions":
            await self._whole({**_BRIEF, "bytes": length}, send)
            return
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
        await send(start)
        for number in range(self._tokens):
            await asyncio.sleep(self._gap_s)
            await self._event({"choices": [{"index": 0, "delta": {"content": f"word{number} "}}]}, send)
        await self._event(
            {"choices": [], "usage": {"prompt_tokens": 60, "completion_tokens": self._tokens}}, send
        )  # fmt: skip
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    async def _event(self, data: dict[str, object], send: Send) -> None:
        body = b"data: " + json.dumps(data).encode() + b"\n\n"
        await send({"type": "http.response.body", "body": body, "more_body": True})

    async def _whole(self, data: dict[str, object], send: Send) -> None:
        body = json.dumps(data).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def serve_head(secrets: Path, port: int, inner: int, app: ModelledUpstream) -> None:
    """Serve both ports of a head until SIGTERM."""
    tls = Renewed.server(node_files(secrets))
    servers = server_of(app, site_at(port), InnerPort(_HOST, inner, tls, lambda _node: True))
    await servers.start()
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await told.wait()
    await servers.stop(1.0)


def site_at(port: int) -> SiteConfig:
    """Return a site whose gateway listens at `port` and takes large uploads."""
    return SiteConfig(gateway=GatewaySettings(host=_HOST, port=port, max_upload_bytes=4096 * MIB))


def free_ports() -> tuple[int, int, int]:
    """Return three free ports: of the head, its cluster's first, whose inner port is free too, and of the relay."""
    while True:
        with socket.create_server((_HOST, 0)) as one, socket.create_server((_HOST, 0)) as two:
            head, relay = one.getsockname()[1], two.getsockname()[1]
            with socket.create_server((_HOST, 0)) as three:
                cluster = three.getsockname()[1] - _INNER
        if head != cluster + _INNER != relay:
            return head, cluster, relay


@contextmanager
def running(folder: Path, tokens: int, gap_ms: float) -> Iterator[tuple[dict[str, str], psutil.Process]]:
    """Give the addresses of both ways and the relay's process, while head and relay run."""
    head, cluster, relay = free_ports()
    home = folder / "home"
    secrets = home / "secrets"
    secrets.mkdir(parents=True, mode=0o700)
    ensure_node_certificate(secrets, ensure_authority(secrets), "node_bench", [_HOST])
    node = {"schema": 1, "node_id": "node_bench", "role": "worker", "head": {"address": _HOST, "port": cluster}}
    (home / "node.json").write_text(json.dumps(node))
    (home / "site.yaml").write_text(f"gateway: {{port: {relay}, max_upload_bytes: {4096 * MIB}}}\n")
    served = [str(secrets), str(head), str(cluster + _INNER)]
    commands = (
        [sys.executable, __file__, "--serve", *served, "--tokens", str(tokens), "--gap-ms", str(gap_ms)],
        [sys.executable, "-m", "appliance.serving.relay", str(home)],
    )
    processes = [subprocess.Popen(command) for command in commands]
    try:
        urls = {"direct": f"http://{_HOST}:{head}", "relay": f"http://{_HOST}:{relay}"}
        asyncio.run(reachable(urls))
        yield urls, psutil.Process(processes[1].pid)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


async def reachable(urls: dict[str, str]) -> None:
    """Return when both ways answer."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        for url in urls.values():
            while True:
                try:
                    async with session.get(f"{url}/x") as answer:
                        if answer.status == 200:
                            break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.1)


async def small_requests(url: str, together: int) -> tuple[float, list[float]]:
    """Send requests with small whole answers; return them a second, and the milliseconds of each."""
    spans: list[float] = []
    numbers = iter(range(_SMALL))

    async def caller(session: aiohttp.ClientSession) -> None:
        for _number in numbers:
            sent = time.perf_counter()
            async with session.post(f"{url}/v1/embeddings", json={"input": "a" * 400}) as answer:
                await answer.read()
            spans.append((time.perf_counter() - sent) * 1000)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=together)) as session:
        begun = time.perf_counter()
        await asyncio.gather(*(caller(session) for _caller in range(together)))
        return len(spans) / (time.perf_counter() - begun), spans


async def upload(url: str, mib: int) -> float:
    """Send a form of `mib` MiB; return MiB a second."""

    async def pieces() -> AsyncIterator[bytes]:
        for _number in range(mib * 4):
            yield b"\0" * (MIB // 4)

    async with aiohttp.ClientSession() as session:
        begun = time.perf_counter()
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        async with session.post(f"{url}/v1/knowledge-bases/a/documents", data=pieces(), headers=headers) as answer:
            told = await answer.json()
            assert told.get("bytes") == mib * MIB, told
        return mib / (time.perf_counter() - begun)


def processor_s(process: psutil.Process) -> float:
    """Return the processor time that a process has used."""
    used = process.cpu_times()
    return float(used.user + used.system)


def streams_table(urls: dict[str, str], relay: psutil.Process, rounds: int, counts: list[int]) -> None:
    """Measure streams, both ways in turns, and print a row for each number of streams and way."""
    print("| streams | way | first token p50 ms | p95 ms | gap p50 ms | p95 ms | tokens/s | relay's CPU, µs a token |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|")
    for streams in counts:
        bursts: dict[str, list[Burst]] = {way: [] for way in urls}
        used = 0.0
        for number in range(rounds):
            for way in sorted(urls, reverse=bool(number % 2)):
                prompts = [prompt_for(number, streams, one, 1) for one in range(streams * _REQUESTS_PER_STREAM)]
                before = processor_s(relay)
                bursts[way].append(run_burst(urls[way], None, "general", streams, prompts))
                used += processor_s(relay) - before if way == "relay" else 0.0
        tokens = sum(reply.completion_tokens for burst in bursts["relay"] for reply in burst.replies)
        for way, found in bursts.items():
            row = summarise(found)
            cost = f"{used / tokens * 1e6:.0f}" if way == "relay" else ""
            print(
                f"| {streams} | {way} | {row['ttft_p50_ms']} | {row['ttft_p95_ms']} | {row['itl_p50_ms']} "
                f"| {row['itl_p95_ms']} | {row['tokens_per_s']:,.0f} | {cost} |"
            )


def small_table(urls: dict[str, str], relay: psutil.Process, rounds: int) -> None:
    """Measure small whole answers, both ways in turns, and print a row for each."""
    print(
        "\n| at once | way | requests/s | p50 ms | p99 ms | relay's CPU, µs a request |\n|---:|---|---:|---:|---:|---:|"
    )
    for together in (1, 32):
        speeds: dict[str, list[float]] = {way: [] for way in urls}
        spans: dict[str, list[float]] = {way: [] for way in urls}
        before = processor_s(relay)
        for number in range(rounds):
            for way in sorted(urls, reverse=bool(number % 2)):
                speed, took = asyncio.run(small_requests(urls[way], together))
                speeds[way].append(speed)
                spans[way] += took
        used = (processor_s(relay) - before) / len(spans["relay"])
        for way in urls:
            cost = f"{used * 1e6:.0f}" if way == "relay" else ""
            half, most = percentile(spans[way], 0.5), percentile(spans[way], 0.99)
            print(f"| {together} | {way} | {percentile(speeds[way], 0.5):,.0f} | {half:.2f} | {most:.2f} | {cost} |")


def upload_lines(urls: dict[str, str], relay: psutil.Process, rounds: int, mib: int) -> None:
    """Measure uploads, both ways in turns, and the relay's memory."""
    before = relay.memory_info().rss
    largest = before
    speeds: dict[str, list[float]] = {way: [] for way in urls}
    for _number in range(rounds):
        for way in urls:
            speeds[way].append(asyncio.run(upload(urls[way], mib)))
            largest = max(largest, relay.memory_info().rss)
    told = ", ".join(f"{way} {percentile(found, 0.5):,.0f} MiB/s" for way, found in speeds.items())
    print(f"\nupload of {mib} MiB: {told}; the relay's memory grew by {(largest - before) / MIB:.1f} MiB")


def main() -> None:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--streams", default="1,16,64")
    parser.add_argument("--gap-ms", type=float, default=20.0)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--upload-mib", type=int, default=256)
    parser.add_argument("--serve", nargs=3, metavar=("SECRETS", "PORT", "INNER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        secrets, port, inner = options.serve
        upstream = ModelledUpstream(options.tokens, options.gap_ms / 1000)
        uvloop.run(serve_head(Path(secrets), int(port), int(inner), upstream))
        return
    print(describe())
    print(f"\nMODELLED upstream: {options.tokens} pieces, {options.gap_ms} ms apart\n")
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), options.tokens, options.gap_ms) as (urls, relay),
    ):
        streams_table(urls, relay, options.rounds, [int(part) for part in options.streams.split(",")])
        small_table(urls, relay, options.rounds)
        upload_lines(urls, relay, options.rounds, options.upload_mib)


if __name__ == "__main__":
    main()
