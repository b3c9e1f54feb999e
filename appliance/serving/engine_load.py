"""What an engine carries, as it tells itself at each of its steps: cache in use, first tokens, prefixes found."""

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from appliance.serving.scaling import KV_USE, SINCE_LAST_S, TTFT_P90_MS

RUNNING: Final = "running"
"""Requests of a replica that its engine works on."""
WAITING: Final = "waiting"
"""Requests of a replica that wait for their turn in its engine."""
_WINDOW_S: Final = 60.0
_MOST_KEPT: Final = 512
_PART: Final = 0.9


class LatestTimes:
    """Times of the last minute, 512 at most; `now` is the clock in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._times: deque[tuple[float, float]] = deque(maxlen=_MOST_KEPT)

    def add(self, seconds: float) -> None:
        """Keep one time."""
        self._times.append((self._now(), seconds))

    def p90(self) -> float | None:
        """Return the time that nine in ten do not exceed, in seconds; None where there is none."""
        oldest = self._now() - _WINDOW_S
        kept = sorted(seconds for at, seconds in self._times if at >= oldest)
        return kept[min(len(kept) - 1, int(_PART * len(kept)))] if kept else None


class EngineLoad:
    """A logger of vLLM's statistics that keeps the last state; vLLM calls it, and the replica reads it."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.kv_use = 0.0
        self.running = 0
        self.waiting = 0
        self.first_tokens = LatestTimes(now)
        self.prompt_tokens = 0
        """Tokens of prompts that were looked up in the prefix cache."""
        self.cached_tokens = 0
        """Of those, tokens that were found there."""

    def record(
        self,
        scheduler_stats: Any,  # noqa: ANN401 - vLLM's classes
        iteration_stats: Any,  # noqa: ANN401
        mm_cache_stats: Any = None,  # noqa: ANN401
        engine_idx: int = 0,
    ) -> None:
        """Take in one step of the engine; either part may be None."""
        if scheduler_stats is not None:
            self.kv_use = float(scheduler_stats.kv_cache_usage)
            self.running = scheduler_stats.num_running_reqs
            # Those that wait for a grammar are counted apart.
            self.waiting = scheduler_stats.num_waiting_reqs + scheduler_stats.num_skipped_waiting_reqs
            self.prompt_tokens += scheduler_stats.prefix_cache_stats.queries
            self.cached_tokens += scheduler_stats.prefix_cache_stats.hits
        if iteration_stats is not None:
            for seconds in iteration_stats.time_to_first_tokens_iter:
                self.first_tokens.add(seconds)

    def log_engine_initialized(self) -> None:
        """Say nothing: vLLM calls it."""

    def log(self) -> None:
        """Say nothing: vLLM calls it."""

    def record_sleep_state(self, is_awake: int, level: int) -> None:
        """Say nothing: vLLM calls it."""

    def record_admission_rejection(self, reason: str) -> None:
        """Say nothing: vLLM calls it."""


class Clock:
    """How long ago somebody asked; for the event loop alone."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last = now()
        self._running = 0

    def begin(self) -> None:
        """Begin a request."""
        self._running += 1

    def end(self) -> None:
        """End a request."""
        self._running -= 1
        self._last = self._now()

    def since_last(self) -> float:
        """Return the seconds since the last request ended, or since the start; 0 while one runs."""
        return 0.0 if self._running else self._now() - self._last


def replica_metrics(load: EngineLoad, clock: Clock) -> dict[str, float]:
    """Return what Serve's autoscaler is told of a replica."""
    first_tokens_ms = 1000 * (load.first_tokens.p90() or 0.0)
    return {SINCE_LAST_S: clock.since_last(), KV_USE: load.kv_use, TTFT_P90_MS: first_tokens_ms}


def load_of(load: EngineLoad) -> dict[str, float]:
    """Return what the status is told of a replica."""
    return {RUNNING: load.running, WAITING: load.waiting, KV_USE: load.kv_use}
