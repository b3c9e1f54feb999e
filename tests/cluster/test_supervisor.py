"""The supervisor with a real head of Ray, without Serve or an engine; it needs neither root nor hosts."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from appliance.cluster.instance import processes_of, read_instance
from appliance.cluster.supervision import read_supervision
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.operations import up
from appliance.operations.down import take_down
from appliance.operations.supervised import clear_remains, environment_of, start_supervised
from tests.unit.operations.node_homes import PORTS
from tests.unit.serving.ports import free_port, free_ports

DEADLINE_S = 240

# A driver of its own each time: it makes the actor or finds it, and tells its process and count of calls.
DRIVER = """
import os, sys, ray

class Counter:
    def __init__(self):
        self.calls = 0
    def call(self):
        self.calls += 1
        return os.getpid(), self.calls

ray.init(address=sys.argv[1], namespace="test", log_to_driver=False, logging_level="ERROR", configure_logging=False)
options = {"name": "counter", "lifetime": "detached", "max_restarts": -1, "max_task_retries": -1, "num_cpus": 0.1}
actor = ray.remote(Counter).options(**options).remote() if "make" in sys.argv else ray.get_actor("counter")
print(*ray.get(actor.call.remote(), timeout=90))
"""


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "h")
    home.create()
    yield home
    list(take_down(home))


@pytest.fixture
def site(home):
    cluster = {"port": free_ports(PORTS), "worker_port_min": 28000, "worker_port_max": 28999, "object_store_mib": 80}
    site = SiteConfig.model_validate({"gateway": {"port": free_port()}, "cluster": cluster})
    home.site_file.write_text(site.model_dump_json())
    return site


def call(home, site, *words) -> tuple[int, int]:
    """Return the actor's process and how often it has been called."""
    instance = read_instance(home.instance_file)
    ended = subprocess.run(
        [sys.executable, "-c", DRIVER, instance.ray_address, *words],
        env=dict(environment_of(home, site, instance)), capture_output=True, text=True, timeout=DEADLINE_S,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    pid, calls = ended.stdout.split()
    return int(pid), int(calls)


def pids(home) -> dict[str, int | None]:
    return {part.name: part.pid for part in read_supervision(home.supervisor_file).parts}


def wait_for(home, name, restarts) -> None:
    """Wait until a part was started again so often and everything runs."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        now = read_supervision(home.supervisor_file)
        if all(part.pid for part in now.parts) and any(
            part.name == name and part.restarts >= restarts for part in now.parts
        ):
            return
        time.sleep(0.2)
    raise AssertionError(home.supervisor_file.read_text())


@pytest.mark.timeout(900)
def test_a_head_that_loses_its_control_service_its_raylet_and_its_power(home, site):
    list(up._prepare(home, site))
    list(start_supervised(home, site))
    actor, calls = call(home, site, "make")
    assert calls == 1

    before = pids(home)
    os.kill(before["gcs"], signal.SIGKILL)
    wait_for(home, "gcs", 1)
    assert pids(home) | {"gcs": 0} == before | {"gcs": 0}
    assert call(home, site) == (actor, 2)

    os.kill(before["ray"], signal.SIGKILL)
    wait_for(home, "ray", 1)
    assert not psutil.pid_exists(actor)
    again, calls = call(home, site)
    assert calls == 1

    while left := processes_of(read_instance(home.instance_file)):  # a power cut
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=10)
    assert not psutil.pid_exists(again)
    list(clear_remains(home))
    list(start_supervised(home, site))
    third, calls = call(home, site)
    assert (third != again, calls) == (True, 1)

    everything = [third, *filter(None, pids(home).values())]
    list(take_down(home))
    assert [pid for pid in everything if psutil.pid_exists(pid)] == []
    assert [path.name for path in home.run.iterdir()] == []
    assert not home.gcs.exists()
