"""A backup every day: the units of systemd, or a line for cron."""

import os
import pwd
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ConfigError, InvalidRequest
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.packages.platform.releases import Installation

UNIT: Final = "appliance-backup"
UNIT_FOLDER: Final = Path("/etc/systemd/system")
_RUNNING: Final = Path("/run/systemd/system")


@dataclass(frozen=True)
class Schedule:
    """What makes a backup every day: unit files by name, and the line for cron that does the same."""

    units: dict[str, str]
    cron: str


def make_schedule(home: Home, site: SiteConfig) -> Schedule:
    """Return the schedule of `home`. Raises `ConfigError` where its backups would be refused."""
    if not site.backup.recipients or site.backup.folder is None:
        raise ConfigError(
            _("A schedule needs backup.recipients and backup.folder in the site file."),
            _("Make a key with `appliance backup key create FILE`, then write both into {file}.", file=home.site_file),
        )
    command = [str(_program()), "--home", str(home.root), "backup", "create"]
    hour, minute = site.backup.at.split(":")
    service = "\n".join((
        "[Unit]", "Description=Encrypted backup of the appliance",
        f"RequiresMountsFor={_quoted(str(home.root))} {_quoted(site.backup.folder)}", "",
        "[Service]", "Type=oneshot", f"User={_owner(home)}", "UMask=0077", "Nice=10", "IOSchedulingClass=idle",
        f"ExecStart={' '.join(map(_quoted, command))}", "",
    ))  # fmt: skip
    timer = "\n".join((
        "[Unit]", "Description=Encrypted backup of the appliance, every day", "",
        "[Timer]", f"OnCalendar=*-*-* {site.backup.at}:00", "Persistent=true", "RandomizedDelaySec=60", "",
        "[Install]", "WantedBy=timers.target", "",
    ))  # fmt: skip
    # To cron a percent sign is the end of the line.
    line = f"{int(minute)} {int(hour)} * * * {shlex.join(command)}".replace("%", r"\%")
    return Schedule({f"{UNIT}.service": service, f"{UNIT}.timer": timer}, line)


def write_units(schedule: Schedule, folder: Path) -> tuple[Path, ...]:
    """Write the unit files into `folder`; return them. Raises `InvalidRequest` where this user may not."""
    try:
        for name, text in schedule.units.items():
            write_durably(folder / name, text.encode(), 0o644)
            (folder / name).chmod(0o644)  # whatever this user's mask is
    except OSError as error:
        raise InvalidRequest(
            _("The units cannot be written to {folder}: {reason}.", folder=folder, reason=error.strerror or str(error)),
            _("Run the command as root, or write them to another folder with --write."),
        ) from error
    return tuple(folder / name for name in schedule.units)


def systemd_runs() -> bool:
    """Tell whether systemd is this machine's init."""
    return _RUNNING.is_dir()


def _owner(home: Home) -> str:
    uid = home.root.stat().st_uid if home.root.exists() else os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container that runs as a number
        return str(uid)


def _program() -> Path:
    """Return this program under a name that outlives an upgrade, where it was installed from a package."""
    installed = Installation.of_this_program()
    if installed is not None:
        return installed.current_program
    beside = Path(sys.executable).with_name("appliance")
    return beside if beside.exists() else Path(shutil.which("appliance") or beside)


def _quoted(word: str) -> str:
    """Write a word as systemd reads it: % begins a specifier, $ a variable, quotes as in C."""
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{word}"' if any(char in word for char in " \t\"'\\;") else word
