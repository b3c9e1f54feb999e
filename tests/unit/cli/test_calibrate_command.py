import pytest

from appliance.catalogue.calibration import read_calibration
from appliance.config.home import Home
from appliance.operations import calibration

LOOP = {"device": "cpu", "read": 1.3e10, "multiply": None, "prefill_s": 0.36, "step_s": 0.05, "fault": None}


@pytest.fixture(autouse=True)
def measured(monkeypatch):
    """Leave the measuring program out: it has tests of its own."""
    monkeypatch.setattr(calibration, "_measured", lambda facts, home: [LOOP])


def test_what_was_measured_is_shown_and_written(run, home):
    shown = run("calibrate")
    assert shown.code == 0
    assert "13.0 GB/s" in shown.out
    assert "The appliance does not run" in shown.out
    assert str(home / "calibration.json") in shown.err
    assert read_calibration(Home(home).calibration_file).of("cpu").memory_bytes_per_s == 1.3e10
    assert "Speeds use what was measured here" in run("plan").out


def test_json_is_all_of_stdout(run, home):
    shown = run("calibrate", "--json")
    assert shown.json["devices"][0]["memory_bytes_per_s"] == 1.3e10
    assert shown.json["engine"] is None
    assert "Measure memory and processors" in shown.err
