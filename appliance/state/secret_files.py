"""The appliance's own secrets as files: made once, by whoever comes first, readable by their owner only."""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.core.errors import ConfigError
from appliance.core.files import write_durably
from appliance.core.messages import _


def load_or_create_pepper(path: Path) -> bytes:
    """Return the 32 bytes at `path` that key hashes are made with; the first caller makes them.

    Raises `ConfigError` where the file is damaged or others may read it: without it no key can be checked.
    """
    pepper = load_or_create_secret(path, lambda: secrets.token_bytes(32))
    if len(pepper) != 32:
        raise ConfigError(
            _("The file {path} is damaged: it must hold 32 bytes.", path=path),
            _("Put it back from a backup; without it no existing key is valid."),
        )
    return pepper


def load_or_create_token(path: Path) -> str:
    """Return the token at `path` (64 hexadecimal digits); the first caller makes it. Raises `ConfigError`."""
    token = load_or_create_secret(path, lambda: secrets.token_hex(32).encode()).strip()
    if len(token) < 32 or not token.isalnum():
        raise ConfigError(
            _("The file {path} is damaged: it must hold a token of at least 32 letters and digits.", path=path),
            _("Stop the appliance, delete the file and start again."),
        )
    return token.decode()


def load_or_create_secret(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the bytes at `path`; of several callers at once the first writes what `make` gives.

    Raises `ConfigError` where others may read it, `DiskFull`.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(path.parent):
        if not path.exists():
            write_durably(path, make())
        if path.stat().st_mode & 0o077:
            raise ConfigError(
                _("Other users of this machine may read the secret in {path}.", path=path),
                _("Run `chmod 600 {path}`; if somebody may have read it, delete it and make new keys.", path=path),
            )
        return path.read_bytes()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time look and write, so that two first starts agree on one secret."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
