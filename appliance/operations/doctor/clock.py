"""The clock: whether it can be right, whether it went back, and whether a time server keeps it."""

import ctypes
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from appliance.config.home import Home
from appliance.core.clock import Clock, iso, utc_now
from appliance.core.messages import _
from appliance.operations.doctor.check import Check, plain

# A certificate or key checked against a clock before this release, or decades ahead, cannot be trusted.
_EARLIEST: Final = datetime(2026, 11, 1, tzinfo=UTC)
_LATEST: Final = datetime(2046, 1, 1, tzinfo=UTC)
_SET_BACK: Final = timedelta(minutes=1)
_TIME_ERROR: Final = 5
_TIMEX_BYTES: Final = 512
"""Room for `struct timex`, which is 208 bytes long on 64-bit machines."""


def kernel_clock_state() -> int:
    """Return what adjtimex(2) tells of the clock, 5 where nothing keeps it; -1 where it may not be asked."""
    room = ctypes.create_string_buffer(_TIMEX_BYTES)  # modes = 0: it only reads
    try:
        return int(ctypes.CDLL(None, use_errno=True).adjtimex(room))
    except (OSError, AttributeError):
        return -1


def check_clock(
    home: Home, clock: Clock = utc_now, clock_state: Callable[[], int] = kernel_clock_state
) -> Iterator[Check]:
    """Yield the time, held to this release and to what was written in the home last, then what keeps it."""
    yield _check_time(home, clock())
    title, state = _("Time server"), clock_state()
    if state == _TIME_ERROR:
        remedy = _(
            "Run `timedatectl set-ntp true`, or install chrony. Without the internet name your network's own server: "
            "`NTP=` in /etc/systemd/timesyncd.conf. Nodes must not be more than 5 seconds apart."
        )
        yield Check("time_server", title, "warning", _("none keeps this machine's clock"), remedy)
    elif state < 0:
        yield Check("time_server", title, "unknown", _("could not be read"))
    else:
        yield Check("time_server", title, "ok", _("the clock is synchronised"))


def _check_time(home: Home, now: datetime) -> Check:
    title = _("Clock")
    if not _EARLIEST <= now <= _LATEST:
        remedy = _("Set the clock, by NTP or by hand: keys and logs depend on it.")
        return Check("clock", title, "failed", plain(iso(now)), remedy)
    newest = _newest(home)
    if newest is not None and newest[0] > now + _SET_BACK:
        found = _("{now}, but {file} was written at {then}", now=iso(now), file=newest[1], then=iso(newest[0]))
        remedy = _(
            "The clock was set back. Set it right before the next start: in the audit log time must not go back, and "
            "sessions and keys would end too late."
        )
        return Check("clock", title, "warning", found, remedy)
    return Check("clock", title, "ok", plain(iso(now)))


def _newest(home: Home) -> tuple[datetime, Path] | None:
    """Return when the database or a log was written last, and which."""
    found: list[tuple[float, Path]] = []
    for folder in (home.state, home.logs):
        try:
            found += [(path.stat().st_mtime, path) for path in folder.iterdir() if path.is_file()]
        except OSError:  # not made yet, or a file that went away meanwhile
            continue
    if not found:
        return None
    when, path = max(found)
    return datetime.fromtimestamp(when, UTC), path
