"""How many replicas a load asks for: a table, invariants over many loads, and the policy under Serve's own wrapper."""

import itertools
from dataclasses import replace

import pytest
from ray.serve._private.common import DeploymentID, ReplicaID, TimeStampedValue
from ray.serve.autoscaling_policy import _apply_autoscaling_config
from ray.serve.config import AutoscalingConfig, AutoscalingContext

from appliance.config.scaling import ScalingSettings
from appliance.config.site import EngineSettings, ModelSettings
from appliance.serving.scaling import (
    KV_USE,
    SINCE_LAST_S,
    TTFT_P90_MS,
    Load,
    ScalingPolicy,
    Targets,
    desired_replicas,
    load_of,
    replica_options,
)

TARGETS = Targets(least=1, most=4, requests=10, kv_use=0.8, ttft_ms=500.0, idle_s=60)
SLEEPS = replace(TARGETS, least=0)
LONG_AGO = 3600.0


@pytest.mark.parametrize(
    ("load", "targets", "wanted"),
    [
        (Load(1, 1, 0), TARGETS, 1),
        (Load(1, 1, 10), TARGETS, 1),
        (Load(1, 1, 11), TARGETS, 2),
        (Load(1, 1, 35), TARGETS, 4),
        (Load(1, 1, 1000), TARGETS, 4),
        (Load(2, 2, 9), TARGETS, 2),  # one would do, without headroom
        (Load(2, 2, 8), TARGETS, 1),
        (Load(4, 4, 12), TARGETS, 2),
        (Load(1, 1, 2, kv_use=0.8), TARGETS, 1),
        (Load(1, 1, 2, kv_use=0.81), TARGETS, 2),
        (Load(2, 2, 2, kv_use=0.9), TARGETS, 3),
        (Load(2, 2, 2, kv_use=0.35), TARGETS, 2),
        (Load(2, 2, 2, kv_use=0.3), TARGETS, 1),
        (Load(1, 1, 2, ttft_p90_ms=501), TARGETS, 2),
        (Load(1, 2, 2, ttft_p90_ms=501), TARGETS, 2),  # the second one is on its way
        (Load(2, 2, 2, ttft_p90_ms=400), TARGETS, 2),  # in time, but not with one replica fewer
        (Load(2, 2, 2, ttft_p90_ms=200), TARGETS, 1),
        (Load(1, 1, 2, ttft_p90_ms=10_000), replace(TARGETS, ttft_ms=None), 1),
        (Load(2, 2, 0, ttft_p90_ms=10_000), TARGETS, 1),  # of requests that are over
        (Load(1, 3, 5), TARGETS, 3),  # while replicas start their number stands
        (Load(1, 3, 0), TARGETS, 1),  # unless nobody is there any more
        (Load(1, 2, 39), TARGETS, 4),
        (Load(0, 0, 0), SLEEPS, 0),
        (Load(0, 0, 1), SLEEPS, 1),
        (Load(0, 0, 0.01), SLEEPS, 1),
        (Load(0, 1, 0), SLEEPS, 1),  # whoever woke it has gone: it comes up all the same
        (Load(0, 0, 0), TARGETS, 1),
        (Load(1, 1, 0, since_last_s=59), SLEEPS, 1),
        (Load(1, 1, 0, since_last_s=60), SLEEPS, 0),
        (Load(1, 1, 0, since_last_s=None), SLEEPS, 1),
        (Load(1, 1, 0.2, since_last_s=LONG_AGO), SLEEPS, 0),  # a look at its health keeps nobody awake
        (Load(1, 1, 1, since_last_s=LONG_AGO), SLEEPS, 1),
        (Load(1, 1, 0, since_last_s=LONG_AGO), TARGETS, 1),
    ],
)
def test_a_load_and_the_replicas_it_asks_for(load, targets, wanted):
    assert desired_replicas(load, targets) == wanted


def loads():
    for running, wanted, requests, kv_use, ttft, since in itertools.product(
        range(5), range(5), (0, 0.3, 1, 5, 9, 10, 11, 19, 25, 40, 500), (0, 0.3, 0.7, 0.8, 0.95, 1),
        (None, 100, 300, 500, 900), (None, 0, 61),
    ):  # fmt: skip
        yield Load(running, wanted, requests, kv_use, ttft, since)


@pytest.mark.parametrize("targets", [TARGETS, SLEEPS, replace(SLEEPS, most=1), replace(TARGETS, least=3, ttft_ms=None)])
def test_what_holds_for_every_load(targets):
    count = 0
    for load in loads():
        count += 1
        found = desired_replicas(load, targets)
        assert targets.least <= found <= targets.most, load
        assert desired_replicas(replace(load, requests=load.requests + 5), targets) >= found, load
        if found == 0 and load.running and load.wanted:
            assert load.requests < 1, load
            assert load.since_last_s >= targets.idle_s, load
        if load.requests >= 1:
            assert found >= 1, load
            if found < load.wanted <= targets.most:  # fewer are enough, and with some to spare
                assert load.requests <= max(1, found) * targets.requests, load
                assert load.running >= load.wanted, load
    assert count == 5 * 5 * 11 * 6 * 5 * 3


@pytest.mark.parametrize("requests", range(1, 60))
@pytest.mark.parametrize("cache", [0.0, 0.5, 1.0, 1.7, 3.1])
@pytest.mark.parametrize("first", [1, 2, 3, 4])
def test_under_a_load_that_stays_the_number_comes_to_rest(requests, cache, first):
    """`cache` is what all requests hold together, in caches of one replica."""
    seen = [first]
    for _round in range(12):
        load = Load(seen[-1], seen[-1], requests, min(1.0, cache / seen[-1]))
        seen.append(desired_replicas(load, TARGETS))
    assert len(set(seen[6:])) == 1, seen


def settings(**scaling):
    return ModelSettings(package="base", scaling=ScalingSettings(**scaling), engine=EngineSettings(max_num_seqs=16))


def options(**scaling):
    return AutoscalingConfig(**replica_options(settings(**scaling))["autoscaling_config"])


def replica(name):
    return ReplicaID(name, DeploymentID("Model", "model-general"))


def context(config, *, running=1, target=1, requests=0.0, metrics=None, state=None, now=1000.0):
    """Give what Serve's controller hands to a policy; `metrics` has a list of values for each replica by name."""
    ids = [replica(f"r{number}") for number in range(running)]
    raw = {
        name: {ids[number]: [TimeStampedValue(now - 1, value)] for number, value in enumerate(values)}
        for name, values in (metrics or {}).items()
    }
    return AutoscalingContext(
        deployment_id=DeploymentID("Model", "model-general"), deployment_name="Model", app_name="model-general",
        current_num_replicas=running, target_num_replicas=target, running_replicas=ids, total_num_requests=requests,
        total_queued_requests=0.0, aggregated_metrics={}, raw_metrics=lambda: raw,
        capacity_adjusted_min_replicas=config.min_replicas, capacity_adjusted_max_replicas=config.max_replicas,
        policy_state=state or {}, last_scale_up_time=None, last_scale_down_time=None, current_time=now, config=config,
    )  # fmt: skip


def test_what_serve_tells_is_read():
    config = options(max_replicas=4)
    metrics = {KV_USE: [0.5, 0.9], TTFT_P90_MS: [0.0, 700.0], SINCE_LAST_S: [120.0, 30.0]}
    found = load_of(context(config, running=2, target=3, requests=7.5, metrics=metrics))
    assert found == Load(2, 3, 7.5, 0.7, 700.0, 30.0)
    # One has told nothing yet: its cache counts as empty, and nobody knows how long ago its last request was.
    partly = {KV_USE: [0.8], TTFT_P90_MS: [0.0], SINCE_LAST_S: [500.0]}
    assert load_of(context(config, running=2, target=2, metrics=partly)) == Load(2, 2, 0.0, 0.4, None, None)
    assert load_of(context(config, running=0, target=0)) == Load(0, 0, 0.0)


def test_serve_carries_the_policy_with_its_targets():
    config = options(min_replicas=0, max_replicas=3, idle_s=60, ttft_target_ms=400)
    policy = config.policy.get_policy()(**config.policy.policy_kwargs)
    assert policy._targets == Targets(0, 3, 12.0, 0.8, 400.0, 60.0)
    assert options(max_replicas=2, target_ongoing_requests=3).policy.policy_kwargs["requests"] == 3
    assert (config.min_replicas, config.initial_replicas, config.max_replicas) == (0, 0, 3)


def test_more_are_started_after_the_delay_and_only_then(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("ray.serve.autoscaling_policy.time.time", lambda: clock[0])
    config = options(max_replicas=4, upscale_delay_s=15)
    decide = _apply_autoscaling_config(ScalingPolicy(**config.policy.policy_kwargs))
    state, found = {}, {}
    for clock[0] in (0.0, 10.0, 14.9, 15.1):
        count, state = decide(context(config, requests=40, state=state))
        found[clock[0]] = count
    assert found == {0.0: 1, 10.0: 1, 14.9: 1, 15.1: 4}


def test_a_sleeping_model_is_woken_at_once_and_sleeps_again_after_its_time():
    config = options(min_replicas=0, max_replicas=2, idle_s=60)
    decide = _apply_autoscaling_config(ScalingPolicy(**config.policy.policy_kwargs))
    assert decide(context(config, running=0, target=0))[0] == 0
    assert decide(context(config, running=0, target=0, requests=1))[0] == 1
    assert decide(context(config, running=0, target=1))[0] == 1
    assert decide(context(config, metrics={SINCE_LAST_S: [59.0]}))[0] == 1
    assert decide(context(config, metrics={SINCE_LAST_S: [61.0]}))[0] == 0


def test_without_scaling_the_number_is_fixed():
    assert replica_options(ModelSettings(package="base", replicas=3)) == {"num_replicas": 3}
