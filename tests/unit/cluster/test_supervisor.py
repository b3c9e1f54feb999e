"""The supervisor with real, trivial children; with a real Ray it is in tests/cluster."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from appliance.cluster.parts import PartSpec, ending, rotate
from appliance.cluster.restarts import Restarts
from appliance.cluster.supervision import Supervision, end_supervisor, read_supervision, start_supervisor
from appliance.config.home import Home
from appliance.core.errors import StartFailed
from tests.unit.cluster.stand_in import stand_in

DEADLINE_S = 30


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
def environment(tmp_path):
    return stand_in(tmp_path)


@pytest.fixture
def supervised(home, environment):
    """Start a supervisor and return its process; nothing of it is left afterwards."""
    process = start_supervisor(home, environment)
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.wait(DEADLINE_S)


def told(home, wanted) -> Supervision:
    """Return what the supervisor tells as soon as `wanted` is so."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        now = read_supervision(home.supervisor_file)
        if now is not None and wanted(now):
            return now
        time.sleep(0.05)
    raise AssertionError(home.supervisor_file.read_text())


def until(condition):
    """Wait for what a child that has just been started does."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def part(now, name):
    return next(one for one in now.parts if one.name == name)


def pids(now):
    return {one.name: one.pid for one in now.parts}


def complete(now):
    return now.state == "running" and all(pids(now).values())


def test_it_tells_what_runs(home, supervised):
    now = told(home, complete)
    assert now.pid == supervised.pid
    assert now.process() is not None
    # The shell becomes `sleep` a moment after it is there.
    until(lambda: [psutil.Process(pid).name() for pid in pids(now).values()] == ["raylet", "gcs_server", "sleep"])
    assert [one.restarts for one in now.parts] == [0, 0, 0]


def test_a_control_service_that_dies_is_started_again_alone(home, supervised):
    before = told(home, complete)
    os.kill(part(before, "gcs").pid, signal.SIGKILL)
    after = told(home, lambda now: complete(now) and part(now, "gcs").restarts == 1)
    assert part(after, "gcs").last_failure == "signal SIGKILL"
    assert pids(after) | {"gcs": 0} == pids(before) | {"gcs": 0}
    control = psutil.Process(part(after, "gcs").pid)
    assert control.cmdline()[1:] == ["1000"]
    assert control.environ()["ROLE"] == "head"


def test_a_raylet_that_dies_takes_its_node_along_and_it_comes_back(home, supervised):
    before = told(home, complete)
    os.kill(part(before, "ray").pid, signal.SIGKILL)
    after = told(home, lambda now: complete(now) and part(now, "ray").restarts == 1)
    assert not psutil.pid_exists(part(before, "gcs").pid)
    assert part(after, "echo").pid == part(before, "echo").pid
    assert part(after, "ray").last_failure == "raylet: signal SIGKILL"


def test_a_program_that_dies_is_started_again(home, supervised):
    before = told(home, complete)
    os.kill(part(before, "echo").pid, signal.SIGKILL)
    after = told(home, lambda now: complete(now) and part(now, "echo").restarts == 1)
    assert part(after, "ray").pid == part(before, "ray").pid
    until(lambda: (home.logs / "echo.log").read_text() == "begun\nbegun\n")


def test_sigterm_ends_everything(home, supervised):
    now = told(home, complete)
    assert end_supervisor(home)
    assert supervised.wait(DEADLINE_S) == 0
    assert [pid for pid in pids(now).values() if psutil.pid_exists(pid)] == []
    assert not home.supervisor_file.exists()
    assert not end_supervisor(home)


def test_a_first_start_that_fails_is_told(home, environment, tmp_path):
    (tmp_path / "tools" / "broken").touch()
    with pytest.raises(StartFailed, match="no such address"):
        start_supervisor(home, environment)


def test_a_patient_one_goes_on_trying_and_runs_its_programs_meanwhile(home, environment, tmp_path):
    broken = tmp_path / "tools" / "broken"
    broken.touch()
    process = start_supervisor(home, {**environment, "ROLE": "worker"}, patient=True)
    try:
        waiting = told(home, lambda now: now.state == "restarting" and part(now, "echo").pid)
        assert "no such address" in part(waiting, "ray").last_failure
        assert waiting.error["code"] == "start_failed"
        broken.unlink()
        running = told(home, complete)
        assert part(running, "echo").pid == part(waiting, "echo").pid
        assert running.error is None
        assert set(pids(running)) == {"ray", "echo"}
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


def test_a_supervisor_that_breaks_off_is_told_with_its_last_line(home, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('no room')")
    with pytest.raises(StartFailed, match=r"no room") as caught:
        start_supervisor(home, {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)})
    assert "supervisor.log" in caught.value.render("en")


def test_a_process_id_that_is_used_again_is_no_supervisor(home):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        told_before = {"pid": child.pid, "created": psutil.Process(child.pid).create_time() - 100}
        home.supervisor_file.write_text(json.dumps({**told_before, "state": "running", "since": "", "parts": []}))
        assert read_supervision(home.supervisor_file).process() is None
        assert not end_supervisor(home)
        assert child.poll() is None
    finally:
        child.communicate()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": 1, "parts": [{"x": 1}]}'])
def test_a_damaged_file_counts_as_none(home, text):
    home.supervisor_file.write_text(text)
    assert read_supervision(home.supervisor_file) is None


def test_waits_grow_to_a_minute_and_a_steady_run_begins_anew():
    restarts = Restarts()
    waits = []
    for _attempt in range(8):
        restarts.failed(100.0, 0.5, "x")
        waits.append(restarts.due - 100.0)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    restarts.failed(200.0, 61.0, "y")
    assert restarts.due == 201.0
    assert (restarts.recent(200.0), restarts.recent(700.5), restarts.recent(900.0)) == (9, 1, 0)
    assert restarts.last_failure == "y"


def test_a_program_that_cannot_be_started_is_tried_later(tmp_path):
    from appliance.cluster.parts import Part

    part = Part(PartSpec("x", (str(tmp_path / "none"),), {}, tmp_path / "log"))
    assert part.look(10.0)
    assert "No such file" in part.restarts.last_failure
    assert not part.look(10.5)
    assert part.look(11.0)
    assert part.restarts.in_a_row == 2


def test_logs_are_rotated_by_size_and_writers_go_on(tmp_path):
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as writer:
        for number in range(5):
            writer.write(b"%d" % number * 11)
            assert rotate(log, largest_bytes=10)
            assert not rotate(log, largest_bytes=10)
        writer.write(b"end")
    assert {path.name: path.read_bytes()[:3] for path in tmp_path.iterdir()} == {
        "log": b"end", "log.1": b"444", "log.2": b"333", "log.3": b"222"
    }  # fmt: skip


def test_a_log_that_cannot_be_copied_stays_as_it_is(tmp_path):
    log = tmp_path / "log"
    (tmp_path / "log.0").mkdir()  # as on a disk that has no room
    (tmp_path / "log.1").write_bytes(b"old")
    log.write_bytes(b"0" * 11)
    assert not rotate(log, largest_bytes=10)
    assert (log.read_bytes(), (tmp_path / "log.1").read_bytes()) == (b"0" * 11, b"old")


def test_a_control_service_that_cannot_be_started_again_is_tried_later(home, environment, tmp_path, supervised):
    program = tmp_path / "tools" / "gcs_server"
    before = told(home, complete)
    program.rename(program.with_name("away"))
    os.kill(part(before, "gcs").pid, signal.SIGKILL)
    now = told(home, lambda now: part(now, "gcs").restarts >= 2)
    assert "No such file" in part(now, "gcs").last_failure
    assert part(now, "ray").pid == part(before, "ray").pid
    program.with_name("away").rename(program)
    told(home, complete)


def test_endings_in_words():
    assert [ending(code) for code in (0, 3, -9, -200)] == [
        "exit status 0",
        "exit status 3",
        "signal SIGKILL",
        "signal 200",
    ]
