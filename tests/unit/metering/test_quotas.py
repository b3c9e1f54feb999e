from datetime import UTC, datetime, timedelta

import pytest

from appliance.config.site import QuotaLimits, QuotaSettings
from appliance.core.errors import QuotaExceeded, error_from_data
from appliance.metering.quota_rules import EVERY_KEY, Rules, Subject
from appliance.metering.quotas import Meter, Moment, quota_rows
from appliance.state.quotas import QuotaRow

LINES = {"default": ("default",), "retail": ("default", "retail"), "cards": ("default", "retail", "cards")}
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Desk:
    """A meter with its rules, at a time that the test moves."""

    def __init__(self, rows=(), **settings):
        self.rules = Rules(QuotaSettings(**settings), rows, LINES)
        self.meter = Meter()
        self.at = Moment(1000.0, NOON)

    def wait(self, seconds):
        self.at = Moment(self.at.seconds + seconds, self.at.now + timedelta(seconds=seconds))

    def ask(self, tokens=10, actor="lma-a", tenant="retail", model="general"):
        return self.meter.admit(self.rules.subjects(actor, tenant, model), tokens, self.rules, self.at)

    def refusal(self, **asked):
        with pytest.raises(QuotaExceeded) as caught:
            self.ask(**asked)
        error = caught.value
        return error.details["quota"], error.details["scope"], error.details["name"], error.retry_after_s

    def settle(self, lease, tokens):
        self.meter.settle(lease, tokens, self.at)

    def used(self, scope, name):
        return self.meter.used(Subject(scope, name), self.at)


def test_requests_a_minute_come_free_one_by_one():
    desk = Desk(default=QuotaLimits(requests_per_minute=2))
    desk.ask()
    desk.wait(20)
    desk.ask()
    assert desk.refusal() == ("requests_per_minute", "key", "lma-a", 40.0)
    desk.ask(actor="lma-b")
    desk.wait(39.5)
    assert desk.refusal()[3] == 1.0
    desk.wait(0.5)
    desk.ask()
    assert desk.refusal()[3] == 20.0


def test_tokens_a_minute_are_those_expected_until_the_true_number_is_known():
    desk = Desk(default=QuotaLimits(tokens_per_minute=100))
    lease = desk.ask(tokens=80)
    desk.wait(10)
    assert desk.refusal(tokens=30) == ("tokens_per_minute", "key", "lma-a", 50.0)
    desk.settle(lease, 20)
    desk.ask(tokens=80)
    assert desk.refusal(tokens=1)[3] == 50.0
    assert desk.refusal(tokens=30)[3] == 60.0


def test_a_request_above_the_limit_by_itself_is_told_so():
    desk = Desk(default=QuotaLimits(tokens_per_minute=100))
    with pytest.raises(QuotaExceeded, match="The request alone is above it") as caught:
        desk.ask(tokens=101)
    assert caught.value.retry_after_s == 60.0


def test_tokens_beyond_what_was_expected_count_even_after_the_minute_of_the_request():
    desk = Desk(default=QuotaLimits(tokens_per_minute=100))
    lease = desk.ask(tokens=10)
    desk.wait(90)
    desk.settle(lease, 95)
    assert desk.used("key", "lma-a")["tokens_per_minute"] == 85
    assert desk.refusal(tokens=20)[3] == 60.0


def test_requests_at_once_come_free_when_one_ends():
    desk = Desk(default=QuotaLimits(concurrent_requests=1))
    lease = desk.ask()
    desk.wait(300)
    assert desk.refusal() == ("concurrent_requests", "key", "lma-a", 1.0)
    desk.meter.release(lease)
    desk.settle(lease, 5)
    desk.settle(lease, 5)
    assert desk.used("key", "lma-a")["concurrent_requests"] == 0
    desk.ask()


def test_tokens_a_day_come_back_at_midnight_utc():
    desk = Desk(tenants={"retail": QuotaLimits(tokens_per_day=100)})
    desk.settle(desk.ask(tokens=100), 95)
    assert desk.refusal(tokens=10) == ("tokens_per_day", "tenant", "retail", 12 * 3600.0)
    desk.wait(12 * 3600)
    open_over_midnight = desk.ask(tokens=60)
    # What others have reserved may come free at any moment.
    assert desk.refusal(tokens=60) == ("tokens_per_day", "tenant", "retail", 1.0)
    desk.settle(open_over_midnight, 10)
    desk.ask(tokens=60)


def test_tokens_a_month_come_back_on_the_first():
    desk = Desk(models={"general": QuotaLimits(tokens_per_month=100)})
    desk.settle(desk.ask(), 100)
    assert desk.refusal(tokens=1) == ("tokens_per_month", "model", "general", (5 * 24 + 12) * 3600.0)
    desk.ask(model="other")
    desk.wait((5 * 24 + 12) * 3600)
    desk.ask()


def test_what_was_used_before_a_restart_counts():
    desk = Desk(tenants={"default": QuotaLimits(tokens_per_day=100, tokens_per_month=1000)})
    used = [("2026-11-02", "cards", "lma-z", "", 700), ("2026-11-25", "retail", "lma-a", "general", 40)]
    desk.meter.load(used, desk.rules, desk.at)
    assert desk.used("tenant", "default")["tokens_per_day"] == 40
    assert desk.used("tenant", "retail")["tokens_per_month"] == 740
    assert desk.refusal(tokens=61)[:3] == ("tokens_per_day", "tenant", "default")
    desk.ask(tokens=60)


def test_a_tenant_counts_for_each_one_above_it_and_the_tightest_is_told():
    desk = Desk(
        default=QuotaLimits(requests_per_minute=5),
        tenants={"default": QuotaLimits(requests_per_minute=3), "cards": QuotaLimits(requests_per_minute=2)},
    )
    desk.ask(tenant="retail")
    desk.wait(10)
    desk.ask(tenant="cards")
    desk.ask(tenant="cards", actor="lma-b")
    # The head office is free in 50 s, the cards in 60 s.
    assert desk.refusal(tenant="cards", actor="lma-c") == ("requests_per_minute", "tenant", "cards", 60.0)
    assert desk.refusal(tenant="retail") == ("requests_per_minute", "tenant", "default", 50.0)


def test_a_refused_request_counts_nowhere():
    desk = Desk(default=QuotaLimits(requests_per_minute=5), models={"general": QuotaLimits(concurrent_requests=0)})
    assert desk.refusal()[:2] == ("concurrent_requests", "model")
    assert set(desk.used("key", "lma-a").values()) == {0}
    lease = desk.ask(model=None)
    desk.meter.cancel(lease, desk.at)
    assert set(desk.used("key", "lma-a").values()) == {0}
    assert set(desk.used("tenant", "default").values()) == {0}


def test_rows_go_before_the_site_file_limit_by_limit():
    rows = [QuotaRow("key", "lma-a", {"requests_per_minute": None}), QuotaRow("tenant", "cards", {"tokens_per_day": 7})]
    desk = Desk(rows, default=QuotaLimits(requests_per_minute=1, tokens_per_day=9))
    assert desk.rules.limits(Subject("key", "lma-a")) == {"tokens_per_day": 9}
    assert desk.rules.limits(EVERY_KEY) == {"requests_per_minute": 1, "tokens_per_day": 9}
    assert desk.rules.limits(Subject("tenant", "cards")) == {"tokens_per_day": 7}
    assert desk.rules.limits(Subject("tenant", "retail")) == {}
    told = [(row["scope"], row["name"], row["set"]) for row in quota_rows(desk.rules, desk.meter, desk.at)]
    assert told == [
        ("key", "*", []),
        ("key", "lma-a", ["requests_per_minute"]),
        ("tenant", "cards", ["tokens_per_day"]),
    ]


def test_the_error_keeps_its_kind_between_processes():
    desk = Desk(default=QuotaLimits(concurrent_requests=0))
    with pytest.raises(QuotaExceeded, match="The quota of the key lma-a is used up: 0 requests at once") as caught:
        desk.ask()
    assert caught.value.details["retry_after_s"] == 1
    assert isinstance(error_from_data(caught.value.to_data()), QuotaExceeded)
