import time
from datetime import UTC, datetime

import pytest

from appliance.core.errors import InvalidRequest
from appliance.operations.audit_filters import READY, day_start, search_command, when
from appliance.state.audit.search import Filters

NOW = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)  # the 25th already in China


@pytest.fixture
def in_china(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def in_berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_china")
def test_days_are_those_of_the_machine():
    assert day_start(NOW) == "2026-11-24T16:00:00.000Z"
    assert when("yesterday", NOW) == when("昨天", NOW) == day_start(NOW, 1) == "2026-11-23T16:00:00.000Z"
    assert when(" Today ", NOW) == when("今天", NOW) == day_start(NOW)
    assert when("2026-11-20", NOW) == "2026-11-19T16:00:00.000Z"
    assert when("2026-11-20T08:00:00Z", NOW) == "2026-11-20T08:00:00.000Z"
    assert when("2h", NOW) == "2026-11-24T16:30:00.000Z"


@pytest.mark.usefixtures("in_berlin")
def test_a_day_before_the_clocks_changed_begins_at_its_own_midnight():
    assert day_start(datetime(2026, 10, 26, 12, tzinfo=UTC), 2) == "2026-10-23T22:00:00.000Z"


def test_a_time_that_cannot_be_read():
    with pytest.raises(InvalidRequest):
        when("some day", NOW)


@pytest.mark.usefixtures("in_china")
def test_what_was_blocked_since_yesterday_comes_first():
    assert READY[0].name == "blocked"
    filters = READY[0].filters(NOW)
    assert filters == Filters(text='"action":"block"', since="2026-11-23T16:00:00.000Z")
    assert search_command(filters) == (
        'appliance audit search --since 2026-11-23T16:00:00.000Z --text \'"action":"block"\''
    )
    assert len({one.name for one in READY}) == len(READY)
    assert all(isinstance(one.filters(NOW), Filters) for one in READY)


def test_every_filter_is_an_option_of_the_command():
    filters = Filters("t", "a", "r", "k.*", "g", "o", "s", "u", "x y")
    assert search_command(filters) == (
        "appliance audit search --tenant t --actor a --request r --kind 'k.*' --target g --outcome o "
        "--since s --until u --text 'x y'"
    )
    assert search_command(Filters(target="g", failed=True)) == "appliance audit search --target g --failed"
