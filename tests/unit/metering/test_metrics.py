from itertools import product

import pytest
from prometheus_client.parser import text_string_to_metric_families

from appliance.metering.metrics import GatewayMetrics


@pytest.fixture
def metrics():
    return GatewayMetrics()


def samples(metrics):
    """Return the exposition, parsed: (name, labels without bucket bounds) to value."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.exposition().decode())
        for sample in family.samples
    }


def value(metrics, name, **labels):
    return samples(metrics).get((name, *sorted(labels.items())), 0.0)


WHO = {"target": "general", "tenant": "default"}


def run(metrics, *, answered, status=200, seconds=0.5):
    metrics.started("general", "default")
    if answered:
        metrics.first_token("general", "default", 0.1, streaming=True)
    metrics.tokens("general", "default", 3, 4)
    metrics.finished("general", "default", "/r", status, seconds, answered=answered)


def test_a_request_is_counted_in_and_out(metrics):
    metrics.started("general", "default")
    assert value(metrics, "appliance_requests_in_flight", **WHO) == 1
    assert value(metrics, "appliance_queue_depth", **WHO) == 1
    metrics.first_token("general", "default", 0.1, streaming=True)
    assert value(metrics, "appliance_requests_in_flight", **WHO) == 1
    assert value(metrics, "appliance_queue_depth", **WHO) == 0
    metrics.finished("general", "default", "/r", 200, 0.5, answered=True)
    assert value(metrics, "appliance_requests_in_flight", **WHO) == 0
    assert value(metrics, "appliance_requests_total", **WHO, route="/r", status="200") == 1
    assert value(metrics, "appliance_request_duration_seconds_sum", **WHO) == 0.5


def test_no_gauge_goes_below_zero_or_stays_above(metrics):
    for answered, status in product((True, False), (200, 400, 499, 502)):
        run(metrics, answered=answered, status=status)
        assert value(metrics, "appliance_requests_in_flight", **WHO) == 0
        assert value(metrics, "appliance_queue_depth", **WHO) == 0
    assert metrics.traffic("general").in_flight == 0


def test_what_engines_carry_is_what_they_told_last(metrics):
    general, law = {"target": "general"}, {"target": "law"}
    metrics.engines_told({"general": (8, 3, 0.25), "law": (None, 2, None)})
    assert value(metrics, "appliance_model_requests_running", **general) == 8
    assert value(metrics, "appliance_model_requests_waiting", **general) == 3
    assert value(metrics, "appliance_model_kv_cache_usage_ratio", **general) == 0.25
    assert value(metrics, "appliance_model_requests_waiting", **law) == 2
    told = [labels for name, *labels in samples(metrics) if name.startswith("appliance_model_kv")]
    assert told == [[("target", "general")]]  # what is not known is not 0
    metrics.engines_told({"law": (0, 0, 0.0)})
    assert [labels for name, *labels in samples(metrics) if name.startswith("appliance_model_")] == [
        [("target", "law")]
    ] * 3


def test_tokens_by_kind(metrics):
    run(metrics, answered=True)
    run(metrics, answered=True)
    assert value(metrics, "appliance_tokens_total", **WHO, kind="prompt") == 6
    assert value(metrics, "appliance_tokens_total", **WHO, kind="completion") == 8


def test_only_what_is_the_appliances_fault_is_an_error(metrics):
    for status in (200, 400, 429, 499, 500, 502, 503, 507):
        run(metrics, answered=False, status=status)
    traffic = metrics.traffic("general")
    assert (traffic.requests_total, traffic.errors_total) == (8, 4)


def test_first_token_times_are_those_of_streams(metrics):
    metrics.first_token("general", "default", 5.0, streaming=False)
    assert metrics.traffic("general").ttft_p50_s is None
    assert value(metrics, "appliance_time_to_first_token_seconds_count", **WHO) == 0
    metrics.first_token("general", "default", 0.3, streaming=True)
    assert metrics.traffic("general").ttft_p50_s == 0.3
    assert metrics.traffic("general").ttft_p95_s == 0.3
    assert value(metrics, "appliance_time_to_first_token_seconds_count", **WHO) == 1


def test_quantiles_are_ordered_whatever_the_order_of_arrival(metrics):
    for number in [*range(100, 0, -2), *range(1, 100, 2)]:
        metrics.first_token("general", "default", number / 100, streaming=True)
    traffic = metrics.traffic("general")
    assert traffic.ttft_p50_s == pytest.approx(0.5, abs=0.02)
    assert traffic.ttft_p95_s == pytest.approx(0.95, abs=0.02)


def test_quantiles_forget_what_is_long_ago(metrics):
    for _number in range(10):
        metrics.first_token("general", "default", 60.0, streaming=True)
    for _number in range(200):
        metrics.first_token("general", "default", 0.1, streaming=True)
    assert metrics.traffic("general").ttft_p95_s == 0.1


def test_targets_are_apart_and_an_unknown_one_is_all_zero(metrics):
    run(metrics, answered=True)
    other = metrics.traffic("other")
    assert (other.requests_total, other.prompt_tokens_total, other.ttft_p50_s) == (0, 0, None)


def test_a_refusal_has_no_label_that_a_caller_chose(metrics):
    metrics.refused("-", 401)
    assert value(metrics, "appliance_requests_total", target="-", tenant="-", route="-", status="401") == 1


def test_two_gateways_in_one_process_do_not_mix(metrics):
    run(metrics, answered=True)
    assert samples(GatewayMetrics()) == {}
