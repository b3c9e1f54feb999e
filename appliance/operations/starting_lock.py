"""Whether a home's appliance runs or is being started: what changes its state waits for neither to be so."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from appliance.cluster.instance import processes_of, read_instance
from appliance.config.home import Home
from appliance.core.errors import AlreadyRunning
from appliance.core.messages import _


@contextmanager
def only_starter(home: Home) -> Iterator[None]:
    """Let one `up`, or one restore, at a time work in a home folder."""
    with (home.run / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(
                _("Another `appliance up` is at work in {folder}.", folder=home.root),
                _("Wait for it to end, or stop it with Ctrl-C."),
            ) from error
        yield


def runs(home: Home) -> bool:
    """Tell whether this home's appliance has processes."""
    instance = read_instance(home.instance_file)
    return instance is not None and bool(processes_of(instance))
