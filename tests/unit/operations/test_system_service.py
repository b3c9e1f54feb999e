import configparser
import os
import pwd
import shutil
import sys
from pathlib import Path

import pytest

from appliance.config.home import Home
from appliance.core.errors import ConfigError, PreflightError
from appliance.operations import system_service
from appliance.operations.service_unit import UNIT_NAME, UnitWish, unit_text


def wish(**changes) -> UnitWish:
    return UnitWish(
        **{
            "program": Path(sys.executable),
            "home": Path("/srv/appliance"),
            "user": "root",
            "longest_generation_s": 600.0,
        }
        | changes
    )


def read(text) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str
    parser.read_string(text)
    return parser


def test_the_unit_says_who_what_where_and_how_long_stopping_takes():
    service = read(unit_text(wish()))["Service"]
    assert service["ExecStart"] == f'"{sys.executable}" run'
    assert service["Environment"] == '"APPLIANCE_HOME=/srv/appliance"'
    assert service["User"] == "root"
    assert int(service["TimeoutStopSec"]) == 660
    assert (service["Type"], service["KillMode"], service["Restart"]) == ("notify", "mixed", "on-failure")


def test_nothing_in_it_hides_accelerators_or_rays_sockets():
    service = read(unit_text(wish()))["Service"]
    hiding = {"PrivateTmp", "PrivateDevices", "DevicePolicy", "DeviceAllow", "ProtectClock", "MemoryDenyWriteExecute"}
    assert hiding & set(service) == set()


def test_paths_with_special_characters_are_quoted():
    service = read(unit_text(wish(home=Path('/srv/a "b" 100% $HOME'), program=Path("/opt/$x/run"))))["Service"]
    assert service["Environment"] == '"APPLIANCE_HOME=/srv/a \\"b\\" 100%% $HOME"'
    assert service["ExecStart"] == '"/opt/$$x/run" run'


@pytest.mark.parametrize("home", ["/srv/a\nExecStartPre=/bin/false", "/srv/\x07"])
def test_a_path_that_would_add_lines_is_refused(home):
    with pytest.raises(ConfigError, match="control character"):
        unit_text(wish(home=Path(home)))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd's checker is not installed")
@pytest.mark.parametrize("name", ["plain", 'a "b" 100% $x'])
def test_systemd_accepts_it(tmp_path, name):
    written = system_service.write_unit(tmp_path, wish(home=tmp_path / name))
    assert written == tmp_path / UNIT_NAME
    assert written.stat().st_mode & 0o777 == 0o644
    assert system_service.verify(written)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd's checker is not installed")
def test_a_unit_that_systemd_refuses_is_not_left(tmp_path):
    with pytest.raises(ConfigError, match="systemd refuses the unit"):
        system_service.write_unit(tmp_path, wish(program=tmp_path / "none"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_for_writing_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        system_service.write_unit(tmp_path / "file", wish())


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="systemd runs here")
def test_without_systemd_it_is_refused_with_what_to_do():
    for action in (lambda: list(system_service.install(wish(), start=False)), system_service.service_state):
        with pytest.raises(PreflightError, match="--to FOLDER"):
            action()


def test_it_runs_as_the_owner_of_the_home(tmp_path, monkeypatch):
    program = tmp_path / "appliance"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    made = system_service.wish_of(Home(tmp_path), 10.0)
    assert (made.program, made.user) == (program, pwd.getpwuid(os.getuid()).pw_name)
    with pytest.raises(ConfigError, match="does not exist on this machine"):
        system_service.wish_of(Home(tmp_path), 10.0, "nobody-of-that-name")
    program.chmod(0o644)
    with pytest.raises(PreflightError):
        system_service.wish_of(Home(tmp_path), 10.0)
