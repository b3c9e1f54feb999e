"""`appliance run` on a worker, with the real command and the real supervisor; Ray is trivial processes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from appliance.cli.exit_codes import ExitCode
from appliance.cluster.instance import INSTANCE_VARIABLE, Instance, processes_of, read_instance, write_instance
from appliance.cluster.membership import Membership, Peer, write_membership
from appliance.cluster.node import temp_folder
from appliance.cluster.supervision import read_supervision
from appliance.config.home import Home
from appliance.operations.starting_lock import only_starter
from appliance.operations.supervised import live_supervision
from tests.unit.cluster.stand_in import stand_in

DEADLINE_S = 60


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "h")
    home.create()
    member = Membership(
        state="joined", node_id="n", name="n", address="127.0.0.1", head=Peer(id="head", address="127.0.0.1", port=6380)
    )
    write_membership(home, member)
    return home


class Systemd:
    """Runs the command as systemd does, and hears what it is told."""

    def __init__(self, home, folder, environment):
        self.address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.settimeout(DEADLINE_S)
        self._command = [sys.executable, "-m", "appliance.cli.main", "--home", str(home.root), "run"]
        self._environment = {**environment, "NOTIFY_SOCKET": self.address}

    def start(self):
        return subprocess.Popen(self._command, env=self._environment, stderr=subprocess.PIPE, text=True)

    def hears(self):
        return self._socket.recv(100).decode()

    def close(self):
        self._socket.close()


@pytest.fixture
def systemd(home, tmp_path):
    systemd = Systemd(home, tmp_path, stand_in(tmp_path, "worker"))
    yield systemd
    systemd.close()
    instance = read_instance(home.instance_file)
    for process in processes_of(instance) if instance else ():
        with contextlib.suppress(psutil.Error):
            process.kill()


def wait_until(condition):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_says_when_it_is_ready_and_ends_everything_on_sigterm(home, systemd):
    running = systemd.start()
    assert systemd.hears() == "READY=1"
    wait_until(lambda: live_supervision(home).state == "running")
    instance = read_instance(home.instance_file)
    assert len(processes_of(instance)) >= 3
    again = systemd.start()
    assert "runs already" in again.communicate(timeout=DEADLINE_S)[1]
    assert again.returncode == ExitCode.ALREADY_RUNNING
    running.send_signal(signal.SIGTERM)
    assert systemd.hears() == "STOPPING=1"
    _out, said = running.communicate(timeout=DEADLINE_S)
    assert running.returncode == 0, said
    assert processes_of(instance) == []
    assert [path.name for path in home.run.iterdir() if path.name != "up.lock"] == []


def test_it_ends_nothing_that_another_command_is_starting(home, systemd, tmp_path):
    write_instance(home.instance_file, Instance("run_a", "", "", str(tmp_path / "ray"), "", ""))
    environment = {**os.environ, INSTANCE_VARIABLE: "run_a"}
    with only_starter(home), subprocess.Popen(["sleep", "600"], env=environment) as begun:
        running = systemd.start()
        assert "Another `appliance up` is at work" in running.communicate(timeout=DEADLINE_S)[1]
        assert running.returncode == ExitCode.ALREADY_RUNNING
        assert begun.poll() is None
        begun.kill()


def test_a_supervisor_that_is_lost_ends_it_with_a_failure_and_nothing_is_left(home, systemd):
    running = systemd.start()
    assert systemd.hears() == "READY=1"
    instance = read_instance(home.instance_file)
    os.kill(live_supervision(home).pid, signal.SIGKILL)
    _out, said = running.communicate(timeout=DEADLINE_S)
    assert running.returncode == ExitCode.START_FAILED
    assert "supervisor of this node has ended" in said
    assert processes_of(instance) == []


def test_after_a_power_cut_it_comes_up_over_what_was_left(home, systemd, tmp_path):
    running = systemd.start()
    assert systemd.hears() == "READY=1"
    wait_until(lambda: live_supervision(home).state == "running")
    before = read_instance(home.instance_file)
    running.kill()
    running.communicate()
    os.kill(live_supervision(home).pid, signal.SIGKILL)  # its children are orphans that nobody watches
    assert processes_of(before)
    assert read_supervision(home.supervisor_file) is not None
    (temp_folder(home.root) / "session_x").mkdir(parents=True)
    (home.gcs).mkdir(exist_ok=True)
    (home.gcs / "known").touch()

    running = systemd.start()
    assert systemd.hears() == "READY=1"
    wait_until(lambda: live_supervision(home).state == "running")
    assert processes_of(before) == []
    assert read_instance(home.instance_file).instance_id != before.instance_id
    assert not (temp_folder(home.root) / "session_x").exists()
    ended = subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", "--home", str(home.root), "down"],
        env=dict(os.environ), timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert ended.returncode == 0
    assert running.wait(DEADLINE_S) == 0  # a stop that was asked for is no failure
    running.stderr.close()
    assert not home.gcs.exists()
