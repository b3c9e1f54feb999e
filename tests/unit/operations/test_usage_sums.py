from datetime import date

from appliance.operations.usage_sums import UsageSum, add_up, tokens_each_day, whole
from appliance.state.usage import UsageTotal


def total(day, tenant, model, requests, prompt, answer, errors=0):
    return UsageTotal(day, tenant, "lma-a", model or "x", model, requests, errors, prompt, answer, 1.0)


TOTALS = (
    total("2026-11-22", "retail", "general", 4, 100, 50, 1),
    total("2026-11-24", "retail", "general", 2, 10, 5),
    total("2026-11-24", "risk", "", 9, 0, 0),
)


def test_sums_by_day_the_newest_first():
    assert [(one.name, one.requests, one.tokens) for one in add_up(TOTALS, "day")] == [
        ("2026-11-24", 11, 15),
        ("2026-11-22", 4, 150),
    ]


def test_sums_by_tenant_and_model_the_largest_first():
    assert [one.name for one in add_up(TOTALS, "tenant")] == ["retail", "risk"]
    assert add_up(TOTALS, "model")[0] == UsageSum("general", 6, 1, 110, 55)
    assert whole(add_up(TOTALS, "model")) == UsageSum("", 15, 1, 110, 55)


def test_each_day_has_its_tokens_and_a_day_without_use_is_0():
    assert tokens_each_day(TOTALS, date(2026, 11, 24), 4) == (0, 150, 0, 15)
    assert tokens_each_day((), date(2026, 11, 24), 2) == (0, 0)
