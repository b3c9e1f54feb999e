"""How fast the audit log takes records, and how fast it is checked.

    python benchmarks/audit.py [--suite international|chinese] [--records N] [--url URL] [--folder FOLDER]

drives the log in process, because a gateway appends in process too; every append is durable when it returns. Without
`--url` the database is SQLite in `--folder`, which should lie on the disk that is to be measured.
"""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from figures import percentile
from machine import describe
from sqlalchemy import inspect, text

from appliance.state.audit.faults import Report
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import NewRecord
from appliance.state.audit.source import DatabaseSource
from appliance.state.audit.tables import STATEMENTS
from appliance.state.audit.verify import verify
from appliance.state.audit.witness import Witness
from appliance.state.database import Database, sqlite_url

_GROUP = 32


def record(number: int) -> NewRecord:
    """Return a record like those of the gateway; contents are not part of it."""
    data = {"model": "general", "prompt_tokens": 812, "completion_tokens": 164, "finish": "stop", "findings": []}
    route = "POST /v1/chat/completions"
    return NewRecord("request.completed", f"req_{number:026}", "retail", "lma-abcdefghijkl", "caller", route, data=data)


def timed_appends(log: AuditLog, count: int, size: int) -> tuple[float, list[float]]:
    """Append `count` times `size` records; return records a second and the milliseconds of each append."""
    spans = []
    begun = time.perf_counter()
    for number in range(count):
        start = time.perf_counter()
        log.append([record(number)] * size)
        spans.append((time.perf_counter() - start) * 1000)
    return count * size / (time.perf_counter() - begun), spans


def concurrent_appends(log: AuditLog, count: int, threads: int) -> tuple[float, list[float]]:
    """Append `count` records one by one from `threads` at once."""

    def one(number: int) -> float:
        start = time.perf_counter()
        log.append([record(number)])
        return (time.perf_counter() - start) * 1000

    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        spans = list(pool.map(one, range(count)))
    return count / (time.perf_counter() - begun), spans


def timed_check(database: Database, keys: AuditKeys) -> tuple[int, float]:
    """Check the whole log; return its records and records a second. Ends the program at a fault."""
    begun = time.perf_counter()
    report = next(e for e in verify(DatabaseSource(database), keys.public_keys()) if isinstance(e, Report))
    if not report.ok:
        sys.exit(f"the log has faults: {report.faults}")
    return report.records, report.records / (time.perf_counter() - begun)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", default="international")
    parser.add_argument("--records", type=int, default=100_000, help="length of the log that is checked")
    parser.add_argument("--url")
    parser.add_argument("--folder", type=Path, default=Path.cwd())
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        database = Database.open(options.url or sqlite_url(folder / "audit.db"))
        blob = "BLOB" if database.dialect == "sqlite" else "BYTEA"
        with database.write() as connection:
            if not inspect(connection).has_table("audit_records"):
                for statement in STATEMENTS:
                    connection.execute(text(statement.format(blob=blob)))
        keys = AuditKeys(folder / "secrets", folder / "public.pem", options.suite)
        log = AuditLog(database, keys, Witness(folder / "witness.json"))
        log.begin()
        rows = [
            ("one by one", *timed_appends(log, 1000, 1)),
            (f"groups of {_GROUP}", *timed_appends(log, 300, _GROUP)),
            (f"one by one from {_GROUP} threads", *concurrent_appends(log, 3000, _GROUP)),
        ]
        while log.append([record(number) for number in range(1000)])[-1] < options.records:
            pass
        length, rate = timed_check(database, keys)
        database.close()
    print(describe())
    print(f"\nsuite {options.suite}, {database.dialect}\n")
    print("| append | records/s | p50 ms | p99 ms |\n|---|---:|---:|---:|")
    for title, speed, spans in rows:
        print(f"| {title} | {speed:,.0f} | {percentile(spans, 0.5):.2f} | {percentile(spans, 0.99):.2f} |")
    print(f"\n{length:,} records checked at {rate:,.0f} records/s")


if __name__ == "__main__":
    main()
