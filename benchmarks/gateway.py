"""The gateway against vLLM's own server: same machine, model, settings and requests, one after the other.

    python benchmarks/gateway.py                      # about 20 minutes on 2 cores
    python benchmarks/gateway.py --json > result.json
    python benchmarks/gateway.py --only-client http://127.0.0.1:8080 --key-file ~/.local/share/appliance/admin.key

Each round starts one server, warms it up, measures each number of streams, stops it, and does the same with the other;
the order changes from round to round. The servers are driven by HTTP and by `appliance up` and `down` only.
"""

import argparse
import dataclasses
import json
import os
import signal
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from figures import Burst, compare, summarise
from load import SENTENCES, BrokenReply, prompt_for, run_burst
from machine import describe
from servers import Server, ServerFailed, appliance_server, build_model, read_settings, vllm_server

_MODEL = "general"
_WARM_UP = ((1, 2), (8, 8))  # streams, requests
_LEAST_REQUESTS = 24
_GIB = 1024**3
_MOST_TTFT_RATIO, _LEAST_THROUGHPUT_RATIO, _MOST_MEMORY_GIB = 1.10, 0.95, 7.0

Bursts = dict[int, list[Burst]]


def tell(text: str) -> None:
    """Show progress on stderr: stdout is for the result."""
    print(text, file=sys.stderr, flush=True)


def measure(server: Server, arguments: argparse.Namespace, round_number: int, into: Bursts) -> None:
    """Warm the server up, then measure each number of streams once."""

    def burst_of(streams: int, requests: int, series: int) -> Burst:
        prompts = [prompt_for(series, streams, number, arguments.sentences) for number in range(requests)]
        return run_burst(server.url, server.key, _MODEL, streams, prompts)

    for streams, requests in _WARM_UP:
        burst_of(streams, requests, -1)
    for streams in arguments.streams:
        requests = max(arguments.requests or max(_LEAST_REQUESTS, 3 * streams), streams)
        burst = burst_of(streams, requests, round_number)
        figures = summarise([burst])
        tell(
            f"    {streams:>3} streams: TTFT p50 {figures['ttft_p50_ms']:.0f} ms, "
            f"{figures['tokens_per_s']:.1f} tokens/s ({requests} requests, {burst.wall_s:.0f} s)"
        )
        into[streams].append(burst)


def measure_both(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run every round and return the whole result."""
    home = arguments.home.expanduser().resolve()
    result: dict[str, Any] = {"machine": describe()}
    build_model(home)
    settings = read_settings(home)
    bursts: dict[str, Bursts] = {"vllm": defaultdict(list), "appliance": defaultdict(list)}
    memory: dict[str, dict[str, int]] = {}
    for round_number in range(arguments.rounds):
        for name in sorted(bursts, reverse=round_number % 2 == 0):
            tell(f"  round {round_number + 1} of {arguments.rounds}: {name}")
            with appliance_server(home) if name == "appliance" else vllm_server(home, settings) as server:
                measure(server, arguments, round_number, bursts[name])
                reading = server.memory()
            if reading["pss_bytes"] > memory.get(name, {"pss_bytes": 0})["pss_bytes"]:
                memory[name] = reading
    result["settings"] = {**dataclasses.asdict(settings), "rounds": arguments.rounds, "sentences": arguments.sentences}
    result["rows"] = [compare(n, bursts["vllm"][n], bursts["appliance"][n]) for n in arguments.streams]
    result["memory"] = memory
    return result


def measure_one(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure a server that runs already."""
    key = arguments.key_file.expanduser().read_text(encoding="utf-8").strip() if arguments.key_file else None
    server = Server(arguments.only_client.rstrip("/").removesuffix("/v1"), key, tuple)
    bursts: Bursts = defaultdict(list)
    result: dict[str, Any] = {"machine": describe(), "url": server.url}
    for round_number in range(arguments.rounds):
        measure(server, arguments, round_number, bursts)
    result["rows"] = [{"streams": streams, **summarise(bursts[streams])} for streams in arguments.streams]
    return result


def print_comparison(result: dict[str, Any]) -> None:
    """Print the table, the memory and how they stand to what is to be reached."""
    print(f"{'streams':>7}  {'':<9} {'TTFT p50':>9} {'p95':>9} {'between':>9} {'p95':>9} {'tokens/s':>9}")
    for row in result["rows"]:
        for name in ("vllm", "appliance"):
            figures = row[name]
            times = " ".join(
                f"{figures[field]:>6.0f} ms" for field in ("ttft_p50_ms", "ttft_p95_ms", "itl_p50_ms", "itl_p95_ms")
            )
            print(f"{row['streams']:>7}  {name:<9} {times} {figures['tokens_per_s']:>9.1f}")
        ratios = " ".join(f"{row[field]:>7.2f} ×" for field in ("ttft_p50_ratio", "ttft_p95_ratio", "itl_p50_ratio"))
        print(f"{'':>7}  {'ratio':<9} {ratios} {'':>9} {row['throughput_ratio']:>7.2f} ×")
    for name, reading in result["memory"].items():
        print(f"memory of {name}: {reading['pss_bytes'] / _GIB:.2f} GiB in {reading['processes']} processes")
    for text, met in targets(result):
        print(f"{'met' if met else 'MISSED'}: {text}")


def targets(result: dict[str, Any]) -> list[tuple[str, bool]]:
    """Return what is to be reached and whether it was, for the numbers of streams that were measured."""
    rows = {row["streams"]: row for row in result["rows"]}
    found = []
    if 1 in rows:
        ratio = rows[1]["ttft_p50_ratio"]
        found.append((f"TTFT p50 at 1 stream {ratio:.2f} ≤ {_MOST_TTFT_RATIO:.2f}", ratio <= _MOST_TTFT_RATIO))
    if 32 in rows:
        ratio = rows[32]["throughput_ratio"]
        text = f"throughput at 32 streams {ratio:.2f} ≥ {_LEAST_THROUGHPUT_RATIO:.2f}"
        found.append((text, ratio >= _LEAST_THROUGHPUT_RATIO))
    size = result["memory"]["appliance"]["pss_bytes"] / _GIB
    found.append((f"memory of the stack {size:.2f} GiB ≤ {_MOST_MEMORY_GIB:.0f} GiB", size <= _MOST_MEMORY_GIB))
    return found


def _levels(text: str) -> list[int]:
    levels = [int(part) for part in text.split(",")]
    if not levels or min(levels) < 1:
        raise ValueError(text)
    return levels


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure the gateway against vLLM's own server.")
    home = Path(os.environ.get("APPLIANCE_HOME") or "~/.local/share/appliance")
    parser.add_argument("--home", type=Path, default=home, help="home folder of the appliance (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=2, help="how often each server is started and measured")
    parser.add_argument("--requests", type=int, help="requests a level and round (default: 3 a stream, at least 24)")
    parser.add_argument("--streams", type=_levels, default=[1, 8, 32], metavar="N,N", help="default: 1,8,32")
    parser.add_argument(
        "--sentences",
        type=int,
        choices=range(len(SENTENCES) + 1),
        default=5,
        metavar="N",
        help=f"length of the prompts, 0 to {len(SENTENCES)}: about 60 tokens and 20 a sentence (default: 5)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--only-client", metavar="URL", help="measure only the server at URL, which runs already")
    parser.add_argument("--key-file", type=Path, help="with --only-client: file that holds the API key")
    return parser.parse_args(arguments)


def main() -> None:
    """Measure and print."""
    arguments = parse_arguments()
    # So that `finally` stops the servers when this process is told to end.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    try:
        result = measure_one(arguments) if arguments.only_client else measure_both(arguments)
    except (ServerFailed, BrokenReply) as error:
        sys.exit(f"benchmark: {error}")
    if arguments.json or arguments.only_client:
        print(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        print_comparison(result)


if __name__ == "__main__":
    main()
