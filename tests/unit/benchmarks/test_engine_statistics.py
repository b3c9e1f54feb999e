"""Ratios of engines that differ in their statistics: within a round, whatever the machine did beside it."""

import pytest
from engine_statistics import ARMS, SILENT, TOLD, VLLM, Burst, interval, ratios

COST = {SILENT: 1.0, TOLD: 0.99, VLLM: 0.9}


@pytest.mark.parametrize(("arm", "streams"), [(TOLD, 1), (VLLM, 8)])
def test_a_slow_minute_falls_on_every_arm(arm, streams):
    bursts = [
        Burst(number, name, count, 100 * COST[name] / number, 0.1 * number, 1.0)
        for number in range(1, 6)
        for count in (1, 8)
        for name in ARMS
    ]
    found = ratios(bursts, arm, streams, "tokens_per_s")
    assert found == pytest.approx([COST[arm]] * 5)
    assert interval(found) == {name: pytest.approx(COST[arm]) for name in ("median", "low", "high")}
    assert ratios(bursts, arm, streams, "ttft_s") == [1.0] * 5


def test_the_interval_is_as_wide_as_the_rounds_differ():
    told = interval([0.9, 1.0, 1.0, 1.1])
    assert told["low"] < told["median"] == 1.0 < told["high"]
