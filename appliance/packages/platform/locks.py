"""Lock files: which distributions an installation consists of, and the checksums that their files may have."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from appliance.core.errors import PackageError
from appliance.core.messages import _

_ENTRY = re.compile(r"^([^\s#][^\n]*?)( \\\n(?: {4}[^\n]*\n?)*|\n)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Locked:
    """One distribution at one version; a file of it counts when its SHA-256 is one of `hashes`."""

    name: str
    """As PyPI normalises it."""
    version: str
    hashes: frozenset[str]


def read_locks(files: Iterable[Path]) -> tuple[Locked, ...]:
    """Return what the lock files install on a machine like this one, by name. Raises `PackageError`."""
    found = [one for file in files for one in _entries(file)]
    return tuple(sorted(found, key=lambda one: one.name))


def lock_text(distributions: Sequence[Locked]) -> str:
    """Return the lock file of these alone, without markers."""
    lines = []
    for one in distributions:
        lines.append(f"{one.name}=={one.version}")
        lines[-1] += "".join(f" \\\n    --hash=sha256:{digest}" for digest in sorted(one.hashes))
    return "\n".join(lines) + "\n"


def _entries(file: Path) -> Iterator[Locked]:
    for first, rest in _ENTRY.findall(file.read_text(encoding="utf-8")):
        requirement = Requirement(first)
        pins = [one.version for one in requirement.specifier if one.operator == "=="]
        hashes = frozenset(_HASH.findall(rest))
        if len(pins) != 1 or not hashes:
            raise PackageError(
                _("{file} does not pin {name} by version and checksum.", file=file.name, name=requirement.name),
                _("Make the lock files again with `make locks`."),
            )
        if requirement.marker is None or requirement.marker.evaluate():
            yield Locked(canonicalize_name(requirement.name), pins[0], hashes)
