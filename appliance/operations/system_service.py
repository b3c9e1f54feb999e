"""The appliance as a service of systemd: install, remove, look."""

import getpass
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.config.home import Home
from appliance.core.errors import ApplianceError, ConfigError, NotRunning, PreflightError, StartFailed
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.service_unit import UNIT_NAME, UnitWish, unit_text

UNITS: Final = Path("/etc/systemd/system")
_BOOTED = Path("/run/systemd/system")
_TIMEOUT_S = 120.0
_SHOWN = ("LoadState", "UnitFileState", "ActiveState", "SubState", "Result", "NRestarts", "MainPID")


@dataclass(frozen=True)
class ServiceState:
    """What systemd tells of the unit, in its own words."""

    loaded: str
    enabled: str
    active: str
    sub: str
    result: str
    restarts: int
    main_pid: int | None


def wish_of(home: Home, generation_timeout_s: float, user: str | None = None) -> UnitWish:
    """Return what the unit of `home` holds; `user` None is the home's owner.

    Raises `ConfigError` for an unknown user, `PreflightError` where this command has no path of its own.
    """
    program = Path(sys.argv[0]).absolute()  # a link to the release in use stays one
    if not os.access(program, os.X_OK) or program.is_dir():
        raise PreflightError(
            _("The command {program} cannot be run by systemd.", program=program),
            _("Run `appliance service` by the command that was installed."),
        )
    try:
        if user is None:
            user = pwd.getpwuid(home.root.stat().st_uid).pw_name if home.root.exists() else getpass.getuser()
        pwd.getpwnam(user)
    except KeyError as error:
        raise ConfigError(
            _("The user {name} does not exist on this machine.", name=ascii(str(user))),
            _("Make the user first, or name another with --user."),
        ) from error
    return UnitWish(program, home.root, user, generation_timeout_s)


def write_unit(folder: Path, wish: UnitWish) -> Path:
    """Write the unit into a folder and let systemd's checker, where there is one, read it.

    Raises `ConfigError`, `DiskFull`; then there is no unit.
    """
    text = unit_text(wish)
    target = folder / UNIT_NAME
    with _writing(folder):
        write_durably(target, text.encode(), 0o644)
    try:
        verify(target)
    except ApplianceError:
        target.unlink()
        raise
    return target


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(
            _("{folder} cannot be written: {reason}.", folder=folder, reason=error.strerror or str(error)),
            _("Run the command as root, or write the unit elsewhere with --to FOLDER."),
        ) from error


def verify(unit: Path) -> bool:
    """Let systemd's own checker read the unit; return False where there is none. Raises `ConfigError`."""
    checker = shutil.which("systemd-analyze")
    if checker is None:
        return False
    ended = subprocess.run(
        [checker, "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    faults = [line for line in ended.stderr.splitlines() if UNIT_NAME in line and "Unknown key" not in line]
    if faults:  # also of lines that it would pass over; a key that an old systemd does not know is none
        raise ConfigError(
            _("systemd refuses the unit: {reason}", reason=faults[-1]), _("Choose another path for the home folder.")
        )
    return True


def install(wish: UnitWish, *, start: bool) -> Iterator[Progress]:
    """Write the unit and have systemd start it with the machine, and now where wished.

    Raises `PreflightError`, `ConfigError`, `StartFailed`.
    """
    _needs_systemd()
    title = _("Install {unit}", unit=UNIT_NAME)
    yield Progress("service.install", title)
    write_unit(UNITS, wish)
    _systemctl("daemon-reload")
    _systemctl("enable", UNIT_NAME)
    yield Progress("service.install", title, "done")
    if start:
        title = _("Start {unit}", unit=UNIT_NAME)
        yield Progress("service.start", title)
        _systemctl("start", "--no-block", UNIT_NAME)
        yield Progress("service.start", title, "done", _("`journalctl -fu appliance` shows how it comes up"))


def remove() -> Iterator[Progress]:
    """Stop the unit and take it away. The home folder stays. Raises `PreflightError`, `NotRunning`."""
    _needs_systemd()
    if not (UNITS / UNIT_NAME).exists():
        raise NotRunning(_("{unit} is not installed.", unit=UNIT_NAME), _("`appliance service install` installs it."))
    title = _("Remove {unit}", unit=UNIT_NAME)
    yield Progress("service.remove", title)
    _systemctl("disable", "--now", UNIT_NAME, timeout_s=None)
    with _writing(UNITS):
        (UNITS / UNIT_NAME).unlink()
    _systemctl("daemon-reload")
    yield Progress("service.remove", title, "done")


def service_state() -> ServiceState:
    """Return what systemd tells. Raises `PreflightError` where it does not run."""
    _needs_systemd()
    told = dict(line.split("=", 1) for line in _systemctl("show", UNIT_NAME, *(f"-p{name}" for name in _SHOWN)))
    main = int(told.get("MainPID") or 0)
    return ServiceState(
        told.get("LoadState", ""), told.get("UnitFileState", ""), told.get("ActiveState", ""),
        told.get("SubState", ""), told.get("Result", ""), int(told.get("NRestarts") or 0), main or None,
    )  # fmt: skip


def _needs_systemd() -> None:
    if not _BOOTED.is_dir() or shutil.which("systemctl") is None:
        raise PreflightError(
            _("systemd does not run on this machine."),
            _("`appliance service install --to FOLDER` writes the unit; other supervisors can run `appliance run`."),
        )


def _systemctl(*arguments: str, timeout_s: float | None = _TIMEOUT_S) -> list[str]:
    try:
        ended = subprocess.run(
            ["systemctl", "--no-ask-password", *arguments],
            capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise StartFailed(
            _("systemctl {command} has not ended.", command=arguments[0]), _("Look with `systemctl list-jobs`.")
        ) from error
    if ended.returncode != 0:
        lines = [line for line in ended.stderr.splitlines() if line.strip()] or [f"exit status {ended.returncode}"]
        raise StartFailed(
            _("systemctl {command} failed: {reason}", command=arguments[0], reason=lines[-1]),
            _("Run the command as root; `systemctl status appliance` tells more."),
        )
    return [line for line in ended.stdout.splitlines() if "=" in line]
