"""The file of a backup: a tar archive, the manifest first, encrypted as a whole. Written and read in one go."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from appliance.core.cryptography.age import Identity, damaged_backup, opened, seal
from appliance.core.errors import PackageError
from appliance.core.files import unreadable
from appliance.core.messages import _
from appliance.operations.backups.manifest import MANIFEST, BackupManifest, Entry, parse_manifest
from appliance.packages.signed.tar import BLOCK, TarReader, header_of
from appliance.state.migrations import MIGRATIONS

_PIECE: Final = 1 << 20
_LARGEST_MANIFEST: Final = 1 << 30


class HashingWriter:
    """Passes on what is written, and knows its size and digest."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes, /) -> int:
        """Write all of `data`."""
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Hand on what is buffered."""
        self._file.flush()

    @property
    def sha256(self) -> str:
        """Digest of what was written so far, in hexadecimal."""
        return self._digest.hexdigest()


def write_archive(
    manifest: BackupManifest, sources: dict[str, Path], target: HashingWriter, recipients: Sequence[str]
) -> None:
    """Write an archive of `sources`, by the entry's path, encrypted to `recipients`."""
    seal(_Pulled(_blocks(manifest, sources)), target, recipients)


def room_needed(manifest: BackupManifest) -> int:
    """Return the most bytes that the file takes: members are rounded up, and the encryption adds a little."""
    plain = manifest.size_bytes + (len(manifest.entries) + 4) * 2 * BLOCK + 2 * len(manifest.to_json())
    return plain + plain // 2048 + _PIECE


@dataclass(frozen=True)
class OpenedBackup:
    """A backup that is being read."""

    manifest: BackupManifest
    _reader: TarReader

    def files(self) -> Iterator[tuple[Entry, Iterator[bytes]]]:
        """Yield each entry with its content, to be read before the next one; digests are checked on the way."""
        for number, entry in enumerate(self.manifest.entries):
            member = self._reader.next()
            if member is None or (member.name, member.size) != (_member_name(number, entry), entry.size):
                raise damaged_backup(_("{path} is not where it must be", path=entry.path))
            pieces = _checked(entry, self._reader.pieces())
            yield entry, pieces
            for _rest in pieces:
                pass
        if self._reader.next() is not None:
            raise damaged_backup(_("it holds more than its manifest says"))


@contextmanager
def open_backup(file: Path, identity: Identity) -> Iterator[OpenedBackup]:
    """Open a backup. Whether it is whole is known only after the block. Raises `InvalidRequest`, `ConfigError`."""
    try:
        with file.open("rb") as encrypted, opened(encrypted, identity) as plain:
            reader = TarReader(plain)
            member = reader.next()
            if member is None or member.name != MANIFEST or member.size > _LARGEST_MANIFEST:
                raise damaged_backup(_("it is not a backup of an appliance"))
            raw = b"".join(reader.pieces())
            yield OpenedBackup(parse_manifest(raw, MIGRATIONS[-1].number), reader)
    except PackageError as error:  # what the reader of archives says of one that breaks off
        raise damaged_backup(_("it is not a backup of an appliance")) from error
    except OSError as error:
        if error.filename is None or Path(error.filename) != file:
            raise
        raise unreadable(file, error) from error


def _checked(entry: Entry, pieces: Iterable[bytes]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        yield piece
    if digest.hexdigest() != entry.sha256:
        raise damaged_backup(_("{path} is not what the manifest says", path=entry.path))


def _blocks(manifest: BackupManifest, sources: dict[str, Path]) -> Iterator[bytes]:
    raw = manifest.to_json()
    yield header_of(MANIFEST, len(raw)) + raw + bytes(-len(raw) % BLOCK)
    for number, entry in enumerate(manifest.entries):
        yield header_of(_member_name(number, entry), entry.size)
        with sources[entry.path].open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
        yield bytes(-entry.size % BLOCK)
    yield bytes(2 * BLOCK)


def _member_name(number: int, entry: Entry) -> str:
    """Return the entry's path, or a number where a header has no room for it: the manifest names it in any case."""
    try:
        header_of(entry.path, entry.size)
    except ValueError:
        return f"long-name/{number}"
    return entry.path


class _Pulled:
    """Pieces as a file that is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; none at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = memoryview(piece)
        taken = self._rest[:size] if size >= 0 else self._rest
        self._rest = self._rest[len(taken) :]
        return bytes(taken)
