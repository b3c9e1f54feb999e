"""Who works at this machine, as the audit names them."""

import os
import pwd


def operator() -> str:
    """Return `os:` and the name of the system's user; for root by sudo, of the person who called it.

    Variables that anybody may set, such as LOGNAME, do not count.
    """
    uid = os.geteuid()
    if uid == 0 and (caller := _known(os.environ.get("SUDO_USER", ""))):
        return f"os:{caller}"
    try:
        return f"os:{pwd.getpwuid(uid).pw_name}"
    except KeyError:  # a container that runs as a number
        return f"os:{uid}"


def _known(name: str) -> str | None:
    try:
        return pwd.getpwnam(name).pw_name if name else None
    except KeyError:
        return None
