"""The logs of the home folder and of Ray: the newest first, the end of each."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from appliance.cluster.node import temp_folder
from appliance.config.home import Home
from appliance.core.messages import _
from appliance.core.units import MIB

MOST_OF_A_FILE: Final = 2 * MIB
MOST_OF_ALL: Final = 8 * MIB
"""A minute or two of cleaning."""


@dataclass
class LogFiles:
    """Name in the bundle and path of each log, and those that are not taken with the reason."""

    found: list[tuple[str, Path]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    budget: int = MOST_OF_ALL


def log_files(home: Home) -> LogFiles:
    """Return every log, the newest first. Links are not followed: they could lead to what is no log."""
    files = LogFiles()
    session = temp_folder(home.root) / "session_latest" / "logs"
    # Ray names the session by such a link; it has to stay inside of its own folder.
    inside = session.resolve().is_relative_to(temp_folder(home.root).resolve())
    for prefix, folder in (("logs", home.logs), *((("ray", session.resolve()),) if inside else ())):
        for place, _folders, names in os.walk(folder, onerror=lambda error: _refuse(files, error)):
            for name in names:
                path = Path(place, name)
                shown = f"{prefix}/{path.relative_to(folder)}"
                if path.is_symlink() or not path.is_file():
                    files.refused.append((shown, str(_("It is no plain file."))))
                else:
                    files.found.append((shown, path))
    files.found.sort(key=lambda one: (-_changed(one[1]), one[0]))
    return files


def read_tail(path: Path) -> tuple[str, int]:
    """Return the end of a file from the beginning of a line, and how many bytes before it were left out.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        start = max(0, size - MOST_OF_A_FILE)
        file.seek(start)
        content = file.read(MOST_OF_A_FILE)
    if start:
        # A line that is cut could begin in the middle of a secret, where nobody would know it.
        _cut, _newline, content = content.partition(b"\n")
    return content.decode("utf-8", "replace"), size - len(content)


def _refuse(files: LogFiles, error: OSError) -> None:
    files.refused.append((Path(error.filename or "logs").name, error.strerror or str(error)))


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
