import os

import psutil
import pytest

from appliance.cluster.instance import Instance, write_instance
from appliance.cluster.supervision import PartState, Supervision, write_supervision
from appliance.config.home import Home
from appliance.operations.doctor.supervision import check_supervision


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    home.create()
    write_instance(home.instance_file, Instance("run_x", "", "", str(tmp_path / "ray"), "", ""))
    return home


def supervised(home, *parts):
    me = psutil.Process()
    write_supervision(home.supervisor_file, Supervision(os.getpid(), me.create_time(), "running", "", parts))


def only(home):
    (check,) = check_supervision(home)
    return check


def test_nothing_is_said_where_nothing_was_started(tmp_path):
    assert list(check_supervision(Home(tmp_path))) == []


def test_a_lost_supervisor_is_a_fault(home):
    assert (only(home).state, only(home).remedy is not None) == ("failed", True)


def test_all_is_well(home):
    supervised(home, PartState("ray", 1, "t", 0, "signal SIGKILL"))
    assert only(home).state == "ok"


def test_restarts_are_told_and_first_what_does_not_run(home):
    supervised(home, PartState("ray", 1, "t", 3, "signal SIGKILL"), PartState("gcs", 2, "t", 0))
    assert only(home).state == "warning"
    assert "ray: restarts in the last 10 minutes: 3; the last failure: signal SIGKILL" in only(home).found.render("en")
    supervised(home, PartState("ray", 1, "t", 3, "x"), PartState("relay", None, None, 2, "exit status 1"))
    assert only(home).found.render("en") == "relay does not run and is tried again: exit status 1"
