"""Measures how fast memory and arithmetic of this machine are. A program of its own: the front ends load no torch.

    python -m appliance.hardware.speed '{"shape": {…}, "threads": 1, "seconds": 20}'

It writes one JSON object to stdout: `{"devices": [{"device", "read", "multiply", "prefill_s", "step_s", "fault"}]}`,
one for the processors (`cpu`) and one for each kind of card. Seconds and units a second; null: not measured.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch.nn import functional

PROMPT_TOKENS = 512
_BUFFER = 1 << 30  # beyond the caches of processors and cards
_SLICE = 16 << 20  # short enough that the scheduler seldom interrupts one
_CARD_SIZE = 8192  # rows of the square matrices that a card multiplies
_STEPS = 24


@dataclass(frozen=True)
class Shape:
    """A decoder with grouped queries and tied embeddings."""

    layers: int
    hidden_size: int
    intermediate_size: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int


@dataclass(frozen=True)
class Speed:
    """What one device reached."""

    device: str
    read: float | None = None
    """Bytes a second that are read from memory."""
    multiply: float | None = None
    """Operations a second of large products in bfloat16; cards only."""
    prefill_s: float | None = None
    """A prompt of `PROMPT_TOKENS` through the shape; processors only."""
    step_s: float | None = None
    """The next token after that prompt; processors only."""
    fault: str | None = None
    """Why a card was not measured."""


class Decoder:
    """A network of the shape with random weights in bfloat16: what it computes means nothing, its times do."""

    def __init__(self, shape: Shape, longest: int) -> None:
        self.shape = shape
        inner, kv = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
        self._layers = [
            (
                _weight(inner + 2 * kv, shape.hidden_size),
                _weight(shape.hidden_size, inner),
                _weight(2 * shape.intermediate_size, shape.hidden_size),
                _weight(shape.hidden_size, shape.intermediate_size),
                torch.ones(shape.hidden_size, dtype=torch.bfloat16),
            )
            for _layer in range(shape.layers)
        ]
        self._embedding = _weight(shape.vocabulary, shape.hidden_size)
        self._cache = torch.zeros(shape.layers, 2, 1, shape.kv_heads, longest, shape.head_size, dtype=torch.bfloat16)
        turns = torch.outer(torch.arange(longest), 10_000.0 ** -(torch.arange(0, shape.head_size, 2) / shape.head_size))
        self._cos, self._sin = turns.cos().bfloat16().repeat(1, 2), turns.sin().bfloat16().repeat(1, 2)

    def __call__(self, tokens: torch.Tensor, begin: int) -> torch.Tensor:
        """Read `tokens` (1 × count), which stand at position `begin`; return the next one (1)."""
        shape, end = self.shape, begin + tokens.shape[1]
        sizes = [shape.heads * shape.head_size, *[shape.kv_heads * shape.head_size] * 2]
        stream = functional.embedding(tokens, self._embedding)
        for number, (qkv, output, up, down, norm) in enumerate(self._layers):
            normed = functional.rms_norm(stream, (shape.hidden_size,), norm)
            query, key, value = (
                part.view(1, tokens.shape[1], -1, shape.head_size).transpose(1, 2)
                for part in torch.split(functional.linear(normed, qkv), sizes, -1)
            )
            cache = self._cache[number]
            cache[0, :, :, begin:end] = self._turned(key, begin, end)
            cache[1, :, :, begin:end] = value
            seen = functional.scaled_dot_product_attention(
                self._turned(query, begin, end), cache[0, :, :, :end], cache[1, :, :, :end],
                is_causal=begin == 0, enable_gqa=True,
            )  # fmt: skip
            stream = stream + functional.linear(seen.transpose(1, 2).flatten(2), output)
            normed = functional.rms_norm(stream, (shape.hidden_size,), norm)
            gate, wide = functional.linear(normed, up).chunk(2, -1)
            stream = stream + functional.linear(functional.silu(gate) * wide, down)
        return functional.linear(stream[:, -1], self._embedding).argmax(-1)

    def _turned(self, rows: torch.Tensor, begin: int, end: int) -> torch.Tensor:
        first, second = rows.chunk(2, -1)
        return rows * self._cos[begin:end] + torch.cat((-second, first), -1) * self._sin[begin:end]


def processors(shape: Shape, threads: int, seconds: float) -> Speed:
    """Measure the processors with so many threads, for about so long."""
    torch.set_num_threads(threads)
    # One thread's own time is what it would take on a machine with nothing else to do.
    clock = time.process_time if threads == 1 else time.perf_counter
    read = _read_by_processors(threads, seconds / 4, clock)
    decoder = Decoder(shape, PROMPT_TOKENS + _STEPS)
    prompt = torch.zeros(1, PROMPT_TOKENS, dtype=torch.long)
    prefill = min(_times(lambda _i: decoder(prompt, 0), seconds / 2, 5, clock))
    token = prompt[:, :1]
    step = _good(_times(lambda i: decoder(token, PROMPT_TOKENS + i % _STEPS), seconds / 4, 4 * _STEPS, clock))
    return Speed("cpu", read, None, prefill, step)


def _read_by_processors(threads: int, seconds: float, clock: Callable[[], float]) -> float:
    """Return bytes a second: one slice after the other is read, a pass of all is longer than what caches keep."""
    size = min(_SLICE * threads, _BUFFER // 8)
    slices = torch.ones(_BUFFER // size, size // 4)
    times = _times(lambda i: slices[i % len(slices)].sum(), seconds, 2 * len(slices), clock)
    return size / _good(times)


def card(index: int, seconds: float) -> Speed:
    """Measure one card that torch knows, for about so long."""
    name = torch.cuda.get_device_name(index)
    device = torch.device("cuda", index)
    try:
        return Speed(name, _copied_by_card(device, seconds / 2), _multiplied_by_card(device, seconds / 2))
    except torch.cuda.OutOfMemoryError:
        return Speed(name, fault="memory")


def _copied_by_card(device: torch.device, seconds: float) -> float:
    """Return bytes a second: a copy reads and writes."""
    source = torch.ones(_BUFFER, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    times = _times(lambda _i: target.copy_(source), seconds, 50, wait=lambda: torch.cuda.synchronize(device))
    return 2 * _BUFFER / _good(times)


def _multiplied_by_card(device: torch.device, seconds: float) -> float:
    """Return operations a second of large products in bfloat16."""
    left, right = (torch.ones(_CARD_SIZE, _CARD_SIZE, dtype=torch.bfloat16, device=device) for _side in range(2))
    times = _times(lambda _i: left @ right, seconds, 50, wait=lambda: torch.cuda.synchronize(device))
    return 2 * _CARD_SIZE**3 / _good(times)


def measure(shape: Shape, threads: int, seconds: float) -> list[Speed]:
    """Measure the processors, and one card of each kind, for about `seconds` together."""
    cards = {torch.cuda.get_device_name(index): index for index in reversed(range(torch.cuda.device_count()))}
    share = seconds / (1 + len(cards))
    with torch.inference_mode():
        return [processors(shape, threads, share), *(card(index, share) for index in sorted(cards.values()))]


def _weight(rows: int, columns: int) -> torch.Tensor:
    return torch.empty(rows, columns, dtype=torch.bfloat16).uniform_(-0.05, 0.05)


def _times(
    run: Callable[[int], object],
    seconds: float,
    most: int,
    clock: Callable[[], float] = time.perf_counter,
    wait: Callable[[], object] = lambda: None,
) -> list[float]:
    """Return the durations of calls: one call more first, then at least two, until time or number is up."""
    run(0)
    wait()
    end = time.monotonic() + seconds
    times: list[float] = []
    while len(times) < 2 or (len(times) < most and time.monotonic() < end):
        begun = clock()
        run(len(times) + 1)
        wait()
        times.append(clock() - begun)
    return times


def _good(times: list[float]) -> float:
    """Return the duration that a quarter of the calls stayed below: what others took is not the machine's speed."""
    return sorted(times)[len(times) // 4]


def main(arguments: list[str]) -> int:
    """Measure what `arguments[0]` asks for."""
    asked: dict[str, Any] = json.loads(arguments[0])
    found = measure(Shape(**asked["shape"]), asked["threads"], asked["seconds"])
    sys.stdout.write(json.dumps({"devices": [asdict(speed) for speed in found]}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
