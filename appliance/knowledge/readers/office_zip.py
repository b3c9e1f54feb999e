"""The zip container of docx and xlsx, checked before any parser unpacks it."""

import io
import zipfile

from appliance.core.units import human_bytes
from appliance.knowledge.readers.collect import Collector, encrypted, unreadable
from appliance.knowledge.readers.limits import Limits

_PIECE = 1 << 20
_DECLARATION_BYTES = 64 * 1024


def check(content: bytes, name: str, limits: Limits, needed: str) -> dict[str, int]:
    """Return each part's unpacked size. `needed` is the part that makes the file what it claims to be.

    Raises `InvalidRequest` for archives that are damaged, encrypted, larger unpacked than allowed (the true size is
    counted, not the declared one) or that carry document type declarations, which only entity attacks need.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > limits.zip_entries:
                raise Collector(name, limits).too_large(f"{limits.zip_entries} zip entries")
            if any(entry.flag_bits & 1 for entry in entries):
                raise encrypted(name)
            if "EncryptedPackage" in archive.namelist():
                raise encrypted(name)
            if needed not in archive.namelist():
                raise unreadable(name, f"no {needed} inside")
            return _unpacked_sizes(archive, name, limits)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise unreadable(name, str(error)) from error


def _unpacked_sizes(archive: zipfile.ZipFile, name: str, limits: Limits) -> dict[str, int]:
    sizes: dict[str, int] = {}
    total = 0
    for entry in archive.infolist():
        size = 0
        start = b""
        with archive.open(entry) as part:
            while piece := part.read(_PIECE):
                start = start or piece[:_DECLARATION_BYTES]
                size += len(piece)
                total += len(piece)
                if total > limits.unzipped_bytes:
                    raise Collector(name, limits).too_large(f"{human_bytes(limits.unzipped_bytes)} unpacked")
        if entry.filename.endswith((".xml", ".rels")) and (b"<!DOCTYPE" in start or b"<!ENTITY" in start):
            raise unreadable(name, f"{entry.filename} declares a document type, which Office files never do")
        sizes[entry.filename] = size
    return sizes
