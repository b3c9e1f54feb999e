"""A lexicon that follows its files: read again when they change, the last good one kept when they are wrong."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from appliance.core.errors import ApplianceError, ConfigError
from appliance.core.messages import _
from appliance.guardrails.lexicon.compiled import Lexicon
from appliance.guardrails.lexicon.entries import DEFAULT_FILE, Source, read_source
from appliance.guardrails.lexicon.stream import LexiconStream
from appliance.guardrails.verdict import Finding

_log = structlog.get_logger(__name__)

Allowed = Callable[[Path, str], bool]
"""Tells whether a lexicon file may be used with the content of this digest."""


def lexicon_digest(path: Path) -> str:
    """Return the digest of a lexicon file and those it names, hexadecimal; the shipped one does not count.

    Raises `ConfigError` for one that cannot be used.
    """
    return _digest(read_source(path))


def _digest(source: Source) -> str:
    own = [content for file, content in source.files.items() if file != DEFAULT_FILE]
    # Each with its length: no two sets of files run together to the same bytes.
    return hashlib.sha256(b"".join(b"%d:%s" % (len(content), content) for content in own)).hexdigest()


class ReloadingLexicon:
    """A check on the newest lexicon that compiled. `refresh` looks at the files; who runs it says how often.

    `allowed` is asked about every content, also the first. Raises `ConfigError` where the first reading fails: there
    is nothing good to keep.
    """

    name = Lexicon.name

    def __init__(self, path: Path = DEFAULT_FILE, allowed: Allowed | None = None) -> None:
        self._path = path
        self._allowed = allowed
        self._lock = threading.Lock()
        source = self._read()
        self._stamps: dict[Path, tuple[int, int] | None] = dict.fromkeys(source.files)  # the first look reads again
        self._files = source.files
        self._lexicon = Lexicon.from_source(source)
        self._fault: ApplianceError | None = None

    @property
    def lexicon(self) -> Lexicon:
        """The lexicon in use; a switch replaces it as a whole."""
        return self._lexicon

    @property
    def version(self) -> str:
        """The version in use."""
        return self._lexicon.version

    @property
    def fault(self) -> ApplianceError | None:
        """What is wrong with the files as they are now, while an older lexicon is in use."""
        return self._fault

    def find(self, text: str) -> list[Finding]:
        """Return what the lexicon in use finds."""
        return self._lexicon.find(text)

    def stream(self) -> LexiconStream:
        """Begin a response; it keeps to the lexicon it began with."""
        return LexiconStream(self._lexicon)

    def refresh(self) -> bool:
        """Take over the files if they changed; return whether another lexicon is in use now.

        Files with a new time but the old content change nothing. A wrong file sets `fault` and leaves the lexicon.
        While one thread compiles, another's call returns at once.
        """
        if not self._lock.acquire(blocking=False):
            return False
        try:
            return self._refresh()
        finally:
            self._lock.release()

    def _read(self) -> Source:
        source = read_source(self._path)
        if self._allowed is not None and self._path != DEFAULT_FILE:
            digest = _digest(source)
            if not self._allowed(self._path, digest):
                raise ConfigError(
                    _("The content of the lexicon file {file} was not approved.", file=self._path),
                    _("Start again with `appliance down` and `appliance up`, which asks a second person."),
                )
        return source

    def _refresh(self) -> bool:
        # Times are taken before the reading: what is written during it is seen the next time.
        stamps = {file: _stamp(file) for file in self._files}
        if stamps == self._stamps and self._fault is None:
            return False
        try:
            source = self._read()
            changed = source.files != self._files
            lexicon = Lexicon.from_source(source) if changed else self._lexicon
        except ApplianceError as error:
            if str(error) != str(self._fault):
                _log.warning("lexicon_kept", version=self.version, reason=str(error))
            self._fault = error
            return False
        self._stamps = {file: stamps.get(file) for file in source.files}
        self._files, self._fault = source.files, None
        self._lexicon = lexicon
        if changed:
            _log.info("lexicon_switched", version=lexicon.version, entries=len(lexicon.entries))
        return changed


def _stamp(file: Path) -> tuple[int, int] | None:
    """Return time and size of a file, None for one that is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
