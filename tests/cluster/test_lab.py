"""The lab itself: hosts reach each other, a cut blocks, healing restores, nothing is left behind."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from lab import Lab, LabFailed

SERVER = """
import socket
listening = socket.create_server(("0.0.0.0", 7000))
while True:
    connection, address = listening.accept()
    connection.sendall(address[0].encode())
    connection.close()
"""
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def namespaces():
    """Return the names of this process's namespaces."""
    found = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    return [line for line in found.splitlines() if line.startswith(f"lab-{os.getpid()}-")]


def ask(lab, name, whom, timeout_s):
    """Return the address that the server on `whom` sees `name` at."""
    with lab[name].network(), socket.create_connection((lab[whom].address, 7000), timeout=timeout_s) as connection:
        return connection.recv(100).decode()


def answered(lab, name, whom, tries=50):
    """Ask until the server listens."""
    for _try in range(tries):
        try:
            return ask(lab, name, whom, 5)
        except ConnectionRefusedError:
            threading.Event().wait(0.1)
    raise AssertionError("nobody listens")


@pytest.fixture
def serving(lab):
    lab["head"].start([sys.executable, "-c", SERVER])
    assert answered(lab, "worker", "head") == "10.77.0.2"
    return lab


def test_hosts_have_addresses_and_homes_of_their_own(lab):
    head, worker = lab["head"], lab["worker"]
    assert (head.address, worker.address) == ("10.77.0.1", "10.77.0.2")
    show = "import os, sys; print(os.environ['APPLIANCE_HOME'], os.environ.get('RAY_ADDRESS'))"
    assert head.run([sys.executable, "-c", show]).stdout.split() == [str(head.home), "None"]
    assert head.home != worker.home


def test_what_names_another_cluster_does_not_reach_a_host(lab, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "elsewhere")
    assert "RAY_ADDRESS" not in lab["head"].environment


def test_a_port_of_one_host_is_free_on_the_other_and_nothing_else_is_reached(serving):
    with pytest.raises(ConnectionRefusedError):
        ask(serving, "head", "worker", 5)
    with serving["head"].network(), pytest.raises(OSError, match="unreachable"):
        socket.create_connection(("192.0.2.1", 80), timeout=2)


def test_a_cut_blocks_and_healing_restores(serving):
    serving.cut("worker")
    with pytest.raises(TimeoutError):
        ask(serving, "worker", "head", 1.5)
    assert ask(serving, "head", "head", 5) == "10.77.0.1"
    serving.heal()
    assert ask(serving, "worker", "head", 5) == "10.77.0.2"


@pytest.mark.usefixtures("hosts_can_be_made")
def test_a_cut_between_two_leaves_the_third_alone(tmp_path):
    with Lab(tmp_path, ["head", "worker", "client"]) as lab:
        lab["head"].start([sys.executable, "-c", SERVER])
        answered(lab, "client", "head")
        lab.cut("head", "worker")
        assert ask(lab, "client", "head", 5) == "10.77.0.3"
        with pytest.raises(TimeoutError):
            ask(lab, "worker", "head", 1.5)


def arrived(lab, count):
    """Return how many of `count` datagrams from the worker reach the head."""
    with lab["head"].network():
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with lab["worker"].network():
        mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with ear, mouth:
        ear.bind((lab["head"].address, 7001))
        ear.settimeout(1)
        for _number in range(count):
            mouth.sendto(b"1", (lab["head"].address, 7001))
        found = 0
        with contextlib.suppress(TimeoutError):
            while found < count:
                found += len(ear.recv(10))
    return found


def test_a_part_is_lost(lab):
    assert arrived(lab, 100) == 100
    lab.lose("worker", 50)
    assert 10 < arrived(lab, 100) < 90
    lab.heal()
    assert arrived(lab, 100) == 100
    with pytest.raises(LabFailed, match="cut"):
        lab.lose("worker", 100)


def test_killing_a_host_ends_its_processes_and_no_others(serving):
    other = serving["worker"].start(SLEEPER)
    own = serving["head"].start(SLEEPER)
    assert serving["head"].kill() >= 2
    assert own.wait(10) < 0
    assert serving["head"].pids() == []
    assert other.poll() is None
    serving["head"].start([sys.executable, "-c", SERVER])  # it can be started again
    assert answered(serving, "worker", "head") == "10.77.0.2"


def test_the_thread_is_back_where_it_was(lab):
    here = Path("/proc/thread-self/ns/net").readlink()
    with lab["head"].network():
        assert Path("/proc/thread-self/ns/net").readlink() != here
    assert Path("/proc/thread-self/ns/net").readlink() == here


@pytest.mark.usefixtures("hosts_can_be_made")
def test_nothing_is_left_behind_also_after_an_exception(tmp_path):
    processes = []

    def fails():
        with Lab(tmp_path, ["head", "worker"]) as lab:
            processes.append(lab["head"].start(SLEEPER))
            lab.cut("head")
            assert len(namespaces()) == 3
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert processes[0].wait(10) < 0
    assert namespaces() == []


@pytest.mark.usefixtures("hosts_can_be_made")
def test_what_a_killed_lab_left_goes_with_the_next(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = f"lab-{gone.pid}-0-head"
    subprocess.run(["ip", "netns", "add", left], check=True)
    with Lab(tmp_path, ["one"]):
        assert not Path("/run/netns", left).exists()


def test_two_labs_beside_each_other_do_not_meet(lab, tmp_path):
    with Lab(tmp_path / "other", ["head", "worker"]) as other:
        other["head"].start([sys.executable, "-c", SERVER])
        assert answered(other, "worker", "head") == "10.77.0.2"
        with pytest.raises(ConnectionRefusedError):
            ask(lab, "worker", "head", 5)


def test_a_lab_without_hosts_or_with_one_twice_is_refused(tmp_path):
    for names in ([], ["head", "head"]):
        with pytest.raises(LabFailed):
            Lab(tmp_path, names)
