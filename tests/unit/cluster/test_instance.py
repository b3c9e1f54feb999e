"""Real processes: those of the instance are found and ended, the others are not."""

import contextlib
import os
import subprocess
import sys

import psutil
import pytest

from appliance.cluster.instance import (
    INSTANCE_VARIABLE,
    Instance,
    end_processes,
    memory_of,
    processes_of,
    read_instance,
    write_instance,
)
from appliance.core.ids import new_id

WAIT = "import sys; print('ready', flush=True); sys.stdin.read()"
STUBBORN = (
    "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); sys.stdin.read()"
)
# As Ray does: the title is written over the memory that holds arguments and environment.
OVERWRITES = """
import ctypes, sys
file = open(sys.argv[1], "w")
stat = open("/proc/self/stat").read().rsplit(")", 1)[1].split()
start, end = int(stat[47]), int(stat[48])
ctypes.memset(start, 0, end - start)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def instance(tmp_path):
    return Instance(
        instance_id=new_id("run"), ray_address="127.0.0.1:1", gateway_url="http://127.0.0.1:2",
        temp_folder=str(tmp_path / "ray"), started_at="2026-01-01T00:00:00.000Z", version="0", head_pid=5, ports=(1, 2),
    )  # fmt: skip


@pytest.fixture
def start():
    """Give a function that starts a program and waits until it is ready; all are ended at the end."""
    started = []

    def run(program, *arguments, instance_id=None):
        environment = {**os.environ, **({INSTANCE_VARIABLE: instance_id} if instance_id else {})}
        process = subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout.readline() == b"ready\n"
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def pids(instance):
    return {process.pid for process in processes_of(instance)}


def test_a_process_with_the_variable_is_found_and_ended_and_no_other(start, instance):
    ours = start(WAIT, instance_id=instance.instance_id)
    unrelated = start(WAIT)
    another = start(WAIT, instance_id=new_id("run"))
    assert pids(instance) == {ours.pid}
    assert memory_of(instance) > 1_000_000
    assert end_processes(instance) == 1
    assert not psutil.pid_exists(ours.pid)
    assert unrelated.poll() is None
    assert another.poll() is None
    assert pids(instance) == set()
    assert end_processes(instance) == 0


def test_children_that_lost_the_variable_belong_too(start, instance):
    program = (
        "import subprocess, sys;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], env={});"
        "print('ready', flush=True); print(child.pid, flush=True); sys.stdin.read()"
    )
    parent = start(program, instance_id=instance.instance_id)
    child = psutil.Process(int(parent.stdout.readline()))
    try:
        assert pids(instance) == {parent.pid, child.pid}
        assert end_processes(instance) == 2
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def test_a_process_that_overwrote_its_environment_is_found_by_its_open_file(start, instance, tmp_path):
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray-other").mkdir()
    ours = start(OVERWRITES, tmp_path / "ray" / "raylet.log", instance_id=instance.instance_id)
    neighbour = start(OVERWRITES, tmp_path / "ray-other" / "raylet.log", instance_id=new_id("run"))
    assert INSTANCE_VARIABLE not in psutil.Process(ours.pid).environ()
    assert pids(instance) == {ours.pid}
    assert end_processes(instance) == 1
    assert neighbour.poll() is None


def test_a_process_that_does_not_listen_to_sigterm_is_killed(start, instance):
    ours = start(STUBBORN, instance_id=instance.instance_id)
    assert end_processes(instance, grace_s=0.2) == 1
    assert not psutil.pid_exists(ours.pid)


def test_the_calling_process_is_never_among_them(start, instance, tmp_path, monkeypatch):
    (tmp_path / "ray").mkdir()
    with (tmp_path / "ray" / "mine").open("w"):
        assert os.getpid() not in pids(instance)


def test_a_zombie_is_not_alive(start, instance):
    ours = start(WAIT, instance_id=instance.instance_id)
    ours.kill()
    os.waitid(os.P_PID, ours.pid, os.WEXITED | os.WNOWAIT)
    assert psutil.Process(ours.pid).status() == psutil.STATUS_ZOMBIE
    assert pids(instance) == set()


def test_the_file_gives_back_what_was_written(instance, tmp_path):
    path = tmp_path / "run" / "instance.json"
    write_instance(path, instance)
    assert read_instance(path) == instance
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"x"', "{}", '{"instance_id": "x", "more": 1}', '{"ports": 5}']
)
def test_a_damaged_file_counts_as_none(tmp_path, text):
    path = tmp_path / "instance.json"
    path.write_text(text)
    assert read_instance(path) is None


def test_no_file_is_no_instance(tmp_path):
    assert read_instance(tmp_path / "instance.json") is None
