"""The YAML files as they are in force: the shipped ones, and over them the bank's own, exchanged while the pack runs.

A file of the bank that cannot be used changes nothing: the last good one stays, and what is wrong is logged and shown.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import structlog

from appliance.core.clock import iso, utc_now
from appliance.core.errors import ApplianceError

log: structlog.stdlib.BoundLogger = structlog.get_logger("scenario")

_Stamp = tuple[int, int, int] | None
Load = Callable[[Path, Path | None], Any]


@dataclass(frozen=True)
class Book:
    """How a file is loaded: `shipped` below the pack, its name in the bank's own folder, and what reads both."""

    shipped: str
    own: str
    load: Callable[[], Load]
    """Returns what loads it; called at the first use, so that describing the pack imports nothing heavy."""


@dataclass(frozen=True)
class FileState:
    """One file as it is in force."""

    name: str
    """In the bank's own folder."""
    version: str
    """Changes with the content of either file."""
    own: bool
    """Whether the bank has one that is in force."""
    loaded_at: str
    content: Any = field(repr=False)
    stamp: _Stamp = field(repr=False)
    fault: ApplianceError | None = None
    """Why the bank's own file, as it is now, is not in force."""


class Shelf:
    """The books of one replica. Safe for several threads; every read looks whether the bank's file has changed."""

    def __init__(self, shipped: Path, own_files: Path, books: Mapping[str, Book]) -> None:
        """Take the pack's folder, the bank's own, which may not exist, and the books by name."""
        self._shipped = shipped
        self._own = own_files
        self._books = dict(books)
        self._states: dict[str, FileState] = {}
        self._lock = Lock()

    def get(self, name: str) -> Any:  # noqa: ANN401 - each book has its own type, which its reader names
        """Return what a book holds now. Raises `ConfigError` for a faulty shipped file, `KeyError`."""
        return self._state(name).content

    def states(self) -> tuple[FileState, ...]:
        """Return every file as it is in force."""
        return tuple(self._state(name) for name in self._books)

    def _state(self, name: str) -> FileState:
        book = self._books[name]
        own = self._own / book.own
        stamp = _stamp_of(own)
        with self._lock:
            known = self._states.get(name)
            if known is None or known.stamp != stamp:
                known = self._states[name] = _loaded(book, self._shipped / book.shipped, own, stamp, known)
            return known


def _loaded(book: Book, shipped: Path, own: Path, stamp: _Stamp, before: FileState | None) -> FileState:
    try:
        return _fresh(book, shipped, own if stamp is not None else None, stamp)
    except ApplianceError as error:
        log.error("a YAML file is not in force", file=str(own), code=error.code, reason=error.render("en"))
        last = before or _fresh(book, shipped, None, stamp)  # of a shipped file there is nothing to fall back to
        return FileState(last.name, last.version, last.own, last.loaded_at, last.content, stamp, error)


def _fresh(book: Book, shipped: Path, own: Path | None, stamp: _Stamp) -> FileState:
    content = book.load()(shipped, own)
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in (shipped, own) if path is not None))
    return FileState(book.own, digest.hexdigest()[:12], own is not None, iso(utc_now()), content, stamp)


def _stamp_of(path: Path) -> _Stamp:
    """Return what changes when a file does; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
