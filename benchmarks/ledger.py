"""How fast the ledger admits and ends requests: quotas checked, audit and usage durable.

    python benchmarks/ledger.py [--suite international|chinese] [--requests N] [--url URL] [--folder FOLDER]

drives the ledger in process, without the call by handle that a gateway makes. Without `--url` the database is SQLite
in `--folder`, which should lie on the disk that is to be measured.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from figures import percentile
from machine import describe

from appliance.config.site import QuotaLimits, QuotaSettings
from appliance.serving.ledger_core import LedgerCore
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.database import Database, sqlite_url

_PLENTY = QuotaLimits(
    requests_per_minute=10**9, tokens_per_minute=10**12, concurrent_requests=10**6, tokens_per_day=10**12,
    tokens_per_month=10**12,
)  # fmt: skip


async def timed(count: int, together: int, call: Callable[[int], Awaitable[None]]) -> tuple[float, list[float]]:
    """Make `count` calls, `together` at once; return calls a second and the milliseconds of each."""
    numbers = iter(range(count))
    spans: list[float] = []

    async def caller() -> None:
        for number in numbers:
            start = time.perf_counter()
            await call(number)
            spans.append((time.perf_counter() - start) * 1000)

    begun = time.perf_counter()
    await asyncio.gather(*(caller() for _caller in range(together)))
    return count / (time.perf_counter() - begun), spans


async def measure(ledger: LedgerCore, count: int, together: int) -> list[tuple[str, int, float, list[float]]]:
    """Admit and end `count` requests; return title, concurrency, calls a second and milliseconds of each kind."""
    seqs: dict[int, int] = {}

    async def admit(number: int) -> None:
        opened = await ledger.admit(
            {
                "request_id": f"req_{together}_{number}", "at": "", "tenant": "default", "actor": f"lma-{number % 50}",
                "role": "caller", "route": "POST /v1/chat/completions", "target": "general", "model": "general",
                "priority": "interactive", "estimated_tokens": 900, "audit": {"stream": True}, "content": None,
            }
        )  # fmt: skip
        seqs[number] = opened["seq"]

    async def complete(number: int) -> None:
        await ledger.complete(
            {
                "request_id": f"req_{together}_{number}", "seq": seqs[number], "status": 200, "outcome": "stop",
                "prompt_tokens": 812, "completion_tokens": 64, "verdicts": [], "audit": {}, "content": None,
                "seconds": 1.5, "ttft_s": 0.2,
            }
        )  # fmt: skip

    return [
        ("admit", together, *await timed(count, together, admit)),
        ("complete", together, *await timed(count, together, complete)),
    ]


async def run(ledger: LedgerCore, count: int) -> list[tuple[str, int, float, list[float]]]:
    """Measure one by one and 32 at once."""
    ledger.begin()
    try:
        return [
            row for together in (1, 32) for row in await measure(ledger, count * (4 if together > 1 else 1), together)
        ]
    finally:
        await ledger.close()


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", default="international")
    parser.add_argument("--requests", type=int, default=1000, help="one by one; four times as many at once")
    parser.add_argument("--url")
    parser.add_argument("--folder", type=Path, default=Path.cwd())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        database = Database.open(options.url or sqlite_url(folder / "ledger.db"))
        database.migrate()
        audit = AuditLog(database, AuditKeys(folder / "secrets", folder / "public.pem", options.suite))
        settings = QuotaSettings(default=_PLENTY, tenants={"default": _PLENTY}, models={"general": _PLENTY})
        rows = asyncio.run(run(LedgerCore(database, audit, settings, 600.0), options.requests))
        database.close()
    print(describe())
    print(f"\nsuite {options.suite}, {database.dialect}\n")
    print("| call | at once | calls/s | p50 ms | p99 ms |\n|---|---:|---:|---:|---:|")
    for title, together, speed, spans in rows:
        print(f"| {title} | {together} | {speed:,.0f} | {percentile(spans, 0.5):.2f} | {percentile(spans, 0.99):.2f} |")


if __name__ == "__main__":
    main()
