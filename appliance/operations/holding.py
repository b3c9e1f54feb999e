"""`appliance run`: bring this node up in the foreground, and hold it until told to end."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from appliance.cluster.membership import read_membership
from appliance.cluster.supervision import SUPERVISOR_LOG, read_supervision
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import AlreadyRunning, StartFailed, error_from_data
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.down import take_down
from appliance.operations.nodes.starting import start_node
from appliance.operations.starting_lock import only_starter
from appliance.operations.supervised import clear_remains, live_supervision
from appliance.operations.tour import Tour
from appliance.operations.up import bring_up

_LOOK_S = 1.0


class _Told(KeyboardInterrupt):
    """SIGTERM has come: whatever is under way is given up and taken back."""


def hold(home: Home, site: SiteConfig) -> Iterator[Progress | Tour]:
    """Bring up what this node is, a head or a worker, and hold it; return after SIGTERM, with everything ended.

    What a power cut left is cleared away first. Raises `AlreadyRunning`, the errors of the start, and `StartFailed`
    where the node cannot be held.
    """
    home.create()
    if live_supervision(home) is not None:
        raise AlreadyRunning(
            _("The appliance of {folder} runs already.", folder=home.root),
            _("Stop it with `appliance down`, then start it again."),
        )
    # A machine that restarts finds its cluster again; `appliance down` is what forgets it.
    try:
        with _ended_by_sigterm():
            with only_starter(home):  # what another command is starting is no remains
                yield from clear_remains(home)
            if read_membership(home) is not None:
                yield from start_node(home, patient=True)
            else:
                yield from bring_up(home, site)
            notify("READY=1")
            yield Progress("hold", _("The appliance runs"), "done")
            _wait(home)
    except _Told:
        notify("STOPPING=1")
        yield from take_down(home, keep_cluster=True)
    except AlreadyRunning:  # it is not ours to end
        raise
    except BaseException:
        for _step in take_down(home, keep_cluster=True):
            pass
        raise


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    def tell(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once: ending is not broken off
        raise _Told

    before: Any = signal.signal(signal.SIGTERM, tell)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is tell:
            signal.signal(signal.SIGTERM, before)


def _wait(home: Home) -> None:
    """Return when `appliance down` has ended the node; raise `StartFailed` when its supervisor has ended otherwise."""
    while live_supervision(home) is not None:
        time.sleep(_LOOK_S)
    told = read_supervision(home.supervisor_file)
    if told is None or told.state == "ending":
        return
    if told.error is not None:
        raise error_from_data(told.error)
    raise StartFailed(_("The supervisor of this node has ended."), _("Read {log}.", log=home.logs / SUPERVISOR_LOG))


def notify(text: str) -> None:
    """Tell systemd, where it asks to be told (`sd_notify`)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.sendto(text.encode(), "\0" + address[1:] if address.startswith("@") else str(Path(address)))
