"""Many calls at once at speaking speed: how long from a turn to its card, what gets lost, and what a call holds.

    appliance up
    python benchmarks/agent_assist.py                              # 200 calls, 3 minutes for each mode
    python benchmarks/agent_assist.py --calls 50 --minutes 1 --mode websocket --json result.json

The calls are made from templates, Chinese and English by turns, a turn every 4 to 8 seconds; each seat takes the next
call when one is over. They begin one after the other (`--stagger`), and only what is sent while all of them go on is
measured. Client and appliance share the machine, so the client's own share of the processor is printed too.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import aiohttp
import psutil
from agent_assist_calls import Mode, Played, Player, Told
from agent_assist_transcripts import LONGEST_TURN_S
from figures import percentile
from machine import describe

from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.operations.client import read_admin_key
from appliance.operations.gateways import gateway_urls

MOST_P95_MS = 250.0
"""The target: of customers' turns, at 200 calls on 2 cores."""
PARTS: Mapping[str, str] = {
    "scenario": "ray::ServeReplica:scenario-agent-assist:",
    "gateway": "ray::ServeReplica:gateway:",
    "knowledge": "ray::ServeReplica:knowledge:",
    "embedder": "ray::ServeReplica:embedding-embedder:",
    "ledger": "ray::ServeReplica:ledger:",
}
_KIB = 1024


def processes_of(title: str) -> list[psutil.Process]:
    """Return the processes whose title begins so; none where the appliance runs elsewhere."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name().startswith("ray::") and " ".join(process.cmdline()).startswith(title):
                found.append(process)
        except psutil.Error:  # it ended meanwhile, or is another user's
            continue
    return found


def resident_bytes(processes: Sequence[psutil.Process]) -> int:
    """Return what processes hold in main memory."""
    return sum(process.memory_info().rss for process in processes if process.is_running())


def processor_s(processes: Sequence[psutil.Process]) -> float:
    """Return the processor time that processes have used."""
    times = [process.cpu_times() for process in processes if process.is_running()]
    return sum(float(one.user + one.system) for one in times)


class Watch:
    """Memory and processor time of the appliance's parts, and of this client, over a stretch of time."""

    def __init__(self) -> None:
        self._parts = {name: processes_of(title) for name, title in PARTS.items()} | {"client": [psutil.Process()]}
        self.idle_bytes = resident_bytes(self._parts["scenario"])
        self._used: dict[str, float] = {}
        self._begun = 0.0

    def begin(self) -> None:
        """Begin the stretch."""
        self._used = {name: processor_s(processes) for name, processes in self._parts.items()}
        self._begun = time.perf_counter()

    def end(self) -> dict[str, Any]:
        """Return each part's share of one core, and the bytes of the scenario."""
        took = time.perf_counter() - self._begun
        shares = {
            name: round((processor_s(processes) - self._used[name]) / took, 3)
            for name, processes in self._parts.items()
            if processes
        }
        return {"cores": shares, "scenario_bytes": resident_bytes(self._parts["scenario"])}


def summarise(turns: Sequence[Told]) -> dict[str, Any]:
    """Return the figures of turns: latencies in ms of those that were answered, and what became of the others."""
    came = [told.seconds * 1000 for told in turns if told.seconds is not None]
    failed = [told.fault for told in turns if told.seconds is None and told.fault is not None]
    figures: dict[str, Any] = {
        "turns": len(turns),
        "failed": len(failed),
        "dropped": len(turns) - len(came) - len(failed),
        "with_card": _share(sum(told.has_card for told in turns), len(came)),
        "with_intent": _share(sum(told.has_intent for told in turns), len(came)),
        "faults": dict(Counter(failed).most_common(3)),
    }
    for name, share in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99), ("most_ms", 1.0)):
        figures[name] = round(percentile(came, share), 1) if came else None
    return figures


async def measure(options: argparse.Namespace, url: str, key: str, mode: Mode) -> dict[str, Any]:
    """Play the calls in one mode and return its figures."""
    watch = Watch()
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers) as session:
        player = Player(session, url, mode, options.base)
        begun = time.perf_counter()
        steady = begun + options.stagger
        over = steady + options.minutes * 60
        until = over + LONGEST_TURN_S  # calls end one after the other in these seconds
        chance = random.Random(0)
        async with asyncio.TaskGroup() as group:
            for seat in range(options.calls):
                begin_at = begun + options.stagger * (seat + chance.random()) / options.calls
                group.create_task(player.take_calls(seat, options.calls, begin_at, until))
            await asyncio.sleep(max(0.0, steady - time.perf_counter()))
            watch.begin()
            await asyncio.sleep(max(0.0, over - time.perf_counter()))
            used = watch.end()
        if not options.keep:
            await player.delete_calls()
    return result_of(mode, options.calls, player.played, (steady, over), used, watch.idle_bytes)


def result_of(
    mode: Mode, calls: int, played: Played, window: tuple[float, float], used: Mapping[str, Any], idle_bytes: int
) -> dict[str, Any]:
    """Return the figures of one mode; turns sent before or after `window`, while not all calls go on, are counted."""
    measured = [told for told in played.turns if window[0] <= told.sent_at < window[1]]
    grown = used["scenario_bytes"] - idle_bytes
    return {
        "mode": mode,
        "calls": calls,
        "calls_played": len(played.call_ids),
        "most_open": played.most_open,
        "other_turns": len(played.turns) - len(measured),
        "customer": summarise([told for told in measured if told.speaker == "customer"]),
        "seat": summarise([told for told in measured if told.speaker == "seat"]),
        "begin_p95_ms": round(percentile(played.begins_s, 0.95) * 1000, 1) if played.begins_s else None,
        "end_p95_ms": round(percentile(played.ends_s, 0.95) * 1000, 1) if played.ends_s else None,
        "call_faults": dict(Counter(played.faults).most_common(3)),
        "memory_a_call_kib": round(grown / calls / _KIB, 1) if idle_bytes else None,
        "scenario_mib": round(used["scenario_bytes"] / _KIB / _KIB, 1) if idle_bytes else None,
        "cores": used["cores"],
    }


def tables(results: Sequence[Mapping[str, Any]]) -> str:
    """Return the figures as Markdown."""
    lines = [
        "| mode | calls | who | turns | p50 ms | p95 ms | p99 ms | longest ms | with a card | failed | dropped |",
        "|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        for who in ("customer", "seat"):
            row = result[who]
            card = "" if who == "seat" else _percent(row["with_card"])
            times = " | ".join(_cell(row[name]) for name in ("p50_ms", "p95_ms", "p99_ms", "most_ms"))
            lines.append(
                f"| {result['mode']} | {result['calls']} | {who} | {row['turns']} | {times} | {card} "
                f"| {row['failed']} | {row['dropped']} |"
            )
    lines += [
        "",
        "| mode | calls played | begin p95 ms | end p95 ms | memory a call KiB | scenario MiB | cores used |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for result in results:
        cores = ", ".join(f"{name} {share:.2f}" for name, share in result["cores"].items())
        figures = " | ".join(
            _cell(result[name]) for name in ("begin_p95_ms", "end_p95_ms", "memory_a_call_kib", "scenario_mib")
        )
        lines.append(f"| {result['mode']} | {result['calls_played']} | {figures} | {cores} |")
    return "\n".join(lines)


def verdicts(results: Sequence[Mapping[str, Any]]) -> list[tuple[str, bool]]:
    """Return what is to be reached in each mode, and whether it was."""
    found = []
    for result in results:
        p95, customer, seat = result["customer"]["p95_ms"], result["customer"], result["seat"]
        lost = sum(row[name] for row in (customer, seat) for name in ("failed", "dropped"))
        lost += sum(result["call_faults"].values())
        name = f"{result['mode']}, {result['calls']} calls"
        found.append((f"{name}: p95 {_cell(p95)} ms ≤ {MOST_P95_MS:.0f} ms", p95 is not None and p95 <= MOST_P95_MS))
        found.append((f"{name}: {lost} turns or calls lost", lost == 0))
    return found


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    home = Path(os.environ.get("APPLIANCE_HOME") or "~/.local/share/appliance")
    parser.add_argument("--home", type=Path, default=home, help="home folder of the running appliance")
    parser.add_argument("--url", help="address of the gateway; by default that of the home")
    parser.add_argument("--key-file", type=Path, help="file with a key; by default the home's admin key")
    parser.add_argument("--calls", type=int, default=200, help="calls at once (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=3.0, help="how long to measure (default: %(default)s)")
    parser.add_argument("--stagger", type=float, default=30.0, help="seconds in which the calls begin")
    parser.add_argument("--mode", choices=(*get_args(Mode), "both"), default="both")
    parser.add_argument("--base", help="knowledge base of the cards; by default the pack's own")
    parser.add_argument("--keep", action="store_true", help="leave the calls in the appliance")
    parser.add_argument("--json", type=Path, help="write everything to this file too")
    options = parser.parse_args(arguments)
    if options.calls < 1 or options.minutes <= 0 or options.stagger < 0:
        parser.error("--calls, --minutes and --stagger must be positive")
    return options


def address_and_key(options: argparse.Namespace) -> tuple[str, str]:
    """Return where the appliance is and a key for it."""
    home = Home(options.home.expanduser().absolute())
    url = options.url or gateway_urls(home, load_site(home.site_file))[0]
    if options.key_file is not None:
        return url, options.key_file.expanduser().read_text(encoding="ascii").strip()
    return url, read_admin_key(home)


def main() -> None:
    """Measure and print tables; exit 1 where a target is missed."""
    options = parse_arguments()
    url, key = address_and_key(options)
    machine = describe()
    modes: list[Mode] = list(get_args(Mode)) if options.mode == "both" else [options.mode]
    results = []
    for mode in modes:
        print(f"{options.calls} calls over {mode}, {options.minutes:g} minutes …", file=sys.stderr, flush=True)
        results.append(asyncio.run(measure(options, url, key, mode)))
    print(f"{machine}\n\n{tables(results)}\n")
    for result in results:
        for faults in (result["call_faults"], result["customer"]["faults"], result["seat"]["faults"]):
            for fault, times in faults.items():
                print(f"{result['mode']}: {times} × {fault}")
    if options.json is not None:
        whole = {"machine": machine, "results": results}
        options.json.write_text(json.dumps(whole, indent=2, ensure_ascii=False), encoding="utf-8")
    told = verdicts(results)
    for text, met in told:
        print(f"{'met' if met else 'MISSED'}: {text}")
    sys.exit(0 if all(met for _text, met in told) else 1)


if __name__ == "__main__":
    main()
