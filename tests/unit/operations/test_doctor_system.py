"""What the doctor says of processor, kernel, C library, bus and clock, on recorded machines."""

import os
import platform
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.hardware.bus import BusCard
from appliance.hardware.engines import SERVED
from appliance.hardware.facts import Driver, MachineFacts, Processor, facts_from_json
from appliance.operations.doctor import examine_machine, system
from appliance.operations.doctor.accelerators import check_bus, runs_on_cpu
from appliance.operations.doctor.clock import check_clock, kernel_clock_state
from appliance.operations.doctor.system import check_system, check_threads

MACHINES = Path(__file__).parents[2] / "data" / "machines" / "facts"
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


def recorded(name):
    return facts_from_json((MACHINES / f"{name}.json").read_text(encoding="utf-8"))


def system_of(facts, *, on_cpu=True, overcommit="0", c_library="glibc 2.36", tmp_path):
    (tmp_path / "sys/vm").mkdir(parents=True, exist_ok=True)
    (tmp_path / "sys/vm/overcommit_memory").write_text(f"{overcommit}\n")
    return {check.id: check for check in check_system(facts, on_cpu=on_cpu, proc=tmp_path, c_library=c_library)}


@pytest.mark.parametrize(
    ("name", "state", "sets"),
    [("cpu-only", "ok", "avx512f, avx2"), ("8x910B", "ok", "asimd"), ("8xK100_AI", "warning", "avx2")],
)
def test_the_processors_of_recorded_machines(name, state, sets, tmp_path):
    check = system_of(recorded(name), tmp_path=tmp_path)["processor"]
    assert (check.state, check.found.render("en").endswith(sets)) == (state, True)
    assert check.remedy is None or "host" in check.remedy.render("en")


def test_a_processor_that_the_engine_does_not_run_on(tmp_path):
    virtual = MachineFacts(processor=Processor(architecture="x86_64", model="QEMU Virtual CPU", usable_cores=4))
    on_cpu = system_of(virtual, tmp_path=tmp_path)["processor"]
    assert (on_cpu.state, on_cpu.found.render("en")) == ("failed", "QEMU Virtual CPU, cores: 4, –")
    assert "AVX2" in on_cpu.remedy.render("en")
    assert "host-passthrough" in on_cpu.remedy.render("zh_CN")
    assert system_of(virtual, on_cpu=False, tmp_path=tmp_path)["processor"].state == "warning"
    slow = recorded("8xK100_AI")
    assert "`engine: {dtype: float32}`" in system_of(slow, tmp_path=tmp_path)["processor"].remedy.render("zh_CN")
    assert system_of(slow, on_cpu=False, tmp_path=tmp_path)["processor"].state == "ok"


@pytest.mark.parametrize(
    ("release", "state"),
    [
        ("6.1.0-18-amd64", "ok"),
        ("5.14.0-427.13.1.el9_4.x86_64", "ok"),
        ("4.18.0-553.el8_10.x86_64", "ok"),
        ("4.15.0-213-generic", "failed"),
        ("3.10.0-1160.119.1.el7.x86_64", "failed"),
        ("6.6-rc1", "ok"),
        ("nonsense", "unknown"),
        (None, "unknown"),
    ],
)
def test_kernels_as_distributions_name_them(release, state, tmp_path):
    facts = MachineFacts(processor=Processor(architecture="x86_64"), kernel=release, operating_system="Some Linux 1")
    check = system_of(facts, tmp_path=tmp_path)["kernel"]
    assert check.state == state
    assert (check.remedy is not None) == (state == "failed")


@pytest.mark.parametrize(
    ("library", "state"), [("glibc 2.36", "ok"), ("glibc 2.31", "ok"), ("glibc 2.28", "failed"), ("", "failed")]
)
def test_c_libraries(library, state, tmp_path):
    check = system_of(recorded("cpu-only"), c_library=library, tmp_path=tmp_path)["c_library"]
    assert (check.state, check.found.render("en")) == (state, library or "not glibc")


def test_strict_overcommit_is_told_with_the_command(tmp_path):
    facts = recorded("cpu-only")
    strict = system_of(facts, overcommit="2", tmp_path=tmp_path)["overcommit"]
    assert strict.state == "warning"
    assert "sysctl -w vm.overcommit_memory=0" in strict.remedy.render("en")
    assert [system_of(facts, overcommit=mode, tmp_path=tmp_path)["overcommit"].state for mode in ("0", "1", "?")] == [
        "ok",
        "ok",
        "unknown",
    ]


@pytest.mark.parametrize(("limit", "state"), [("max", "ok"), (8192, "ok"), (2048, "warning"), (512, "failed")])
def test_threads_that_a_container_allows(limit, state, tmp_path, monkeypatch):
    monkeypatch.setattr(system, "_own_processes", lambda: None)
    (tmp_path / "self").mkdir()
    (tmp_path / "self/cgroup").write_text("0::/pod\n")
    (tmp_path / "pod").mkdir()
    (tmp_path / "pod/pids.max").write_text(f"{limit}\n")
    check = check_threads(tmp_path, tmp_path)
    assert check.state == state
    assert state == "ok" or "--pids-limit" in check.remedy.render("en")


def test_cards_whose_driver_answers_are_no_finding_of_the_bus():
    cards = (BusCard("nvidia", "nvidia"),)
    assert list(check_bus(recorded("1xL20"), SiteConfig(), cards)) == []


@pytest.mark.parametrize(
    ("driver", "secure", "said"),
    [
        ("nouveau", False, "modeset=0"),
        (None, False, "Install driver 580"),
        (None, True, "mokutil --import"),
        ("nvidia", False, "--gpus all"),
        ("vfio-pci", False, "virtual machines"),
    ],
)
def test_cards_that_no_driver_answers_for_are_told_with_what_to_do(driver, secure, said):
    cards = (BusCard("nvidia", driver), BusCard("nvidia", driver))
    (check,) = check_bus(recorded("cpu-only"), SiteConfig(), cards, secure_boot=secure)
    assert check.state == "warning"
    assert check.found.render("en").startswith("2 found")
    assert said in check.remedy.render("en")
    (wished,) = check_bus(recorded("cpu-only"), SiteConfig(accelerator="cpu"), cards)
    assert wished.state == "ok"


def test_a_driver_that_is_installed_and_was_not_loaded_is_told_by_the_bus():
    facts = recorded("cpu-only").model_copy(update={"drivers": (Driver(vendor="nvidia", fault="Driver Not Loaded"),)})
    (check,) = check_bus(facts, SiteConfig(), (BusCard("nvidia", None),), secure_boot=True)
    assert "Secure Boot" in check.remedy.render("en")
    assert "Ascend" in next(check_bus(facts, SiteConfig(), (BusCard("ascend", None),))).remedy.render("en")


def test_where_models_run_without_what_the_site_wishes():
    assert not runs_on_cpu(recorded("1xL20"), SiteConfig(), SERVED)
    assert runs_on_cpu(recorded("1xL20"), SiteConfig(), frozenset())
    assert runs_on_cpu(recorded("cpu-only"), SiteConfig(accelerator="gpu"), SERVED)


def clock_of(home, now=NOW, state=0):
    return {check.id: check for check in check_clock(home, lambda: now, lambda: state)}


def test_a_clock_that_cannot_be_right_and_one_that_nothing_keeps(tmp_path):
    home = Home(tmp_path / "home")
    assert clock_of(home, datetime(1970, 1, 2, tzinfo=UTC))["clock"].state == "failed"
    assert [clock_of(home, state=state)["time_server"].state for state in (0, 1, 5, -1)] == [
        "ok",
        "ok",
        "warning",
        "unknown",
    ]
    assert "timedatectl set-ntp true" in clock_of(home, state=5)["time_server"].remedy.render("zh_CN")
    assert kernel_clock_state() in (*range(6), -1)


def test_a_clock_that_was_set_back_is_told_by_what_was_written_last(tmp_path):
    home = Home(tmp_path / "home")
    home.create()
    home.database.write_bytes(b"")
    for age, state in ((timedelta(hours=1), "ok"), (timedelta(seconds=-30), "ok"), (timedelta(hours=-2), "warning")):
        moment = (NOW - age).timestamp()
        os.utime(home.database, (moment, moment))
        assert clock_of(home)["clock"].state == state
    assert str(home.database) in clock_of(home)["clock"].found.render("en")


def test_all_that_the_first_start_asks_for_is_there(tmp_path):
    checks = {check.id: check for check in examine_machine(Home(tmp_path), SiteConfig())}
    wanted = {"processor", "kernel", "c_library", "memory", "overcommit", "disk", "accelerator", "shared_memory",
              "open_files", "threads", "clock", "time_server", "home"}  # fmt: skip
    assert wanted <= set(checks)
    assert platform.release() in checks["kernel"].found.render("en")
    for check in checks.values():
        assert check.remedy is not None or check.state in ("ok", "unknown"), check.id
