"""Who works at this machine, as the audit names them."""

import getpass


def operator() -> str:
    """Return `os:` and the name of the system's user."""
    return f"os:{getpass.getuser()}"
