"""What people write into fields: numbers and paths, whatever else they may have written."""

import os
from pathlib import Path
from typing import Final

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

_LONGEST_NAME: Final = 255
_LONGEST_PATH: Final = 4095


def whole_number(text: str, least: int, most: int) -> int | None:
    """Return the number that is written; None where it is none from `least` to `most`."""
    if len(text) > len(str(most)) or not (text.isascii() and text.isdigit()):  # Python reads no endless number
        return None
    number = int(text)
    return number if least <= number <= most else None


def written_path(text: str) -> Path:
    """Return the absolute path that is written, `~` as a home. Raises `InvalidRequest` for what no file can have."""
    try:
        path = Path(text).expanduser().absolute()
        raw = os.fsencode(path)
    except (OSError, RuntimeError, ValueError) as error:  # a home that nobody has, letters that names cannot have
        raise no_path() from error
    if b"\0" in raw or len(raw) > _LONGEST_PATH or any(len(name) > _LONGEST_NAME for name in raw.split(b"/")):
        raise no_path()
    return path


def no_path() -> InvalidRequest:
    """Return the error for a path at which nothing is."""
    return InvalidRequest(
        _("There is no such file or folder on this machine."), _("Write its whole path, such as /media/stick.")
    )
