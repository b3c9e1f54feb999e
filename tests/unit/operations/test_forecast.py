"""The trend of usage: robust against weekends and odd days, silent of too few days."""

from datetime import date, timedelta

import pytest

from appliance.operations.forecast import (
    BUSY_HOUR_SHARE,
    FEWEST_DAYS,
    WINDOW_DAYS,
    Day,
    assumption,
    days_of,
    forecast,
    in_words,
    trend_of,
)
from appliance.state.usage import UsageTotal

TODAY = date(2026, 11, 24)  # a Tuesday
WEEKDAYS = (1.0, 1.1, 1.05, 1.0, 0.9, 0.2, 0.1)


def total(day, target="general", model="", requests=1, tokens=10, seconds=1.0):
    return UsageTotal(day.isoformat(), "bank", "lma-a", target, model, requests, 0, tokens - 4, 4, seconds)


def weeks(count, growth, base=100.0):
    """Return values of whole weeks that grow by `growth` a week on each weekday, scaled by the weekday."""
    return [(base + growth * week) * share for week in range(count) for share in WEEKDAYS]


def days(values):
    """Return days before today whose busiest hour has `values` users at once."""
    first = TODAY - timedelta(days=len(values))
    return [
        Day(first + timedelta(days=at), round(value * 10), round(value * 1000), value * 3600 / BUSY_HOUR_SHARE)
        for at, value in enumerate(values)
    ]


def test_days_are_whole_and_without_gaps():
    first = TODAY - timedelta(days=3)
    found = days_of([total(first), total(first, requests=2), total(TODAY - timedelta(days=1)), total(TODAY)], TODAY)
    assert [(day.day.day, day.requests, day.tokens) for day in found] == [(21, 3, 20), (22, 0, 0), (23, 1, 10)]


def test_days_before_the_window_do_not_count():
    found = days_of([total(TODAY - timedelta(days=WINDOW_DAYS + 1)), total(TODAY - timedelta(days=1))], TODAY)
    assert len(found) == 1
    assert days_of([], TODAY) == ()


def test_what_a_scenario_used_counts_to_its_model():
    day = TODAY - timedelta(days=1)
    totals = [total(day), total(day, "knowledge-qa", "general"), total(day, "finance"), total(day, "archive")]
    assert days_of(totals, TODAY, {"general"})[0].requests == 2
    assert days_of(totals, TODAY, {"finance"})[0].requests == 1
    assert days_of(totals, TODAY)[0].requests == 4


def test_a_weekly_pattern_is_no_trend_and_a_growth_is_found_in_it():
    flat = trend_of(weeks(6, 0))
    assert (flat.a_week, flat.clear) == (0, False)
    grows = trend_of(weeks(6, 5))
    assert grows.clear
    assert grows.a_week == pytest.approx(5, rel=0.1)
    assert grows.level == pytest.approx(125 * 1.1, rel=0.05)
    assert grows.share_a_week == pytest.approx(5 / 137, rel=0.15)


def test_odd_days_do_not_move_the_trend():
    values = weeks(6, 5)
    values[3], values[17], values[-2] = 5000.0, 0.0, 3000.0
    assert trend_of(values).a_week == pytest.approx(trend_of(weeks(6, 5)).a_week, rel=0.15)


def test_too_few_days_have_no_trend():
    assert trend_of([1.0] * (FEWEST_DAYS - 1)) is None
    assert trend_of([1.0] * FEWEST_DAYS) is not None
    found = forecast(days(weeks(2, 50)), 1000)
    assert (found.outlook, found.reached, found.tokens) == ("few_days", None, None)
    assert "14 whole days are too few" in in_words(found).render("en")


def test_the_day_on_which_the_planned_users_are_there():
    found = forecast(days(weeks(6, 5)), 160)
    assert found.outlook == "on"
    weeks_ahead = (found.reached - TODAY).days / 7
    assert weeks_ahead == pytest.approx((160 - 125 * 1.1) / 5, abs=1.5)
    assert "(160) about 2026-12" in in_words(found).render("en") or "2027-01" in in_words(found).render("en")
    assert found.users_at_once == pytest.approx(125 * 1.1)


@pytest.mark.parametrize(
    ("values", "limit", "outlook"),
    [
        ([], 100, "no_use"),
        (weeks(6, 5), None, "unknown_limit"),
        (weeks(6, 5), 0, "below_level"),
        (weeks(2, 0), 100, "reached"),
        (weeks(6, -5), 500, "not_growing"),
        (weeks(6, 0), 500, "no_trend"),
        (weeks(6, 1), 5000, "later"),
    ],
)
def test_what_no_day_is_named_for(values, limit, outlook):
    found = forecast(days(values), limit)
    assert (found.outlook, found.reached) == (outlook, None)
    assert in_words(found).render("en")


def test_the_last_week_is_what_a_day_is_now():
    found = forecast(days([1.0] * 7 + [2.0] * 7), 10)
    assert (found.requests_a_day, found.tokens_a_day) == (20, 2000)
    assert "15 %" in assumption().render("en")
