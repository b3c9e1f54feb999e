"""SHA-256 of package files, taken once: a file whose size and time have not changed is not read again."""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import IO

from appliance.core.errors import DiskFull, PackageError
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.packages.card import ModelCard, load_card

_NOTE_FILE = ".verified.json"
_BLOCK = 1 << 20


def sha256_of_file(path: Path) -> str:
    """Return the checksum in lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_while_copying(source: IO[bytes], target: Path) -> str:
    """Copy `source` to the new file `target`; return the checksum of what was written."""
    digest = hashlib.sha256()
    with target.open("wb") as file:
        while block := source.read(_BLOCK):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _read_note(folder: Path) -> dict[str, object]:
    try:
        note = json.loads((folder / _NOTE_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def verify_package(folder: Path) -> ModelCard:
    """Load the card and compare each file's checksum, skipping files that were verified and not touched since.

    Raises `PackageError`, which names the first damaged file.
    """
    card = load_card(folder)
    known = _read_note(folder)
    verified: dict[str, object] = {}
    for name, entry in sorted(card.files.items()):
        path = folder / name
        mark = f"{entry.sha256} {path.stat().st_size} {path.stat().st_mtime_ns}"
        if known.get(name) != mark and sha256_of_file(path) != entry.sha256:
            raise PackageError(
                _("The model package {folder} is damaged: {name} has changed.", folder=folder, name=name),
                _("Build or copy the package again; `appliance up` builds the base model."),
            )
        verified[name] = mark
    # The note only saves time: a full disk or a read-only folder does not make the package worse.
    with contextlib.suppress(DiskFull, OSError):
        if verified != known:
            write_durably(folder / _NOTE_FILE, json.dumps(verified, indent=1).encode())
    return card
