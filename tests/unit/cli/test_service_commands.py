import shutil
import sys
from pathlib import Path

import pytest

from appliance.cli.exit_codes import ExitCode


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Let the command be one that systemd can start."""
    program = tmp_path / "bin" / "appliance"
    program.parent.mkdir()
    shutil.copy(shutil.which("true"), program)
    monkeypatch.setattr(sys, "argv", [str(program)])
    return program


def test_show_prints_the_unit_of_this_home(run, installed, tmp_path):
    shown = run("--home", tmp_path / "h", "service", "show", "--user", "root")
    assert shown.code == ExitCode.OK
    assert f'ExecStart="{installed}" run\n' in shown.out
    assert f'"APPLIANCE_HOME={tmp_path / "h"}"' in shown.out


def test_install_to_a_folder_writes_what_show_prints(run, installed, tmp_path):
    shown = run("--home", tmp_path / "h", "service", "show")
    written = run("--home", tmp_path / "h", "service", "install", "--to", tmp_path / "units")
    assert written.code == ExitCode.OK
    unit = tmp_path / "units" / "appliance.service"
    assert str(unit) in written.err.replace("\n", "")
    assert unit.read_text() == shown.out


def test_an_unknown_user_is_refused(run, installed, tmp_path):
    refused = run("--home", tmp_path / "h", "service", "show", "--user", "nobody-of-that-name")
    assert refused.code == ExitCode.USAGE
    assert "does not exist on this machine" in refused.err


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="systemd runs here")
@pytest.mark.parametrize("command", [["install"], ["remove"], ["status"]])
def test_without_systemd_the_reason_is_told(run, installed, tmp_path, command):
    refused = run("--home", tmp_path / "h", "service", *command)
    assert refused.code == ExitCode.PREFLIGHT
    assert "systemd does not run on this machine" in refused.err
