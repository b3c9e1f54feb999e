"""A process that drives the cluster is told apart by what it writes, and never outlives its reader."""

import psutil
import pytest

from appliance.core.errors import PackageError, StartFailed
from appliance.core.messages import _
from appliance.operations.driving import drive


@pytest.fixture
def driver(tmp_path):
    """Give a function that runs a program as a driver would be run."""

    def run(program):
        (tmp_path / "a_driver.py").write_text(program, encoding="utf-8")
        environment = {"PYTHONPATH": str(tmp_path)}
        return drive("a_driver", ("x",), environment, tmp_path / "log", lambda reason: _("broken: {r}", r=reason))

    return run


def test_what_it_tells_comes_in_order(driver):
    assert list(driver("import sys\nprint('{\"n\": 1}')\nprint('{\"n\": 2}')")) == [{"n": 1}, {"n": 2}]


def test_an_error_that_it_tells_is_raised(driver):
    error = PackageError(_("The package {name} is gone.", name="base"))
    program = f"import json\nprint(json.dumps({{'error': {error.to_data()!r}}}))"
    with pytest.raises(PackageError, match="The package base is gone"):
        list(driver(program))


def test_one_that_ends_badly_is_told_with_the_end_of_its_log(driver):
    with pytest.raises(StartFailed, match="broken: no more room"):
        list(driver("import sys\nsys.exit('no more room')"))


def test_it_ends_with_its_reader(driver):
    events = driver("import os, time\nprint('{\"pid\": %d}' % os.getpid(), flush=True)\ntime.sleep(600)")
    pid = next(events)["pid"]
    assert psutil.pid_exists(pid)
    events.close()
    assert not psutil.pid_exists(pid)
