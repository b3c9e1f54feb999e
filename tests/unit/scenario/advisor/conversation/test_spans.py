from datetime import date

import pytest

from appliance.knowledge.language.terms import fold
from scenarios.advisor.conversation.spans import amount_in, day_in, levels_in, limits_in, term_in, window_in
from scenarios.advisor.conversation.vocabulary import shipped_words

TODAY = date(2026, 11, 2)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("近一年", "1y"), ("过去三年", "3y"), ("最近6个月", "6m"), ("近半年", "6m"), ("今年以来", "ytd"),
        ("over the past 3 years", "3y"), ("past five years", "5y"), ("year to date", "ytd"), ("past year", "1y"),
        ("since 2023", "since:2023-01-01"), ("从2023年开始", "since:2023-01-01"),
        ("自2024年3月5日以来", "since:2024-03-05"),
        ("since March 2024", "since:2024-03-01"), ("since inception", "all"), ("成立以来", "all"), ("随便看看", None),
    ],
)  # fmt: skip
def test_windows(text, window):
    assert window_in(fold(text), shipped_words())[0] == window


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("截至2026年6月30日", date(2026, 6, 30)), ("as of 30 June 2026", date(2026, 6, 30)),
        ("2026-06-30", date(2026, 6, 30)),
        ("June 30, 2026", date(2026, 6, 30)), ("2026年6月底", date(2026, 6, 30)), ("上月末", date(2026, 10, 31)),
        ("2026年13月1日", None), ("2026-02-30", None),
    ],
)  # fmt: skip
def test_days(text, day):
    assert day_in(fold(text), TODAY)[0] == day


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("权益不超过40%", {"classes": {"equity": {"maximum": 0.4}}}),
        ("股票最多三成", {"classes": {"equity": {"maximum": 0.3}}}),
        ("债券不低于百分之五十", {"classes": {"bond": {"minimum": 0.5}}}),
        ("现金至少10%，单只产品别超过20%", {"cash_minimum": 0.1, "each_product": 0.2}),
        ("at least 10% cash and equity not above 40%", {"cash_minimum": 0.1, "classes": {"equity": {"maximum": 0.4}}}),
        ("no more than 20% in any single product", {"each_product": 0.2}),
        ("R4及以上不超过10%", {"above_levels": {"R3": 0.1}}),
        ("turnover at most 30%", {"turnover": 0.3}),
        ("权益不超过140%", {}),
        ("10% more bonds", {}),
    ],
)
def test_limits(text, limits):
    assert limits_in(fold(text), shipped_words())[0] == limits


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("50万", (500000.0, None)), ("五十万元", (500000.0, "CNY")), ("200k", (200000.0, None)),
        ("5w", (50000.0, "CNY")),
        ("1.5 million", (1500000.0, None)), ("half a million", (500000.0, None)), ("$20,000", (20000.0, "USD")),
        ("五万美元", (50000.0, "USD")), ("two hundred thousand", (200000.0, None)),
        ("three million yuan", (3000000.0, "CNY")),
        ("利率上行200个基点", (None, None)), ("30岁", (None, None)), ("3个月", (None, None)),
        ("0元", (None, "CNY")), ("-", (None, None)),
    ],
)  # fmt: skip
def test_amounts(text, amount):
    assert amount_in(fold(text), bare=False) == amount


def test_a_bare_number_is_an_amount_only_where_one_is_asked_for():
    assert amount_in("50", bare=False) == (None, None)
    assert amount_in("50", bare=True) == (50.0, None)


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("R2及以下", (None, "R2")), ("不超过R3", (None, "R3")), ("R4以上", ("R4", None)), ("只要R1的", ("R1", "R1")),
        ("R2到R4", ("R2", "R4")), ("rated R2 or lower", (None, "R2")), ("up to R3", (None, "R3")), ("C3", (None, None)),
    ],
)  # fmt: skip
def test_levels(text, levels):
    assert levels_in(fold(text), shipped_words()) == levels


@pytest.mark.parametrize(
    ("text", "days"), [("半年以内", 180), ("within a year", 365), ("90天", 90), ("two years", 730)]
)
def test_terms(text, days):
    assert term_in(fold(text)) == days
