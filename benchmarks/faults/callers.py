"""Faults 16 and 17: callers ask for more than there is, read slowly, or go away."""

import contextlib
import json
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from faults.fault import Fault
from faults.outcomes import Measured, Outcome, counted, failed, first_text
from faults.processes import engine_of
from faults.rig import MODEL, PLACES, QUEUE, Rig
from faults.streams import leave_in_the_middle

_OVERLOAD = 4
_SECONDS = 30.0
_SLOW = 4
_WITHIN_S = 2.0
_ASKED_TOKENS = 1500
_IDLE_CPU_S = 0.5
"""Seconds of a processor that an idle engine may take in two seconds."""


def overload(rig: Rig) -> Measured:
    """Measure as many callers as the model has places, then four times as many, some of them slow."""
    with rig.load("fault-16-alone", clients=1) as alone:
        alone.await_whole(10)
    with rig.load("fault-16-full", clients=PLACES) as full:
        time.sleep(_SECONDS)
    callers = _OVERLOAD * (PLACES + QUEUE)
    with contextlib.ExitStack() as stack:
        many = stack.enter_context(rig.load("fault-16", clients=callers - _SLOW, refused_pause_s=1.0))
        slow = stack.enter_context(rig.load("fault-16-slow", clients=_SLOW, refused_pause_s=1.0, pause_s=0.5))
        time.sleep(_SECONDS)
    asked: list[Outcome] = [*many.outcomes, *slow.outcomes]
    others = [one for one in failed(asked) if one.kind != "refused"]
    wrong = [one for one in asked if one.kind == "refused" and one.status != 429]
    refused, answered = len(failed(asked)) - len(others), len(asked) - len(failed(asked))
    idle, most = first_text(full.outcomes, 0.5), first_text(asked, 0.99)
    text = f"{callers} callers at {PLACES} places and {QUEUE} to wait: {refused} of {len(asked)} refused with 429 and "
    text += f"Retry-After, {answered} answered ({len(full.outcomes)} where {PLACES} asked), other failures: "
    text += f"{counted(others)}; p99 TTFT {most:.2f} s against {idle:.2f} s with {PLACES} callers (one alone: "
    text += f"{first_text(alone.outcomes, 0.5):.2f} s)"
    return Measured(text, refused > 0 and not others and not wrong and most <= 2 * idle)


def caller_goes_away(rig: Rig) -> Measured:
    """Close a stream's socket in its middle; look for the audit's record and whether the engine goes on."""
    engine = engine_of(rig.process(MODEL))
    name = f"fault-17-{time.time_ns():x}"
    with rig.network():
        pieces, closed = leave_in_the_middle(rig.url, rig.key, name, _ASKED_TOKENS)
    time.sleep(_WITHIN_S)
    before = _cpu_s(engine)
    time.sleep(_WITHIN_S)
    used = _cpu_s(engine) - before
    found = record_of(rig, name)
    if found is None:
        return Measured(f"{pieces} pieces read; the audit has no end of it", met=False)
    took = datetime.fromisoformat(found["at"]).timestamp() - closed
    tokens = json.loads(found["data"])["completion_tokens"]
    text = f"metered after {max(took, 0.0):.2f} s with {tokens} of {_ASKED_TOKENS} tokens; in the two seconds after "
    text += f"those the engine took {used:.2f} s of a processor"
    return Measured(text, took <= _WITHIN_S and 0 < tokens < _ASKED_TOKENS and used <= _IDLE_CPU_S)


def _cpu_s(process: Any) -> float:  # noqa: ANN401 - psutil's
    times = process.cpu_times()
    return float(times.user + times.system)


def record_of(rig: Rig, request_id: str) -> dict[str, Any] | None:
    """Return the record of a request's end, or None."""
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "audit.jsonl"
        rig.cli("audit", "export", "--output", str(export))
        with export.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if record.get("request_id") == request_id and record.get("kind") == "request.completed":
                    return dict(record)
    return None


FAULTS = (
    Fault(
        16, "4× overload, some callers slow",
        "429 + Retry-After; p99 TTFT of the admitted ≤ 2× that of as many callers as places", overload,
    ),
    Fault(17, "the client goes away", "cancelled and metered within 2 s", caller_goes_away),
)  # fmt: skip
