"""What a replica tells of its engine, from vLLM's own statistics."""

from types import SimpleNamespace

from ray.llm._internal.serve.engines.vllm.vllm_engine import VLLMEngine
from vllm.v1.metrics.loggers import StatLoggerBase
from vllm.v1.metrics.stats import IterationStats, PrefixCacheStats, SchedulerStats

from appliance.serving.engine_load import Clock, EngineLoad, LatestTimes, replica_metrics
from appliance.serving.scaling import KV_USE, SINCE_LAST_S, TTFT_P90_MS
from appliance.serving.vllm_engine import Engine


class Hands:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.at = 100.0

    def __call__(self):
        return self.at


def first_tokens(*seconds):
    stats = IterationStats()
    stats.time_to_first_tokens_iter = list(seconds)
    return stats


def test_nine_in_ten_of_the_last_minute():
    now = Hands()
    times = LatestTimes(now)
    assert times.p90() is None
    for number in range(1, 11):
        times.add(float(number))
    assert times.p90() == 10.0
    for _ in range(20):
        times.add(0.5)
    assert times.p90() == 8.0
    now.at += 61
    assert times.p90() is None
    times.add(3.0)
    assert times.p90() == 3.0


def test_the_last_step_and_the_sums_are_kept():
    load = EngineLoad()
    load.record(SchedulerStats(kv_cache_usage=0.5, prefix_cache_stats=PrefixCacheStats(queries=80, hits=16)), None)
    load.record(
        SchedulerStats(kv_cache_usage=0.25, prefix_cache_stats=PrefixCacheStats(queries=20, hits=16)),
        first_tokens(0.2, 0.4),
    )
    load.record(None, IterationStats())
    assert (load.kv_use, load.prompt_tokens, load.cached_tokens) == (0.25, 100, 32)
    now = Hands()
    clock = Clock(now)
    now.at += 3
    assert replica_metrics(load, clock) == {KV_USE: 0.25, TTFT_P90_MS: 400.0, SINCE_LAST_S: 3}


def test_no_other_logger_works_at_each_step(monkeypatch):
    client = SimpleNamespace(logger_manager=SimpleNamespace(stat_loggers=["vLLM's log", "Prometheus"]))
    monkeypatch.setattr(VLLMEngine, "_start_async_llm_engine", lambda *_arguments: client)
    engine = Engine.__new__(Engine)
    assert engine._start_async_llm_engine() is client
    assert client.logger_manager.stat_loggers == [engine.load]


def test_vllm_finds_every_method_of_its_loggers():
    names = {name for name in vars(StatLoggerBase) if not name.startswith("_")}
    assert names <= set(dir(EngineLoad()))


def test_the_clock_stands_while_a_request_runs():
    now = Hands()
    clock = Clock(now)
    now.at += 7
    assert clock.since_last() == 7
    clock.begin()
    clock.begin()
    now.at += 5
    clock.end()
    assert clock.since_last() == 0
    clock.end()
    now.at += 2
    assert clock.since_last() == 2
    assert replica_metrics(EngineLoad(), clock)[SINCE_LAST_S] == 2
