import os
import sys
from pathlib import Path

import pytest

from appliance.cluster.node import (
    RayPorts,
    head_command,
    last_line,
    logical_cpus,
    remove_temp_folder,
    start_head,
    temp_folder,
    worker_command,
)
from appliance.config.site import ClusterSettings
from appliance.core.errors import ConfigError, StartFailed

LONG = Path("/a-home-folder") / ("x" * 60)


def test_twelve_ports_from_the_first_on():
    ports = RayPorts.from_settings(ClusterSettings(port=7000))
    assert (ports.gcs, ports.node_manager, ports.dashboard, ports.client) == (7000, 7001, 7007, 7008)
    assert (ports.join, ports.peer, ports.gateway) == (7009, 7010, 7011)
    assert ports.in_use_when_running(dashboard=True) == (*range(7000, 7007), 7008, 7007)
    assert ports.in_use_when_running(dashboard=False) == (*range(7000, 7007), 7008)


def test_ports_that_do_not_exist_are_refused():
    assert RayPorts.from_settings(ClusterSettings(port=65524)).gateway == 65535
    with pytest.raises(ConfigError, match="65524"):
        RayPorts.from_settings(ClusterSettings(port=65525))


def test_the_temp_folder_is_in_a_short_home():
    assert temp_folder(Path("/srv/appliance")) == Path("/srv/appliance/run/ray")


def test_a_long_home_falls_back_to_a_short_path_of_its_own():
    fallback = temp_folder(LONG)
    assert fallback.parent == Path("/tmp")
    assert len(str(fallback)) <= 45
    assert temp_folder(LONG) == fallback
    assert temp_folder(LONG / "other") != fallback


def test_logical_cpus():
    assert logical_cpus(ClusterSettings(logical_cpus=5)) == 5
    assert logical_cpus(ClusterSettings()) >= 16


@pytest.fixture
def fake_ray(monkeypatch):
    """Let `start_head` run a Python program instead of Ray."""

    def use(program):
        monkeypatch.setattr("appliance.cluster.node.head_command", lambda *_settings: [sys.executable, "-c", program])

    return use


@pytest.fixture
def short_temp(monkeypatch, tmp_path):
    folder = tmp_path / "ray"
    monkeypatch.setattr("appliance.cluster.node.temp_folder", lambda home: folder)
    return folder


def start(tmp_path):
    return start_head(tmp_path, ClusterSettings(), {"PATH": os.environ["PATH"]}, tmp_path / "ray.log")


def test_the_head_is_up_when_its_start_has_ended_well(fake_ray, short_temp, tmp_path):
    fake_ray("print('started')")
    start(tmp_path)
    assert short_temp.stat().st_mode & 0o777 == 0o700
    assert last_line(tmp_path / "ray.log") == "started"


def test_a_head_that_ends_is_told_with_its_last_line(fake_ray, short_temp, tmp_path):
    (tmp_path / "ray.log").write_text("what an earlier start said\n")
    fake_ray("print('Starting'); print('no such address'); print(); raise SystemExit(1)")
    with pytest.raises(StartFailed, match="no such address") as caught:
        start(tmp_path)
    assert str(tmp_path / "ray.log") in caught.value.render("en")


def test_a_head_that_ends_without_a_word_is_not_told_with_those_of_an_earlier_start(fake_ray, short_temp, tmp_path):
    (tmp_path / "ray.log").write_text("what an earlier start said\n")
    fake_ray("raise SystemExit(1)")
    with pytest.raises(StartFailed) as caught:
        start(tmp_path)
    assert "earlier" not in caught.value.render("en")


def test_a_worker_joins_at_the_heads_address_with_its_own(tmp_path):
    settings = ClusterSettings(port=7000, address="10.20.0.12", labels={"zone": "a", "vendor": "nvidia"})
    command = worker_command(settings, RayPorts.from_settings(settings), tmp_path, "10.20.0.11:7000")
    told = {"--address=10.20.0.11:7000", "--node-ip-address=10.20.0.12", "--labels=vendor=nvidia,zone=a"}
    assert told <= set(command)
    assert not {"--head", "--block"} & set(command)
    head = head_command(settings, RayPorts.from_settings(settings), tmp_path)
    assert {"--head", "--port=7000", "--dashboard-host=127.0.0.1", "--include-dashboard=false"} <= set(head)
    assert not any(part.startswith("--address") for part in head)


@pytest.mark.parametrize("kind", ["link", "dangling link", "file"])
def test_a_temp_folder_that_is_no_folder_of_ours_is_refused(fake_ray, short_temp, tmp_path, kind):
    fake_ray("raise SystemExit('must not start')")
    if kind == "file":
        short_temp.write_text("")
    else:
        target = tmp_path / "elsewhere"
        if kind == "link":
            target.mkdir()
        short_temp.symlink_to(target)
    with pytest.raises(StartFailed, match="another user"):
        start(tmp_path)
    assert not (tmp_path / "ray.log").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder away needs root")
def test_a_temp_folder_of_another_user_is_refused(fake_ray, short_temp, tmp_path):
    short_temp.mkdir(mode=0o777)
    os.chown(short_temp, 65534, 65534)
    with pytest.raises(StartFailed, match="another user"):
        start(tmp_path)


def test_the_last_line_skips_empty_ones(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"one\ntwo \xff\n\n  \n")
    assert last_line(log) == "two �"
    log.write_bytes(b"")
    assert last_line(log) == ""


def test_removing_what_is_not_there_is_no_error(short_temp, tmp_path):
    remove_temp_folder(tmp_path, tmp_path / "logs")
    short_temp.mkdir()
    (short_temp / "session").mkdir()
    remove_temp_folder(tmp_path, tmp_path / "logs")
    assert not short_temp.exists()


def test_the_logs_of_the_last_session_stay(short_temp, tmp_path):
    for text in ("first", "second"):
        session = short_temp / f"session_{text}"
        (session / "logs").mkdir(parents=True)
        (session / "logs" / f"{text}.out").write_text(text)
        (short_temp / "session_latest").symlink_to(session)
        remove_temp_folder(tmp_path, tmp_path / "logs")
        assert not short_temp.exists()
    assert [path.name for path in (tmp_path / "logs" / "ray-last").iterdir()] == ["second.out"]
