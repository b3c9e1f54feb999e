"""What a bundle holds: files that were cleaned, and what could not be had."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from appliance.operations.redaction import Redactor


@dataclass(frozen=True)
class Part:
    """One file of a bundle. `removed` counts what was taken out, by kind."""

    name: str
    content: bytes
    removed: dict[str, int] = field(default_factory=dict)
    left_out_bytes: int = 0
    """Of a log that is too long: how much of its beginning is not there."""

    @property
    def sha256(self) -> str:
        """The hexadecimal SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return what the manifest says of it."""
        return {
            "name": self.name, "bytes": len(self.content), "sha256": self.sha256, "removed": self.removed,
            "left_out_bytes": self.left_out_bytes,
        }  # fmt: skip


@dataclass(frozen=True)
class Missing:
    """Something that is not in the bundle, and why."""

    name: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return what the manifest says of it."""
        return {"name": self.name, "reason": self.reason}


@dataclass(frozen=True)
class Bundle:
    """Everything that was collected, by name."""

    made_at: str
    version: str
    parts: tuple[Part, ...]
    missing: tuple[Missing, ...]

    def manifest(self) -> dict[str, Any]:
        """Return the content of `manifest.json`."""
        return {
            "made_at": self.made_at,
            "version": self.version,
            "files": [part.to_dict() for part in self.parts],
            "missing": [one.to_dict() for one in self.missing],
        }


def text_part(name: str, text: str, redactor: Redactor, left_out_bytes: int = 0) -> Part:
    """Return a text as a cleaned part."""
    clean, counts = redactor.clean(text)
    return Part(name, clean.encode("utf-8", "replace"), dict(sorted(counts.items())), left_out_bytes)


def data_part(name: str, data: Any, redactor: Redactor) -> Part:  # noqa: ANN401 - plain data of any shape
    """Return plain data as a cleaned part in JSON."""
    counts: Counter[str] = Counter()
    clean = redactor.clean_data(data, counts)
    text = json.dumps(clean, ensure_ascii=False, indent=2, sort_keys=True, default=str)
    return Part(name, text.encode("utf-8", "replace") + b"\n", dict(sorted((+counts).items())))
