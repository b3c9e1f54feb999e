"""Durable files: a name appears only with its whole content on the disk."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from appliance.core.errors import DiskFull, InvalidRequest
from appliance.core.messages import _

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


def fsync_folder(folder: Path) -> None:
    """Make renames and new names inside `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unreadable(file: Path, error: OSError) -> InvalidRequest:
    """Return the error for a file that was named and that cannot be read."""
    return InvalidRequest(
        _("The file {file} cannot be read: {reason}.", file=file, reason=error.strerror or str(error)),
        _("Check its name, and that this user may read it."),
    )


@contextmanager
def reporting_full_disk(folder: Path) -> Iterator[None]:
    """Turn "no space left" into `DiskFull`, which names the folder."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise DiskFull(
                _("The disk that holds {folder} is full.", folder=folder),
                _("Free some space there, then try again; nothing was changed."),
            ) from error
        raise


@contextmanager
def durable_write(path: Path, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path`; on success fsync it, rename it to `path` and fsync the folder.

    On any failure the temporary file is removed and `path` is as before. Raises `DiskFull`.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    with reporting_full_disk(path.parent):
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            fsync_folder(path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def write_durably(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write `content` to `path` by `durable_write`."""
    with durable_write(path, mode) as file:
        file.write(content)
