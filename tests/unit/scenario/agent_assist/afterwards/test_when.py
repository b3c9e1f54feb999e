"""Times that people agree on, from Wednesday 4 March 2026."""

import pytest

from scenarios.agent_assist.afterwards.when import when_said
from tests.unit.scenario.agent_assist.afterwards.spoken import WEDNESDAY


@pytest.mark.parametrize(
    ("said", "date", "time", "part"),
    [
        ("明天下午三点给您回电", "2026-03-05", "15:00", None),
        ("三个工作日内答复", "2026-03-09", None, None),
        ("下周二上午十点半", "2026-03-10", "10:30", None),
        ("周五吧", "2026-03-06", None, None),
        ("周一", "2026-03-09", None, None),
        ("十五号之前", "2026-03-15", None, None),
        ("2号", "2026-04-02", None, None),
        ("下个月5号", "2026-04-05", None, None),
        ("明天晚上8点以后", "2026-03-05", "20:00", None),
        ("后天中午", "2026-03-06", None, "noon"),
        ("next Tuesday at 3 pm", "2026-03-10", "15:00", None),
        ("on Friday morning", "2026-03-06", None, "morning"),
        ("tomorrow evening at half past six", "2026-03-05", "18:30", None),
        ("After six, tomorrow at ten", "2026-03-05", "10:00", None),
        ("within three working days", "2026-03-09", None, None),
        ("in two weeks", "2026-03-18", None, None),
        ("March 12th", "2026-03-12", None, None),
        ("2 March", "2027-03-02", None, None),
        ("下周再说", None, None, None),
        ("2月31号", None, None, None),
    ],
)
def test_days_and_hours(said, date, time, part):
    found = when_said(said, WEDNESDAY)
    assert (found.date, found.time, found.part) == (date, time, part)


@pytest.mark.parametrize(
    "said", ["存了三个月", "一点问题都没有", "I waited for two weeks", "转了五万", "at 3.9 percent"]
)
def test_durations_amounts_and_idioms_are_no_times(said):
    assert when_said(said, WEDNESDAY) is None


def test_without_the_day_of_the_call_only_full_dates_are_days():
    assert when_said("明天", None).date is None
    assert when_said("2026年5月1日", None).date == "2026-05-01"
