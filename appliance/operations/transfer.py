"""Bytes that move, as progress with rate and time left."""

import time
from collections.abc import Iterator
from typing import TypeVar

from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.core.units import human_bytes, human_seconds
from appliance.packages.signed.building import Moved

Result = TypeVar("Result")

_NEWS_EVERY_S = 0.2


def told(step: str, title: Message, moves: Iterator[Moved | Result]) -> Iterator[Progress | Result]:
    """Turn bytes into progress, with rate and time left; pass on everything else."""
    yield Progress(step, title)
    begun = said = time.monotonic()
    for move in moves:
        if not isinstance(move, Moved):
            yield move
            continue
        now = time.monotonic()
        if now - said >= _NEWS_EVERY_S:
            said = now
            yield Progress(step, title, detail=_pace(move, now - begun), fraction=move.done / max(1, move.total))
    yield Progress(step, title, "done", fraction=1.0)


def _pace(move: Moved, seconds: float) -> Message:
    if move.done == 0:  # nothing to tell a rate from
        return _("{done} of {total}", done=human_bytes(0), total=human_bytes(move.total))
    rate = move.done / seconds
    return _(
        "{done} of {total}, {rate}/s, {left} left",
        done=human_bytes(move.done),
        total=human_bytes(move.total),
        rate=human_bytes(rate),
        left=human_seconds((move.total - move.done) / rate),
    )
