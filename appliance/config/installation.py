"""Where the files are that come with the program but are no part of it: scenarios, lock files, documents."""

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def shipped(name: str) -> Path:
    """Return the folder `name`: the checkout's, or that of the release beside this environment; it may be missing."""
    if (_ROOT / "pyproject.toml").is_file():
        return _ROOT / name
    return Path(sys.prefix).parent / "files" / name
