from datetime import UTC, datetime, timedelta, timezone

import pytest

from appliance.core import ids
from appliance.core.clock import iso, utc_now
from appliance.core.ids import new_id
from appliance.core.units import human_bytes, human_seconds


def test_ids_are_unique_and_sort_by_time(monkeypatch):
    made = [new_id("doc") for _number in range(1000)]
    assert len(set(made)) == len(made)
    assert all(len(one) == 30 and one.startswith("doc_") for one in made)
    moments = iter([1_000_000_000_000_000_000, 1_000_000_000_001_000_000, 4_000_000_000_000_000_000])
    monkeypatch.setattr(ids.time, "time_ns", lambda: next(moments))
    early, later, last = new_id("x"), new_id("x"), new_id("x")
    assert early < later < last


def test_ids_made_in_one_millisecond_sort_as_they_were_made(monkeypatch):
    monkeypatch.setattr(ids.time, "time_ns", lambda: 5_000_000_000_000_000_000)
    made = [new_id("call") for _number in range(1000)]
    assert made == sorted(made)
    monkeypatch.setattr(ids.time, "time_ns", lambda: 4_000_000_000_000_000_000)  # the clock was set back
    assert new_id("call") > made[-1]


def test_iso_is_utc_with_milliseconds_and_fixed_width():
    beijing = timezone(timedelta(hours=8))
    assert iso(datetime(2026, 11, 24, 8, 0, 0, 999_999, beijing)) == "2026-11-24T00:00:00.999Z"
    assert len(iso(utc_now())) == 24
    assert iso(datetime(2026, 1, 1, tzinfo=UTC)) < iso(datetime(2026, 1, 1, 0, 0, 0, 1000, UTC))


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (8 * 2**30, "8.0 GiB"),
        (3 * 2**40, "3.0 TiB"),
    ],
)
def test_bytes_as_people_read_them(count, text):
    assert human_bytes(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.117, "117 ms"), (4.2, "4.2 s"), (59.94, "59.9 s"), (125, "2 min 5 s")]
)
def test_seconds_as_people_read_them(seconds, text):
    assert human_seconds(seconds) == text
