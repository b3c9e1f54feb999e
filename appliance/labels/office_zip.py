"""The zip container of docx, xlsx and pptx: parts are unpacked under limits that count what really comes out."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.units import MIB, human_bytes
from appliance.labels.carried import damaged, too_large

KIND = "Office"
_MOST_PARTS = 5000
_MOST_PART_BYTES = 64 * MIB
_MOST_BYTES = 300 * MIB
_PIECE = MIB
_RATIO_FROM = MIB  # below this size a part may be as compressible as it likes
_MOST_RATIO = 500  # text in XML reaches about 100; what deflate does to zeros is 1,000
_ENCRYPTED_FLAG = 1
# What zipfile lets through from archives that were altered.
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, LookupError, RuntimeError, ValueError)


class Parts:
    """The parts of an open container."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries = archive.infolist()
        if len(self._entries) > _MOST_PARTS:
            raise too_large(KIND, f"{_MOST_PARTS}")
        if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in self._entries):
            raise protected()
        if len({entry.filename for entry in self._entries}) != len(self._entries):
            raise damaged(KIND, _("two of its parts have one name"))
        self._unpacked = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the parts, in the order of the container."""
        return tuple(entry.filename for entry in self._entries)

    def read(self, name: str) -> bytes:
        """Return a part's content. Raises `InvalidRequest`, also where it unpacks to too much."""
        entry = self._archive.getinfo(name)
        pieces, size = [], 0
        with self._archive.open(entry) as part:
            while piece := part.read(_PIECE):
                size += len(piece)
                self._unpacked += len(piece)
                if size > _RATIO_FROM and size > _MOST_RATIO * max(entry.compress_size, 1):
                    raise too_large(KIND, f"{_MOST_RATIO}:1")
                if size > _MOST_PART_BYTES or self._unpacked > _MOST_BYTES:
                    raise too_large(KIND, human_bytes(_MOST_PART_BYTES if size > _MOST_PART_BYTES else _MOST_BYTES))
                pieces.append(piece)
        return b"".join(pieces)

    def rewritten(self, changes: dict[str, bytes]) -> bytes:
        """Return the container with these parts replaced, or added at its end; all others keep content and order."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in self._entries:
                content = changes[entry.filename] if entry.filename in changes else self.read(entry.filename)
                new.writestr(_like(entry), content)
            for name in changes.keys() - set(self.names):
                new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), changes[name], zipfile.ZIP_DEFLATED)
        return out.getvalue()


@contextmanager
def opened(content: bytes) -> Iterator[Parts]:
    """Open a container. Raises `InvalidRequest` for one that is damaged, encrypted or made to exhaust the machine."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield Parts(archive)
    except _BROKEN as error:
        raise damaged(KIND, error) from error


def protected() -> InvalidRequest:
    """Return the error for a file that needs a password."""
    return InvalidRequest(
        _("The file is protected by a password."),
        _("Remove the password and try again."),
        param="file",
        code="encrypted_document",
    )


def _like(entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """Return the head of a part written anew: what tools may look at, without sizes and offsets."""
    info = zipfile.ZipInfo(entry.filename, entry.date_time)
    info.compress_type = zipfile.ZIP_STORED if entry.compress_type == zipfile.ZIP_STORED else zipfile.ZIP_DEFLATED
    info.external_attr, info.create_system, info.comment = entry.external_attr, entry.create_system, entry.comment
    return info
