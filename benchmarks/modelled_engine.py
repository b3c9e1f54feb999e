"""A DOUBLE of engines, for benchmarks only: the planner's timing, made-up words. No model computes anything.

What is modelled is what `appliance.catalogue.roofline.service` plans: prompts are read one after the other, and a token
takes as long as the planner gives each of so many users, whose prompts hold up one another's steps.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from instant_engine import TEXT_EVENTS, USAGE, USAGE_CHUNK, whole

_ROLE, _TOKEN, _STOP = TEXT_EVENTS[0], TEXT_EVENTS[1], TEXT_EVENTS[-1]
_FEWEST_TOKENS = 1


@dataclass(frozen=True)
class Timing:
    """Seconds that one engine takes, as planned."""

    prefill_s: float
    """To read one prompt."""
    steps_s: tuple[float, ...]
    """From one token of a user to the next where 1, 2, … users are served; more get the last one's time."""

    def step_s(self, running: int) -> float:
        """Return the time of a step with so many sequences."""
        return self.steps_s[min(max(running, 1), len(self.steps_s)) - 1]

    def slower(self, times: float) -> "Timing":
        """Return the timing of an engine that takes so many times as long for everything."""
        return Timing(self.prefill_s * times, tuple(step * times for step in self.steps_s))


class Clock:
    """What one modelled engine is busy with."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._free_at = 0.0
        self.running = 0
        """Sequences in the batch, those whose prompt waits among them."""

    def prompt_read(self, now: float) -> float:
        """Return when a prompt that comes `now` will have been read, behind those before it."""
        self._free_at = max(now, self._free_at) + self._timing.prefill_s
        return self._free_at

    def step_s(self) -> float:
        """Return the time of a step as full as it is."""
        return self._timing.step_s(self.running)


def due_by(now: float, last: float, step: float, left: int) -> tuple[int, float]:
    """Return how many tokens have come since `last`, at most `left`, and when the last of them was due."""
    count = min(left, int((now - last) / step + 1e-6))
    return count, last + count * step


class ModelledEngine:
    """In place of the deployment `Model` of the appliance: one process that stands for `engines` engines."""

    def __init__(self, timing: Timing, engines: int) -> None:
        self._clocks = [Clock(timing) for _number in range(engines)]

    async def generate(self, _operation: str, body: dict[str, Any], _request_id: str) -> AsyncIterator[Any]:
        """Yield what `ModelServer.generate` would. Texts that are due together are one item, as there.

        The event with the usage also says, by the monotonic clock of this machine, when the request came, when its
        first token was due and when it left, and when its last one was due.
        """
        came = time.monotonic()
        if not body.get("stream"):
            yield {"result": whole()}
            return
        clock = min(self._clocks, key=lambda one: one.running)
        clock.running += 1
        tokens = max(_FEWEST_TOKENS, int(body.get("max_tokens") or USAGE["completion_tokens"]))
        try:
            first = due = clock.prompt_read(came)
            await asyncio.sleep(first - time.monotonic())
            left_at = time.monotonic()
            yield _ROLE + _TOKEN
            told = 1
            while told < tokens:
                step = clock.step_s()
                await asyncio.sleep(max(0.0, due + step - time.monotonic()))
                count, due = due_by(max(time.monotonic(), due + step), due, step, tokens - told)
                told += count
                yield _TOKEN * count
            yield _STOP
            times = {"came": came, "first_due": first, "first_left": left_at, "last_due": due}
            prompt = USAGE["prompt_tokens"]
            usage = {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens}
            yield {"usage": {**USAGE_CHUNK, "usage": usage, "modelled": times}}
        finally:
            clock.running -= 1

    async def canary(self) -> str:
        """Return a token."""
        return "word "
