"""What it costs that an engine tells what it carries: tokens a second, time to the first token, processor time.

    python benchmarks/engine_statistics.py --home HOME [--package base] [--arms silent,told,vllm] [--rounds 12]
    python benchmarks/engine_statistics.py --home HOME --steps

On processors alone, without Ray and gateway: engines as the appliance starts them, that differ in their statistics
only. `silent` keeps none; `told` is what the appliance has; `vllm` has vLLM's own loggers beside that. In each round
each of them answers the same requests, in an order that changes from round to round, and only ratios within a round
count: what else the machine does falls on all of them. Processor time is that of the engine's process and this one.

`--steps` measures the statistics alone, as vLLM keeps them at one step at which each stream gets a token: processor
time of counting in the front end with the loggers that are told, and of carrying them there. The least of many
repeats: that is hardly longer on a busy machine.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import psutil
from figures import percentile
from machine import describe

SILENT, TOLD, VLLM = "silent", "told", "vllm"
ARMS: Final = (SILENT, TOLD, VLLM)
STREAMS: Final = (1, 8, 32)
_PROMPT, _ANSWER = 8, 8  # tokens; short steps are where a cost at each step shows most
_WAVES: Final = {1: 3}  # a single stream asks some times, or its round would be too short to tell
_REPEATS: Final = 3000
_RESAMPLES: Final = 2000
_FRONT_END: Final = {
    "chat_template", "trust_request_chat_template", "enable_auto_tool_choice", "tool_call_parser", "tool_strict_level"
}  # fmt: skip
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_LEVEL": "WARNING", "VLLM_CPU_KVCACHE_SPACE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}  # fmt: skip


@dataclass(frozen=True)
class Burst:
    """What one arm did with the requests of one round. Times in seconds."""

    round: int
    arm: str
    streams: int
    tokens_per_s: float
    ttft_s: float
    """Mean of the requests."""
    processor_s: float


@dataclass(frozen=True)
class Arm:
    """An engine and its process."""

    engine: Any
    process: psutil.Process

    def processor_s(self) -> float:
        """Return the processor time that the engine's process and this one have used."""
        times = (self.process.cpu_times(), psutil.Process().cpu_times())
        return sum(float(one.user + one.system) for one in times)


def engine_config(home: Path, package: str) -> Any:  # noqa: ANN401 - vLLM's class
    """Return vLLM's configuration of the package's engine, as the appliance starts it on few processors."""
    from vllm.engine.arg_utils import AsyncEngineArgs

    from appliance.config.home import Home
    from appliance.config.site import ModelSettings
    from appliance.packages.model_sources import current_source
    from appliance.serving.engine import engine_kwargs
    from appliance.serving.launch import chat_model

    source = current_source(Home(home), package)
    arguments = engine_kwargs(chat_model("general", ModelSettings(package=package), source), "cpu")
    kept = {name: value for name, value in arguments.items() if name not in _FRONT_END}
    config = AsyncEngineArgs(model=str(source.folder), **kept).create_engine_config()
    config.parallel_config.distributed_executor_backend = "uni"  # as `serving.vllm_engine`
    return config


def start(home: Path, package: str, arms: tuple[str, ...]) -> dict[str, Arm]:
    """Return the engine of each of `arms`, one started after the other. Needs a running event loop."""
    from vllm.v1.engine.async_llm import AsyncLLM

    from appliance.serving.engine_load import EngineLoad

    found: dict[str, Arm] = {}
    for arm in arms:
        before, config = set(psutil.Process().children()), engine_config(home, package)
        engine = AsyncLLM.from_vllm_config(config, disable_log_stats=arm == SILENT)
        if arm != SILENT:
            own = [] if arm == TOLD else list(engine.logger_manager.stat_loggers)
            engine.logger_manager.stat_loggers[:] = [*own, EngineLoad()]
        began = [child for child in psutil.Process().children() if child not in before]
        found[arm] = Arm(engine, max(began, key=lambda child: child.memory_info().rss))
    return found


async def ask(engine: Any, name: str, seed: str) -> tuple[float, int]:  # noqa: ANN401 - vLLM's client
    """Run one request; return seconds to its first token, and its number of tokens."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    source = random.Random(seed)
    prompt = {"prompt_token_ids": [source.randrange(1000, 20000) for _ in range(_PROMPT)]}
    how = SamplingParams(
        max_tokens=_ANSWER, ignore_eos=True, temperature=0.0, output_kind=RequestOutputKind.DELTA, detokenize=True
    )
    begun, first, count = time.perf_counter(), 0.0, 0
    async for output in engine.generate(prompt, how, name):
        first = first or time.perf_counter() - begun
        count += len(output.outputs[0].token_ids)
    return first, count


async def burst(arm: Arm, name: str, number: int, streams: int) -> Burst:
    """Let one arm answer the requests of a round, all at once."""
    used, begun = arm.processor_s(), time.perf_counter()
    answers: list[tuple[float, int]] = []
    for wave in range(_WAVES.get(streams, 1)):
        seeds = (f"{number}-{streams}-{wave}-{one}" for one in range(streams))
        answers += await asyncio.gather(*(ask(arm.engine, seed, seed) for seed in seeds))
    wall = time.perf_counter() - begun
    tokens = sum(count for _first, count in answers)
    ttft = sum(first for first, _count in answers) / len(answers)
    return Burst(number, name, streams, tokens / wall, ttft, arm.processor_s() - used)


async def measure(arms: dict[str, Arm], rounds: int) -> list[Burst]:
    """Return every burst but those of the first round, which only warms."""
    found: list[Burst] = []
    try:
        for number in range(rounds + 1):
            for place, streams in enumerate(STREAMS):
                for name in arms if (number + place) % 2 else reversed(arms):
                    found.append(await burst(arms[name], name, number, streams))
                    sys.stderr.write(json.dumps(asdict(found[-1])) + "\n")
    finally:
        for arm in arms.values():
            arm.engine.shutdown()
    return [one for one in found if one.round]


def ratios(bursts: list[Burst], arm: str, streams: int, field: str) -> list[float]:
    """Return of each round what `arm` had of `field`, over what the silent engine had."""
    rows = {(one.round, one.arm): float(getattr(one, field)) for one in bursts if one.streams == streams}
    return [rows[number, arm] / rows[number, SILENT] for number in sorted({number for number, _arm in rows})]


def interval(values: list[float], seed: int = 1) -> dict[str, float]:
    """Return the median of ratios, and the interval that holds 95 % of the medians of resampled rounds."""
    source = random.Random(seed)
    medians = [percentile(source.choices(values, k=len(values)), 0.5) for _ in range(_RESAMPLES)]
    low, high = (percentile(medians, share) for share in (0.025, 0.975))
    return {"median": round(percentile(values, 0.5), 3), "low": round(low, 3), "high": round(high, 3)}


def step_costs(config: Any) -> list[dict[str, float]]:  # noqa: ANN401 - vLLM's class
    """Return by number of streams the microseconds of processor time that the statistics of one step take."""
    from vllm.v1.engine import EngineCoreOutput, EngineCoreOutputs
    from vllm.v1.metrics.loggers import PrometheusStatLogger
    from vllm.v1.metrics.stats import IterationStats, LoRARequestStates, RequestStateStats, SchedulerStats
    from vllm.v1.serial_utils import MsgpackDecoder, MsgpackEncoder

    from appliance.serving.engine_load import EngineLoad

    loggers: dict[str, Any] = {TOLD: EngineLoad(), VLLM: PrometheusStatLogger(config, [0])}
    encoder, decoder, adapters = MsgpackEncoder(), MsgpackDecoder(EngineCoreOutputs), LoRARequestStates(log_stats=True)
    found = []
    for streams in STREAMS:
        outputs = [EngineCoreOutput(request_id=str(number), new_token_ids=[5]) for number in range(streams)]
        states = [RequestStateStats(arrival_time=time.time()) for _ in outputs]
        stats = SchedulerStats(num_running_reqs=streams, kv_cache_usage=0.2)

        def count(outputs: Any = outputs, states: Any = states) -> IterationStats:  # noqa: ANN401
            step = IterationStats()
            for output, state in zip(outputs, states, strict=True):
                step.update_from_output(output, 1.0, False, state, adapters, None)
            return step

        def carry(stats: Any, outputs: Any = outputs) -> None:  # noqa: ANN401
            decoder.decode(encoder.encode(EngineCoreOutputs(outputs=outputs, scheduler_stats=stats)))

        counted, step = _least_us(count), count()
        row = {"streams": streams, "count": counted, "carry": _least_us(carry, stats) - _least_us(carry, None)}
        row |= {name: _least_us(logger.record, stats, step, None, 0) for name, logger in loggers.items()}
        found.append({name: round(value, 1) for name, value in row.items()})
    return found


def _least_us(call: Any, *arguments: Any) -> float:  # noqa: ANN401
    """Return the least processor time of one call, in microseconds."""
    least = float("inf")
    for _ in range(_REPEATS):
        begun = time.thread_time_ns()
        call(*arguments)
        least = min(least, (time.thread_time_ns() - begun) / 1000)
    return least


def main() -> int:
    """Measure, and print the ratios of the arms that keep statistics."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--package", default="base")
    parser.add_argument("--arms", default=",".join(ARMS), help="those to measure; silent must be one of them")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--steps", action="store_true", help="measure the statistics alone")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    machine = describe()
    os.environ.update(_ENVIRONMENT, OMP_NUM_THREADS=str(max(1, (os.cpu_count() or 1) - 1)))
    if options.steps:
        for costs in step_costs(engine_config(options.home, options.package)):
            sys.stdout.write("  ".join(f"{name} {value}" for name, value in costs.items()) + "\n")
        return 0
    names = tuple(arm for arm in ARMS if arm in options.arms.split(","))

    async def run() -> list[Burst]:
        return await measure(start(options.home, options.package, names), options.rounds)

    bursts = asyncio.run(run())
    found = [
        {"arm": arm, "streams": streams, "figure": field, **interval(ratios(bursts, arm, streams, field))}
        for arm in names
        if arm != SILENT
        for streams in STREAMS
        for field in ("tokens_per_s", "ttft_s", "processor_s")
    ]
    for row in found:
        sys.stdout.write("  ".join(f"{name} {value}" for name, value in row.items()) + "\n")
    if options.json is not None:
        record = {"machine": machine, "ratios": found, "bursts": [asdict(one) for one in bursts]}
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
