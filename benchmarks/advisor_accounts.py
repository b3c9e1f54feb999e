"""Diagnosis of many accounts of the sample bank: each alone, in one process, and as tasks of a private local Ray.

    python benchmarks/advisor_accounts.py [--clients 10000] [--alone 200] [--chunk 250] [--processes 2] [--json FILE]

Figures: loading of the data, one diagnosis with and without charts (median and 95 % of milliseconds, after a first),
accounts a second in one process over a part of them, and in Ray tasks over all of them. In the batch the text of each
account is written too, charts are not drawn. Each Ray worker loads the data once; that is part of its throughput.
On a machine with other work the milliseconds of a core say more than the accounts a second.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy

sys.path.insert(0, str(Path(__file__).parent.parent))

from scenarios.advisor.accounts import Brief, diagnose, diagnose_many
from scenarios.advisor.data.loading import load_dataset
from scenarios.advisor.data.sample import make_sample

ROOT = Path(__file__).resolve().parent.parent
LAST = date(2026, 10, 30)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--alone", type=int, default=200, help="accounts that are diagnosed one by one")
    parser.add_argument("--charted", type=int, default=40, help="accounts that are diagnosed with charts")
    parser.add_argument("--in-one", type=int, default=1000, help="accounts of the batch in one process")
    parser.add_argument("--chunk", type=int, default=250, help="accounts of one Ray task")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "bank"
        found: dict[str, Any] = {"cores": os.cpu_count(), "load_before": round(os.getloadavg()[0], 1)}
        found["make_s"] = timed(lambda: make_sample(folder, LAST, clients=given.clients))
        found |= one_by_one(folder, given.alone, given.charted)
        clients = [f"C{number + 1:04}" for number in range(given.clients)]
        found |= in_one_process(folder, clients[: given.in_one])
        found |= in_ray(folder, clients, given.chunk, given.processes)
        found["load_after"] = round(os.getloadavg()[0], 1)
    for name, value in found.items():
        print(f"{name:28} {value}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def one_by_one(folder: Path, alone: int, charted: int) -> dict[str, Any]:
    """Return what one diagnosis costs, in milliseconds."""
    begin = time.perf_counter()
    dataset = load_dataset(folder, LAST)
    found: dict[str, Any] = {"load_s": round(time.perf_counter() - begin, 2)}
    clients = list(dataset.clients)
    found["first_ms"] = round(1000 * timed(lambda: diagnose(dataset, clients[0])), 1)
    for name, count, charts in (("plain", alone, False), ("charts", charted, True)):
        wall, core = [], []
        for client in clients[:count]:
            start, used = time.perf_counter(), time.process_time()
            diagnose(dataset, client, language="zh_CN", charts=charts)
            wall.append(1000 * (time.perf_counter() - start))
            core.append(1000 * (time.process_time() - used))
        found[f"{name}_ms_median_p95"] = [round(float(numpy.quantile(wall, share)), 1) for share in (0.5, 0.95)]
        found[f"{name}_core_ms_median_p95"] = [round(float(numpy.quantile(core, share)), 1) for share in (0.5, 0.95)]
    return found


def in_one_process(folder: Path, clients: Sequence[str]) -> dict[str, Any]:
    """Return the throughput of one process, with the loading of the data apart."""
    diagnose_many(folder, clients[:1], today=LAST)
    seconds = timed(lambda: diagnose_many(folder, clients, today=LAST))
    return {"one_process_accounts": len(clients), "one_process_per_s": round(len(clients) / seconds, 1)}


def in_ray(folder: Path, clients: Sequence[str], chunk: int, processes: int) -> dict[str, Any]:
    """Return the throughput of Ray tasks over chunks, from the first task to the last result."""
    import ray

    start = time.perf_counter()
    ray.init(
        num_cpus=processes, include_dashboard=False, object_store_memory=100 * 1024**2, logging_level="warning",
        runtime_env={"env_vars": {"PYTHONPATH": str(ROOT), **ONE_THREAD}},
    )  # fmt: skip
    try:
        began = time.perf_counter()
        task = ray.remote(num_cpus=1)(chunk_of)
        pending = [task.remote(folder, clients[at : at + chunk]) for at in range(0, len(clients), chunk)]
        done, failed, core = 0, 0, 0.0
        while pending:
            ready, pending = ray.wait(pending)
            for briefs, used in ray.get(ready):
                done += len(briefs)
                failed += sum(brief.error is not None for brief in briefs)
                core += used
            passed = time.perf_counter() - began
            print(f"  {done:6} of {len(clients)} accounts, {done / passed:.1f} accounts/s", flush=True)
        seconds = time.perf_counter() - began
    finally:
        ray.shutdown()
    return {
        "ray_start_s": round(began - start, 1), "ray_processes": processes, "ray_accounts": done, "ray_failed": failed,
        "ray_s": round(seconds, 1), "ray_per_s": round(done / seconds, 1),
        "ray_core_ms_per_account": round(1000 * core / done, 1),
    }  # fmt: skip


def chunk_of(folder: Path, clients: Sequence[str]) -> tuple[list[Brief], float]:
    """Return the briefs of a chunk and the seconds of a core that they took, the loading of the data included."""
    begin = time.process_time()
    briefs = diagnose_many(folder, clients, language="zh_CN", today=LAST)
    return briefs, time.process_time() - begin


def timed(work: Any) -> float:  # noqa: ANN401 - anything that can be called
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    work()
    return round(time.perf_counter() - start, 4)


if __name__ == "__main__":
    main()
