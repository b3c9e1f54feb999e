import pytest
from figures import Burst, Reply, compare, percentile, summarise


def burst(streams, wall_s, *ttfts_ms):
    return Burst(streams, wall_s, tuple(Reply(ttft / 1000, (0.01, 0.03), 150, 64) for ttft in ttfts_ms))


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([5], 0.5, 5), ([3, 1, 2], 0.5, 2), ([1, 2], 0.5, 1.5), ([1, 2, 3, 4, 5], 0.95, 4.8), ([1, 9], 1.0, 9)],
)
def test_percentiles_are_interpolated(values, share, expected):
    assert percentile(values, share) == pytest.approx(expected)


def test_no_values_have_no_percentile():
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_rounds_are_pooled_for_latency_and_their_middle_is_taken_for_throughput():
    figures = summarise([burst(1, 2.0, 100, 200), burst(1, 4.0, 300, 400), burst(1, 1.0, 500, 600)])
    assert figures["requests"] == 6
    assert figures["ttft_p50_ms"] == 350
    assert figures["tokens_per_s"] == 64  # 64, 32 and 128 tokens a second
    assert (figures["tokens_per_s_min"], figures["tokens_per_s_max"]) == (32, 128)
    assert figures["itl_p50_ms"] == 20
    assert figures["completion_tokens_mean"] == 64


def test_a_ratio_over_one_means_that_the_appliance_has_more():
    row = compare(8, [burst(8, 2.0, 100)], [burst(8, 4.0, 110)])
    assert row["streams"] == 8
    assert row["ttft_p50_ratio"] == 1.1
    assert row["throughput_ratio"] == 0.5
    assert row["vllm"]["ttft_p50_ms"] == 100
    assert row["appliance"]["tokens_per_s"] == 16
