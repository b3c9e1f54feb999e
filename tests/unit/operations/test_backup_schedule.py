"""A backup every day by systemd, or by cron where that does not run."""

import shlex
import shutil
import stat
import subprocess

import pytest

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ConfigError, InvalidRequest
from appliance.operations.backups import make_schedule, write_units
from tests.unit.operations.backup_homes import KEY


def site_with(**backup):
    return SiteConfig.model_validate({"backup": {"recipients": [KEY.recipient], "folder": "/mnt/backups", **backup}})


def test_the_units(tmp_path):
    made = make_schedule(Home(tmp_path), site_with(at="23:05"))
    files = write_units(made, tmp_path)
    assert [file.name for file in files] == ["appliance-backup.service", "appliance-backup.timer"]
    service, timer = (file.read_text() for file in files)
    assert f"--home {tmp_path} backup create\n" in service
    assert "Type=oneshot\n" in service
    assert "OnCalendar=*-*-* 23:05:00\n" in timer
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o644, 0o644]
    assert made.cron.startswith("5 23 * * * ")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_takes_the_units(tmp_path):
    home = Home(tmp_path / "a home with 100% of it")
    home.root.mkdir()
    files = write_units(make_schedule(home, site_with(folder=str(tmp_path / "to here"))), tmp_path)
    checked = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False)
    assert str(tmp_path) not in checked.stderr, checked.stderr


def test_names_with_spaces_and_percent_signs(tmp_path):
    home = Home(tmp_path / "a 100% $home")
    made = make_schedule(home, site_with())
    assert f'"{tmp_path}/a 100%% $$home"' in made.units["appliance-backup.service"]
    # Cron takes the backslash away before the shell reads the line.
    command = made.cron.split(" ", 5)[5].replace(r"\%", "%")
    assert shlex.split(command)[1:] == ["--home", str(home.root), "backup", "create"]


def test_it_must_be_able_to_work(tmp_path):
    for site in (SiteConfig(), site_with(folder=None), site_with(recipients=[])):
        with pytest.raises(ConfigError, match=r"backup\.recipients and backup\.folder"):
            make_schedule(Home(tmp_path), site)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InvalidRequest, match="cannot be written"):
        write_units(make_schedule(Home(tmp_path), site_with()), tmp_path / "file")
