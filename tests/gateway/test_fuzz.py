"""Fuzzed requests against the running appliance: never a 5xx, every refusal told properly, the engine goes on."""

import asyncio
import sys
from pathlib import Path

# The fuzzing is a program of its own beside the package, and so are its modules.
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from fuzz import run

COUNT = 300


def test_three_hundred_fuzzed_requests(stack):
    outcome = asyncio.run(run(stack.url, stack.admin_key, seed=20261126, count=COUNT, clients=2))
    told = [f"{fault}: {request.how} {request.method} {request.path[:80]}" for fault, request in outcome.faults]
    assert not told, "\n".join(told[:10])
    assert outcome.sent >= COUNT * 0.9, "too few could be sent at all"
    assert outcome.canaries == 2
    statuses = sum(outcome.statuses.values(), start=type(next(iter(outcome.statuses.values())))())
    assert statuses[400] > COUNT / 5
    assert statuses[200] > COUNT / 50
