"""Who is at work in a home: what changes its state waits until its appliance neither runs nor starts."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.cluster.instance import processes_of, read_instance
from appliance.config.home import Home
from appliance.core.errors import AlreadyRunning, ApplianceError, Conflict
from appliance.core.messages import _


@contextmanager
def only_starter(home: Home) -> Iterator[None]:
    """Let one `up`, or one restore, at a time work in a home folder."""
    refused = AlreadyRunning(
        _("Another `appliance up` is at work in {folder}.", folder=home.root),
        _("Wait for it to end, or stop it with Ctrl-C."),
    )
    with _held(home.run / "up.lock", refused):
        yield


@contextmanager
def only_setup(home: Home) -> Iterator[None]:
    """Let one first start at a time work in a home folder, from its checks to its end. Raises `AlreadyRunning`."""
    refused = AlreadyRunning(
        _("Another first start is at work in {folder}.", folder=home.root),
        _("Wait for it to end, or stop it: with Ctrl+Q in the terminal, with Ctrl-C on the command line."),
    )
    with _held(home.run / "setup.lock", refused):
        yield


@contextmanager
def only_backup(home: Home) -> Iterator[None]:
    """Let one backup at a time be made of a home, and none while a restore replaces its state. Raises `Conflict`."""
    refused = Conflict(_("A backup or a restore of {home} is at work.", home=home.root), _("Wait for it to end."))
    with _held(home.run / "backup.lock", refused):
        yield


@contextmanager
def _held(path: Path, refused: ApplianceError) -> Iterator[None]:
    """Hold the lock on a file. Raises `refused` where another has it."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise refused from error
        yield


def runs(home: Home) -> bool:
    """Tell whether this home's appliance has processes."""
    instance = read_instance(home.instance_file)
    return instance is not None and bool(processes_of(instance))
