"""How fast a running model answers, and what its processes hold: seen from the outside, through the gateway."""

import contextlib
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from appliance.cluster.instance import Instance, processes_of
from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.operations.client import ApplianceClient

STREAMS = 8
_SHORT = 40  # characters
_LONG = (200, 2000)
_FEWEST, _MOST = 8, 48  # tokens
_SHORTEST_STEP_S = 1e-4  # below, the clock of a request over HTTP tells nothing
_ABOUT_S = 2.0  # that a long prompt, or the tokens of one stream, may take


@dataclass(frozen=True)
class EngineSpeed:
    """What one model gave while nothing else was asked of it."""

    alias: str
    prompt_tokens: int
    ttft_s: float
    """Time to the only token of a prompt of so many tokens."""
    context: int
    """Tokens of the conversation while single tokens were timed, on average."""
    step_s: float
    """Time of one more token of one stream."""
    tokens_per_s: float
    """Of `streams` streams together."""
    streams: int = STREAMS
    resident_bytes: int | None = None
    """Memory of the processes of one replica, shared pages by part; None where they are not on this machine."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class _Answer:
    seconds: float
    prompt: int
    completion: int

    def step_after(self, first: "_Answer") -> float:
        """Return the time of one more token, where `first` is an answer of one token to such a prompt."""
        return max(_SHORTEST_STEP_S, (self.seconds - first.seconds) / (self.completion - 1))


@dataclass(frozen=True)
class _Asker:
    client: ApplianceClient
    alias: str
    end: float
    """On the monotonic clock."""

    def once(self, characters: int, tokens: int) -> _Answer:
        if time.monotonic() > self.end:
            raise Unavailable(_("The model {name} answers too slowly, or others use it.", name=self.alias))
        body = {"model": self.alias, "prompt": _words(characters), "max_tokens": tokens, "temperature": 1.0}
        begun = time.perf_counter()
        answer = self.client.call("POST", "/v1/completions", body=body)
        seconds = time.perf_counter() - begun
        usage = answer.get("usage") or {}
        if not usage.get("prompt_tokens") or not usage.get("completion_tokens"):
            raise Unavailable(_("The model {name} gave no answer.", name=self.alias))
        return _Answer(seconds, usage["prompt_tokens"], usage["completion_tokens"])

    def best_of_two(self, characters: int, tokens: int) -> _Answer:
        return min((self.once(characters, tokens) for _time in range(2)), key=lambda answer: answer.seconds)

    def many(self, tokens: int) -> _Answer:
        """Ask until an answer is long enough to take a step's time from: a model may end one early."""
        best = self.once(_SHORT, tokens)
        for _time in range(2):
            if best.completion >= tokens:
                break
            best = max(best, self.once(_SHORT, tokens), key=lambda answer: answer.completion)
        if best.completion < min(_FEWEST, tokens):
            raise Unavailable(_("The model {name} ends its answers too soon to be measured.", name=self.alias))
        return best


def measure_engine(client: ApplianceClient, alias: str, longest: int, seconds: float) -> EngineSpeed:
    """Measure one model with prompts of made-up words; `longest` is its context in tokens.

    Raises the error tree: what the gateway refuses, and `Unavailable` for a model that ends its answers at once or
    that has not been measured in `seconds`.
    """
    ask = _Asker(client, alias, time.monotonic() + seconds)
    ask.once(_SHORT, 1)  # the first request after a pause is slower
    first = ask.best_of_two(_SHORT, 1)
    length = min(max(_LONG[0], min(_LONG[1], round(_SHORT * _ABOUT_S / first.seconds))), max(_SHORT, longest // 2))
    long = ask.best_of_two(length, 1)
    step = ask.many(_FEWEST + 1).step_after(first)
    single = ask.many(max(_FEWEST + 1, min(_MOST, round(_ABOUT_S / step))))
    with ThreadPoolExecutor(STREAMS) as streams:
        begun = time.perf_counter()
        answers = list(streams.map(lambda _stream: ask.once(_SHORT, single.completion), range(STREAMS)))
        together = time.perf_counter() - begun
    return EngineSpeed(
        alias, long.prompt, long.seconds, single.prompt + single.completion // 2, single.step_after(first),
        sum(answer.completion for answer in answers) / together,
    )  # fmt: skip


def resident_of(instance: Instance, alias: str) -> int | None:
    """Return the bytes that one replica of a chat model holds with its engine; None where none is on this machine."""
    name = f"ServeReplica:model-{alias}:"
    for process in processes_of(instance):
        with contextlib.suppress(psutil.Error, OSError):
            if name in " ".join(process.cmdline()):
                family = (process, *process.children(recursive=True))
                return sum(member.memory_full_info().pss for member in family)
    return None


def _words(characters: int) -> str:
    """Return words that no prompt began with before: the beginning of a known one would not be computed again."""
    letters = random.choices("abcdefghiklmnoprstuvw", k=characters)  # noqa: S311 - nothing secret
    return "".join(" " if number % 6 == 5 else letter for number, letter in enumerate(letters))
