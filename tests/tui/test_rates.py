import pytest

from appliance.core.status import ApplianceStatus, ApplicationStatus, TrafficStatus
from appliance.tui.rates import RateTracker
from tests.tui.recorded import load


def reading(second, **totals):
    """A status at that second; each application has (requests, tokens)."""
    return ApplianceStatus(
        version="1",
        taken_at=f"2026-11-24T06:{second // 60:02}:{second % 60:02}.000Z",
        uptime_s=second,
        nodes=(),
        applications=tuple(
            ApplicationStatus(
                name=name,
                kind="gateway" if name == "gateway" else "model",
                state="running",
                traffic=TrafficStatus(requests_total=requests, completion_tokens_total=tokens),
            )
            for name, (requests, tokens) in totals.items()
        ),
    )


def test_one_reading_is_no_rate():
    rates = RateTracker().observe(reading(0, general=(5, 100)))
    assert rates["model/general"].requests_per_s is None
    assert rates["model/general"].tokens_per_s is None


def test_rate_between_two_readings():
    tracker = RateTracker()
    tracker.observe(reading(0, general=(5, 100)))
    rate = tracker.observe(reading(2, general=(8, 160)))["model/general"]
    assert rate.requests_per_s == pytest.approx(1.5)
    assert rate.tokens_per_s == pytest.approx(30)


def test_rate_is_the_mean_of_the_window_and_forgets_what_is_older():
    tracker = RateTracker(window_s=4)
    for second, total in ((0, 0), (2, 100), (4, 100), (6, 104), (8, 108)):
        rate = tracker.observe(reading(second, general=(total, 0)))["model/general"]
    assert rate.requests_per_s == pytest.approx(2)


def test_nothing_happening_is_zero_not_unknown():
    tracker = RateTracker()
    tracker.observe(reading(0, general=(5, 100)))
    assert tracker.observe(reading(2, general=(5, 100)))["model/general"].requests_per_s == 0


def test_counter_that_restarts_is_counted_from_zero():
    tracker = RateTracker()
    tracker.observe(reading(0, general=(500, 9000)))
    rate = tracker.observe(reading(2, general=(4, 60)))["model/general"]
    assert (rate.requests_per_s, rate.tokens_per_s) == (2, 30)


def test_application_that_appears_and_one_that_leaves():
    tracker = RateTracker()
    tracker.observe(reading(0, general=(0, 0), old=(7, 7)))
    rates = tracker.observe(reading(2, general=(2, 0), finance=(50, 0)))
    assert rates["model/finance"].requests_per_s is None, "what it did before it was first seen is not known"
    assert "model/old" not in rates
    assert tracker.observe(reading(4, general=(2, 0), finance=(54, 0)))["model/finance"].requests_per_s == 2
    assert tracker.observe(reading(6, general=(2, 0), old=(1, 0)))["model/old"].requests_per_s >= 0


def test_same_reading_twice_and_a_clock_set_back():
    tracker = RateTracker()
    tracker.observe(reading(10, general=(0, 0)))
    tracker.observe(reading(12, general=(4, 0)))
    assert tracker.observe(reading(12, general=(4, 0)))["model/general"].requests_per_s == 2
    assert tracker.observe(reading(1, general=(9, 0)))["model/general"].requests_per_s is None
    assert tracker.observe(reading(3, general=(13, 0)))["model/general"].requests_per_s == 2


def test_missed_reading_is_a_gap():
    tracker = RateTracker()
    tracker.observe(reading(0, general=(0, 0)))
    tracker.observe(reading(2, general=(4, 0)))
    tracker.miss()
    tracker.observe(reading(60, general=(500, 0)))
    tracker.observe(reading(62, general=(502, 0)))
    assert [rate.requests_per_s for rate in tracker.history] == [None, 2, None, None, 1]


def test_total_counts_no_request_twice():
    tracker = RateTracker()
    tracker.observe(reading(0, general=(0, 0), finance=(0, 0), gateway=(0, 0)))
    tracker.observe(reading(2, general=(4, 20), finance=(2, 10), gateway=(6, 0)))
    assert tracker.history[-1].requests_per_s == 3
    assert tracker.history[-1].tokens_per_s == 15


def test_history_is_bounded():
    tracker = RateTracker(length=5)
    for second in range(30):
        tracker.observe(reading(second, general=(second, 0)))
    assert len(tracker.history) == 5


def test_recorded_statuses_can_be_taken():
    for name in ("one-cpu-node", "three-gpu-nodes", "eight-gpus"):
        assert RateTracker().observe(load(name))
