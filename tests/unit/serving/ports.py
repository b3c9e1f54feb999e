"""Free ports of this machine, below those that the kernel gives to whoever connects (32768 and up)."""

import os
import socket

# Test processes that run beside each other have a share each, and go round in it: what one was given, nobody else
# takes before it listens there.
_LOWEST, _SHARES, _SHARE = 10_000, 4, 2_400
_first_of_share = _LOWEST + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % _SHARES * _SHARE
_taken = os.getpid() % _SHARE


def free_ports(count):
    """Return the first of `count` free ports in a row."""
    global _taken
    for _attempt in range(_SHARE // count):
        if _taken + count > _SHARE:
            _taken = 0
        first = _first_of_share + _taken
        _taken += count
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise AssertionError("no free ports")


def free_port():
    return free_ports(1)


def _is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
