"""From what the client saw to the figures that are printed. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Reply:
    """One streamed answer as the client saw it. Times in seconds; token counts are the server's."""

    ttft_s: float
    """From sending the request to the first piece of text."""
    gaps_s: tuple[float, ...]
    """Between one piece of text and the next."""
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True)
class Burst:
    """All answers of one round at one number of streams, and how long they took together."""

    streams: int
    wall_s: float
    replies: tuple[Reply, ...]

    @property
    def tokens_per_s(self) -> float:
        """Generated tokens a second, of all streams together."""
        return sum(reply.completion_tokens for reply in self.replies) / self.wall_s


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0..1) of `values` do not exceed, interpolated. Raises ValueError when empty."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))


def summarise(bursts: Sequence[Burst]) -> dict[str, float]:
    """Pool the rounds of one server at one number of streams: latencies of all answers, median throughput of rounds."""
    replies = [reply for burst in bursts for reply in burst.replies]
    first = [reply.ttft_s * 1000 for reply in replies]
    gaps = [gap * 1000 for reply in replies for gap in reply.gaps_s]
    return {
        "requests": len(replies),
        "ttft_p50_ms": round(percentile(first, 0.5), 1),
        "ttft_p95_ms": round(percentile(first, 0.95), 1),
        "itl_p50_ms": round(percentile(gaps, 0.5), 1),
        "itl_p95_ms": round(percentile(gaps, 0.95), 1),
        "tokens_per_s": round(percentile([burst.tokens_per_s for burst in bursts], 0.5), 1),
        "tokens_per_s_min": round(min(burst.tokens_per_s for burst in bursts), 1),
        "tokens_per_s_max": round(max(burst.tokens_per_s for burst in bursts), 1),
        "prompt_tokens_mean": round(sum(reply.prompt_tokens for reply in replies) / len(replies), 1),
        "completion_tokens_mean": round(sum(reply.completion_tokens for reply in replies) / len(replies), 1),
    }


def compare(streams: int, engine: Sequence[Burst], appliance: Sequence[Burst]) -> dict[str, object]:
    """Return one row: the ratios appliance / vLLM and the figures behind them."""
    ours, theirs = summarise(appliance), summarise(engine)
    return {
        "streams": streams,
        "ttft_p50_ratio": round(ours["ttft_p50_ms"] / theirs["ttft_p50_ms"], 3),
        "ttft_p95_ratio": round(ours["ttft_p95_ms"] / theirs["ttft_p95_ms"], 3),
        "itl_p50_ratio": round(ours["itl_p50_ms"] / theirs["itl_p50_ms"], 3),
        "throughput_ratio": round(ours["tokens_per_s"] / theirs["tokens_per_s"], 3),
        "appliance": ours,
        "vllm": theirs,
    }
