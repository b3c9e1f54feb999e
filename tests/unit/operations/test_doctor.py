import json
import os
import socket
import subprocess
import sys

import pytest

from appliance.cluster.instance import INSTANCE_VARIABLE, Instance, write_instance
from appliance.config.home import Home
from appliance.config.site import GatewaySettings, SiteConfig
from appliance.hardware.facts import Accelerator, Disk, Driver, MachineFacts, Memory, Processor
from appliance.operations.doctor import Check, examine, worst
from appliance.operations.doctor.accelerators import check_accelerator, check_accelerators
from appliance.operations.doctor.machine import check_limits
from appliance.operations.doctor.software import check_imports, check_versions

GIB = 2**30


@pytest.fixture
def home(tmp_path):
    """A home as `up` leaves it, with a base model."""
    home = Home(tmp_path / "home")
    home.create()
    home.admin_key_file.write_text("key")
    home.admin_key_file.chmod(0o600)
    base = home.models / "base"
    base.mkdir()
    (base / "model.safetensors").write_bytes(b"weights")
    (base / "card.yaml").write_text("name: base\n")
    return home


@pytest.fixture
def site():
    """A site whose gateway port nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return SiteConfig(gateway=GatewaySettings(port=probe.getsockname()[1]))


def facts(**changes):
    usual = {
        "processor": Processor(architecture="x86_64"),
        "memory": Memory(total_bytes=24 * GIB, available_bytes=20 * GIB),
        "disks": (Disk(folder="/srv", total_bytes=200 * GIB, free_bytes=90 * GIB),),
    }
    return MachineFacts(**usual | changes)


def run(home, site, **changes):
    return {check.id: check for check in examine(home, site, facts(**changes), modules=())}


def test_healthy_home(home, site):
    checks = run(home, site)
    mine = [checks[name] for name in ("home", "secrets", "base_model", "port.gateway.port", "memory", "disk")]
    assert {check.state for check in mine} == {"ok"}


def test_every_fault_says_what_to_do(home, site):
    home.root.chmod(0o755)
    home.admin_key_file.chmod(0o644)
    (home.models / "base" / "card.yaml").unlink()
    checks = run(home, site, memory=Memory(total_bytes=4 * GIB, available_bytes=GIB))
    for name in ("home", "secrets", "base_model", "memory"):
        assert checks[name].state == "failed", name
    assert "card.yaml" in checks["base_model"].found.render("en")
    assert "chmod 600" in checks["secrets"].remedy.render("en")
    for check in checks.values():
        assert check.remedy or check.state in ("ok", "unknown"), check.id


def test_doctor_changes_nothing(tmp_path, site):
    home = Home(tmp_path / "none")
    checks = run(home, site)
    assert checks["base_model"].state == "warning"
    assert not home.root.exists()


def test_site_file_with_a_typing_error(home):
    home.site_file.write_text("gatewey:\n  port: 1\n")
    first = next(examine(home, facts=facts(), modules=()))
    assert (first.id, first.state) == ("site_file", "failed")
    assert "did you mean gateway" in first.found.render("en")


def test_unknown_memory_is_unknown(home, site):
    assert run(home, site, memory=Memory())["memory"].state == "unknown"


def test_port_of_a_stranger(home, site):
    with socket.socket() as server:
        server.bind(("127.0.0.1", site.gateway.port))
        server.listen()
        check = run(home, site)["port.gateway.port"]
        assert check.state == "failed"
        assert str(os.getpid()) in check.found.render("en")
        home.instance_file.write_text("{damaged")
        assert run(home, site)["port.gateway.port"].state == "failed"


LISTENER = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
sys.stdin.read()
"""


def test_port_of_the_running_appliance(home, site):
    instance = Instance("i-1", "127.0.0.1:6380", f"http://127.0.0.1:{site.gateway.port}", "/nowhere", "", "0.1.0")
    write_instance(home.instance_file, instance)
    with subprocess.Popen(
        [sys.executable, "-c", LISTENER, str(site.gateway.port)],
        env=os.environ | {INSTANCE_VARIABLE: "i-1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        assert run(home, site)["port.gateway.port"].state == "ok"
        process.stdin.close()


@pytest.mark.parametrize(
    ("driver", "setting", "state"),
    [
        (None, "auto", "ok"),
        (None, "gpu", "failed"),
        (Driver(vendor="nvidia", version="580.95.05", runtime="13.0"), "auto", "ok"),
        (Driver(vendor="nvidia", version="550.54.14", runtime="12.4"), "auto", "warning"),
        (Driver(vendor="nvidia", version="550.54.14", runtime="12.4"), "gpu", "failed"),
        (Driver(vendor="nvidia", fault="Driver/library version mismatch"), "auto", "warning"),
        (Driver(vendor="nvidia", fault="Driver/library version mismatch"), "cpu", "ok"),
    ],
)
def test_accelerator(driver, setting, state):
    cards = (Accelerator(index=0, vendor="nvidia", name="NVIDIA L20", compute_capability="8.9"),) if driver else ()
    machine = facts(drivers=(driver,) if driver else (), accelerators=cards)
    check = check_accelerator(machine, SiteConfig(accelerator=setting))
    assert check.state == state
    assert check.remedy or state == "ok"


def ascend(count=8):
    return tuple(Accelerator(index=number, vendor="ascend", name="910B3") for number in range(count))


def test_cards_of_another_vendor_are_shown_with_what_to_do():
    driver = Driver(vendor="ascend", version="24.1.0", runtime="8.1.RC1")
    found = facts(drivers=(driver,), accelerators=ascend())
    first, second = check_accelerators(found, SiteConfig())
    assert (first.id, first.state) == ("accelerator", "warning")
    assert "NVIDIA" not in first.title.render("en")
    assert "no card of Ascend is used" in first.found.render("en")
    assert (second.id, second.state) == ("accelerator.ascend", "warning")
    assert second.found.render("en") == "24.1.0, CANN 8.1.RC1: 8 × Ascend 910B3"
    assert "docs/hardware.md" in second.remedy.render("en")
    assert [check.state for check in check_accelerators(found, SiteConfig(accelerator="cpu"))] == ["ok", "ok"]
    failed = next(check_accelerators(found, SiteConfig(accelerator="gpu")))
    assert failed.state == "failed"
    assert "Ascend" in failed.remedy.render("en")
    assert "Install NVIDIA" not in failed.remedy.render("en")


def test_driver_of_another_vendor_that_does_not_answer():
    found = facts(drivers=(Driver(vendor="amd", fault="driver not initialized (amdgpu not found in modules)"),))
    _first, check = check_accelerators(found, SiteConfig())
    assert (check.id, check.state) == ("accelerator.amd", "warning")
    assert "amdgpu not found in modules" in check.found.render("en")
    assert "amd-smi static" in check.remedy.render("en")


def test_cards_beside_nvidias_do_not_hide_them():
    cards = (Accelerator(index=0, vendor="nvidia", name="NVIDIA L20", compute_capability="8.9"), *ascend(2))
    drivers = (Driver(vendor="nvidia", version="580.95.05", runtime="13.0"), Driver(vendor="ascend", version="24.1.0"))
    first, second = check_accelerators(facts(drivers=drivers, accelerators=cards), SiteConfig())
    assert (first.state, first.found.render("en")) == ("ok", "580.95.05, CUDA 13.0: 1 × NVIDIA L20")
    assert (second.state, second.found.render("en")) == ("warning", "24.1.0: 2 × Ascend 910B3")


def test_nvidia_cards_under_the_cpu_build():
    cards = (Accelerator(index=0, vendor="nvidia", name="NVIDIA L20", compute_capability="8.9"),)
    found = facts(drivers=(Driver(vendor="nvidia", version="580.95.05", runtime="13.0"),), accelerators=cards)
    for setting, state in (("auto", "warning"), ("gpu", "failed"), ("cpu", "ok")):
        (check,) = check_accelerators(found, SiteConfig(accelerator=setting), frozenset())
        assert check.state == state
        assert "ACCELERATOR=gpu make install" in check.remedy.render("en")


def test_versions_of_this_environment_are_the_pinned_ones():
    checks = {check.id: check for check in check_versions()}
    assert checks["version.ray"].state == "ok"
    assert checks["version.torch"].state == "ok"
    assert checks["cuda_wheels"].state == "ok"


def test_version_that_is_not_the_pinned_one(tmp_path, monkeypatch):
    folder = tmp_path / "ray-2.48.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: ray\nVersion: 2.48.0\n")
    other = tmp_path / "torchvision-0.28.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: torchvision\nVersion: 0.28.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    checks = {check.id: check for check in check_versions()}
    assert checks["version.ray"].state == "failed"
    assert "2.48.0, but this release needs ==2.60.0" in checks["version.ray"].found.render("en")
    assert checks["cuda_wheels"].state == "failed"


def test_imports_happen_elsewhere_and_tell_the_last_line(tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text("raise RuntimeError('operator does not exist')\n")
    (tmp_path / "crashing_module.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    (tmp_path / "endless_module.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    good, broken, crashing = check_imports(["json", "broken_module", "crashing_module"])
    assert good.state == "ok"
    assert broken.found.render("en") == "RuntimeError: operator does not exist"
    assert "signal 11" in crashing.found.render("en")
    (endless,) = check_imports(["endless_module"], timeout_s=0.2)
    assert endless.state == "failed"


def test_shared_memory_that_is_not_there(tmp_path):
    checks = {check.id: check for check in check_limits(tmp_path / "none")}
    assert checks["shared_memory"].state == "warning"


def test_check_as_a_dictionary(home, site):
    for check in examine(home, site, facts(), modules=()):
        value = check.to_dict("en")
        assert json.loads(json.dumps(value)) == value
        assert all(value[name] for name in ("id", "title", "state", "found"))


def test_the_gravest_state():
    def check(state):
        return Check("x", None, state, None)

    assert worst([]) == "ok"
    assert worst([check("ok"), check("failed"), check("warning")]) == "failed"
    assert worst([check("ok"), check("unknown")]) == "unknown"
